// A field of free text. What machines offer besides opens under it with Alt+Down. Text that an input method is still making
// is nobody's yet: it counts when it is composed.
import { icon, make } from "/pages/shared/dom.js";
import { DOWN } from "./icons.js";

/** @typedef {import("./choices.js").Choices} Choices */
/** @typedef {import("./control.js").Control} Control */
/** @typedef {import("./control.js").ControlActs} ControlActs */
/** @typedef {import("./draft_logic.js").View} View */
/** @typedef {import("./field.js").About} About */
/** @typedef {import("./types.js").Value} Value */
/** @typedef {import("./work.js").Work} Work */

/** @implements {Control} */
export class TextControl {
  isGroup = false;
  #composing = false;
  /** @type {View | null} */
  #view = null;
  #label = "";

  /** @param {Work} work @param {string} name
   * @param {ControlActs & {take: (name: string, value: Value) => void}} acts @param {Choices} choices
   * @param {{long?: boolean, max: number, mode?: string, shown?: (text: string) => string}} more `shown`: how the value looks
   * while nobody writes in it */
  constructor(work, name, acts, choices, more) {
    this.work = work;
    this.name = name;
    this.id = `d-${name}`;
    this.acts = acts;
    this.choices = choices;
    this.shown = more.shown ?? ((text) => text);
    const attributes = { id: this.id, class: "d-control", maxlength: more.max, autocomplete: "off", spellcheck: "false", inputmode: more.mode };
    this.input = more.long ? make("textarea", { ...attributes, rows: "3" }) : make("input", { ...attributes, type: "text" });
    // What the citizen said, in his language whatever the agent reads.
    this.input.lang = "zh-CN";
    this.input.addEventListener("compositionstart", () => (this.#composing = true));
    this.input.addEventListener("compositionend", () => {
      this.#composing = false;
      this.#typed();
    });
    this.input.addEventListener("input", () => this.#composing || this.#typed());
    this.input.addEventListener("focus", () => this.#show());
    this.input.addEventListener("blur", () => {
      this.choices.close();
      this.#show();
    });
    this.input.addEventListener("keydown", (event) => this.#key(/** @type {KeyboardEvent} */ (event)));
    this.button = make("button", { class: "d-open", type: "button", tabindex: "-1", hidden: true, onclick: () => {
      this.input.focus();
      this.#open();
    } }, icon(DOWN));
    this.el = make("div", { class: "d-text" }, this.input, this.button);
    this.described = [this.input];
  }

  #typed() {
    this.choices.close();
    this.acts.typed(this.name, this.input.value === "" ? null : this.input.value);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const isOpen = this.choices.isOpenFor(this.input);
    if (event.key === "ArrowDown" && event.altKey && !isOpen) this.#open();
    else if (isOpen && event.key === "ArrowDown") this.choices.move(1);
    else if (isOpen && event.key === "ArrowUp") this.choices.move(-1);
    else return;
    event.preventDefault();
  }

  #offers() {
    const view = this.#view;
    if (!view) return [];
    const offers = view.proposal ? [view.proposal, ...view.alternatives] : view.alternatives;
    return offers.filter((offer, n) => offer.value !== view.value && offers.findIndex((one) => one.value === offer.value) === n);
  }

  #open() {
    const lines = this.#offers().map((offer) => ({ ...offer, text: String(offer.value), beside: this.work.say(`source.${offer.source}`) }));
    if (!lines.length || this.input.readOnly) return;
    this.choices.open(this.input, lines, (value) => this.acts.take(this.name, value), { label: this.#label });
  }

  /** @param {View} view @param {About & {label: string}} about */
  paint(view, about) {
    this.#view = view;
    this.#label = about.label;
    this.#show();
    this.input.placeholder = about.wanted ? this.work.say("draft.ask") : "";
    this.input.readOnly = about.locked;
    this.input.setAttribute("aria-required", String(about.required));
    this.input.setAttribute("aria-invalid", String(about.fault !== null));
    const offers = !about.locked && this.#offers().length > 0;
    this.button.hidden = !offers;
    this.button.setAttribute("aria-label", this.work.say("draft.others", { field: about.label }));
    if (offers) {
      this.input.setAttribute("role", "combobox");
      this.input.setAttribute("aria-controls", "d-choices");
      this.input.setAttribute("aria-expanded", String(this.choices.isOpenFor(this.input)));
    } else for (const name of ["role", "aria-controls", "aria-expanded"]) this.input.removeAttribute(name);
  }

  /** The value in the box: as it is while he is in it, else as it reads best. Never while an input method is at work. */
  #show() {
    if (!this.#view || this.#composing) return;
    const plain = typeof this.#view.value === "string" ? this.#view.value : "";
    const text = document.activeElement === this.input ? plain : this.shown(plain);
    if (this.input.value !== text) this.input.value = text;
    this.input.title = this.input.scrollWidth > this.input.clientWidth ? text : "";
  }

  /** @param {Value} value */
  text(value) {
    return typeof value === "string" ? this.shown(value) : "";
  }

  /** @param {{start: number, end: number}} [caret] */
  focus(caret) {
    this.input.focus();
    const end = this.input.value.length;
    this.input.setSelectionRange(caret?.start ?? end, caret?.end ?? end);
  }

  caret() {
    return { start: this.input.selectionStart ?? 0, end: this.input.selectionEnd ?? 0 };
  }

  enter() {
    if (this.choices.isOpenFor(this.input) && !this.choices.take()) this.choices.close();
    return false;
  }

  escape() {
    if (!this.choices.isOpenFor(this.input)) return false;
    this.choices.close();
    return true;
  }
}
