// The telephone in the browser: one registration, one talk, at most a second one while the first is on hold. The daemon decides
// who talks with whom; this answers, hangs up, holds and mutes, and keeps the talk when the connection to the server is lost.
import JsSIP from "/vendor/jssip.js";
import { lossBetween, offersVideo, onInvite, readingOf, SilenceWatch, withoutBandwidthEstimates } from "./phone_logic.js";
import { SipSocket } from "./sip_socket.js";
import { noMicrophone } from "./sound.js";

/** @typedef {import("/vendor/jssip.js").UA} UA */
/** @typedef {ReturnType<UA["call"]>} Session */
/** @typedef {import("./view_logic.js").PhoneView} PhoneView */
/** @typedef {import("./phone_logic.js").Reading} Reading */
/** @typedef {{uri: string, user: string, password: string, realm: string, socket: string, expires_s: number, video: boolean}} Account */
/** One talk: `media` is what is heard and seen of the others, `own` the microphone as it was opened.
 * @typedef {{session: Session, leg: string, callId: string | null, state: PhoneView["session"], media: MediaStream,
 *   own: Promise<MediaStream> | null, stream: MediaStream | null, sick: boolean}} Line */

const PC = /** @type {RTCConfiguration} */ ({ iceServers: [], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
const AGAIN_MS = 2000;
const RECLAIM_MS = 4000;
const TAKEN = new Set([4000, 4001]);

export class Phone {
  /** @type {UA | null} */
  #ua = null;
  /** @type {SipSocket | null} */
  #socket = null;
  /** @type {Line | null} */
  #line = null;
  /** @type {Line | null} */
  #aside = null;
  #retry = 0;
  #takenAt = 0;
  #stopped = true;
  /** @type {string | null} */
  #wanted = null;
  /** @type {string | null} */
  #unwanted = null;
  /** @type {Reading | null} */
  #reading = null;
  #silence = new SilenceWatch();

  /** @param {{account: () => Promise<Account>, ticket: () => Promise<string>, sound: import("./sound.js").Sound, changed: () => void}} given */
  constructor({ account, ticket, sound, changed }) {
    this.given = { account, ticket, changed };
    this.sound = sound;
    /** @type {Account | null} */
    this.account = null;
    /** @type {PhoneView} */
    this.view = { registration: "off", connected: false, session: "none", callId: null, muted: false, held: false, microphone: null };
    /** Of the running talk; null: there is none. `rttMs` null: not known yet. */
    this.quality = /** @type {{rttMs: number | null, loss: number, level: number, heard: number, silent: boolean} | null} */ (null);
    /** A telephone rings, and for which call. @type {(callId: string | null) => void} */
    this.onInvite = () => {};
    /** A second line of the citizen whom the agent talks to, with his picture: for who shows pictures.
     * @type {(session: Session, callId: string | null) => void} */
    this.onBeside = (session) => session.terminate({ status_code: 486 });
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
    return this.#line?.stream ?? null;
  }

  start() {
    if (!this.#stopped) return;
    this.#stopped = false;
    void this.#open();
  }

  /** No more of it in this page. A talk is not ended: who goes on with it elsewhere keeps it. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#close();
    this.#to({ registration: "off" });
  }

  async #open() {
    this.#to({ registration: "connecting" });
    try {
      this.account = await this.given.account();
    } catch {
      return this.#again();
    }
    if (this.#stopped) return;
    const { uri, user, password, socket, expires_s } = this.account;
    this.#socket = new SipSocket(socket, this.given.ticket);
    const ua = new JsSIP.UA({ sockets: [this.#socket], uri, authorization_user: user, password, register_expires: expires_s,
      session_timers: false, connection_recovery_min_interval: 1, connection_recovery_max_interval: 4, no_answer_timeout: 120 });
    this.#ua = ua;
    const mine = (/** @type {(...values: any[]) => void} */ act) => (/** @type {any[]} */ ...values) => this.#ua === ua && act(...values);
    ua.on("connected", mine(() => this.#to({ connected: true })));
    ua.on("disconnected", mine(({ code }) => this.#disconnected(code)));
    ua.on("registered", mine(() => this.#registered()));
    ua.on("unregistered", mine(() => this.#to({ registration: "connecting" })));
    ua.on("registrationFailed", mine(({ response }) => this.#refused(response?.status_code)));
    ua.on("newRTCSession", mine(({ originator, session, request }) => originator === "remote" && this.#invited(session, request)));
    ua.start();
  }

  /** @param {number | undefined} code */
  #disconnected(code) {
    if (code !== undefined && TAKEN.has(code)) {
      this.#socket?.silence();
      this.#takenAt = performance.now();
      this.#to({ connected: false, registration: "off" });
      return;
    }
    this.#to({ connected: false, registration: "connecting" });
  }

  #registered() {
    this.#to({ connected: true, registration: "registered" });
    if (this.#line?.sick) this.#heal(this.#line);
  }

  /** @param {number | undefined} status */
  #refused(status) {
    this.#to({ registration: "failed" });
    const stale = status !== undefined && [401, 403, 404, 407].includes(status);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (!stale || this.#line) this.#ua?.register();
      else this.#reopen();
    }, AGAIN_MS);
  }

  #again() {
    this.#to({ registration: "failed" });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => !this.#stopped && void this.#open(), AGAIN_MS);
  }

  #reopen() {
    this.#close();
    void this.#open();
  }

  /** The registration is somebody else's though this page is the agent's: after a while, in which that may turn out to be
   * otherwise, it is taken back. */
  reclaim() {
    if (!this.#stopped && this.view.registration === "off" && performance.now() - this.#takenAt > RECLAIM_MS) this.#reopen();
  }

  /** The network is another one. */
  reconnect() {
    this.#socket?.drop();
  }

  #close() {
    const ua = this.#ua;
    this.#ua = null;
    this.#socket?.silence();
    ua?.stop();
    this.#drop(this.#aside);
    this.#drop(this.#line);
  }

  // Calls that come

  /** @param {Session} session @param {any} request */
  #invited(session, request) {
    const leg = request.getHeader("X-CTI-Leg") ?? "offer";
    const callId = request.getHeader("X-CTI-Call") ?? null;
    if (leg === "beside") return this.onBeside(session, callId);
    const state = this.#line?.state ?? "none";
    const act = onInvite(leg, callId ?? undefined, { state, callId: this.#line?.callId ?? null }, this.#wanted);
    if (act === "busy" || (callId !== null && callId === this.#unwanted)) {
      session.terminate({ status_code: 486 });
      return;
    }
    if (act === "replace") this.#drop(this.#line);
    if (act === "beside" && this.#line) {
      this.#aside = this.#line;
      this.#aside.session.hold();
    }
    const line = this.#take(session, leg, callId, "ringing");
    line.own = this.sound.microphone(offersVideo(request.body ?? "") && this.account?.video === true);
    line.own.catch(() => {}); // said when it is answered
    this.onInvite(callId);
    if (act !== "ring") void this.#answer(line);
  }

  /** @param {Session} session @param {string} leg @param {string | null} callId @param {PhoneView["session"]} state @returns {Line} */
  #take(session, leg, callId, state) {
    /** @type {Line} */
    const line = { session, leg, callId, state, media: new MediaStream(), own: null, stream: null, sick: false };
    this.#line = line;
    this.#reading = null;
    const over = () => this.#over(line);
    session.on("sdp", (event) => (event.sdp = withoutBandwidthEstimates(event.sdp)));
    session.on("failed", over);
    session.on("ended", over);
    session.on("confirmed", () => this.#talks(line));
    session.on("accepted", () => this.#talks(line));
    for (const change of /** @type {const} */ (["hold", "unhold", "muted", "unmuted"])) session.on(change, () => this.#toLine());
    session.connection ? this.#hook(line, session.connection) : session.on("peerconnection", ({ peerconnection }) => this.#hook(line, peerconnection));
    // A path that failed is not the agent hanging up: the daemon or a new path gets the talk going again.
    const terminate = session.terminate.bind(session);
    session.terminate = (options) => (options?.cause === "RTP Timeout" ? undefined : terminate(options));
    this.#to({ session: state, callId, muted: false, held: false, microphone: null });
    return line;
  }

  /** Sound and picture come in two streams, go with a hold and come again: one stream of our own has whatever is there.
   * @param {Line} line @param {RTCPeerConnection} connection */
  #hook(line, connection) {
    connection.addEventListener("track", ({ track }) => {
      for (const old of line.media.getTracks()) if (old.kind === track.kind) line.media.removeTrack(old);
      line.media.addTrack(track);
      if (line === this.#line) this.sound.hear(line.media);
      this.given.changed();
    });
    connection.addEventListener("iceconnectionstatechange", () => {
      line.sick = ["disconnected", "failed"].includes(connection.iceConnectionState);
      if (line.sick) setTimeout(() => line.sick && this.#heal(line), AGAIN_MS);
    });
  }

  /** A new path for a talk whose packets do not come through, as after a change of the network. @param {Line} line */
  #heal(line) {
    if (line === this.#line && line.state === "talking" && this.view.connected)
      line.session.renegotiate({ rtcOfferConstraints: /** @type {any} */ ({ iceRestart: true }) });
  }

  /** Answers the call that rings, or as soon as it rings. @param {string} callId */
  answer(callId) {
    this.#unwanted = null;
    if (this.#line?.state === "ringing") void this.#answer(this.#line);
    else if (!this.#line) this.#wanted = callId;
  }

  /** @param {Line} line */
  async #answer(line) {
    this.#wanted = null;
    line.state = "answering";
    this.#toLine();
    try {
      line.stream = await (line.own ?? this.sound.microphone());
    } catch (error) {
      line.own = null;
      if (line.session.isEnded()) return;
      line.state = "ringing";
      this.#to({ microphone: noMicrophone(error) });
      return this.#toLine();
    }
    if (line.session.isEnded()) return this.#release(line);
    this.#watchMicrophone(line);
    line.session.answer({ mediaStream: line.stream, pcConfig: PC });
  }

  /** A headset that is pulled out: the talk goes on with another microphone. @param {Line} line */
  #watchMicrophone(line) {
    const track = line.stream?.getAudioTracks()[0];
    track?.addEventListener("ended", async () => {
      try {
        const fresh = await this.sound.microphone();
        const sender = line.session.connection?.getSenders().find((one) => one.track?.kind === "audio");
        await sender?.replaceTrack(fresh.getAudioTracks()[0] ?? null);
        line.stream = fresh;
        this.#watchMicrophone(line);
        this.#to({ microphone: null });
      } catch (error) {
        this.#to({ microphone: noMicrophone(error) });
      }
    });
  }

  /** Another microphone was chosen. */
  async changeMicrophone() {
    const line = this.#line;
    if (!line?.stream) return;
    const fresh = await this.sound.microphone();
    const [old] = line.stream.getAudioTracks();
    const [track] = fresh.getAudioTracks();
    if (!track) return;
    track.enabled = old?.enabled ?? true;
    await line.session.connection?.getSenders().find((one) => one.track?.kind === "audio")?.replaceTrack(track);
    old?.stop();
    line.stream = fresh;
    this.#watchMicrophone(line);
  }

  /** @param {Line} line */
  #talks(line) {
    if (line.state === "talking" || line !== this.#line) return;
    line.state = "talking";
    this.sound.hear(line.media);
    this.#toLine();
  }

  // What the agent does

  /** He does not want this call. @param {string | null} callId */
  reject(callId) {
    if (this.#line && this.#line.state !== "talking") this.#line.session.terminate({ status_code: 486 });
    else if (!this.#line) this.#unwanted = callId;
    this.#wanted = null;
  }

  /** No call is offered: what was said too early of one is forgotten. */
  nothingOffered() {
    this.#wanted = this.#unwanted = null;
  }

  /** @returns {boolean} whether the other side could be told */
  hangUp() {
    const line = this.#line;
    if (!line || !this.view.connected) return false;
    line.session.terminate();
    return true;
  }

  /** The daemon says that this talk is over: its goodbye did not reach us. */
  forget() {
    this.#drop(this.#aside);
    this.#drop(this.#line);
  }

  toggleHold() {
    const session = this.#line?.session;
    if (!session || this.#line?.state !== "talking" || !this.view.connected) return;
    if (session.isOnHold().local) session.unhold();
    else session.hold();
  }

  toggleMute() {
    const session = this.#line?.session;
    if (!session || this.#line?.state !== "talking") return;
    if (session.isMuted().audio) session.unmute({ audio: true });
    else session.mute({ audio: true });
  }

  /** In the stream of sound itself (RFC 4733), as the far end expects it. @param {string} digit @returns {boolean} whether it went */
  dial(digit) {
    const tones = this.#line?.session.connection?.getSenders().find(({ dtmf }) => dtmf)?.dtmf;
    if (this.#line?.state !== "talking" || !tones?.canInsertDTMF) return false;
    tones.insertDTMF(tones.toneBuffer + digit, 120, 80);
    return true;
  }

  /** Calls the echo: whoever speaks hears himself. */
  async callTest() {
    if (this.#line || !this.#ua || !this.account) return;
    const stream = await this.sound.microphone();
    if (this.#line || !this.#ua) return stream.getTracks().forEach((track) => track.stop());
    const session = this.#ua.call(`sip:test@${this.account.realm}`, { mediaStream: stream, pcConfig: PC });
    const line = this.#take(session, "test", null, "answering");
    line.stream = stream;
  }

  get isTest() {
    return this.#line?.leg === "test";
  }

  // The end of a talk

  /** @param {Line | null} line without a word of "the agent hung up" if it cannot be told */
  #drop(line) {
    if (!line) return;
    if (!line.session.isEnded()) line.session.terminate();
    this.#over(line);
  }

  /** @param {Line} line */
  #over(line) {
    this.#release(line);
    if (this.#aside === line) this.#aside = null;
    if (this.#line !== line) return;
    this.#line = this.#aside;
    this.#aside = null;
    this.quality = null;
    this.#reading = null;
    this.sound.hear(this.#line?.media ?? null);
    if (this.#line && this.view.connected) this.#line.session.unhold();
    this.#toLine();
  }

  /** @param {Line} line */
  #release(line) {
    line.stream?.getTracks().forEach((track) => track.stop());
    void line.own?.then((stream) => stream.getTracks().forEach((track) => track.stop()), () => {});
  }

  // What is seen of it

  /** To be called once a second: how the running talk sounds. */
  async measure() {
    const line = this.#line;
    if (line?.state !== "talking" || !line.session.connection) return;
    const reading = readingOf(await line.session.connection.getStats());
    if (line !== this.#line) return;
    const open = !this.view.muted && !this.view.held;
    this.quality = {
      rttMs: reading.rttS === null ? null : Math.round(reading.rttS * 1000),
      loss: lossBetween(this.#reading, reading),
      level: reading.level,
      heard: reading.heard,
      silent: this.#silence.hear(this.#reading, reading, performance.now() / 1000, open),
    };
    this.#reading = reading;
    this.given.changed();
  }

  #toLine() {
    const line = this.#line;
    const established = line?.session.isEstablished() ?? false;
    this.#to({ session: line?.state ?? "none", callId: line?.callId ?? null,
      held: established ? line?.session.isOnHold().local === true : false,
      muted: established ? line?.session.isMuted().audio === true && !line.session.isOnHold().local : false });
  }

  /** @param {Partial<PhoneView>} change */
  #to(change) {
    this.view = { ...this.view, ...change };
    this.given.changed();
  }
}
