// The one controller of the desk page: what the daemon last said, who is to hear of it, and what the agent may do.
// Panels get it as `desk`; they never talk to the WebSocket themselves.
import { ServerClock } from "./clock_logic.js";
import { Link } from "./link.js";

/** @typedef {import("./types.js").DeskEvents} DeskEvents */
/** @typedef {import("./types.js").Picture} Picture */
/** @typedef {import("./types.js").Pop} Pop */
/** @typedef {import("/pages/shared/api.js").Api} Api */
/** @typedef {import("/pages/shared/api.js").User} User */
/** @typedef {import("/pages/shared/words.js").Dictionary} Dictionary */

/** Messages that go to the panels as they are. */
const PASSED_ON = new Set(["story", "ticket", "words", "chat", "card", "note"]);

const DRAW_EVERY_MS = 100;

export class Desk {
  /** @type {Map<string, Set<(value: any) => void>>} */
  #listeners = new Map();
  /** @type {Set<() => void>} */
  #draws = new Set();
  #frame = 0;
  #timer = 0;
  #drawnAt = -Infinity;
  #clock = new ServerClock();

  /** @param {Dictionary} dictionary @param {Api} api @param {User} user */
  constructor(dictionary, api, user) {
    this.dictionary = dictionary;
    this.api = api;
    this.user = user;
    /** The latest picture; null before the first one. @type {Picture | null} */
    this.state = null;
    /** The call in hand: whom he is offered or talks to, and in the wrap-up whom he has just talked to. @type {Pop | null} */
    this.call = null;
    /** What the writing half says of its draft: required fields that are still missing. */
    this.draft = { missing: 0 };
    this.link = new Link(
      `/api/agents/${encodeURIComponent(user.id)}/desk`,
      () => api.socketTicket(),
      (message) => this.#heard(message),
      () => this.#linkChanged(),
    );
    dictionary.onChange(() => this.changed());
  }

  /** @param {any} message */
  #heard(message) {
    if (typeof message.at === "number" && message.type !== "words" && message.type !== "chat")
      this.#clock.heard(message.at, performance.now());
    if (message.type === "desk") this.#pictured(message);
    else if (PASSED_ON.has(message.type)) this.emit(message.type, message);
  }

  /** @param {Picture} picture */
  #pictured(picture) {
    const before = this.call?.call_id;
    this.state = picture;
    if (picture.call) this.call = picture.call;
    else if (picture.desk.state !== "wrap_up") this.call = null;
    this.emit("desk", picture);
    this.changed(this.call !== null && this.call.call_id !== before);
  }

  #linkChanged() {
    this.emit("link", { state: this.link.state, since: this.link.since, tries: this.link.tries });
    this.changed();
  }

  /** `listener` hears of every message of this kind, in order; the result takes it away again.
   * @template {keyof DeskEvents} Kind
   * @param {Kind} kind @param {(value: DeskEvents[Kind]) => void} listener @returns {() => void} */
  on(kind, listener) {
    const heard = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, heard.add(listener));
    return () => heard.delete(listener);
  }

  /** @template {keyof DeskEvents} Kind @param {Kind} kind @param {DeskEvents[Kind]} value */
  emit(kind, value) {
    for (const listener of this.#listeners.get(kind) ?? []) listener(value);
  }

  /** `draw` paints what is to be seen: with the next frame after something changed, at most ten times a second, never while
   * the page is hidden. @param {() => void} draw @returns {() => void} */
  onDraw(draw) {
    this.#draws.add(draw);
    this.changed();
    return () => this.#draws.delete(draw);
  }

  /** Something that is drawn is not as it was. @param {boolean} [urgent] with the very next frame */
  changed(urgent = false) {
    if (this.#frame) return;
    const wait = urgent ? 0 : this.#drawnAt + DRAW_EVERY_MS - performance.now();
    if (wait <= 0) {
      clearTimeout(this.#timer);
      this.#timer = 0;
      this.#frame = requestAnimationFrame(() => this.#draw());
    } else if (!this.#timer) {
      this.#timer = setTimeout(() => {
        this.#timer = 0;
        this.changed(true);
      }, wait);
    }
  }

  #draw() {
    this.#frame = 0;
    this.#drawnAt = performance.now();
    for (const draw of this.#draws) draw();
  }

  /** Says a text of the dictionary to those who use a screen reader.
   * @param {string} key @param {"polite" | "assertive"} [politeness] @param {Record<string, string | number>} [values] */
  say(key, politeness = "polite", values = {}) {
    const region = document.getElementById(politeness === "assertive" ? "say-now" : "say");
    if (region) region.textContent = this.dictionary.say(key, values);
  }

  /** The server's clock, UTC seconds. */
  serverNow() {
    return this.#clock.now(performance.now());
  }
}
