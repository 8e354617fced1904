// Days and times of the past, where the city is.

/** @typedef {import("/pages/shared/words.js").Lang} Lang */

const PLACE = "Asia/Shanghai";
const ISO = new Intl.DateTimeFormat("sv-SE", { timeZone: PLACE, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

/** `2026-11-17 19:42:05`. @param {number} at UTC seconds */
function local(at) {
  return ISO.format(new Date(at * 1000));
}

/** `11-17`; of another year `2025-11-17`. @param {number} at @param {number} now */
export function day(at, now) {
  const then = local(at);
  return then.slice(0, 4) === local(now).slice(0, 4) ? then.slice(5, 10) : then.slice(0, 10);
}

/** `11-17 19:42`. @param {number} at @param {number} now */
export function dayAndTime(at, now) {
  return `${day(at, now)} ${local(at).slice(11, 16)}`;
}

/** `2024-03`. @param {number} at */
export function month(at) {
  return local(at).slice(0, 7);
}

/** Nights between two moments: 0 is today. @param {number} at @param {number} now */
export function daysAgo(at, now) {
  const midnight = (/** @type {number} */ one) => Date.parse(`${local(one).slice(0, 10)}T00:00:00Z`);
  return Math.round((midnight(now) - midnight(at)) / 86_400_000);
}

/** The moments of one call in a row: the first with its hour, the others as short as can be read.
 * @param {number[]} moments @returns {string[]} */
export function inARow(moments) {
  return moments.map((at, n) => {
    const text = local(at).slice(11, 19);
    const before = n ? local(/** @type {number} */ (moments[n - 1])).slice(11, 19) : "";
    return text.slice(0, 5) === before.slice(0, 5) ? text.slice(5) : text;
  });
}
