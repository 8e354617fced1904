// A seat as it is shown: what it is, for how long, and when that is too long.

/** @typedef {import("./types.js").Seat} Seat */
/** @typedef {typeof KINDS[number]} Kind */

export const KINDS = /** @type {const} */ (["talking", "held", "ready", "offered", "wrap_up", "break", "offline", "fault"]);

/** Longer than this somebody should look. Seconds; the tooltip of the map says them. @type {Partial<Record<Kind, number>>} */
export const LIMITS = { talking: 900, held: 60, offered: 25, wrap_up: 90, break: 1800 };
/** The bar of a state without a limit is full after so long. */
const FULL_S = 900;
/** The bar moves in so many steps: nothing is written while it would look the same. */
const STEPS = 20;

/** Ready by his own word while calls are held back from him is a fault, not a break. @param {Seat} seat @returns {Kind} */
export function kindOf(seat) {
  switch (seat.state) {
    case "idle":
      return "ready";
    case "offered":
    case "talking":
    case "held":
    case "wrap_up":
    case "offline":
      return seat.state;
    case "not_answering":
      return "fault";
    default:
      return seat.status === "ready" ? "fault" : "break";
  }
}

/** Why nothing is offered to somebody who is ready; "" while that is not so. @param {Seat} seat @returns {string} */
export function faultOf(seat) {
  if (kindOf(seat) !== "fault") return "";
  return seat.held_back[0] ?? "no_answer";
}

/** @param {Seat} seat @param {number} now UTC seconds @returns {number | null} null: not known, or of no meaning */
export function lasted(seat, now) {
  return seat.state_since > 0 && seat.state !== "offline" ? Math.max(0, now - seat.state_since) : null;
}

/** How full the bar is, 0 to STEPS. @param {Kind} kind @param {number | null} seconds @returns {number} */
export function barOf(kind, seconds) {
  if (seconds === null) return 0;
  return Math.min(STEPS, Math.floor((seconds / (LIMITS[kind] ?? FULL_S)) * STEPS));
}

/** @param {Kind} kind @param {number | null} seconds @returns {boolean} */
export function isOver(kind, seconds) {
  const limit = LIMITS[kind];
  return limit !== undefined && seconds !== null && seconds >= limit;
}

/** How many seats are what. @param {Iterable<Seat>} seats @returns {Record<Kind, number>} */
export function countsOf(seats) {
  const counts = /** @type {Record<Kind, number>} */ (Object.fromEntries(KINDS.map((kind) => [kind, 0])));
  for (const seat of seats) counts[kindOf(seat)] += 1;
  return counts;
}

/** "综合 3 · 社保 2", the best first. @param {Record<string, number>} skills @param {(id: string) => string} name @returns {string} */
export function skillsText(skills, name) {
  return Object.entries(skills).sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([id, level]) => `${name(id)} ${level}`).join(" · ");
}
