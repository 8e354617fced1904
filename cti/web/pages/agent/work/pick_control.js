// A field whose value is one of many: type to find it in the tree, by name, way or first letters of pinyin.
import { icon, make } from "/pages/shared/dom.js";
import { DOWN } from "./icons.js";

/** @typedef {import("./choices.js").Choices} Choices */
/** @typedef {import("./choices.js").Line} Line */
/** @typedef {import("./control.js").Control} Control */
/** @typedef {import("./control.js").ControlActs} ControlActs */
/** @typedef {import("./draft_logic.js").View} View */
/** @typedef {import("./field.js").About} About */
/** @typedef {import("./types.js").Value} Value */
/** @typedef {import("./work.js").Work} Work */

/** @implements {Control} */
export class PickControl {
  isGroup = false;
  /** Whether what stands in the box is a search and not the value. */
  #searching = false;
  #composing = false;
  /** @type {View | null} */
  #view = null;
  #label = "";

  /** @param {Work} work @param {string} name
   * @param {ControlActs & {take: (name: string, value: Value) => void}} acts @param {Choices} choices */
  constructor(work, name, acts, choices) {
    this.work = work;
    this.name = name;
    this.id = `d-${name}`;
    this.acts = acts;
    this.choices = choices;
    this.input = make("input", { id: this.id, class: "d-control", type: "text", role: "combobox", "aria-controls": "d-choices",
      "aria-expanded": "false", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false",
      oncompositionstart: () => (this.#composing = true),
      oncompositionend: () => {
        this.#composing = false;
        this.#search();
      },
      oninput: () => this.#composing || this.#search(),
      onfocus: () => this.input.select(),
      onclick: () => {
        if (this.choices.isOpenFor(this.input)) return;
        this.input.select();
        this.#open("");
      },
      onblur: () => this.#left(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) });
    this.button = make("button", { class: "d-open", type: "button", tabindex: "-1", onclick: () => {
      this.input.focus();
      this.#open("");
    } }, icon(DOWN));
    this.el = make("div", { class: "d-text d-pick" }, this.input, this.button);
    this.described = [this.input];
  }

  #search() {
    this.#searching = true;
    this.#open(this.input.value);
  }

  /** @param {string} typed */
  #open(typed) {
    if (this.input.readOnly) return;
    const lines = [...(typed ? [] : this.#offered()), ...this.#found(typed)];
    const foot = lines.length ? (lines.length >= 50 ? this.work.say("draft.narrow") : "") : this.work.say("draft.no_match", { text: typed });
    // With nothing typed Enter confirms the field; it must not choose the first line.
    this.choices.open(this.input, lines, (value) => this.#chosen(value), { label: this.#label, foot, at: typed ? 0 : -1 });
  }

  /** @returns {Line[]} */
  #offered() {
    const view = this.#view;
    if (!view) return [];
    const offers = view.proposal ? [view.proposal, ...view.alternatives] : view.alternatives;
    return offers.filter((offer) => offer.value !== view.value).map((offer) => ({ value: offer.value, text: this.text(offer.value),
      beside: this.work.say(`source.${offer.source}`), confidence: offer.confidence }));
  }

  /** @param {string} typed @returns {Line[]} */
  #found(typed) {
    return this.work.form.find(this.name, typed).map((option) => {
      const own = this.work.pick(option.own);
      const way = this.work.pick(option.way);
      return { value: option.id, text: own, beside: way === own ? "" : way.slice(0, -own.length - 3) };
    });
  }

  /** @param {Value} value */
  #chosen(value) {
    this.#searching = false;
    const offered = this.#offered().some((line) => line.value === value);
    if (offered) this.acts.take(this.name, value);
    else this.acts.chosen(this.name, value);
  }

  /** A search that chose nothing leaves the value; an emptied box empties it. */
  #left() {
    this.choices.close();
    const emptied = this.#searching && this.input.value.trim() === "";
    this.#searching = false;
    if (emptied && this.#view?.value !== null) this.acts.chosen(this.name, null);
    this.#show();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const isOpen = this.choices.isOpenFor(this.input);
    if (event.key === "ArrowDown") isOpen ? this.choices.move(1) : this.#open("");
    else if (event.key === "ArrowUp" && isOpen) this.choices.move(-1);
    else return;
    event.preventDefault();
  }

  /** @param {View} view @param {About & {label: string}} about */
  paint(view, about) {
    this.#view = view;
    this.#label = about.label;
    this.#show();
    this.input.placeholder = about.wanted ? this.work.say("draft.ask") : "";
    this.input.readOnly = about.locked;
    this.button.hidden = about.locked;
    this.button.setAttribute("aria-label", this.work.say("draft.choices", { field: about.label }));
    this.input.setAttribute("aria-required", String(about.required));
    this.input.setAttribute("aria-invalid", String(about.fault !== null));
  }

  #show() {
    if (this.#searching || this.#composing) return;
    const text = this.#view ? this.text(this.#view.value) : "";
    if (this.input.value !== text) this.input.value = text;
    this.input.title = text;
  }

  /** @param {Value} value */
  text(value) {
    return this.work.pick(this.work.form.called(this.name, value));
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  caret() {
    return { start: 0, end: 0 };
  }

  enter() {
    if (!this.choices.isOpenFor(this.input)) return false;
    if (this.choices.take()) return false;
    const stays = this.#searching;
    if (!stays) this.choices.close();
    return stays;
  }

  escape() {
    if (!this.choices.isOpenFor(this.input)) return false;
    this.choices.close();
    this.#searching = false;
    this.#show();
    return true;
  }
}
