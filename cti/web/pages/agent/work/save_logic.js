// What of a draft is still to be saved: the changes to send, what an answer settles, and the copy kept on this computer.
import { settled, view, without } from "./draft_logic.js";

/** @typedef {import("./draft_logic.js").Draft} Draft */
/** @typedef {import("./draft_logic.js").How} How */
/** @typedef {import("./draft_logic.js").Mine} Mine */
/** @typedef {import("./form_logic.js").Form} Form */
/** @typedef {import("./types.js").Fault} Fault */
/** @typedef {import("./types.js").Ticket} Ticket */
/** @typedef {import("./types.js").Value} Value */

/** As PATCH takes it. @typedef {{field: string, value: Value, base: number, how: How}} Change */

/** What is to be sent now, and the draft that knows that it is on its way. A value that the daemon would refuse stays here,
 * so that it does not hold up the others.
 * @param {Draft} draft @param {Form} form @returns {{draft: Draft, changes: Change[]}} */
export function toSend(draft, form) {
  /** @type {Change[]} */
  const changes = [];
  const mine = { ...draft.mine };
  for (const [name, change] of Object.entries(draft.mine)) {
    if (change.sent === change.n || staysHere(draft, form, name)) continue;
    changes.push({ field: name, value: change.value, base: change.base, how: change.how });
    mine[name] = { ...change, sent: change.n };
  }
  return { draft: changes.length ? { ...draft, mine } : draft, changes };
}

/** Whether a change cannot be sent as it is. @param {Draft} draft @param {Form} form @param {string} name */
function staysHere(draft, form, name) {
  const value = draft.mine[name]?.value ?? null;
  return form.fault(name, value) !== null || draft.refused[name]?.value === value;
}

/** The daemon has them. `conflicts`: fields that another person had changed meanwhile; `faults`: values that it will not have.
 * @param {Draft} draft @param {Change[]} changes @param {Ticket} ticket @param {number} now
 * @param {{conflicts?: string[], faults?: Fault[]}} [not] @returns {Draft} */
export function arrived(draft, changes, ticket, now, { conflicts = [], faults = [] } = {}) {
  const newest = ticket.version >= draft.ticket.version ? ticket : draft.ticket;
  let after = { ...draft, ticket: newest, shown: { ...draft.shown }, mine: { ...draft.mine } };
  for (const { field, value, how } of changes) {
    const mine = after.mine[field];
    const theirs = newest.fields[field];
    if (!mine || !theirs) continue;
    const fault = faults.find((one) => one.field === field);
    if (fault) {
      after.mine[field] = { ...mine, sent: 0 };
      after = { ...after, refused: { ...after.refused, [field]: { value, message: fault.message } } };
    } else if (conflicts.includes(field)) {
      after = { ...without(after, "mine", field), conflicts: { ...after.conflicts, [field]: { value: mine.value } } };
    } else if (mine.n !== mine.sent) {
      after.mine[field] = { ...mine, base: ticket.fields[field]?.version ?? theirs.version, sent: 0 };
    } else if ((how === "taken" || how === "confirmed") && theirs.value !== value && !theirs.by) {
      // The value was bettered on the way; he said that this one is right.
      after.mine[field] = { ...mine, how: "typed", base: theirs.version, n: mine.n + 1, sent: 0 };
    } else {
      after = without(after, "mine", field);
      // The daemon may have cleaned the text; under his hands it stays as he wrote it.
      const isHis = after.focused === field && theirs.by === after.me && theirs.value !== null;
      after.shown[field] = isHis ? { ...theirs, value } : theirs;
    }
  }
  return settled(after, now);
}

/** They did not arrive: to be sent again. @param {Draft} draft @returns {Draft} */
export function notArrived(draft) {
  const mine = Object.fromEntries(Object.entries(draft.mine).map(([name, change]) => [name, { ...change, sent: 0 }]));
  return { ...draft, mine };
}

/** Whether the server has all that may be sent. @param {Draft} draft @param {Form} form */
export function isSaved(draft, form) {
  return Object.keys(draft.mine).every((name) => staysHere(draft, form, name));
}

/** Of a draft, what would be lost with the page. `title` is for a list of drafts.
 * @typedef {{key: string, user: string, id: string, call_id: string | null, at: number, title: string, mine: Record<string, Mine>,
 *   conflicts: Draft["conflicts"], touched: Draft["touched"], undo: Draft["undo"], caret: Draft["caret"]}} Kept */

/** @param {Draft} draft @param {number} at @returns {Kept} */
export function toKeep(draft, at) {
  const { mine, conflicts, touched, undo, caret, ticket } = draft;
  const title = view(draft, "title").value;
  return { key: keyOf(draft.me, ticket.id), user: draft.me, id: ticket.id, call_id: ticket.call_id, at,
    title: typeof title === "string" ? title : "", mine, conflicts, touched, undo, caret };
}

/** @param {string} user @param {string} ticket */
export function keyOf(user, ticket) {
  return `${user}/${ticket}`;
}

/** The draft goes on where the lost page left it. @param {Draft} draft @param {Kept | null} kept @returns {Draft} */
export function restored(draft, kept) {
  if (!kept || kept.id !== draft.ticket.id) return draft;
  const mine = Object.fromEntries(Object.entries(kept.mine).map(([name, change]) => [name, { ...change, sent: 0 }]));
  return { ...draft, mine: { ...mine, ...draft.mine }, conflicts: kept.conflicts, touched: kept.touched, undo: kept.undo,
    caret: kept.caret };
}

/** Whether there is nothing in it that the server has not. @param {Kept} kept */
export function isDone(kept) {
  return !Object.keys(kept.mine).length && !Object.keys(kept.conflicts).length;
}

/** Milliseconds until the next try. @param {number} failed in a row @returns {number} */
export function retryAfter(failed) {
  return Math.min(15_000, 1000 * 2 ** Math.min(failed - 1, 5));
}
