// The keypad (Shift+F9): tones for the menu of another house. Digits of the keyboard count while it has the focus.
import { make } from "/pages/shared/dom.js";

/** @typedef {import("./desk.js").Desk} Desk */

const KEYS = [..."123456789*0#"];

/** @param {Desk} desk @returns {HTMLElement} */
export function keypad(desk) {
  const sent = make("output", { class: "sent", "aria-live": "polite" });
  const press = (/** @type {string} */ digit) => {
    if (desk.phone.dial(digit)) sent.textContent = `${sent.textContent ?? ""}${digit}`.slice(-18);
  };
  const grid = make("div", { class: "keys" }, ...KEYS.map((digit) => make("button", { type: "button", class: "key", onclick: () => press(digit) }, digit)));
  const panel = make("div", { tabindex: "-1", "data-first": true, "aria-label": desk.dictionary.say("act.keypad") }, sent, grid);
  panel.addEventListener("keydown", (event) => {
    if (KEYS.includes(event.key) && !event.isComposing && !event.ctrlKey && !event.altKey) press(event.key);
  });
  return panel;
}
