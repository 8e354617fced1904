// The form of the draft: all fields in their fixed places, painted from the draft, and the keys that lead through them.
import { make, setText } from "/pages/shared/dom.js";
import { phone } from "../format_logic.js";
import { entered, faultBeside, hasDetail, inSight, nextOpen, requiredNow, valueOf, wanted } from "./check_logic.js";
import { Choices } from "./choices.js";
import { RadioControl, SelectControl } from "./control.js";
import { blurred, caretAt, confirmed, focused, took, typed, undone, view } from "./draft_logic.js";
import { FieldBox } from "./field.js";
import { ORDER } from "./form_logic.js";
import { PickControl } from "./pick_control.js";
import { TextControl } from "./text_control.js";

/** @typedef {import("./control.js").Control} Control */
/** @typedef {import("./draft_logic.js").Draft} Draft */
/** @typedef {import("./draft_logic.js").Step} Step */
/** @typedef {import("./keeper.js").Keeper} Keeper */
/** @typedef {import("./types.js").Fault} Fault */
/** @typedef {import("./types.js").Value} Value */
/** @typedef {import("./work.js").Work} Work */

export class DraftForm {
  /** @type {Keeper | null} */
  keeper = null;
  /** Said at the last attempt to submit; each until its field is right. @type {Fault[]} */
  faults = [];
  /** @type {Map<string, FieldBox>} */
  #boxes = new Map();
  /** What stood in the focused field when he came to it. @type {Value} */
  #found = null;

  /** @param {Work} work */
  constructor(work) {
    this.work = work;
    this.choices = new Choices();
    const acts = {
      typed: (/** @type {string} */ name, /** @type {Value} */ value) => this.#change((draft) => typed(draft, name, value), true),
      chosen: (/** @type {string} */ name, /** @type {Value} */ value) =>
        this.#change((draft) => (value === valueOf(draft, name) ? confirmed(draft, name) : typed(draft, name, value))),
      take: (/** @type {string} */ name, /** @type {Value} */ value) => this.#change((draft) => took(draft, name, value)),
      source: (/** @type {string} */ name) => work.emit("show-words", name),
    };
    this.deadline = make("div", { class: "d-deadline", id: "d-deadline", role: "group", "aria-labelledby": "d-deadline-label" });
    this.deadlineLabel = make("span", { id: "d-deadline-label", class: "d-deadline-label" });
    this.el = make("div", { class: "d-form" });
    for (const name of ORDER) {
      const box = new FieldBox(work, name, this.#control(name, acts), acts);
      this.#boxes.set(name, box);
      if (name === "related")
        this.el.append(make("div", { class: "d-field d-deadline-field" }, make("div", { class: "d-label" }, this.deadlineLabel), this.deadline));
      this.el.append(box.el);
    }
    this.el.addEventListener("focusin", (event) => this.#entered(fieldOf(event.target)));
    this.el.addEventListener("focusout", (event) => {
      if (fieldOf(event.relatedTarget) !== fieldOf(event.target)) this.#left();
    });
    document.addEventListener("selectionchange", () => this.#caret());
    // A caret that moved in the last moment is not told of any more; it is looked up before the drafts are kept.
    window.addEventListener("pagehide", () => this.#caret(), { capture: true });
    // What is typed and where go together: the one alone would come back after a reload in the middle of a word.
    this.el.addEventListener("input", (event) => /** @type {InputEvent} */ (event).isComposing || this.#caret());
  }

  /** @param {string} name @param {ConstructorParameters<typeof TextControl>[2]} acts @returns {Control} */
  #control(name, acts) {
    const { work } = this;
    const spec = work.form.field(name);
    const said = (/** @type {import("./types.js").Both} */ both) => () => work.pick(both);
    const yesNo = (/** @type {string} */ word) => [false, true].map((value) => ({ value, words: () => work.say(`draft.${word}_${value ? "yes" : "no"}`) }));
    if (name === "type")
      return new RadioControl(name, work.form.options(name).map((one, n) => ({ value: one.id, words: said(one.own), key: n < 9 ? String(n + 1) : undefined })), acts);
    if (name === "secret") return new RadioControl(name, yesNo("secret"), acts);
    if (spec.kind === "yes_no") return new SelectControl(work, name, yesNo("reply").reverse(), acts);
    if (spec.kind === "choice" && spec.choices.length)
      return new SelectControl(work, name, work.form.options(name).map((one) => ({ value: one.id, words: said(one.own) })), acts);
    if (spec.kind === "choice") return new PickControl(work, name, acts, this.choices);
    const isPhone = spec.kind === "phone";
    return new TextControl(work, name, acts, this.choices, { max: isPhone ? spec.max + 10 : spec.max, long: name === "content", mode: isPhone ? "tel" : undefined,
      shown: isPhone ? phone : undefined });
  }

  /** Another draft is in hand, or none. @param {Keeper | null} keeper */
  show(keeper) {
    this.keeper = keeper;
    this.faults = [];
    this.choices.close();
    this.paint();
  }

  /** @param {(draft: Draft) => Draft} act @param {boolean} [typing] */
  #change(act, typing = false) {
    if (this.keeper?.isOpen) this.keeper.change(act(this.keeper.draft), typing);
  }

  paint() {
    const { keeper, work } = this;
    if (!keeper) return;
    const { draft } = keeper;
    const matter = valueOf(draft, "matter");
    const required = requiredNow(draft, work.form);
    const missing = wanted(draft, work.form);
    const isTalk = Boolean(draft.ticket.call_id) && work.desk.call?.phase !== "ringing";
    for (const [name, box] of this.#boxes) {
      const seen = view(draft, name);
      this.faults = this.faults.filter((fault) => fault.field !== name || !isRight(fault, seen));
      const fault = faultBeside(draft, work.form, name) ?? this.faults.find((one) => one.field === name) ?? null;
      box.paint(seen, { words: work.form.words(name, matter), required: required.includes(name), fault, locked: !keeper.isOpen,
        wanted: isTalk && missing.includes(name) && draft.focused !== name });
    }
    this.el.classList.toggle("d-with-detail", hasDetail(draft, work.form));
    this.el.classList.toggle("d-locked", !keeper.isOpen);
    setText(this.deadlineLabel, work.say("draft.deadline"));
    const { deadline } = draft.ticket;
    const text = deadline ? work.pick(deadline.text) : work.say("draft.no_deadline");
    setText(this.deadline, deadline?.provisional ? work.say("draft.provisional", { text }) : text);
    this.deadline.title = deadline?.provisional ? work.say("draft.provisional_why") : text;
    this.deadline.classList.toggle("d-unknown", !deadline);
  }

  /** @param {string | null} name */
  #entered(name) {
    const { keeper } = this;
    if (!keeper || !name || keeper.draft.focused === name) return;
    this.#found = valueOf(keeper.draft, name);
    keeper.change(focused(keeper.draft, name));
    this.work.field = name;
    this.work.emit("field", name);
    this.#caret();
  }

  #left() {
    if (!this.keeper) return;
    this.keeper.change(blurred(this.keeper.draft, performance.now()));
    this.work.field = null;
    this.work.emit("field", null);
  }

  /** Where he writes, for after a reload. */
  #caret() {
    const name = fieldOf(document.activeElement);
    const control = name ? this.#boxes.get(name)?.control : undefined;
    if (!this.keeper || !name || !control || !this.el.contains(document.activeElement)) return;
    const { start, end } = control.caret();
    const before = this.keeper.draft.caret;
    if (before?.field !== name || before.start !== start || before.end !== end)
      this.keeper.change(caretAt(this.keeper.draft, { field: name, start, end }));
  }

  /** Puts the focus where a lost page had it; never takes it from anything. */
  returnToCaret() {
    const caret = this.keeper?.isOpen ? this.keeper.draft.caret : null;
    if (caret && (document.activeElement === document.body || !document.activeElement)) this.#boxes.get(caret.field)?.control.focus(caret);
  }

  /** @param {string} name */
  go(name) {
    this.#boxes.get(name)?.control.focus();
  }

  /** Enter. @returns {boolean} whether it was for a field */
  enter() {
    const name = this.#fieldWithFocus();
    const box = name ? this.#boxes.get(name) : undefined;
    if (!this.keeper?.isOpen || !name || !box) return false;
    if (document.activeElement?.tagName === "BUTTON" || box.control.enter()) return false;
    const { draft, next } = entered(this.keeper.draft, this.work.form, name);
    this.keeper.change(draft);
    if (next) this.go(next);
    else this.work.desk.say("draft.all_done");
    return true;
  }

  /** To the next field that waits for him; nothing is changed. @param {1 | -1} step */
  step(step) {
    if (!this.keeper) return;
    const next = nextOpen(this.keeper.draft, this.work.form, this.#fieldWithFocus(), step);
    if (next) this.go(next);
    else this.work.desk.say("draft.all_done");
  }

  /** What was done last is taken back; null: the browser undoes what he writes just now. @returns {Step | null | "nothing"} */
  undo() {
    const { keeper } = this;
    if (!keeper?.isOpen) return "nothing";
    const name = this.#fieldWithFocus();
    const control = name ? this.#boxes.get(name)?.control : null;
    if (name && control instanceof TextControl && valueOf(keeper.draft, name) !== this.#found) return null;
    const { draft, step } = undone(keeper.draft);
    keeper.change(draft);
    if (name) this.#found = valueOf(draft, name);
    return step ?? "nothing";
  }

  escape() {
    return [...this.#boxes.values()].some((box) => box.control.escape());
  }

  #fieldWithFocus() {
    return this.el.contains(document.activeElement) ? fieldOf(document.activeElement) : null;
  }

  /** A field's value in words. @param {string} name @param {Value} value */
  text(name, value) {
    return value === null ? this.work.say("draft.nothing") : (this.#boxes.get(name)?.control.text(value) ?? "");
  }

  /** Every field that is to be seen has a box. @returns {string[]} */
  get names() {
    return this.keeper ? inSight(this.keeper.draft, this.work.form) : [];
  }
}

/** @param {EventTarget | null} target @returns {string | null} */
function fieldOf(target) {
  return target instanceof Element ? (/** @type {HTMLElement | null} */ (target.closest("[data-field]"))?.dataset.field ?? null) : null;
}

/** @param {Fault} fault @param {import("./draft_logic.js").View} seen */
function isRight(fault, seen) {
  if (fault.code === "unconfirmed") return seen.state !== "check" && !seen.theirs;
  return fault.code === "missing" && seen.value !== null;
}
