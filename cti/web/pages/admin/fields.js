// Fields of forms, each bound to a key of a document: what is typed goes into the draft when the field is left.
import { make } from "/pages/shared/dom.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {(string | number)[]} At */
/** @typedef {{doc: string, at: At, label: string, value: unknown, hint?: string, kind?: "text" | "number" | "area", options?: [string, string][], unit?: string, empty?: boolean, id?: string, list?: string, placeholder?: string}} Spec */

/** @param {At} at */
export const keyOf = (/** @type {string} */ doc, /** @type {At} */ at) => `${doc}:${at.join(".")}`;

/** Read only: to look, or because he may not change anything. @param {Office} office */
export function locked(office) {
  return !office.mayChange || office.place.view === "live";
}

/** @param {Office} office @param {Spec} spec @returns {HTMLElement} */
export function field(office, spec) {
  const id = spec.id ?? `f-${keyOf(spec.doc, spec.at).replace(/[^a-zA-Z0-9_-]/g, "-")}`;
  const shown = spec.value === undefined || spec.value === null ? "" : String(spec.value);
  const common = { id, "data-key": keyOf(spec.doc, spec.at), "data-shown": shown, class: "field", disabled: locked(office), list: spec.list, placeholder: spec.placeholder };
  const change = (/** @type {string} */ typed) => {
    if (typed === shown) return;
    const cleared = typed.trim() === "" && spec.empty !== false;
    const value = cleared ? null : spec.kind === "number" ? Number(typed) : typed;
    if (spec.kind === "number" && !cleared && !Number.isFinite(value)) return;
    void office.change(spec.doc, [{ at: spec.at, value }]);
  };
  let input;
  if (spec.options) {
    const known = spec.options.some(([value]) => value === shown);
    const options = known ? spec.options : [...spec.options, /** @type {[string, string]} */ ([shown, shown])];
    input = make("select", { ...common, onchange: (/** @type {Event} */ event) => change(/** @type {HTMLSelectElement} */ (event.target).value) },
      ...options.map(([value, text]) => make("option", { value, selected: value === shown }, text)));
  } else if (spec.kind === "area") {
    input = make("textarea", { ...common, rows: "3", onchange: leave(change) }, shown);
  } else {
    input = make("input", { ...common, type: spec.kind === "number" ? "number" : "text", step: "any", value: shown, autocomplete: "off", spellcheck: "false", onchange: leave(change) });
  }
  if (spec.hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return make("div", { class: "row" },
    make("label", { for: id }, spec.label),
    make("div", { class: "value" }, input, spec.unit ? make("span", { class: "unit" }, spec.unit) : null),
    spec.hint ? make("p", { class: "hint", id: `${id}-hint` }, spec.hint) : null);
}

/** @param {Office} office @param {{label: string, value: boolean, key: string, change: (on: boolean) => void, disabled?: boolean}} spec
 * @returns {HTMLElement} */
export function tick(office, { label, value, key, change, disabled }) {
  const input = make("input", { type: "checkbox", checked: value, "data-key": key, disabled: locked(office) || disabled,
    onchange: (/** @type {Event} */ event) => change(/** @type {HTMLInputElement} */ (event.target).checked) });
  return make("label", { class: "tick" }, input, label);
}

/** Something that cannot be got back at once: the name has to be typed.
 * @param {Office} office @param {{name: string, label: string, key: string, act: () => unknown}} spec @returns {HTMLElement | null} */
export function danger(office, { name, label, key, act }) {
  if (locked(office)) return null;
  const button = make("button", { type: "button", class: "button danger", disabled: true, onclick: () => act() }, label);
  const input = make("input", { class: "field", "data-key": key, "data-shown": "", autocomplete: "off", spellcheck: "false", "aria-label": office.say("danger.type", { name }),
    placeholder: office.say("danger.type", { name }),
    oninput: (/** @type {Event} */ event) => (button.disabled = /** @type {HTMLInputElement} */ (event.target).value.trim() !== name) });
  return make("div", { class: "danger" }, input, button);
}

/** @param {(typed: string) => void} change */
function leave(change) {
  return (/** @type {Event} */ event) => change(/** @type {HTMLInputElement | HTMLTextAreaElement} */ (event.target).value);
}
