// One ticket draft as it stands in the form: what the server last said, what the agent has written since and the server has
// not yet confirmed, and what waits because nothing may change under his hands. Pure: every function gives a new draft.

/** @typedef {import("./types.js").Ticket} Ticket */
/** @typedef {import("./types.js").TicketField} TicketField */
/** @typedef {import("./types.js").Value} Value */

/** @typedef {"typed" | "confirmed" | "taken" | "cleared"} How */

/** A change of his that the server has not confirmed. `base`: the version of the field that he had before him; `n` counts his
 * changes of it, `sent` is the `n` that is on its way (0: none).
 * @typedef {{value: Value, how: How, base: number, n: number, sent: number}} Mine */

/** What can be undone. `by` "machine": a fill; `field` "related": tickets that were brought together, `other` is that ticket.
 * @typedef {{field: string, from: Value, to: Value, by: "me" | "machine", open: boolean, other?: string}} Step */

/** @typedef {{field: string, start: number, end: number}} Caret */

/** @typedef {object} Draft
 * @property {string} me
 * @property {Ticket} ticket  the newest picture
 * @property {Record<string, TicketField>} shown  of the server's side, what stands in the form
 * @property {Record<string, number>} filledAt  when a machine last filled a field here, in milliseconds
 * @property {Record<string, Mine>} mine
 * @property {Record<string, {value: Value}>} conflicts  what he wrote while somebody else wrote too: he has to choose
 * @property {Record<string, {value: Value, message: import("../types.js").Both}>} refused  values that the daemon will not have
 * @property {Record<string, true>} touched  fields that he has written in
 * @property {string | null} focused
 * @property {Caret | null} caret  where he wrote last
 * @property {Step[]} undo
 */

/** A field that a machine keeps bettering changes before his eyes at most so often. */
export const FILL_EVERY_MS = 500;
const UNDO_STEPS = 100;
/** @type {TicketField} */
const EMPTY = { value: null, source: null, confidence: null, state: "empty", version: 0, by: "", at: null, proposal: null,
  alternatives: [], note: null };

/** @param {Ticket} ticket @param {string} me @returns {Draft} */
export function newDraft(ticket, me) {
  return { me, ticket, shown: { ...ticket.fields }, filledAt: {}, mine: {}, conflicts: {}, refused: {}, touched: {}, focused: null,
    caret: null, undo: [] };
}

/** The server said what the ticket is now. What came late is not heard.
 * @param {Draft} draft @param {Ticket} ticket @param {number} now @returns {Draft} */
export function withTicket(draft, ticket, now) {
  if (ticket.version < draft.ticket.version) return draft;
  return settled({ ...draft, ticket }, now);
}

/** The server's values come into the form, except under his hands and faster than he can read.
 * @param {Draft} draft @param {number} now @returns {Draft} */
export function settled(draft, now) {
  const shown = { ...draft.shown };
  const filledAt = { ...draft.filledAt };
  const conflicts = { ...draft.conflicts };
  let undo = draft.undo;
  for (const [name, latest] of Object.entries(draft.ticket.fields)) {
    const before = shown[name] ?? EMPTY;
    if (latest === before || draft.mine[name] || draft.conflicts[name]) continue;
    if (latest.value === before.value) {
      shown[name] = latest;
      continue;
    }
    const byMachine = !latest.by;
    if (draft.focused === name) {
      // What somebody else wrote where he is just now, he has to decide on.
      if (!byMachine && latest.by !== draft.me && before.value !== null) conflicts[name] = { value: before.value };
      continue;
    }
    if (byMachine && now - (filledAt[name] ?? -Infinity) < FILL_EVERY_MS) continue;
    shown[name] = latest;
    if (byMachine) {
      filledAt[name] = now;
      undo = [...undo, { field: name, from: before.value, to: latest.value, by: "machine", open: false }];
    }
  }
  return { ...draft, shown, filledAt, conflicts, undo: undo.slice(-UNDO_STEPS) };
}

/** When `settled` has something to do again, in milliseconds; null: nothing waits for time to pass.
 * @param {Draft} draft @returns {number | null} */
export function settlesAt(draft) {
  const due = Object.entries(draft.ticket.fields)
    .filter(([name, latest]) => {
      if (draft.focused === name || draft.mine[name] || draft.conflicts[name]) return false;
      return latest.value !== (draft.shown[name] ?? EMPTY).value;
    })
    .map(([name]) => (draft.filledAt[name] ?? 0) + FILL_EVERY_MS);
  return due.length ? Math.min(...due) : null;
}

/** A field as it is to be painted.
 * @typedef {object} View
 * @property {Value} value
 * @property {"check" | "confirmed" | "own" | "empty"} state
 * @property {string | null} source
 * @property {number | null} confidence
 * @property {import("../types.js").Both | null} note
 * @property {{value: Value, source: string, confidence: number | null} | null} proposal  better, says a machine; his to take
 * @property {{value: Value, source: string, confidence: number | null}[]} alternatives
 * @property {{value: Value, by: string, at: number | null} | null} theirs  what somebody else wrote meanwhile
 */

/** @param {Draft} draft @param {string} name @returns {View} */
export function view(draft, name) {
  const shown = draft.shown[name] ?? EMPTY;
  const latest = draft.ticket.fields[name] ?? EMPTY;
  const conflict = draft.conflicts[name];
  const mine = draft.mine[name];
  const alternatives = latest.alternatives ?? [];
  const theirs = { value: latest.value, by: latest.by ?? "", at: latest.at };
  if (conflict)
    return { value: conflict.value, state: "own", source: "agent", confidence: null, note: null, proposal: null, alternatives, theirs };
  if (mine) {
    const state = mine.value === null ? "empty" : mine.how === "typed" ? "own" : "confirmed";
    const seen = [latest.proposal, latest, shown, ...alternatives].find((one) => one && one.value === mine.value);
    const source = mine.how === "typed" ? "agent" : (seen?.source ?? shown.source);
    return { value: mine.value, state, source, confidence: mine.how === "typed" ? null : (seen?.confidence ?? null),
      note: mine.how === "typed" ? null : shown.note, proposal: null, alternatives, theirs: null };
  }
  const { value, state, source, confidence, note } = shown;
  let proposal = latest.proposal && latest.proposal.value !== value ? latest.proposal : null;
  // It waits because he is in the field.
  if (latest.value !== value && latest.value !== null) 
    proposal = { value: latest.value, source: latest.source ?? "", confidence: latest.confidence };
  return { value, state, source, confidence, note, proposal, alternatives, theirs: null };
}

/** @param {Draft} draft @param {string} name @returns {Draft} */
export function focused(draft, name) {
  return { ...draft, focused: name };
}

/** He left the field: what waited for that may come. @param {Draft} draft @param {number} now @returns {Draft} */
export function blurred(draft, now) {
  return settled({ ...closed(draft), focused: null }, now);
}

/** His caret, so that a reload finds it again. @param {Draft} draft @param {Caret | null} caret @returns {Draft} */
export function caretAt(draft, caret) {
  return { ...draft, caret };
}

/** He wrote: the whole text of the field, or his choice; null empties it. One visit to a field is one step of undo.
 * @param {Draft} draft @param {string} name @param {Value} value @returns {Draft} */
export function typed(draft, name, value) {
  const before = view(draft, name);
  if (before.value === value) return draft;
  const touched = /** @type {Record<string, true>} */ ({ ...draft.touched, [name]: true });
  const written = { ...stepped(draft, name, before.value, value), touched };
  if (draft.conflicts[name]) return { ...written, conflicts: { ...draft.conflicts, [name]: { value } } };
  const mine = draft.mine[name];
  if (mine && !mine.sent && value === (draft.shown[name] ?? EMPTY).value) return without(written, "mine", name);
  return changed(written, name, value, value === null ? "cleared" : "typed");
}

/** What stands in the field is right. @param {Draft} draft @param {string} name @returns {Draft} */
export function confirmed(draft, name) {
  if (draft.conflicts[name]) return kept(draft, name);
  const { state, value } = view(draft, name);
  if (state !== "check" || value === null) return closed(draft);
  return changed(closed(draft), name, value, "confirmed");
}

/** He takes a machine's value: the proposal, or one of the alternatives.
 * @param {Draft} draft @param {string} name @param {Value} value @returns {Draft} */
export function took(draft, name, value) {
  const before = view(draft, name);
  const latest = draft.ticket.fields[name] ?? EMPTY;
  const offered = [latest.proposal, ...(latest.alternatives ?? [])].some((one) => one && one.value === value);
  const how = offered ? "taken" : latest.value === value ? "confirmed" : "typed";
  const fresh = { ...draft, shown: { ...draft.shown, [name]: { ...(draft.shown[name] ?? EMPTY), version: latest.version } } };
  return closed(changed(stepped(closed(fresh), name, before.value, value), name, value, how));
}

/** Of two who wrote, his own counts. @param {Draft} draft @param {string} name @returns {Draft} */
export function kept(draft, name) {
  const { value } = view(draft, name);
  const latest = draft.ticket.fields[name] ?? EMPTY;
  const shown = { ...draft.shown, [name]: latest };
  return changed({ ...without(without(draft, "conflicts", name), "mine", name), shown }, name, value, value === null ? "cleared" : "typed");
}

/** Of two who wrote, the other's counts. @param {Draft} draft @param {string} name @returns {Draft} */
export function gaveWay(draft, name) {
  const before = view(draft, name);
  const latest = draft.ticket.fields[name] ?? EMPTY;
  const free = without(without(closed(draft), "conflicts", name), "mine", name);
  return closed({ ...stepped(free, name, before.value, latest.value), shown: { ...draft.shown, [name]: latest } });
}

/** Two tickets were brought together, or said to be of different matters. @param {Draft} draft @param {string} other @returns {Draft} */
export function related(draft, other) {
  const step = /** @type {Step} */ ({ field: "related", from: null, to: other, by: "me", open: false, other });
  return { ...draft, undo: [...closed(draft).undo, step].slice(-UNDO_STEPS) };
}

/** The last step is taken back. `step` null: there was none that could be.
 * @param {Draft} draft @returns {{draft: Draft, step: Step | null}} */
export function undone(draft) {
  const undo = [...draft.undo];
  for (let step = undo.pop(); step; step = undo.pop()) {
    if (step.other) return { draft: { ...draft, undo }, step };
    // Somebody wrote there since: taking this back would undo him.
    if (view(draft, step.field).value !== step.to) continue;
    const back = typed({ ...draft, undo: [] }, step.field, step.from);
    return { draft: { ...back, undo }, step };
  }
  return { draft: { ...draft, undo }, step: null };
}

/** @param {Draft} draft @param {string} name @param {Value} from @param {Value} to @returns {Draft} */
function stepped(draft, name, from, to) {
  const last = draft.undo.at(-1);
  const step = /** @type {Step} */ ({ field: name, from, to, by: "me", open: true });
  if (last && last.open && last.field === name) return { ...draft, undo: [...draft.undo.slice(0, -1), { ...last, to }] };
  return { ...draft, undo: [...closed(draft).undo, step].slice(-UNDO_STEPS) };
}

/** @param {Draft} draft @returns {Draft} */
function closed(draft) {
  const last = draft.undo.at(-1);
  return last?.open ? { ...draft, undo: [...draft.undo.slice(0, -1), { ...last, open: false }] } : draft;
}

/** @param {Draft} draft @param {string} name @param {Value} value @param {How} how @returns {Draft} */
function changed(draft, name, value, how) {
  const before = draft.mine[name];
  const base = before ? before.base : (draft.shown[name] ?? EMPTY).version;
  return { ...draft, mine: { ...draft.mine, [name]: { value, how, base, n: (before?.n ?? 0) + 1, sent: before?.sent ?? 0 } } };
}

/** @param {Draft} draft @param {"mine" | "conflicts"} what @param {string} name @returns {Draft} */
export function without(draft, what, name) {
  const { [name]: _, ...rest } = draft[what];
  return { ...draft, [what]: rest };
}
