// An agent's day by state.

/** @typedef {import("./seats_logic.js").Kind} Kind */

/** Why calls were held back from somebody who was ready; all other reasons are of breaks. */
const HELD_BACK = new Set(["phone_away", "page_away", "elsewhere", "no_answer"]);

/** The parts of his time that are not nothing, in a fixed order. `share` of all of it. @param {any} times GET /api/agents/{id}/times
 * @returns {{kind: Kind, seconds: number, share: number}[]} */
export function partsOf(times) {
  if (!times) return [];
  const sum = (/** @type {(reason: string) => boolean} */ of) =>
    Object.entries(times.not_ready_s ?? {}).reduce((all, [reason, seconds]) => all + (of(reason) ? Number(seconds) : 0), 0);
  /** @type {[Kind, number][]} */
  const all = [["talking", times.talking_s], ["held", times.held_s], ["wrap_up", times.wrap_up_s], ["ready", times.idle_s], ["offered", times.offered_s],
    ["break", sum((reason) => !HELD_BACK.has(reason))], ["fault", times.not_answering_s + sum((reason) => HELD_BACK.has(reason))]];
  const whole = all.reduce((total, [, seconds]) => total + seconds, 0);
  return all.filter(([, seconds]) => seconds >= 1).map(([kind, seconds]) => ({ kind, seconds, share: seconds / whole }));
}
