// When a longest wait is worth a colour: amber from 20 s, red from 60 s, and back only when it has been clearly less for a while.

/** @typedef {"" | "warn" | "bad"} Level */

export const ENTER_S = { warn: 20, bad: 60 };
const LEAVE_S = { warn: 15, bad: 45 };
const DWELL_S = 10;
const LEVELS = /** @type {const} */ (["", "warn", "bad"]);

export class WaitLevel {
  /** @type {Level} */
  #level = "";
  #below = NaN;

  /** @param {number | null} wait of who has waited longest, seconds; null: nobody waits @param {number} now @returns {Level} */
  take(wait, now) {
    const seconds = wait ?? 0;
    const reached = seconds >= ENTER_S.bad ? "bad" : seconds >= ENTER_S.warn ? "warn" : "";
    if (LEVELS.indexOf(reached) >= LEVELS.indexOf(this.#level)) {
      this.#level = reached;
      this.#below = NaN;
    } else if (this.#level !== "" && seconds < LEAVE_S[this.#level]) {
      if (Number.isNaN(this.#below)) this.#below = now;
      if (now - this.#below >= DWELL_S) {
        this.#level = reached;
        this.#below = NaN;
      }
    } else this.#below = NaN;
    return this.#level;
  }
}
