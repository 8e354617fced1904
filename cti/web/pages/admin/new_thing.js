// The foot of a list: an id for something new, and its button.
import { make } from "/pages/shared/dom.js";

/** `fault` gives a key of the words, "" for an id that can be used.
 * @param {import("./office.js").Office} office
 * @param {{label: string, placeholder: string, button: string, fault: (id: string) => string, make: (id: string) => unknown}} spec @returns {Node[]} */
export function newThing(office, spec) {
  const error = make("p", { class: "error", id: "new-error" });
  const input = make("input", { class: "field", "data-key": "new", "data-shown": "", "aria-label": spec.label, "aria-describedby": "new-error", placeholder: spec.placeholder, autocomplete: "off", spellcheck: "false", maxlength: "40" });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const id = input.value.trim();
    const fault = spec.fault(id);
    error.textContent = fault ? office.say(fault) : "";
    input.setAttribute("aria-invalid", String(Boolean(fault)));
    if (fault) return input.focus();
    input.value = "";
    void spec.make(id);
  };
  return [make("form", { onsubmit: submit }, input, make("button", { type: "submit", class: "button" }, spec.button)), error];
}
