// What the server tells of the wallboard (cti/wall_view.py). null: not known, with the reason beside it.

/** @typedef {{zh: string, en: string}} Both */
/** @typedef {{name: Both, formula: Both, remark: Both, unit: "share" | "s", target: number | null}} Definition */
/** @typedef {{until: number | null, yesterday: number | null, last_week: number | null}} Beside */
/** @typedef {{n: number | null, of: number | null, unknown: string | null, until?: number | null, beside?: Beside}} Rate */
/** @typedef {{n: number | null, of: number | null}} Part */
/** @typedef {Both & {order: number, waiting: number, longest_since: number | null, ready: number, talking: number}} Queue */
/** @typedef {{unknown: string | null, share?: number, within_s?: number | null, needed?: number | null, there?: number | null,
 *   short?: number | null, next_at?: number | null, next_needed?: number | null}} Staffing */
/** @typedef {{name: string, zone: string, date: string, half_hour: number, speech: string}} City */
/** @typedef {{
 *   definitions: Record<string, Definition>,
 *   rates: Record<string, Rate>,
 *   today: Record<string, Part>,
 *   yesterday: Record<string, Part>,
 *   last_week: Record<string, Part>,
 *   gaps: Record<string, {since: number, until: number}>,
 *   losses: Record<string, {n: number | null}>,
 *   seats: Record<string, {n: number}>,
 *   queues: Record<string, Queue>,
 *   waiting: Record<string, {n: number, longest_since: number | null}>,
 *   staffing: Record<string, Staffing>,
 *   surge: Record<string, {on: boolean, order: number}>,
 *   callbacks: Record<string, {n: number | null}>,
 *   city: Record<string, City>,
 * }} State */

export {};
