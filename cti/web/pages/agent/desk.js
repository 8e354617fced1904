// The one controller of the desk page: what the daemon last said, who is to hear of it, and what the agent may do.
// Panels get it as `desk`; they never talk to the WebSocket themselves.
import { ApiError } from "/pages/shared/api.js";
import { ServerClock } from "./clock_logic.js";
import { Throttle } from "./keys_logic.js";
import { Link } from "./link.js";
import { Messages } from "./messages.js";
import { Panels } from "./panels.js";
import { Phone } from "./phone.js";
import { Sound } from "./sound.js";
import { viewOf } from "./view_logic.js";

/** @typedef {import("./types.js").Picture} Picture */
/** @typedef {import("./types.js").Pop} Pop */
/** @typedef {import("./types.js").Status} Status */
/** @typedef {import("./view_logic.js").View} View */
/** @typedef {import("/pages/shared/api.js").Api} Api */
/** @typedef {import("/pages/shared/api.js").User} User */
/** @typedef {import("/pages/shared/words.js").Dictionary} Dictionary */

/** Messages that go to the panels as they are. */
const PASSED_ON = new Set(["story", "ticket", "words", "transcript", "chat", "card", "video", "note", "broadcast", "supervision", "logged_out"]);
/** What telephone and server say of a talk may differ for so long, while word of it is under way. */
const APART_MS = 3000;

export class Desk extends Panels {
  #clock = new ServerClock();
  #hangUps = new Throttle(1000);
  #autoAnswer = 0;
  #apartSince = 0;
  #popped = "";

  /** @param {Dictionary} dictionary @param {Api} api @param {User} user */
  constructor(dictionary, api, user) {
    super();
    this.dictionary = dictionary;
    this.api = api;
    this.user = user;
    /** The latest picture; null before the first one. @type {Picture | null} */
    this.state = null;
    /** The call in hand: whom he is offered or talks to, and in the wrap-up whom he has just talked to. @type {Pop | null} */
    this.call = null;
    /** What the writing half says of its draft: required fields that are still missing. */
    this.draft = { missing: 0 };
    /** The call that he has rejected last. @type {string | null} */
    this.rejected = null;
    /** Of the way to the server and back, while no talk measures it; null: not known. @type {number | null} */
    this.pingMs = null;
    this.messages = new Messages(() => this.changed());
    this.sound = new Sound();
    const path = `/api/agents/${encodeURIComponent(user.id)}`;
    this.path = path;
    const ticket = () => api.socketTicket();
    this.phone = new Phone({ account: () => api.post(`${path}/softphone`), ticket, sound: this.sound, changed: () => this.#phoneChanged() });
    this.phone.onInvite = (callId) => performance.mark(`invite:${callId}`);
    this.link = new Link(`${path}/desk`, ticket, (message) => this.#heard(message), (state) => this.#linkChanged(state));
    dictionary.onChange(() => this.changed());
  }

  /** Begins, or takes over from another tab. */
  start() {
    this.link.open();
    this.phone.start();
  }

  /** When a new call was seen is marked, for who measures it. @param {View} view */
  drawn(view) {
    const id = this.call?.call_id ?? "";
    if (id && id !== this.#popped && view.state === "offered") {
      // A message of our own is handled after this frame has been painted.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => performance.mark(`pop:${id}`);
      port2.postMessage(null);
    }
    this.#popped = id;
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

  /** How old what is shown is, in seconds. */
  get age() {
    return this.link.heardAt ? (performance.now() - this.link.heardAt) / 1000 : Infinity;
  }

  /** @returns {View} */
  view() {
    const { state: picture, call, link, phone, age } = this;
    const lostS = link.state === "lost" ? (performance.now() - link.since) / 1000 : 0;
    return viewOf({ picture, call, link: link.state, lostS, age, phone: phone.view, now: this.serverNow() });
  }

  // What the daemon and the telephone say

  /** @param {any} message */
  #heard(message) {
    if (message.type === "desk") this.#pictured(message);
    else if (PASSED_ON.has(message.type)) this.emit(message.type, message);
  }

  /** @param {Picture} picture */
  #pictured(picture) {
    this.#clock.heard(picture.at, performance.now());
    const before = this.call?.call_id;
    this.state = picture;
    if (picture.call) this.call = picture.call;
    else if (picture.desk.state !== "wrap_up") this.call = null;
    const isNew = this.call !== null && this.call.call_id !== before;
    if (isNew) performance.mark(`picture:${this.call?.call_id}`);
    this.phone.shown = picture.call?.call_id ?? null;
    if (picture.desk.state !== "offered") this.phone.nothingOffered();
    this.#planAnswer(picture);
    this.emit("desk", picture);
    this.changed(isNew);
  }

  /** @param {Picture} picture */
  #planAnswer({ call, desk }) {
    clearTimeout(this.#autoAnswer);
    if (desk.state !== "offered" || !call?.offered_at || call.auto_answer_s === null || call.auto_answer_s === undefined) return;
    const wait = (call.offered_at + call.auto_answer_s - this.serverNow()) * 1000;
    this.#autoAnswer = setTimeout(() => this.state?.call?.call_id === call.call_id && this.answer(), Math.max(0, wait));
  }

  /** @param {import("./types.js").LinkState} state */
  #linkChanged(state) {
    if (state === "taken_over" || state === "logged_out") this.phone.stop();
    this.emit("link", { state, since: this.link.since, tries: this.link.tries });
    this.changed();
  }

  #phoneChanged() {
    // The constructor of the telephone speaks before there is one.
    if (!this.phone) return;
    this.emit("phone", { state: this.phone.view.session });
    this.changed();
  }

  /** To be called once a second. */
  tick() {
    this.link.tick();
    if (this.link.state === "live") this.phone.reclaim();
    void this.phone.measure();
    this.#agree();
    this.changed();
  }

  async ping() {
    const began = performance.now();
    try {
      await fetch("/pages/agent/icon.svg", { method: "HEAD", cache: "no-store" });
      this.pingMs = Math.round(performance.now() - began);
    } catch {
      this.pingMs = null;
    }
  }

  /** A talk that is over by the server's word, whose goodbye was lost with a connection, ends here too. */
  #agree() {
    const there = this.state && ["offered", "talking", "held"].includes(this.state.desk.state);
    if (this.link.state !== "live" || this.phone.view.session === "none" || this.phone.isTest || there) this.#apartSince = 0;
    else if (!this.#apartSince) this.#apartSince = performance.now();
    else if (performance.now() - this.#apartSince > APART_MS) this.phone.forget();
  }

  // What the agent does

  answer() {
    if (this.view().state === "offered" && this.call) this.phone.answer(this.call.call_id);
  }

  /** Rejects, hangs up or finishes the wrap-up, as the one red button says. @param {boolean} [alone] whoever else is in the talk goes too */
  end(alone = true) {
    const { end } = this.view();
    if (!end.on || !this.hangUpAllowed()) return;
    // The draft first: who submits it ends the wrap-up with it.
    if (end.kind === "finish") this.press("submit", new KeyboardEvent("keydown")) || void this.finish();
    else if (end.kind === "reject") this.phone.reject((this.rejected = this.call?.call_id ?? null));
    else if (alone || !this.call) this.#hangUp();
    else void this.post(`/api/calls/${this.call.call_id}/leave`);
  }

  /** One hang-up in a second: a second press of the key in the rush is none. */
  hangUpAllowed() {
    return this.#hangUps.passes(performance.now());
  }

  /** Whether the call in hand is his, not one that he helps in. */
  get leads() {
    return this.call?.agent === this.user.id;
  }

  /** Who is in the call beside citizen, leading agent and himself. */
  get others() {
    return this.call?.parties.filter(({ agent }) => agent !== this.user.id) ?? [];
  }

  #hangUp() {
    const call = this.call;
    if (call && this.leads && this.others.length) void this.post(`/api/calls/${call.call_id}/end`);
    else if (!this.phone.hangUp() && call) void this.post(`/api/calls/${call.call_id}/end`);
  }

  hold() {
    if (this.view().buttons.hold.on) this.phone.toggleHold();
  }

  mute() {
    if (this.view().buttons.mute.on) this.phone.toggleMute();
  }

  /** Now, or while he is in a call for after it: then the daemon keeps it until the talk is over.
   * @param {Status} status @param {string} reason */
  async choose(status, reason) {
    const busy = ["offered", "talking", "held"].includes(this.view().state);
    if (status === "offline" && !busy) return this.logOut();
    await this.post(`${this.path}/status`, { status, reason });
  }

  async logOut() {
    if (await this.post("/api/logout")) this.link.close("logged_out");
  }

  extend() {
    return this.post(`${this.path}/extend-wrap-up`, { seconds: 30 });
  }

  finish() {
    return this.post(`${this.path}/finish-wrap-up`);
  }

  /** Asks the daemon for something; a refusal is told to the agent. @param {string} path @param {unknown} [body]
   * @returns {Promise<any>} the answer; null: refused */
  post(path, body = {}) {
    return this.attempt(this.api.post(path, body));
  }

  /** @param {Promise<any>} asked @returns {Promise<any>} */
  async attempt(asked) {
    try {
      return (await asked) ?? {};
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const key = `error.${error.code}`;
      const known = key in this.dictionary.all.zh;
      this.messages.tell("refused", { text: known ? { key } : { key: "error.unknown", values: { code: error.code } }, tone: "bad", seconds: 8 });
      return null;
    }
  }
}
