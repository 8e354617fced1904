// A document as text: numbers of lines, marks at the lines with problems, saved a moment after the last key.
import { make, setText } from "/pages/shared/dom.js";
import { locked } from "./fields.js";
import { problemText } from "./problems_logic.js";
import { lineCount, lineSpan } from "./text_logic.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./types.js").Problem} Problem */

const IDLE_MS = 800;
const LINE_PX = 20;

export class Editor {
  /** @param {Office} office */
  constructor(office) {
    this.office = office;
    this.id = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.area = make("textarea", { class: "code", spellcheck: "false", autocomplete: "off", wrap: "off", "data-key": "text" });
    this.gutter = make("div", { class: "gutter", "aria-hidden": "true" });
    this.element = make("div", { class: "editor" }, this.gutter, this.area);
    this.area.addEventListener("input", () => this.#typed());
    this.area.addEventListener("blur", () => this.#flush());
    this.area.addEventListener("scroll", () => (this.gutter.scrollTop = this.area.scrollTop));
    /** @type {Problem[]} */
    this.problems = [];
    this.lines = 0;
  }

  /** @param {string} id @param {string} text @param {Problem[]} problems @param {string} label */
  show(id, text, problems, label) {
    const other = id !== this.id;
    if (other) this.#flush();
    this.id = id;
    this.area.readOnly = locked(this.office);
    this.area.setAttribute("aria-label", label);
    const kept = this.office.unsent.get(id);
    const wanted = kept ?? text;
    if (other || (kept === undefined && this.area.value !== wanted)) {
      const [from, to, top] = [this.area.selectionStart, this.area.selectionEnd, this.area.scrollTop];
      this.area.value = wanted;
      if (!other) {
        this.area.setSelectionRange(from, to);
        this.area.scrollTop = top;
      } else {
        this.area.setSelectionRange(0, 0);
        this.area.scrollTop = 0;
      }
    }
    this.problems = problems;
    this.#number();
  }

  /** The caret at the beginning of a line, the line in the middle. @param {number} line */
  goTo(line) {
    const { from, to } = lineSpan(this.area.value, line);
    this.area.focus();
    this.area.setSelectionRange(from, to);
    this.area.scrollTop = Math.max(0, (line - 1) * LINE_PX - this.area.clientHeight / 2);
  }

  get text() {
    return this.area.value;
  }

  #typed() {
    this.office.typed(this.id, this.area.value);
    this.#number();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#flush(), IDLE_MS);
    this.office.draw();
  }

  #flush() {
    clearTimeout(this.timer);
    if (this.office.unsent.has(this.id)) void this.office.save(this.id);
  }

  #number() {
    const lines = lineCount(this.area.value);
    const levels = new Map(this.problems.map((one) => [one.line, one]));
    while (this.gutter.childElementCount > lines) this.gutter.lastElementChild?.remove();
    while (this.gutter.childElementCount < lines) this.gutter.append(make("span"));
    [...this.gutter.children].forEach((one, n) => {
      const problem = levels.get(n + 1);
      setText(one, problem ? `${problem.level === "error" ? "●" : "▲"} ${n + 1}` : String(n + 1));
      one.className = problem?.level ?? "";
      one.setAttribute("title", problem ? problemText(problem.text, this.office.dictionary.lang) : "");
    });
    this.gutter.scrollTop = this.area.scrollTop;
  }
}

/** The list under a text: each leads to its line. @param {Office} office @param {Problem[]} problems @param {(problem: Problem) => void} go
 * @returns {HTMLElement} */
export function problemList(office, problems, go) {
  if (!problems.length) return make("p", { class: "none ok" }, `✓ ${office.say("problems.none")}`);
  return make("ul", { class: "problems", "data-scroll": "problems" }, ...problems.map((one, n) =>
    make("li", {}, make("button", { type: "button", class: `problem ${one.level}`, "data-key": `problem-${n}`, onclick: () => go(one) },
      make("b", {}, one.level === "error" ? "●" : "▲"),
      make("span", { class: "where" }, office.say("problems.line", { n: one.line })),
      one.node ? make("code", {}, one.node) : null,
      make("span", { class: "what" }, problemText(one.node ? one.text.replace(`node ${one.node}: `, "") : one.text, office.dictionary.lang))))));
}
