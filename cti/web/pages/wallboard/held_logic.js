// Colours that do not flicker: a value has to be beyond a bound for a while before its colour changes, and further back before
// it changes again.

/** @typedef {{enter: number, exit: number, enterS: number, exitS: number}} Bound `enter` above this for `enterS`, `exit` below this for `exitS` */

/** The level of one value: how many of its bounds, mildest first, it is held to be beyond. */
export class Held {
  /** @param {Bound[]} bounds */
  constructor(bounds) {
    this.bounds = bounds;
    this.level = 0;
    /** Since when it has been on the other side of each bound; null: it is not. @type {(number | null)[]} */
    this.since = bounds.map(() => null);
    this.fresh = true;
  }

  /** @param {number | null} value null: unknown, nothing changes @param {number} now in seconds @returns {number} */
  at(value, now) {
    if (value === null) return this.level;
    if (this.fresh) {
      this.fresh = false;
      this.level = this.bounds.filter((bound) => value > bound.enter).length;
      return this.level;
    }
    let level = this.level;
    for (const [n, bound] of this.bounds.entries()) {
      const isBeyond = this.level > n;
      const wantsChange = isBeyond ? value < bound.exit : value > bound.enter;
      const since = wantsChange ? (this.since[n] ?? now) : null;
      this.since[n] = since;
      if (since === null || now - since < (isBeyond ? bound.exitS : bound.enterS)) continue;
      level = isBeyond ? Math.min(level, n) : Math.max(level, n + 1);
      this.since[n] = null;
    }
    this.level = level;
    return level;
  }
}

/** Seconds that somebody has waited: amber, red. @returns {Held} */
export function heldWait() {
  return new Held([
    { enter: 20, exit: 15, enterS: 0, exitS: 10 },
    { enter: 60, exit: 45, enterS: 0, exitS: 10 },
  ]);
}

/** How far a rate is under its target. @returns {Held} */
export function heldShortfall() {
  return new Held([{ enter: 0, exit: -0.003, enterS: 60, exitS: 60 }]);
}

/** Seats that are missing. @returns {Held} */
export function heldGap() {
  return new Held([{ enter: 0, exit: 0.5, enterS: 0, exitS: 30 }]);
}
