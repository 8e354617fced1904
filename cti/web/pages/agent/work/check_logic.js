// What the agent has still to look at: fields that a machine filled, fields to ask for, the way from one to the next, and what
// keeps the ticket from being submitted.
import { confirmed, took, view } from "./draft_logic.js";
import { ORDER } from "./form_logic.js";

/** @typedef {import("./draft_logic.js").Draft} Draft */
/** @typedef {import("./form_logic.js").Form} Form */
/** @typedef {import("./types.js").Both} Both */
/** @typedef {import("./types.js").Fault} Fault */
/** @typedef {import("./types.js").Finish} Finish */
/** @typedef {import("./types.js").Value} Value */

/** @param {Draft} draft @param {string} name @returns {Value} */
export function valueOf(draft, name) {
  return view(draft, name).value;
}

/** @param {Draft} draft @param {Form} form @param {Finish} [finish] */
export function requiredNow(draft, form, finish = form.sending) {
  return form.required(finish, valueOf(draft, "type"));
}

/** Empty fields that the ticket needs, or that are worth a question. @param {Draft} draft @param {Form} form @returns {string[]} */
export function wanted(draft, form) {
  const names = new Set([...requiredNow(draft, form), ...form.wished(valueOf(draft, "matter"))]);
  return ORDER.filter((name) => names.has(name) && valueOf(draft, name) === null);
}

/** Questions for the citizen. @param {Draft} draft @param {Form} form @returns {{field: string, text: Both}[]} */
export function questions(draft, form) {
  return wanted(draft, form).flatMap((field) => {
    const text = form.question(field, valueOf(draft, "matter"));
    return text ? [{ field, text }] : [];
  });
}

/** Fields of the form that are in sight. @param {Draft} draft @param {Form} form @returns {string[]} */
export function inSight(draft, form) {
  return ORDER.filter((name) => name !== "detail" || hasDetail(draft, form));
}

/** @param {Draft} draft @param {Form} form */
export function hasDetail(draft, form) {
  return form.detail(valueOf(draft, "matter")) !== null || valueOf(draft, "detail") !== null;
}

/** Whether he has still to do something about it. @param {Draft} draft @param {Form} form @param {string} name */
export function isOpen(draft, form, name) {
  const { state, theirs } = view(draft, name);
  return state === "check" || theirs !== null || wanted(draft, form).includes(name);
}

/** The next field that he has still to look at, round and round; null: none besides this one.
 * @param {Draft} draft @param {Form} form @param {string | null} from @param {1 | -1} step @returns {string | null} */
export function nextOpen(draft, form, from, step = 1) {
  const names = inSight(draft, form);
  const at = from === null ? (step === 1 ? -1 : names.length) : names.indexOf(from);
  for (let n = 1; n <= names.length; n += 1) {
    const name = names[(at + step * n + names.length * 2) % names.length];
    if (name !== undefined && name !== from && isOpen(draft, form, name)) return name;
  }
  return null;
}

/** Enter: this field is right; on to the next. In an empty one it takes what a machine proposes.
 * @param {Draft} draft @param {Form} form @param {string} name @returns {{draft: Draft, next: string | null}} */
export function entered(draft, form, name) {
  const { value, proposal } = view(draft, name);
  const after = value === null && proposal ? took(draft, name, proposal.value) : confirmed(draft, name);
  return { draft: after, next: nextOpen(after, form, name) };
}

/** @param {Draft} draft @param {Form} form @returns {{confirmed: number, check: number, ask: number}} */
export function progress(draft, form) {
  const counts = { confirmed: 0, check: 0, ask: wanted(draft, form).length };
  for (const name of inSight(draft, form)) {
    const { state } = view(draft, name);
    if (state === "check") counts.check += 1;
    else if (state !== "empty") counts.confirmed += 1;
  }
  return counts;
}

/** What keeps the ticket from being submitted with this finish, in the order of the form.
 * @param {Draft} draft @param {Form} form @param {Finish} finish @param {string | null} reason @returns {Fault[]} */
export function faults(draft, form, finish, reason) {
  /** @type {Fault[]} */
  const found = [];
  const matter = valueOf(draft, "matter");
  const required = new Set(requiredNow(draft, form, finish));
  for (const name of ORDER) {
    const { value, state, theirs } = view(draft, name);
    const fault = form.fault(name, value) ?? faultBeside({ ...draft, focused: null }, form, name);
    if (fault && fault.code === "bad_value") found.push(fault);
    else if (theirs) found.push({ field: name, code: "unconfirmed", message: chosen(form, name, matter) });
    else if (!required.has(name)) continue;
    else if (form.cleaned(name, value) === null) found.push(form.missing(name, matter));
    else if (state === "check") found.push({ field: name, code: "unconfirmed", message: asked(form, name, matter) });
  }
  if (finish.reasons.length && !finish.reasons.some((one) => one.id === reason))
    found.push({ field: "finish", code: "missing", message: { zh: `请选择${finish.zh}的理由`, en: `${finish.en}: choose the reason` } });
  return found;
}

/** @param {Form} form @param {string} name @param {Value} matter @returns {Both} */
function asked(form, name, matter) {
  const words = form.words(name, matter);
  return { zh: `请确认${words.zh}`, en: `Confirm: ${words.en}` };
}

/** @param {Form} form @param {string} name @param {Value} matter @returns {Both} */
function chosen(form, name, matter) {
  const words = form.words(name, matter);
  return { zh: `请选定${words.zh}`, en: `Choose: ${words.en}` };
}

/** What is said beside a field that he has left: only of fields that he wrote in.
 * @param {Draft} draft @param {Form} form @param {string} name @returns {Fault | null} */
export function faultBeside(draft, form, name) {
  if (draft.focused === name) return null;
  const { value } = view(draft, name);
  const refused = draft.refused[name];
  if (refused && refused.value === value) return { field: name, code: "bad_value", message: refused.message };
  if (!draft.touched[name]) return null;
  const matter = valueOf(draft, "matter");
  const missing = form.cleaned(name, value) === null && requiredNow(draft, form).includes(name);
  return form.fault(name, value) ?? (missing ? form.missing(name, matter) : null);
}
