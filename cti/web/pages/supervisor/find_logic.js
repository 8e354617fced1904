// Which seats are looked for: by words in the search field, by state, by skill.
import { kindOf } from "./seats_logic.js";

/** @typedef {import("./types.js").Seat} Seat */
/** @typedef {import("./seats_logic.js").Kind} Kind */
/** `kinds`, empty: all. `skill`, "": any. @typedef {{text: string, kinds: ReadonlySet<Kind>, skill: string}} Wanted */

/** @param {Wanted} wanted */
export function isNarrowed({ text, kinds, skill }) {
  return text.trim() !== "" || kinds.size > 0 || skill !== "";
}

/** Every word that was typed stands in his id, his name, his seat, a skill of his or the word of his state.
 * @param {Wanted} wanted @param {Seat} seat @param {string} place name of his seat @param {(id: string) => string} skillText both languages
 * @param {(kind: Kind) => string} kindText @returns {boolean} */
export function isWanted(wanted, seat, place, skillText, kindText) {
  const kind = kindOf(seat);
  if (wanted.kinds.size && !wanted.kinds.has(kind)) return false;
  if (wanted.skill && !(wanted.skill in seat.skills)) return false;
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const text = [seat.id, seat.name, place, ...Object.keys(seat.skills).map((id) => `${id} ${skillText(id)}`), kindText(kind)].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}
