// The list that opens under a field: alternatives that machines offer, and choices found by typing. One for the whole draft.
import { make } from "/pages/shared/dom.js";
import { dots } from "./marks.js";

/** @typedef {import("./types.js").Value} Value */

/** One line of the list. `source` and `confidence` of what a machine offers.
 * @typedef {{value: Value, text: string, beside?: string, source?: string | null, confidence?: number | null}} Line */

const MOST_PX = 300;

export class Choices {
  /** @type {Line[]} */
  #lines = [];
  #at = -1;
  /** @type {HTMLElement | null} */
  #input = null;
  /** @type {(value: Value) => void} */
  #choose = () => {};

  constructor() {
    this.el = make("div", { class: "d-choices", hidden: true, popover: "manual" });
    this.list = make("ul", { role: "listbox", id: "d-choices" });
    this.foot = make("p", { class: "d-choices-foot" });
    this.el.append(this.list, this.foot);
    // A press must not take the focus from the field, or the list would close before the choice counts.
    this.el.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const item = /** @type {HTMLElement} */ (event.target).closest("li");
      if (item) this.#take([...this.list.children].indexOf(item));
    });
  }

  /** @param {HTMLElement} input @returns {boolean} */
  isOpenFor(input) {
    return this.#input === input;
  }

  /** Opens it, or shows other lines. @param {HTMLElement} input @param {Line[]} lines @param {(value: Value) => void} choose
   * @param {{label: string, foot?: string, at?: number}} more `at`: the line that Enter takes; -1 none yet */
  open(input, lines, choose, more) {
    if (this.#input && this.#input !== input) this.close();
    this.#input = input;
    this.#lines = lines;
    this.#choose = choose;
    this.list.setAttribute("aria-label", more.label);
    this.list.replaceChildren(...lines.map((line, n) => this.#item(line, n)));
    this.foot.textContent = more.foot ?? "";
    this.foot.hidden = !more.foot;
    this.el.hidden = false;
    if (!this.el.matches(":popover-open")) this.el.showPopover();
    this.#place();
    input.setAttribute("aria-expanded", "true");
    this.#mark(lines.length ? Math.min(more.at ?? 0, lines.length - 1) : -1);
  }

  close() {
    if (!this.#input) return;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
    this.#input = null;
    this.#at = -1;
    this.el.hidePopover();
    this.el.hidden = true;
  }

  /** @param {1 | -1} step */
  move(step) {
    const n = this.#lines.length;
    if (n) this.#mark((this.#at + step + n) % n);
  }

  /** Enter: what is marked. @returns {boolean} whether something was */
  take() {
    return this.#take(this.#at);
  }

  /** @param {number} n */
  #take(n) {
    const line = this.#lines[n];
    if (!line) return false;
    const choose = this.#choose;
    this.close();
    choose(line.value);
    return true;
  }

  /** @param {Line} line @param {number} n */
  #item(line, n) {
    return make("li", { role: "option", id: `d-choice-${n}`, "aria-selected": "false" },
      make("span", { class: "d-choice-text" }, line.text),
      line.beside ? make("span", { class: "d-choice-way" }, line.beside) : null,
      line.confidence ? dots(line.confidence) : null);
  }

  /** @param {number} n */
  #mark(n) {
    this.list.children[this.#at]?.setAttribute("aria-selected", "false");
    this.#at = n;
    const item = this.list.children[n];
    if (!item) return this.#input?.removeAttribute("aria-activedescendant");
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    this.#input?.setAttribute("aria-activedescendant", item.id);
  }

  #place() {
    const box = /** @type {HTMLElement} */ (this.#input).getBoundingClientRect();
    const below = window.innerHeight - box.bottom - 8;
    const above = box.top - 8;
    const up = below < Math.min(MOST_PX, this.el.scrollHeight) && above > below;
    const { style } = this.el;
    style.left = `${box.left}px`;
    style.minWidth = `${box.width}px`;
    style.maxWidth = `${window.innerWidth - box.left - 8}px`;
    style.maxHeight = `${Math.min(MOST_PX, up ? above : below)}px`;
    style.top = up ? "auto" : `${box.bottom + 3}px`;
    style.bottom = up ? `${window.innerHeight - box.top + 3}px` : "auto";
  }
}
