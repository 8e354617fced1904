// Seats that are needed beside the seats that there are, in one line.

/** @typedef {{needed: number | null, there: number | null, short: number | null, unknown: string | null}} Row */
/** `at`: when the half hour begins, UTC seconds. @typedef {Row & {at: number}} Gap */

/** Of the half hour that is running and of the next one. @param {any} staffing GET /api/staffing @returns {{now: Gap | null, next: Gap | null}} */
export function gapsOf(staffing) {
  const [now, next] = (staffing?.half_hours ?? []).map((/** @type {any} */ half) => ({ at: half.begins_at, needed: half.total.needed,
    there: half.total.there, short: half.total.short, unknown: half.total.unknown }));
  return { now: now ?? null, next: next ?? null };
}

/** The queues that miss most, the worst first. @param {any} staffing @returns {{queue: string, short: number}[]} */
export function shortest(staffing) {
  const rows = staffing?.half_hours?.[0]?.queues ?? [];
  return rows.filter((/** @type {any} */ row) => row.short > 0).map((/** @type {any} */ row) => ({ queue: row.queues[0], short: row.short }))
    .sort((/** @type {any} */ a, /** @type {any} */ b) => b.short - a.short);
}
