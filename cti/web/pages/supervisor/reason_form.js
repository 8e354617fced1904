// A sentence that says what is about to happen, a reason, and the button: the second key of what is asked twice.
import { make } from "/pages/shared/dom.js";

/** @typedef {import("./floor.js").Floor} Floor */

/** @param {Floor} floor @param {{text: string, label: string, button: string, needed: boolean, danger: boolean, go: (why: string) => unknown}} spec */
export function reasonForm(floor, { text, label, button, needed, danger, go }) {
  const input = make("input", { class: "field", id: "why", maxlength: "200", autocomplete: "off", "data-first": true });
  const error = make("p", { class: "error", role: "alert" });
  const submit = make("button", { type: "submit", class: danger ? "button danger" : "button primary" }, button, make("kbd", {}, "↵"));
  return make("form", { class: "reason", onsubmit: async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (needed && !input.value.trim()) {
      input.setAttribute("aria-invalid", "true");
      error.textContent = floor.say("why.needed");
      return input.focus();
    }
    submit.disabled = true;
    await go(input.value.trim());
    submit.disabled = false;
  } }, make("p", { class: "text" }, text), make("label", { for: "why" }, label), input, error, submit);
}
