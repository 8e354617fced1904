// One line of the telephone: a session of JsSIP with its sound, from the first ring to the end.
import { lossBetween, readingOf, SilenceWatch, withoutBandwidthEstimates } from "./phone_logic.js";
import { noMicrophone } from "./sound.js";

/** @typedef {ReturnType<import("/vendor/jssip.js").UA["call"]>} Session */
/** @typedef {import("./phone_logic.js").Reading} Reading */
/** @typedef {import("./sound.js").Sound} Sound */
/** How a talk sounds; `rttMs` null: not known yet.
 * @typedef {{rttMs: number | null, loss: number, level: number, heard: number, silent: boolean}} Quality */
/** `talks`: it is connected; `over`: it has ended, whoever ended it; `heard`: other sound or another picture has come; `sick`: its
 * packets do not come through; `changed`: anything that is shown of it.
 * @typedef {{talks: (line: Line) => void, over: (line: Line) => void, heard: (line: Line) => void, sick: (line: Line) => void,
 *   changed: () => void}} Listener */

export const PC = /** @type {RTCConfiguration} */ ({ iceServers: [], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
const SICK_MS = 2000;

export class Line {
  /** @type {Promise<MediaStream> | null} */
  #opening = null;
  /** @type {Reading | null} */
  #reading = null;
  #silence = new SilenceWatch();

  /** @param {Session} session @param {string} leg @param {string | null} callId @param {"ringing" | "answering"} state
   * @param {Sound} sound @param {Listener} listener */
  constructor(session, leg, callId, state, sound, listener) {
    this.session = session;
    this.leg = leg;
    this.callId = callId;
    /** @type {"ringing" | "answering" | "talking"} */
    this.state = state;
    this.sound = sound;
    this.listener = listener;
    /** What is heard and seen of the others. */
    this.media = new MediaStream();
    /** Microphone and camera, once they are open. @type {MediaStream | null} */
    this.own = null;
    /** Why there is no microphone. @type {import("./sound.js").NoMicrophone | null} */
    this.fault = null;
    this.isSick = false;
    session.on("sdp", (event) => (event.sdp = withoutBandwidthEstimates(event.sdp)));
    for (const end of /** @type {const} */ (["failed", "ended"])) session.on(end, () => listener.over(this));
    for (const begin of /** @type {const} */ (["accepted", "confirmed"])) session.on(begin, () => this.#talks());
    for (const change of /** @type {const} */ (["hold", "unhold", "muted", "unmuted"])) session.on(change, () => listener.changed());
    if (session.connection) this.#hook(session.connection);
    else session.on("peerconnection", ({ peerconnection }) => this.#hook(peerconnection));
    // A path that failed is not the agent hanging up: the daemon or a new path gets the talk going again.
    const terminate = session.terminate.bind(session);
    session.terminate = (options) => (options?.cause === "RTP Timeout" ? undefined : terminate(options));
  }

  get isHeld() {
    return this.session.isEstablished() && this.session.isOnHold().local;
  }

  get isMuted() {
    return this.session.isEstablished() && this.session.isMuted().audio === true;
  }

  #talks() {
    if (this.state === "talking") return;
    this.state = "talking";
    this.listener.talks(this);
  }

  /** Sound and picture come in two streams, go with a hold and come again: one stream of our own has whatever is there.
   * @param {RTCPeerConnection} connection */
  #hook(connection) {
    connection.addEventListener("track", ({ track }) => {
      for (const old of this.media.getTracks()) if (old.kind === track.kind) this.media.removeTrack(old);
      this.media.addTrack(track);
      this.listener.heard(this);
    });
    connection.addEventListener("iceconnectionstatechange", () => {
      this.isSick = ["disconnected", "failed"].includes(connection.iceConnectionState);
      if (this.isSick) setTimeout(() => this.isSick && this.listener.sick(this), SICK_MS);
    });
  }

  /** A new path for a talk whose packets do not come through, as after a change of the network. */
  heal() {
    if (this.state === "talking") this.session.renegotiate({ rtcOfferConstraints: /** @type {any} */ ({ iceRestart: true }) });
  }

  /** Opens microphone and camera before they are needed: then answering takes no time. @param {boolean} video */
  warm(video) {
    this.#opening = this.sound.microphone(video);
    this.#opening.catch(() => {}); // said when it is answered
  }

  /** Answers; without a microphone it rings on. */
  async answer() {
    this.state = "answering";
    this.fault = null;
    this.listener.changed();
    try {
      this.own = await (this.#opening ?? this.sound.microphone());
    } catch (error) {
      this.#opening = null;
      this.state = "ringing";
      this.fault = noMicrophone(error);
      return this.listener.changed();
    }
    if (this.session.isEnded()) return this.release();
    this.#watch();
    this.session.answer({ mediaStream: this.own, pcConfig: PC });
  }

  /** Another microphone, chosen or because this one was pulled out. */
  async changeMicrophone() {
    if (!this.own) return;
    let fresh;
    try {
      [fresh] = (await this.sound.microphone()).getAudioTracks();
      this.fault = null;
    } catch (error) {
      this.fault = noMicrophone(error);
      return this.listener.changed();
    }
    const [old] = this.own.getAudioTracks();
    if (!fresh) return;
    fresh.enabled = !this.isMuted && !this.isHeld;
    await this.session.connection?.getSenders().find((sender) => sender.track?.kind === "audio")?.replaceTrack(fresh);
    if (old) this.own.removeTrack(old);
    old?.stop();
    this.own.addTrack(fresh);
    this.#watch();
  }

  #watch() {
    this.own?.getAudioTracks()[0]?.addEventListener("ended", () => void this.changeMicrophone());
  }

  toggleHold() {
    if (this.session.isOnHold().local) this.session.unhold();
    else this.session.hold();
  }

  toggleMute() {
    if (this.session.isMuted().audio) this.session.unmute({ audio: true });
    else this.session.mute({ audio: true });
  }

  /** In the stream of sound itself (RFC 4733), as the far end expects it. @param {string} digit @returns {boolean} whether it went */
  dial(digit) {
    const tones = this.session.connection?.getSenders().find(({ dtmf }) => dtmf)?.dtmf;
    if (!tones?.canInsertDTMF) return false;
    tones.insertDTMF(tones.toneBuffer + digit, 120, 80);
    return true;
  }

  /** How it has sounded since it was asked last. @returns {Promise<Quality>} */
  async measure() {
    const before = this.#reading;
    const now = readingOf(await this.session.connection.getStats());
    this.#reading = now;
    return {
      rttMs: now.rttS === null ? null : Math.round(now.rttS * 1000),
      loss: lossBetween(before, now),
      level: now.level,
      heard: now.heard,
      silent: this.#silence.hear(before, now, performance.now() / 1000, !this.isMuted && !this.isHeld),
    };
  }

  /** Ends it, with a goodbye if that can be said. */
  end() {
    if (!this.session.isEnded()) this.session.terminate();
  }

  /** Microphone and camera are let go. */
  release() {
    for (const track of this.own?.getTracks() ?? []) track.stop();
    void this.#opening?.then((stream) => stream.getTracks().forEach((track) => track.stop()), () => {});
  }
}
