// The telephone in the browser: one registration, one talk, at most a second one while the first is on hold. The daemon decides
// who talks with whom; this answers, hangs up, holds and mutes, and keeps the talk when the connection to the server is lost.
import { Line, PC } from "./phone_line.js";
import { offersVideo, onInvite } from "./phone_logic.js";
import { Registration } from "./registration.js";

/** @typedef {import("./phone_line.js").Session} Session */
/** @typedef {import("./phone_line.js").Quality} Quality */
/** @typedef {import("./registration.js").Account} Account */
/** @typedef {import("./view_logic.js").PhoneView} PhoneView */

export class Phone {
  /** @type {Line | null} */
  #line = null;
  /** The citizen, while a colleague is asked in private. @type {Line | null} */
  #aside = null;
  /** The call that he has said he answers, or does not want, before it rang. @type {string | null} */
  #wanted = null;
  /** @type {string | null} */
  #unwanted = null;

  /** @param {{account: () => Promise<Account>, ticket: () => Promise<string>, sound: import("./sound.js").Sound, changed: () => void}} given */
  constructor({ account, ticket, sound, changed }) {
    this.sound = sound;
    this.changed = changed;
    this.registration = new Registration({ account, ticket, changed, invited: (session, request) => this.#invited(session, request),
      isBusy: () => this.#line !== null, registered: () => this.#line?.isSick && this.#line.heal() });
    /** Of the running talk; null: there is none. @type {Quality | null} */
    this.quality = null;
    /** The call that is the agent's by the server's last word. @type {string | null} */
    this.shown = null;
    /** A telephone rings, and for which call. @type {(callId: string | null) => void} */
    this.onInvite = () => {};
    /** A second line of the citizen whom the agent talks to, with his picture: for who shows pictures.
     * @type {(session: Session, callId: string | null) => void} */
    this.onBeside = (session) => session.terminate({ status_code: 486 });
  }

  /** @returns {PhoneView} */
  get view() {
    const line = this.#line;
    const held = line?.isHeld === true;
    const { state, isConnected } = this.registration;
    return { registration: state, connected: isConnected, session: line?.state ?? "none", callId: line?.callId ?? null, held,
      muted: line?.isMuted === true && !held, microphone: line?.fault ?? null };
  }

  get account() {
    return this.registration.account;
  }

  /** What is heard and seen of the others. @returns {MediaStream | null} */
  get media() {
    return this.#line?.media ?? null;
  }

  /** The connection of the running talk, for who adds a picture to it. @returns {RTCPeerConnection | null} */
  get connection() {
    return this.#line?.session.connection ?? null;
  }

  /** Microphone and camera as they were opened for it. @returns {MediaStream | null} */
  get own() {
    return this.#line?.own ?? null;
  }

  get isTest() {
    return this.#line?.leg === "test";
  }

  start() {
    this.registration.start();
  }

  /** No more of it in this page. A talk is not ended: who goes on with it elsewhere keeps it. */
  stop() {
    this.registration.stop();
    this.forget();
  }

  reclaim() {
    this.registration.reclaim();
  }

  reconnect() {
    this.registration.reconnect();
  }

  // Calls that come and go

  /** @param {Session} session @param {any} request */
  #invited(session, request) {
    const leg = request.getHeader("X-CTI-Leg") ?? "offer";
    const callId = request.getHeader("X-CTI-Call") ?? null;
    if (leg === "beside") return this.onBeside(session, callId);
    const { session: state, callId: current } = this.view;
    const act = onInvite(leg, callId ?? undefined, { state, callId: current }, this.#wanted, this.shown);
    if (act === "busy" || (callId !== null && callId === this.#unwanted)) {
      session.terminate({ status_code: 486 });
      return;
    }
    if (act === "replace" || act === "ring_instead") this.#drop(this.#line);
    if (act === "beside" && this.#line) {
      this.#aside = this.#line;
      this.#aside.session.hold();
    }
    const line = this.#take(session, leg, callId, "ringing");
    line.warm(offersVideo(request.body ?? "") && this.account?.video === true);
    this.onInvite(callId);
    if (act !== "ring" && act !== "ring_instead") void this.#answer(line);
  }

  /** @param {Session} session @param {string} leg @param {string | null} callId @param {"ringing" | "answering"} state */
  #take(session, leg, callId, state) {
    const hear = (/** @type {Line} */ one) => {
      if (one === this.#line) this.sound.hear(one.media);
      this.changed();
    };
    const sick = (/** @type {Line} */ one) => one === this.#line && this.registration.isConnected && one.heal();
    const line = new Line(session, leg, callId, state, this.sound, { heard: hear, talks: hear, sick, over: (one) => this.#over(one), changed: this.changed });
    this.#line = line;
    this.changed();
    return line;
  }

  /** @param {Line} line */
  #answer(line) {
    this.#wanted = null;
    return line.answer();
  }

  /** @param {Line | null} line */
  #drop(line) {
    if (!line) return;
    line.end();
    this.#over(line);
  }

  /** @param {Line} line */
  #over(line) {
    line.release();
    if (this.#aside === line) this.#aside = null;
    if (this.#line !== line) return;
    this.#line = this.#aside;
    this.#aside = null;
    this.quality = null;
    this.sound.hear(this.#line?.media ?? null);
    if (this.#line && this.registration.isConnected) this.#line.session.unhold();
    this.changed();
  }

  /** The daemon says that this talk is over: its goodbye did not reach us. */
  forget() {
    this.#drop(this.#aside);
    this.#drop(this.#line);
  }

  // What the agent does

  /** Answers the call that rings, or as soon as it rings. @param {string} callId */
  answer(callId) {
    this.#unwanted = null;
    if (this.#line?.state === "ringing") void this.#answer(this.#line);
    else if (this.#line?.callId !== callId) this.#wanted = callId;
  }

  /** He does not want this call. @param {string | null} callId */
  reject(callId) {
    if (this.#line && this.#line.state !== "talking") this.#line.session.terminate({ status_code: 486 });
    else if (this.#line?.callId !== callId) this.#unwanted = callId;
    this.#wanted = null;
  }

  /** No call is offered: what was said too early of one is forgotten. */
  nothingOffered() {
    this.#wanted = this.#unwanted = null;
  }

  /** @returns {boolean} whether the other side could be told */
  hangUp() {
    if (!this.#line || !this.registration.isConnected) return false;
    this.#line.end();
    return true;
  }

  toggleHold() {
    if (this.#line?.state === "talking" && this.registration.isConnected) this.#line.toggleHold();
  }

  toggleMute() {
    if (this.#line?.state === "talking") this.#line.toggleMute();
  }

  /** A tone for the menu of another house. @param {string} digit @returns {boolean} whether it went */
  dial(digit) {
    return this.#line?.state === "talking" && this.#line.dial(digit);
  }

  /** Another microphone was chosen. */
  async changeMicrophone() {
    await this.#line?.changeMicrophone();
  }

  /** Calls the echo: whoever speaks hears himself. */
  async callTest() {
    const { ua, account } = this.registration;
    if (this.#line || !ua || !account) return;
    const stream = await this.sound.microphone();
    if (this.#line || ua !== this.registration.ua) return stream.getTracks().forEach((track) => track.stop());
    const session = ua.call(`sip:test@${account.realm}`, { mediaStream: stream, pcConfig: PC });
    this.#take(session, "test", null, "answering").own = stream;
  }

  /** To be called once a second: how the running talk sounds. */
  async measure() {
    const line = this.#line;
    if (line?.state !== "talking" || !line.session.connection) return;
    const quality = await line.measure();
    if (line !== this.#line) return;
    this.quality = quality;
    this.changed();
  }
}
