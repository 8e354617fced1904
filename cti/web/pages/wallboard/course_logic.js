// The day by half hours as a chart shows it: three days, the running half hour apart, those under the target, and holes.

/** @typedef {import("./types.js").Part} Part */
/** @typedef {Record<string, Part>} Day by time of day, as 09:30 */

export const SLOTS = 48;
const HALF_HOUR_MIN = 30;

/** @param {number} slot @returns {string} 09:30 */
export function timeOf(slot) {
  const minutes = slot * HALF_HOUR_MIN;
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** @param {string} time 09:30 @returns {number} */
export function slotOf(time) {
  const [h, m] = time.split(":").map(Number);
  return (h ?? 0) * 2 + Math.floor((m ?? 0) / HALF_HOUR_MIN);
}

/** Percent of each half hour; null where nothing came or nobody saw: a hole, never 0. @param {Day} day @param {number} [slots] @returns {(number | null)[]} */
export function line(day, slots = SLOTS) {
  return Array.from({ length: slots }, (_, slot) => {
    const part = day[timeOf(slot)];
    return part && part.n !== null && part.of ? Math.round((part.n / part.of) * 1000) / 10 : null;
  });
}

/** @typedef {{
 *   done: (number | null)[], running: (number | null)[], runningSlot: number, now: number | null,
 *   below: number[], worst: {slot: number, value: number} | null, floor: number, step: number,
 * }} Course */

/** @param {Day} today @param {Day[]} others @param {string} runningTime of the half hour that goes on @param {number | null} target in percent @returns {Course} */
export function course(today, others, runningTime, target) {
  const all = line(today);
  const runningSlot = slotOf(runningTime);
  const done = all.map((value, slot) => (slot < runningSlot ? value : null));
  const now = all[runningSlot] ?? null;
  // Its segment begins where the last finished half hour ends.
  const running = all.map((value, slot) => (slot === runningSlot || (slot === runningSlot - 1 && now !== null) ? value : null));
  const below = target === null ? [] : done.flatMap((value, slot) => (value !== null && value < target ? [slot] : []));
  /** @type {{slot: number, value: number} | null} */
  let worst = null;
  for (const [slot, value] of done.entries()) if (value !== null && (!worst || value < worst.value)) worst = { slot, value };
  const lowest = Math.min(75, ...[all, ...others.map((day) => line(day))].flat().map((value) => (value === null ? 100 : value - 3)));
  const step = lowest >= 70 ? 10 : lowest >= 40 ? 20 : 25;
  const floor = Math.max(0, 100 - step * Math.ceil((100 - lowest) / step));
  return { done, running, runningSlot, now, below, worst, floor, step };
}

/** What was not seen, as slots from and to. @param {{since: number, until: number}[]} gaps @param {number} midnight @returns {[number, number][]} */
export function holes(gaps, midnight) {
  return gaps.map(({ since, until }) => [Math.max(0, (since - midnight) / 1800), Math.min(SLOTS, (until - midnight) / 1800)]);
}
