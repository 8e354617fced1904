// What an agent may choose to be, and how long a break of each kind is planned to last.

/** @typedef {import("./types.js").Status} Status */
/** @typedef {{status: Status, reason: string}} Choice */

/** In the order of the menu. @type {readonly Choice[]} */
export const CHOICES = [
  { status: "ready", reason: "" },
  { status: "break", reason: "meal" },
  { status: "break", reason: "rest" },
  { status: "break", reason: "other" },
  { status: "meeting", reason: "" },
  { status: "training", reason: "" },
  { status: "offline", reason: "" },
];

/** Minutes of a break; what is over it is shown as such, nothing happens by itself. @type {Record<string, number>} */
const PLANNED_S = { meal: 1800, rest: 900, other: 600 };

/** @param {string} reason @returns {number | null} */
export function plannedS(reason) {
  return PLANNED_S[reason] ?? null;
}

/** Reasons that have a text; of any other the reason itself is shown. */
const NAMED = new Set(["meal", "rest", "other", "logged_in", "no_answer", "rejected", "unreachable", "agent_lost", "page_away", "phone_away", "unnamed"]);

/** The key of a reason's text, or null. @param {string} reason @returns {string | null} */
export function reasonKey(reason) {
  return NAMED.has(reason) ? `reason.${reason}` : null;
}
