// The citizen's line: one call with his picture and sound, by credentials that are good for this call alone.
import JsSIP from "/vendor/jssip.js";
import { withoutBandwidthEstimates } from "/pages/agent/phone_logic.js";
import { SipSocket } from "/pages/agent/sip_socket.js";
import { LineWatch } from "./visit_logic.js";

/** @typedef {import("/vendor/jssip.js").UA} UA */
/** @typedef {ReturnType<UA["call"]>} Session */
/** @typedef {{uri: string, user: string, password: string, realm: string, socket: string}} Account */

const PC = /** @type {RTCConfiguration} */ ({ iceServers: [], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
const CONNECT_MS = 8000;
/** Enough for hands that move at 25 frames a second in 640 x 480. */
const MOST_BITS_PER_S = 1_200_000;

export class GuestPhone {
  /** @type {UA | null} */
  #ua = null;
  /** @type {SipSocket | null} */
  #socket = null;
  /** @type {Session | null} */
  #session = null;
  #watch = new LineWatch();
  #timer = 0;

  /** @param {{account: () => Promise<Account>, ticket: () => Promise<string>, changed: () => void}} given */
  constructor(given) {
    this.given = given;
    /** @type {"none" | "calling" | "up" | "lost"} */
    this.state = "none";
    /** Of the agent; the same one from the beginning to the end of a line. */
    this.media = new MediaStream();
  }

  /** Whether a picture of the agent is to be seen. */
  get hasPicture() {
    return this.media.getVideoTracks().some((track) => track.readyState === "live");
  }

  /** @param {string} exten @param {MediaStream} stream @returns {Promise<boolean>} whether somebody took the call */
  async dial(exten, stream) {
    this.abandon();
    this.#to("calling");
    let account;
    try {
      account = await this.given.account();
    } catch {
      this.#to("none");
      return false;
    }
    const { uri, user, password, realm, socket } = account;
    this.#socket = new SipSocket(socket, this.given.ticket);
    const ua = new JsSIP.UA({ sockets: [this.#socket], uri, authorization_user: user, password, register: false, session_timers: false,
      connection_recovery_min_interval: 1, connection_recovery_max_interval: 4 });
    this.#ua = ua;
    if (!(await connected(ua)) || this.#ua !== ua) {
      if (this.#ua === ua) this.abandon();
      return false;
    }
    return this.#call(ua, `sip:${exten}@${realm}`, stream);
  }

  /** @param {UA} ua @param {string} target @param {MediaStream} stream @returns {Promise<boolean>} */
  #call(ua, target, stream) {
    return new Promise((done) => {
      const session = ua.call(target, { mediaStream: stream, pcConfig: PC });
      this.#session = session;
      this.media = new MediaStream();
      this.#watch = new LineWatch();
      const over = () => {
        done(false);
        if (this.#session === session) this.abandon();
      };
      session.on("sdp", (event) => (event.sdp = withoutBandwidthEstimates(event.sdp)));
      session.on("failed", over);
      session.on("ended", over);
      session.on("confirmed", () => {
        if (this.#session !== session) return;
        void this.#sendWell(session);
        this.#timer = setInterval(() => void this.#listen(session), 1000);
        this.#to("up");
        done(true);
      });
      session.connection ? this.#hook(session.connection) : session.on("peerconnection", ({ peerconnection }) => this.#hook(peerconnection));
      // A path that failed is not the citizen hanging up: the page finds another one.
      const terminate = session.terminate.bind(session);
      session.terminate = (options) => (options?.cause === "RTP Timeout" ? undefined : terminate(options));
    });
  }

  /** @param {RTCPeerConnection} connection */
  #hook(connection) {
    connection.addEventListener("track", ({ track }) => {
      for (const old of this.media.getTracks()) if (old.kind === track.kind) this.media.removeTrack(old);
      this.media.addTrack(track);
      this.given.changed();
    });
  }

  /** Hands that move: rather a smaller picture than fewer of them. @param {Session} session */
  async #sendWell(session) {
    const sender = session.connection?.getSenders().find((one) => one.track?.kind === "video");
    if (!sender) return;
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings ?? []) encoding.maxBitrate = MOST_BITS_PER_S;
    parameters.degradationPreference = "maintain-framerate";
    await sender.setParameters(parameters).catch(() => {});
  }

  /** @param {Session} session */
  async #listen(session) {
    const connection = session.connection;
    if (this.#session !== session || !connection) return;
    let packets = 0;
    for (const [, row] of await connection.getStats()) if (row.type === "inbound-rtp") packets += row.packetsReceived ?? 0;
    if (this.#session !== session) return;
    const dead = this.#watch.heard(packets, performance.now() / 1000);
    const state = dead || connection.connectionState === "failed" ? "lost" : "up";
    if (this.state !== state) this.#to(state);
  }

  /** From now on something is to come through; before, there may have been nothing to hear. */
  expect() {
    this.#watch = new LineWatch();
    if (this.state === "lost" && this.#session?.connection?.connectionState === "connected") this.#to("up");
  }

  /** The picture he shows, while the line stands. @param {MediaStreamTrack} track */
  async replacePicture(track) {
    await this.#session?.connection?.getSenders().find((one) => one.track?.kind === "video")?.replaceTrack(track);
  }

  /** He goes, and says so. */
  hangUp() {
    const session = this.#session;
    if (session && !session.isEnded()) session.terminate();
    setTimeout(() => this.abandon(), 300); // the word has to leave first
  }

  /** The line is of no use any more. Nothing is said: the call goes on without it. */
  abandon() {
    clearInterval(this.#timer);
    const [ua, session] = [this.#ua, this.#session];
    this.#ua = this.#session = null;
    this.#socket?.silence();
    this.#socket = null;
    session?.connection?.close();
    if (ua) setTimeout(() => ua.stop());
    if (this.state !== "none") this.#to("none");
  }

  /** @param {GuestPhone["state"]} state */
  #to(state) {
    this.state = state;
    this.given.changed();
  }
}

/** @param {UA} ua @returns {Promise<boolean>} */
function connected(ua) {
  return new Promise((done) => {
    const timer = setTimeout(() => done(false), CONNECT_MS);
    ua.on("connected", () => {
      clearTimeout(timer);
      done(true);
    });
    ua.start();
  });
}
