// The list of alerts: the newest first, and nothing moves under somebody's hand.

/** @typedef {import("./types.js").Alert} Alert */

const EVERY_S = 5;

/** The newest first. @param {Record<string, Alert>} alerts @returns {string[]} ids */
export function newestFirst(alerts) {
  return Object.values(alerts).sort((a, b) => b.since - a.since || a.id.localeCompare(b.id)).map(({ id }) => id);
}

/** The order that is shown. It follows what there is at most every 5 s, and not at all while somebody is in the list: what is new
 * then waits, what is gone stays in its place until he has left. */
export class SteadyOrder {
  /** @type {string[]} */
  #shown = [];
  #at = -Infinity;

  /** @param {string[]} ids as they should stand @param {number} now seconds @param {boolean} busy somebody is in the list
   * @returns {{shown: string[], waiting: number}} `waiting`: new ones that are not shown yet */
  take(ids, now, busy) {
    const fresh = ids.filter((id) => !this.#shown.includes(id));
    const isSame = !fresh.length && this.#shown.length === ids.length;
    if (!busy && (!this.#shown.length || (!isSame && now - this.#at >= EVERY_S))) return this.show(ids, now);
    return { shown: this.#shown, waiting: busy ? fresh.length : 0 };
  }

  /** At once: he asked for it. @param {string[]} ids @param {number} now */
  show(ids, now) {
    this.#shown = ids;
    this.#at = now;
    return { shown: ids, waiting: 0 };
  }
}
