// How sure a machine is, in dots and in words.
import { make } from "/pages/shared/dom.js";

/** Three dots, of which some are full. @param {number} confidence @returns {HTMLElement} */
export function dots(confidence) {
  const full = sureness(confidence);
  return make("span", { class: full === 3 ? "d-dots d-high" : "d-dots", "aria-hidden": "true" },
    ...[1, 2, 3].map((n) => make("i", { class: n <= full ? "" : "d-none" })));
}

/** @param {number} confidence @returns {1 | 2 | 3} */
export function sureness(confidence) {
  return confidence >= 0.9 ? 3 : confidence >= 0.7 ? 2 : 1;
}
