// The controls of fields with few choices: a native select, and a group of radio buttons. Real ones, so that keys, screen
// readers and forms of the browser know them.
import { icon, make, setText } from "/pages/shared/dom.js";
import { CHECK } from "./icons.js";

/** @typedef {import("./draft_logic.js").View} View */
/** @typedef {import("./field.js").About} About */
/** @typedef {import("./types.js").Both} Both */
/** @typedef {import("./types.js").Value} Value */
/** @typedef {import("./work.js").Work} Work */

/** What a control asks of the draft. `typed` while he writes, `chosen` when that is all.
 * @typedef {{typed: (name: string, value: Value) => void, chosen: (name: string, value: Value) => void}} ControlActs */

/** What every control is.
 * @typedef {object} Control
 * @property {string} id
 * @property {HTMLElement} el
 * @property {boolean} isGroup
 * @property {HTMLElement[]} described  what a screen reader reads the source with
 * @property {(view: View, about: About & {label: string}) => void} paint
 * @property {(value: Value) => string} text
 * @property {(caret?: {start: number, end: number}) => void} focus
 * @property {() => {start: number, end: number}} caret
 * @property {() => boolean} enter  Enter; true: that is all that it does
 * @property {() => boolean} escape  true: something was closed
 */

/** @typedef {{value: string | boolean, words: () => string, key?: string}} Option */

class Plain {
  /** @param {string} name @param {Option[]} options */
  constructor(name, options) {
    this.name = name;
    this.id = `d-${name}`;
    this.options = options;
  }

  /** @param {Value} value */
  text(value) {
    return this.options.find((option) => option.value === value)?.words() ?? "";
  }

  caret() {
    return { start: 0, end: 0 };
  }

  enter() {
    return false;
  }

  escape() {
    return false;
  }
}

/** @implements {Control} */
export class SelectControl extends Plain {
  isGroup = false;

  /** @param {Work} work @param {string} name @param {Option[]} options @param {ControlActs} acts */
  constructor(work, name, options, acts) {
    super(name, options);
    this.work = work;
    this.none = make("option", { value: "" });
    this.el = make("select", { id: this.id, class: "d-control", onchange: () => {
      acts.chosen(name, options[this.el.selectedIndex - 1]?.value ?? null);
    } }, this.none, ...options.map((_, n) => make("option", { value: String(n) })));
    this.described = [this.el];
  }

  /** @param {View} view @param {About} about */
  paint(view, about) {
    setText(this.none, about.wanted ? this.work.say("draft.ask") : this.work.say("draft.none"));
    this.options.forEach((option, n) => setText(/** @type {HTMLElement} */ (this.el.options[n + 1]), option.words()));
    const index = this.options.findIndex((option) => option.value === view.value) + 1;
    if (this.el.selectedIndex !== index) this.el.selectedIndex = index;
    this.el.disabled = about.locked;
    this.el.classList.toggle("d-unset", index === 0);
    this.el.title = this.text(view.value);
  }

  focus() {
    this.el.focus();
  }
}

/** @implements {Control} */
export class RadioControl extends Plain {
  isGroup = true;

  /** @param {string} name @param {Option[]} options @param {ControlActs} acts */
  constructor(name, options, acts) {
    super(name, options);
    this.legend = make("legend", { class: "visually-hidden" });
    this.radios = options.map((option, n) => make("input", { type: "radio", name: this.id, id: `${this.id}-${n}`, class: "visually-hidden",
      onchange: () => acts.chosen(name, option.value) }));
    this.faces = options.map((option, n) => make("label", { for: `${this.id}-${n}`, class: "d-radio" },
      ...(option.key ? [make("span", { class: "d-key", "aria-hidden": "true" }, option.key), icon(CHECK)] : []), make("span")));
    this.el = make("fieldset", { id: this.id, class: "d-radios", onkeydown: (/** @type {KeyboardEvent} */ event) => this.#digit(event) }, this.legend,
      ...options.flatMap((_, n) => [/** @type {Node} */ (this.radios[n]), /** @type {Node} */ (this.faces[n])]));
    this.described = [this.el];
  }

  /** A digit chooses while the group has the focus. @param {KeyboardEvent} event */
  #digit(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const radio = this.radios[this.options.findIndex((option) => option.key !== undefined && option.key === event.key)];
    if (!radio || radio.disabled) return;
    event.preventDefault();
    radio.focus();
    radio.click();
  }

  /** @param {View} view @param {About & {label: string}} about */
  paint(view, about) {
    setText(this.legend, about.label);
    this.options.forEach((option, n) => {
      const [radio, face] = [this.radios[n], this.faces[n]];
      if (!radio || !face) return;
      const text = option.words();
      const said = /** @type {HTMLElement} */ (face.lastElementChild);
      setText(said, text);
      said.dataset.text = text;
      face.title = text;
      if (radio.checked !== (option.value === view.value)) radio.checked = option.value === view.value;
    });
    this.el.disabled = about.locked;
  }

  focus() {
    (this.radios.find((radio) => radio.checked) ?? this.radios[0])?.focus();
  }
}
