// What the story panel says: the way of this call, what became of earlier ones, and which tickets may be the same matter.

/** @typedef {import("../types.js").PastCall} PastCall */
/** @typedef {import("../types.js").Pop} Pop */
/** @typedef {import("../types.js").TicketRow} TicketRow */
/** @typedef {import("../types.js").Both} Both */
/** A text of the dictionary with its values. @typedef {{key: string, values?: Record<string, string | number>}} Text */
/** @typedef {TicketRow & {why?: Both}} Like */

/** The stations of a call so far. @param {Pop} call @returns {{key: string, at: number}[]} */
export function stations(call) {
  const of = (/** @type {string} */ key, /** @type {number | null} */ at) => (at ? [{ key, at }] : []);
  const found = [...of("station.arrived", call.arrived_at), ...of("station.queued", call.queued_at), ...of("station.offered", call.offered_at),
    ...of("station.answered", call.answered_at)];
  return found.filter(({ at }, n) => n === 0 || at >= (found[n - 1]?.at ?? 0));
}

/** What became of an earlier call. `tone`: good, bad or plain. @param {PastCall & {finish?: string | null}} call
 * @param {(code: string) => string} finish its name @param {(seconds: number) => string} clock
 * @returns {{tone: "good" | "bad" | "plain", texts: (Text | string)[]}} */
export function ending(call, finish, clock) {
  switch (call.outcome) {
    case "lost": {
      const at = ["menu", "queue", "ringing"].includes(call.lost_at ?? "") ? call.lost_at : "other";
      return { tone: "bad", texts: [{ key: "past.lost" }, { key: `past.lost_${at}`, values: { wait: clock(call.wait_s ?? 0) } }] };
    }
    case "answered": {
      const rated = /** @type {unknown} */ (call.satisfied);
      const texts = [call.finish ? finish(call.finish) : { key: "past.answered" }];
      if (rated === true || rated === false) texts.push({ key: rated ? "past.satisfied" : "past.not_satisfied" });
      return { tone: "good", texts };
    }
    case "message":
      return { tone: "plain", texts: [{ key: "past.message" }] };
    case "callback":
      return { tone: "plain", texts: [{ key: "past.callback" }] };
    default:
      return { tone: "plain", texts: [{ key: "past.self_service" }] };
  }
}

/** Tickets that may be the same matter: those found while he writes first, those that he has judged no more.
 * @param {Like[]} found @param {Like[]} told @param {{id: string}[]} judged @returns {Like[]} */
export function likes(found, told, judged) {
  const seen = new Set(judged.map((one) => one.id));
  return [...found, ...told].filter((one) => !seen.has(one.id) && seen.add(one.id));
}

/** Which of them stands in the one place: the one that stood there while it is still among them, so that nothing changes under
 * the pointer. @param {Like[]} all @param {string | null} shown @returns {number} -1: none */
export function placeOf(all, shown) {
  if (!all.length) return -1;
  return Math.max(0, all.findIndex((one) => one.id === shown));
}
