// A year of days: what the national calendar says, what the city says otherwise, and one month after the other as a grid.

/** @typedef {"work" | "weekend" | "holiday"} Kind */
/** @typedef {{date: string, day: number, base: Kind, kind: Kind, own: boolean}} Day */

const KINDS = /** @type {Record<string, Kind>} */ ({ w: "work", e: "weekend", h: "holiday" });

/** The twelve months; each a list of days, of which the first has the weekday `first` (0 = Monday).
 * @param {number} year @param {string} base one letter a day: w, e, h @param {string[]} off @param {string[]} work
 * @returns {{month: number, first: number, days: Day[]}[]} */
export function monthsOf(year, base, off, work) {
  let at = 0;
  return Array.from({ length: 12 }, (_, month) => {
    const count = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    const first = (new Date(Date.UTC(year, month, 1)).getUTCDay() + 6) % 7;
    const days = Array.from({ length: count }, (_, n) => {
      const date = `${year}-${two(month + 1)}-${two(n + 1)}`;
      const national = KINDS[base[at++] ?? ""] ?? "work";
      const own = off.includes(date) || work.includes(date);
      /** @type {Kind} */
      const kind = off.includes(date) ? "holiday" : work.includes(date) ? "work" : national;
      return { date, day: n + 1, base: national, kind, own };
    });
    return { month, first, days };
  });
}

/** What the lists become when this day is switched: to the other kind, and from there back to the national one.
 * @param {Day} day @param {string[]} off @param {string[]} work @returns {{off: string[], work: string[]}} */
export function switched(day, off, work) {
  const without = { off: off.filter((one) => one !== day.date), work: work.filter((one) => one !== day.date) };
  if (day.own) return without;
  if (day.base === "work") return { off: [...without.off, day.date].sort(), work: without.work };
  return { off: without.off, work: [...without.work, day.date].sort() };
}

/** The date so many days from this one. @param {string} date @param {number} days @returns {string} */
export function moved(date, days) {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1, day + days)).toISOString().slice(0, 10);
}

/** @param {number} n */
function two(n) {
  return String(n).padStart(2, "0");
}
