// Rates as the wallboard says them: never without what they are made of, never better than they are.
import { count, percent } from "../agent/format_logic.js";

/** @typedef {import("./types.js").Rate} Rate */
/** @typedef {import("/pages/shared/words.js").Lang} Lang */

/** Fewer than this say nothing in percent. */
export const FEW = 30;

/** @typedef {{text: string, sign: "" | "%", few: boolean}} Said */

/** `92.4` and %, or `7 / 9` where there are few, or — where nothing is known. @param {Rate | undefined} rate @param {Lang} lang @returns {Said} */
export function share(rate, lang) {
  if (!rate || rate.n === null || !rate.of) return { text: "—", sign: "", few: false };
  if (rate.of < FEW) return { text: `${count(rate.n, lang)} / ${count(rate.of, lang)}`, sign: "", few: true };
  return { text: percent(rate.n, rate.of), sign: "%", few: false };
}

/** @param {Rate | undefined} rate @returns {number | null} of what is known; null: nothing, or too few to say */
export function value(rate) {
  return rate && rate.n !== null && rate.of && rate.of >= FEW ? rate.n / rate.of : null;
}

/** A mean in seconds. @param {Rate | undefined} rate @returns {number | null} */
export function mean(rate) {
  return rate && rate.n !== null && rate.of ? rate.n / rate.of : null;
}

/** `+1.6`, in percentage points; — where one side is unknown. @param {number | null | undefined} difference a share @returns {string} */
export function points(difference) {
  if (difference === null || difference === undefined) return "—";
  const tenths = Math.round(difference * 1000) / 10;
  return `${tenths > 0 ? "+" : tenths < 0 ? "−" : "±"}${Math.abs(tenths).toFixed(1)}`;
}

/** Of a target: `90`, `99.5`. @param {number} target @returns {string} */
export function targetText(target) {
  return String(Math.round(target * 1000) / 10);
}

/** Of what a part is of the whole, for labels on bars: whole percents. @param {number} part @param {number} whole @returns {number} */
export function wholePercent(part, whole) {
  return whole ? Math.round((part / whole) * 100) : 0;
}
