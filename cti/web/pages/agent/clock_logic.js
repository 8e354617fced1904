// The server's clock as this page estimates it, and how old what it shows is.

/** A message takes time to arrive, never less than none: the largest difference seen is the nearest to the truth. Forgotten
 * bit by bit, so that a clock that was set right in between is followed. */
const FORGET_S_PER_S = 0.0005;

export class ServerClock {
  #offset = NaN;
  #at = 0;

  /** A message said `serverAt` (UTC seconds) and came at `now` (milliseconds of the page's steady clock).
   * @param {number} serverAt @param {number} now */
  heard(serverAt, now) {
    const offset = serverAt - now / 1000;
    const best = this.#offset - ((now - this.#at) / 1000) * FORGET_S_PER_S;
    if (Number.isNaN(best) || offset >= best || best - offset > 2) {
      this.#offset = offset;
      this.#at = now;
    }
  }

  /** @param {number} now @returns {number} */
  now(now) {
    return Number.isNaN(this.#offset) ? Date.now() / 1000 : this.#offset + now / 1000;
  }
}

/** @typedef {"fresh" | "late" | "stale"} Freshness */

/** Of data that is so old, in seconds. @param {number} age @returns {Freshness} */
export function freshness(age) {
  return age <= 3 ? "fresh" : age <= 10 ? "late" : "stale";
}

/** Milliseconds to wait before the next try to connect: doubling to 8 s, half of it chance, so that 450 desks do not come back
 * in one instant. @param {number} tries that failed in a row @param {number} chance 0..1 @returns {number} */
export function backoff(tries, chance) {
  const most = Math.min(8000, 250 * 2 ** Math.min(tries, 10));
  return Math.round(most / 2 + (most / 2) * chance);
}
