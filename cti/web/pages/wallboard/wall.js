// The wallboard's controller: what is known, how old it is, and when it is painted.
import { openBoard } from "/pages/shared/board.js";
import { freshness } from "../agent/clock_logic.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {"none" | "fresh" | "late" | "stale" | "gone"} Freshness none: nothing was ever heard; gone: one has to log in again */

/** What comes in between is painted together; the last value wins. */
const PAINT_MS = 50;

export class Wall {
  /** @type {Set<() => void>} */
  #painters = new Set();
  /** @type {Set<() => void>} */
  #tickers = new Set();
  #paintedAt = 0;
  #waiting = false;
  #ticked = "";

  /** @param {import("/pages/shared/words.js").Dictionary} dictionary @param {import("/pages/shared/api.js").Api} api */
  constructor(dictionary, api) {
    this.dictionary = dictionary;
    this.api = api;
    /** @type {Partial<State>} */
    this.state = {};
  }

  start() {
    this.board = openBoard({
      topics: ["wall"],
      api: this.api,
      onChange: (_topic, state) => {
        this.state = /** @type {any} */ (state);
        this.#soon();
      },
      onState: () => this.#tick(),
    });
    setInterval(() => this.#tick(), 250);
    this.#paint();
    this.#tick();
  }

  get lang() {
    return this.dictionary.lang;
  }

  /** @param {string} key @param {Record<string, string | number>} [values] @returns {string} */
  say(key, values) {
    return this.dictionary.say(key, values);
  }

  /** `paint` runs when there is something new. @param {() => void} paint */
  onPaint(paint) {
    this.#painters.add(paint);
  }

  /** `tick` runs with each second of the clock, and when the freshness changes. @param {() => void} tick */
  onTick(tick) {
    this.#tickers.add(tick);
  }

  /** @returns {Freshness} */
  get freshness() {
    if (this.board?.state === "gone") return "gone";
    return this.ageS === Infinity ? "none" : freshness(this.ageS);
  }

  /** Nothing on the page is said of now any more. */
  get isStale() {
    return this.freshness === "stale" || this.freshness === "gone";
  }

  get ageS() {
    return this.board?.ageS ?? Infinity;
  }

  /** When the server last said anything, UTC seconds. */
  get saidAt() {
    return this.board?.saidAt ?? 0;
  }

  /** The moment that the page speaks of: now, or when it was last told anything. A waiting time that went on counting without
   * the server would be an invention. */
  get now() {
    return this.isStale ? this.saidAt : (this.board?.serverNow ?? 0);
  }

  /** The time on the clock, which goes on. */
  get clock() {
    return this.board?.serverNow || Date.now() / 1000;
  }

  #soon() {
    if (this.#waiting) return;
    this.#waiting = true;
    const wait = Math.max(0, this.#paintedAt + PAINT_MS - performance.now());
    // A hidden page gets no frame, and paints nothing until it is seen again.
    setTimeout(() => requestAnimationFrame(() => this.#paint()), wait);
  }

  #paint() {
    this.#waiting = false;
    this.#paintedAt = performance.now();
    for (const paint of this.#painters) paint();
  }

  #tick() {
    const freshness = this.freshness;
    document.body.dataset["age"] = freshness;
    const ticked = `${Math.floor(this.clock)} ${freshness}`;
    if (ticked === this.#ticked) return;
    this.#ticked = ticked;
    for (const tick of this.#tickers) tick();
  }
}
