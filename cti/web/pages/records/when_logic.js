// Days and times where the city is.

const ZONE = "Asia/Shanghai";
const OFFSET = "+08:00";
const DAY_S = 86_400;

/** 2026-11-22 @param {number} at UTC seconds @returns {string} */
export function dayOf(at) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" }).format(at * 1000);
}

/** @param {string} day @returns {{from: number, until: number}} UTC seconds */
export function spanOf(day) {
  const from = Date.parse(`${day}T00:00:00${OFFSET}`) / 1000;
  return { from, until: from + DAY_S };
}

/** @param {string} day @param {number} by days @returns {string} */
export function dayBeside(day, by) {
  return dayOf(spanOf(day).from + by * DAY_S);
}

/** 14:29:05 @param {number} at UTC seconds @returns {string} */
export function timeOf(at) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at * 1000);
}

/** 11-22 周日 14:29:05, Sun 22 Nov 14:29:05; with the year if it is not that of `now`, without the day on its day.
 * @param {number} at UTC seconds @param {"zh" | "en"} lang @param {number} now @returns {string} */
export function moment(at, lang, now) {
  const [day, today] = [dayOf(at), dayOf(now)];
  if (day === today) return timeOf(at);
  const year = day.slice(0, 4) === today.slice(0, 4) ? "" : day.slice(0, 4);
  const weekday = new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", { timeZone: ZONE, weekday: "short" }).format(at * 1000);
  if (lang === "zh") return `${year && `${year}-`}${day.slice(5)} ${weekday} ${timeOf(at)}`;
  const date = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, day: "numeric", month: "short" }).format(at * 1000);
  return `${weekday} ${date}${year && ` ${year}`} ${timeOf(at)}`;
}
