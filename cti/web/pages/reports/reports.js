// The controller of the page: which report is shown, the lost calls behind one of its figures, and what went wrong.
import { ApiError } from "/pages/shared/api.js";
import { changed, placeFrom, placeText, reportQuery } from "./places_logic.js";

/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("./types.js").Report} Report */
/** @typedef {import("./types.js").Loss} Loss */

export class Reports {
  /** @param {import("/pages/shared/words.js").Dictionary} dictionary @param {import("/pages/shared/api.js").Api} api
   * @param {import("/pages/shared/api.js").User} user */
  constructor(dictionary, api, user) {
    this.dictionary = dictionary;
    this.api = api;
    this.user = user;
    this.mayOwe = user.roles.includes("supervisor") || user.roles.includes("administrator");
    this.mayRead = user.roles.includes("supervisor") || user.roles.includes("auditor");
    this.place = placeFrom(location.hash);
    /** What is shown; null: nothing yet. @type {Report | null} */
    this.report = null;
    /** What `report` was asked for with. */
    this.asked = "";
    this.reading = false;
    this.fault = "";
    /** @type {{of: string, losses: Loss[], more: boolean, reading: boolean, fault: string, refused: Map<string, string>}} */
    this.list = { of: "", losses: [], more: false, reading: false, fault: "", refused: new Map() };
    /** @type {Set<() => void>} */
    this.draws = new Set();
  }

  async start() {
    addEventListener("hashchange", () => this.arrive());
    this.dictionary.onChange(() => this.draw());
    this.arrive();
  }

  /** @param {() => void} draw */
  onDraw(draw) {
    this.draws.add(draw);
  }

  draw() {
    for (const draw of this.draws) draw();
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  say(key, values = {}) {
    return this.dictionary.say(key, values);
  }

  /** @param {Partial<Place>} change */
  go(change) {
    const text = placeText(changed(this.place, change, this.report?.columns.map(({ code }) => code) ?? []));
    if (text === location.hash) this.arrive();
    else location.hash = text;
  }

  /** The lost calls of a row (null: of all) and a place ("": of any). @param {string | null} row @param {string} place */
  openLosses(row, place) {
    location.hash = placeText({ ...this.place, row, place, open: true });
  }

  closeLosses() {
    location.hash = placeText({ ...this.place, row: null, place: "", open: false });
  }

  arrive() {
    this.place = placeFrom(location.hash);
    const asked = `${this.place.span || "today"}?${reportQuery(this.place)}`;
    if (asked !== this.asked || this.fault) void this.#read(asked);
    if (this.place.open) void this.#readLosses(asked);
    this.draw();
  }

  /** Asks for the same anew. */
  again() {
    this.fault = "x";
    this.arrive();
  }

  async further() {
    await this.#losses(this.list.losses.length);
  }

  /** Where a file of this report is. @param {"csv" | "xlsx"} kind @returns {string} */
  fileAddress(kind) {
    const asked = reportQuery(this.place);
    asked.set("lang", this.dictionary.lang);
    return `/api/reports/${this.report?.period ?? "today"}.${kind}?${asked}`;
  }

  /** Makes a callback task of a lost call. @param {Loss} loss */
  async owe(loss) {
    this.list.refused.delete(loss.call);
    try {
      const task = await this.api.post("/api/callbacks", { call: loss.call });
      for (const one of this.list.losses) if (one.call === loss.call || one.task?.task === task.task) one.task = task;
    } catch (error) {
      this.list.refused.set(loss.call, this.why(error));
    }
    this.draw();
  }

  /** @param {string} asked */
  async #read(asked) {
    Object.assign(this, { asked, reading: true, fault: "" });
    try {
      const report = /** @type {Report} */ (await this.api.get(`/api/reports/${asked}`));
      if (this.asked !== asked) return;
      this.report = report;
      if (!this.place.span) {
        // "today" is a day with a name: tomorrow the address still leads to it.
        this.asked = `${report.period}?${reportQuery(this.place)}`;
        history.replaceState(null, "", placeText({ ...this.place, span: report.period }));
        this.place = placeFrom(location.hash);
      }
    } catch (error) {
      if (this.asked !== asked) return;
      this.fault = this.why(error);
    }
    this.reading = false;
    this.draw();
  }

  /** @param {string} asked */
  async #readLosses(asked) {
    const of = `${asked} ${this.place.row === null ? "" : `row ${this.place.row}`} place ${this.place.place}`;
    if (this.list.of === of && !this.list.fault) return;
    this.list = { of, losses: [], more: false, reading: false, fault: "", refused: new Map() };
    await this.#losses(0);
  }

  /** @param {number} skip */
  async #losses(skip) {
    const list = this.list;
    Object.assign(list, { reading: true, fault: "" });
    this.draw();
    const asked = reportQuery(this.place);
    if (this.place.row !== null) asked.set("row", this.place.row);
    if (this.place.place) asked.set("place", this.place.place);
    asked.set("skip", String(skip));
    try {
      const answer = await this.api.get(`/api/reports/${this.place.span || "today"}/losses?${asked}`);
      list.losses = [...list.losses.slice(0, skip), ...answer.losses];
      list.more = answer.more;
    } catch (error) {
      list.fault = this.why(error);
    }
    list.reading = false;
    this.draw();
  }

  /** What is said of a refusal. @param {unknown} error @returns {string} */
  why(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign("/login?next=%2Freports");
    const key = `refused.${error.code}`;
    if (this.dictionary.all[this.dictionary.lang][key] !== undefined) return this.say(key);
    return error.code === "network" ? this.say("error.network") : this.say("error.unknown", { code: error.code });
  }
}
