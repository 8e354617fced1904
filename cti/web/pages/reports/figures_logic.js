// Figures as they stand in the table.

/** @typedef {import("./types.js").Rate} Rate */
/** @typedef {import("./types.js").Column} Column */
/** @typedef {import("./types.js").Row} Row */

export const UNKNOWN = "—";

/** A share with two decimals, never better than it is; seconds with one. "—": unknown.
 * @param {Rate} rate @param {Pick<Column, "unit" | "less_is_better">} column @returns {string} */
export function valueText(rate, column) {
  if (rate.value === null) return UNKNOWN;
  if (column.unit !== "share") return rate.value.toFixed(1);
  const hundredths = (rate.numerator * 10_000) / rate.denominator;
  const whole = column.less_is_better ? Math.ceil(hundredths - 1e-9) : Math.floor(hundredths + 1e-9);
  return `${(whole / 100).toFixed(2)}%`;
}

/** 6 / 7; of seconds the sum. @param {Rate} rate @returns {string} */
export function fractionText(rate) {
  const number = (/** @type {number} */ n) => (Number.isInteger(n) ? n : Math.round(n)).toLocaleString("en-US");
  return `${number(rate.numerator)} / ${number(rate.denominator)}`;
}

/** ▲ +1.20, ▼ −0.50, ＝ 0.00; "—": not comparable. Percentage points, or seconds. @param {number | null | undefined} difference */
export function differenceText(difference) {
  if (difference === null || difference === undefined) return UNKNOWN;
  const rounded = Math.abs(difference).toFixed(2);
  if (rounded === "0.00") return "＝ 0.00";
  return difference > 0 ? `▲ +${rounded}` : `▼ −${rounded}`;
}

/** @param {number | null | undefined} difference @param {boolean} lessIsBetter @returns {"" | "better" | "worse"} */
export function judged(difference, lessIsBetter) {
  if (difference === null || difference === undefined || Math.abs(difference) < 0.005) return "";
  return difference > 0 === lessIsBetter ? "worse" : "better";
}

/** On the page of a day its half hours need no date. @param {import("./types.js").Report} report @param {string} name @returns {string} */
export function rowName(report, name) {
  return report.kind === "day" && report.by.code === "half_hour" ? name.replace(`${report.period} `, "") : name;
}

/** Places of loss are a column of their own: their rates would be nine columns more. @param {Column[]} columns @returns {Column[]} */
export function shownColumns(columns) {
  return columns.filter(({ code }) => !code.startsWith("loss_at_"));
}

/** @param {Record<string, number>} lost @returns {number} */
export function lostCount(lost) {
  return Object.values(lost).reduce((sum, n) => sum + n, 0);
}

/** The places where most were lost first. @param {Record<string, number>} lost @returns {[string, number][]} */
export function worstPlaces(lost) {
  return Object.entries(lost).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

/** 1:04:05, 4:05; under a minute 12.3 with the word for seconds. @param {number | null} seconds @param {string} word @returns {string} */
export function waitText(seconds, word) {
  if (seconds === null) return UNKNOWN;
  if (seconds < 59.95) return `${seconds.toFixed(1)} ${word}`;
  const whole = Math.round(seconds);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** 2026-11-21 09:10:05 in that zone. @param {number} at UTC seconds @param {string} zone @returns {string} */
export function momentText(at, zone) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(at * 1000);
}
