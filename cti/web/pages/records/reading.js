// The controller of the page: where he is, whom ids belong to, and what went wrong. Views hear of it by `onDraw`.
import { ApiError } from "/pages/shared/api.js";
import { afterLogIn, placeFrom, placeText } from "./places_logic.js";

/** @typedef {import("./types.js").Place} Place */

export class Reading {
  /** @param {import("/pages/shared/words.js").Dictionary} dictionary @param {import("/pages/shared/api.js").Api} api
   * @param {import("/pages/shared/api.js").User} user */
  constructor(dictionary, api, user) {
    this.dictionary = dictionary;
    this.api = api;
    this.user = user;
    /** Everybody's talks; else only those of calls that he has a part in. */
    this.mayInspect = user.roles.includes("supervisor") || user.roles.includes("auditor");
    /** @type {Place} */
    this.place = { view: "search", q: "" };
    /** The list that he was in last. @type {Place} */
    this.list = this.place;
    /** @type {Map<string, string>} */
    this.names = new Map();
    /** What he opened the call with: there he goes on when he comes back. @type {Element | null} */
    this.opener = null;
    /** @type {Set<() => void>} */
    this.draws = new Set();
  }

  async start() {
    addEventListener("hashchange", () => this.arrive());
    this.dictionary.onChange(() => this.draw());
    this.arrive();
    try {
      const agents = /** @type {{id: string, name: string}[]} */ (await this.api.get("/api/agents"));
      this.names = new Map(agents.map(({ id, name }) => [id, name]));
      this.draw();
    } catch (error) {
      this.why(error); // ids are shown for names
    }
  }

  /** @param {() => void} draw */
  onDraw(draw) {
    this.draws.add(draw);
  }

  draw() {
    for (const draw of this.draws) draw();
  }

  /** @param {Place} place @param {boolean} [instead] of the one in the history */
  go(place, instead = false) {
    const text = placeText(place);
    if (instead) history.replaceState(null, "", text);
    else if (text !== location.hash) {
      location.hash = text;
      return;
    }
    this.arrive();
  }

  arrive() {
    const place = placeFrom(location.hash);
    const before = this.place.view;
    if (before !== "call" && place.view === "call") this.opener = document.activeElement;
    // Lists are for those who may see them.
    this.place = this.mayInspect || place.view === "call" ? place : { view: "search", q: "" };
    if (this.place.view !== "call") this.list = this.place;
    this.draw();
    if (before === "call" && place.view !== "call" && this.opener instanceof HTMLElement) this.opener.focus();
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  say(key, values = {}) {
    return this.dictionary.say(key, values);
  }

  get lang() {
    return this.dictionary.lang;
  }

  /** 李静（a1001）; "—" for nobody known. @param {string} id @returns {string} */
  nameOf(id) {
    const name = this.names.get(id);
    return name && name !== id ? this.say("agent.named", { name, id }) : id || "—";
  }

  /** What is said of a refusal. @param {unknown} error @returns {string} */
  why(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(`/login?next=${encodeURIComponent(afterLogIn(this.place))}`);
    const key = `refused.${error.code}`;
    if (this.dictionary.all[this.lang][key] !== undefined) return this.say(key);
    return error.code === "network" ? this.say("error.network") : this.say("error.unknown", { code: error.code });
  }
}
