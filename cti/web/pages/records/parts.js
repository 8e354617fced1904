// Small things that views share.
import { make } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { callPlace, placeText } from "./places_logic.js";
import { findingText, isOfTheWhole, listenFrom } from "./quality_logic.js";

/** @typedef {import("./reading.js").Reading} Reading */

const PARTIES = new Set(["department", "expert", "interpreter", "emergency", "outside"]);

/** Who says it: a word with a shape of its own. `kind`: of whom the citizen spoke with.
 * @param {Reading} reading @param {import("./types.js").Side} side @param {string} [kind] */
export function sideChip(reading, side, kind = "agent") {
  return make("span", { class: `side ${side}` }, saySide(reading, side, kind));
}

/** @param {Reading} reading @param {import("./types.js").Side} side @param {string} kind @returns {string} */
export function saySide(reading, side, kind) {
  return reading.say(side === "agent" && PARTIES.has(kind) ? `track.${kind}` : `side.${side}`);
}

/** A sentence in the middle of nothing, with what to do next. @param {string} text @param {...(Node | null)} children */
export function nothing(text, ...children) {
  return make("div", { class: "nothing" }, make("p", {}, text), ...children);
}

/** @param {Reading} reading @param {import("./types.js").Finding} finding @returns {string} */
export function sayFinding(reading, finding) {
  const named = (/** @type {string} */ name) => (reading.dictionary.all[reading.lang][`phrase.${name}`] === undefined ? name : reading.say(`phrase.${name}`));
  const { key, values } = findingText(finding, named);
  return reading.say(key, values);
}

/** A finding that leads to its second. @param {Reading} reading @param {import("./types.js").Talk} talk @param {import("./types.js").Finding} finding
 * @param {Record<string, unknown>} [more] attributes */
export function findingLink(reading, talk, finding, more = {}) {
  const at = listenFrom(finding, talk.seconds);
  return make("a", { class: `finding ${finding.kind}`, href: placeText({ ...callPlace(talk.call_id), segment: talk.segment, at }), ...more },
    make("span", {}, sayFinding(reading, finding)), isOfTheWhole(finding) ? null : make("time", {}, clock(finding.at_s)));
}

/** Arrow keys go along the links of a list. @param {KeyboardEvent} event @param {HTMLElement} list @param {string} of a selector */
export function along(event, list, of) {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
  const all = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(of)]);
  const row = /** @type {HTMLElement} */ (event.target).closest("li, tr");
  const here = all.findIndex((one) => one === event.target || (row !== null && row.contains(one)));
  const next = all[here + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
