// A list of words as a row of a form: each with a button that takes it out, and a place to type more of them.
import { make } from "/pages/shared/dom.js";
import { keyOf, locked } from "./fields.js";
import { newWords } from "./words_logic.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {{doc: string, at: import("./fields.js").At, label: string, words: unknown, hint?: string, tone?: "risk", isPattern?: boolean, keepsEmpty?: boolean}} Spec */

/** The list goes from the text with its last word, unless it `keepsEmpty`. @param {Office} office @param {Spec} spec @returns {HTMLElement} */
export function wordList(office, spec) {
  const words = Array.isArray(spec.words) ? spec.words.map(String) : [];
  const key = keyOf(spec.doc, spec.at);
  const change = (/** @type {import("./types.js").Change[]} */ changes) => office.change(spec.doc, changes);
  const takeOut = (/** @type {number} */ n) => change([words.length === 1 && !spec.keepsEmpty ? { at: spec.at, value: null } : { at: [...spec.at, n], value: null }]);
  const chips = words.map((word, n) => make("li", { class: "word" }, make(spec.isPattern ? "code" : "span", {}, word),
    locked(office) ? null : make("button", { type: "button", "data-key": `${key}#${n}`, "aria-label": office.say("words.take_out", { word }), title: office.say("words.take_out", { word }), onclick: () => void takeOut(n) }, "×")));
  return make("div", { class: "row words" },
    make("span", { class: "label" }, spec.label, words.length > 9 ? make("small", {}, office.say("words.count", { n: words.length })) : null),
    make("ul", { class: `value chips ${spec.tone ?? ""}`, "aria-label": spec.label, onkeydown: along }, ...chips,
      locked(office) ? words.length ? null : make("li", { class: "none" }, office.say("words.none_here"))
        : make("li", { class: spec.isPattern ? "more long" : "more" }, adding(office, spec, words, key))),
    spec.hint ? make("p", { class: "hint" }, spec.hint) : null);
}

/** @param {Office} office @param {Spec} spec @param {string[]} words @param {string} key @returns {HTMLElement} */
function adding(office, spec, words, key) {
  const input = make("input", { class: "field", "data-key": `${key}+`, "data-shown": "", autocomplete: "off", spellcheck: "false",
    "aria-label": office.say("words.add_to", { list: spec.label }), placeholder: office.say(spec.isPattern ? "words.add_pattern" : "words.add") });
  const add = async () => {
    const typed = input.value;
    if (!typed.trim()) return;
    const found = newWords(typed, words, spec.isPattern === true);
    input.value = "";
    if (!found.length) {
      office.tell(office.say("words.known", { word: typed.trim() }), "warn");
      return office.draw();
    }
    const changes = Array.isArray(spec.words) ? found.map((value) => ({ at: [...spec.at, "+"], value })) : [{ at: spec.at, value: found }];
    if (!(await office.change(spec.doc, changes)) && !input.value) input.value = typed;
  };
  // A drawing takes a field that somebody types in away, and it says "change" then: what was typed stands in the new one.
  input.addEventListener("change", () => queueMicrotask(() => void (input.isConnected && add())));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    void add();
  });
  // Lines that are pasted are words too; a field of one line would join them.
  input.addEventListener("paste", (event) => {
    const pasted = event.clipboardData?.getData("text") ?? "";
    if (spec.isPattern || !pasted.includes("\n")) return;
    event.preventDefault();
    input.setRangeText(pasted.trim().replace(/\s*\n\s*/g, "、"), input.selectionStart ?? 0, input.selectionEnd ?? 0, "end");
  });
  return input;
}

/** Left and right go from word to word. @param {KeyboardEvent} event */
function along(event) {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  if (event.target instanceof HTMLInputElement && event.target.value) return;
  const stops = [...(/** @type {HTMLElement} */ (event.currentTarget).querySelectorAll("button, input"))];
  const next = stops[stops.indexOf(/** @type {Element} */ (event.target)) + (event.key === "ArrowRight" ? 1 : -1)];
  if (next instanceof HTMLElement) {
    event.preventDefault();
    next.focus();
  }
}
