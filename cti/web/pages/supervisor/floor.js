// The one controller of the supervisor's desk: what the server last said, what is chosen and looked for, and what may be asked.
// Parts of the page get it as `floor`, draw when it says so, and never talk to the channel themselves.
import { ApiError } from "/pages/shared/api.js";
import { openBoard } from "/pages/shared/board.js";
import { freshness } from "../agent/clock_logic.js";
import { isNarrowed, isWanted } from "./find_logic.js";
import { moved, noted, placeOf, readLayout, seated, seatName, trimmed, widened } from "./layout_logic.js";
import { Supervising } from "./supervising.js";

/** @typedef {import("/pages/shared/api.js").Api} Api */
/** @typedef {import("/pages/shared/api.js").User} User */
/** @typedef {import("/pages/shared/words.js").Dictionary} Dictionary */
/** @typedef {import("./types.js").Seat} Seat */
/** @typedef {import("./types.js").Named} Named */
/** @typedef {import("./find_logic.js").Wanted} Wanted */
/** @typedef {import("./layout_logic.js").Place} Place */

const LAYOUT = "yihu.seats";
const STAFFING_MS = 60_000;
const NOTE_MS = 8000;

export class Floor {
  #frame = 0;
  #noteTimer = 0;
  /** @type {Set<() => void>} */
  #drawn = new Set();
  /** @type {Set<(second: number) => void>} */
  #ticked = new Set();

  /** @param {Dictionary} dictionary @param {Api} api @param {User} user */
  constructor(dictionary, api, user) {
    this.dictionary = dictionary;
    this.api = api;
    this.user = user;
    /** @type {Record<string, Seat>} */
    this.seats = {};
    /** @type {Record<string, import("./types.js").Queue>} */
    this.queues = {};
    /** @type {Record<string, any>} */
    this.city = {};
    /** @type {Record<string, import("./types.js").Alert>} */
    this.alerts = {};
    /** @type {Record<string, Record<string, any>>} */
    this.wall = {};
    /** Whether a first picture of the seats has come. */
    this.isKnown = false;
    /** @type {{skills: Named[], queues: Named[]}} */
    this.words = { skills: [], queues: [] };
    /** GET /api/staffing; null: not known. @type {any} */
    this.staffing = null;
    this.layout = readLayout(localStorage.getItem(LAYOUT));
    /** The layout is being changed, not the seats watched. */
    this.arranging = false;
    /** The agent whose seat is shown at the side. @type {string | null} */
    this.chosen = null;
    /** @type {Wanted} */
    this.wanted = { text: "", kinds: new Set(), skill: "" };
    /** @type {{text: string, tone: "ok" | "bad"}} */
    this.note = { text: "", tone: "ok" };
    /** What he did here and when, the newest first. @type {{at: number, agent: string, text: string}[]} */
    this.done = [];
    this.supervising = new Supervising(this);
    dictionary.onChange(() => this.draw());
  }

  async start() {
    this.board = openBoard({ topics: ["seats", "alerts", "wall"], api: this.api, onChange: (topic, state) => this.#heard(topic, state),
      onState: (state) => (state === "gone" ? location.assign("/login?next=/supervisor&why=logged_out") : this.draw()) });
    setInterval(() => this.#tick(), 1000);
    setInterval(() => void this.#readStaffing(), STAFFING_MS);
    const words = await this.attempt(this.api.get("/api/words"));
    if (words) this.words = words;
    this.draw();
    await Promise.all([this.#readStaffing(), this.supervising.start()]);
  }

  async #readStaffing() {
    // Beside everything else on the page: without it a "—" stands there.
    this.staffing = await this.api.get("/api/staffing").catch(() => null);
    this.draw();
  }

  /** @param {string} topic @param {Record<string, Record<string, any>>} state */
  #heard(topic, state) {
    if (topic === "seats") {
      this.seats = state["agents"] ?? {};
      this.queues = state["queues"] ?? {};
      this.city = state["city"]?.["city"] ?? {};
      this.isKnown = true;
      this.layout = seated(this.layout, Object.keys(this.seats).sort());
    } else if (topic === "alerts") this.alerts = state["alerts"] ?? {};
    else this.wall = state;
    this.draw();
  }

  // Time

  /** The server's clock, UTC seconds. It stands while what is shown is old: a time that goes on counting would be made up. */
  get now() {
    const { board } = this;
    if (!board?.saidAt) return Date.now() / 1000;
    return this.freshness === "stale" ? board.saidAt : board.serverNow;
  }

  /** Of what is shown, in seconds. */
  get age() {
    return this.board?.ageS ?? Infinity;
  }

  get freshness() {
    return this.age === Infinity ? "late" : freshness(this.age);
  }

  #tick() {
    document.documentElement.dataset["data"] = this.freshness;
    if (document.hidden) return;
    for (const tick of this.#ticked) tick(this.now);
  }

  /** @param {(now: number) => void} tick once a second, with the server's clock */
  onTick(tick) {
    this.#ticked.add(tick);
  }

  // Drawing: once a frame, however much has come

  /** @param {() => void} draw */
  onDraw(draw) {
    this.#drawn.add(draw);
    draw();
  }

  draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      for (const draw of this.#drawn) draw();
    });
  }

  // Words

  get lang() {
    return this.dictionary.lang;
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  say(key, values) {
    return this.dictionary.say(key, values);
  }

  /** A word of ours for what the server says, or what it said. @param {string} prefix @param {string} code */
  sayCode(prefix, code) {
    return this.dictionary.all[this.lang][`${prefix}.${code}`] ?? code;
  }

  /** @param {string} id of a skill or queue */
  skill(id) {
    const known = this.words.skills.find((one) => one.id === id) ?? this.queues[id];
    return known?.[this.lang] ?? id;
  }

  /** "1147 赵一帆". @param {string} id */
  person(id) {
    const name = this.seats[id]?.name;
    return name && name !== id ? `${id} ${name}` : id;
  }

  /** As "B33"; "" for who has no seat. @param {string} id */
  seatName(id) {
    const place = placeOf(this.layout, id);
    return place ? seatName(place) : "";
  }

  // What is looked for and chosen

  get isNarrowed() {
    return isNarrowed(this.wanted);
  }

  /** @param {Seat} seat @param {string} place name of his seat */
  isWanted(seat, place) {
    const both = (/** @type {string} */ id) => {
      const known = this.words.skills.find((one) => one.id === id);
      return known ? `${known.zh} ${known.en}` : id;
    };
    return isWanted(this.wanted, seat, place, both, (kind) => `${this.say(`kind.${kind}`)} ${this.say(`letter.${kind}`)}`);
  }

  /** @param {Partial<Wanted>} change */
  look(change) {
    this.wanted = { ...this.wanted, ...change };
    this.draw();
  }

  /** @param {string | null} id */
  choose(id) {
    this.chosen = id;
    this.draw();
  }

  /** @returns {Seat | null} */
  get seat() {
    return (this.chosen && this.seats[this.chosen]) || null;
  }

  // The layout

  /** @param {string} id @param {Place} to */
  move(id, to) {
    this.#keep(moved(this.layout, id, to));
  }

  /** @param {number} zone @param {string} note */
  rename(zone, note) {
    this.#keep(noted(this.layout, zone, note));
  }

  addZone() {
    this.#keep(widened(this.layout));
  }

  /** @param {boolean} on */
  arrange(on) {
    this.arranging = on;
    if (!on) this.#keep(trimmed(this.layout));
    this.draw();
  }

  /** @param {import("./layout_logic.js").Layout} layout */
  #keep(layout) {
    this.layout = layout;
    localStorage.setItem(LAYOUT, JSON.stringify(layout));
    this.draw();
  }

  // What is asked of the server

  /** A refusal is told. @template T @param {Promise<T>} asked @returns {Promise<T | null>} null: refused */
  async attempt(asked) {
    try {
      return (await asked) ?? /** @type {T} */ ({});
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.tell(this.refusal(error), "bad");
      return null;
    }
  }

  /** @param {ApiError} error */
  refusal(error) {
    return this.dictionary.all[this.lang][`error.${error.code}`] ?? this.say("error.unknown", { code: error.code });
  }

  /** It was done: said, and kept in the list of what was done to this agent. @param {string} agent "" for nobody's @param {string} text */
  did(agent, text) {
    this.done = [{ at: this.now, agent, text }, ...this.done].slice(0, 200);
    this.tell(text, "ok");
  }

  /** @param {string} text @param {"ok" | "bad"} tone */
  tell(text, tone) {
    this.note = { text, tone };
    clearTimeout(this.#noteTimer);
    if (text) this.#noteTimer = setTimeout(() => this.tell("", "ok"), NOTE_MS);
    this.draw();
  }
}
