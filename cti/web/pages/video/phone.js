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
  /** A line for pictures alone, while the other one bears only sound. @type {Session | null} */
  #pictures = null;
  #watch = new LineWatch();
  #pictureWatch = new LineWatch();
  #timer = 0;

  /** @param {{account: () => Promise<Account>, ticket: () => Promise<string>, changed: () => void}} given */
  constructor(given) {
    this.given = given;
    /** @type {"none" | "calling" | "up" | "lost"} */
    this.state = "none";
    /** @type {"none" | "calling" | "up"} */
    this.pictures = "none";
    /** Sound comes, and the picture that came has stopped. */
    this.frozen = false;
    this.realm = "";
    /** Of the agent. */
    this.media = new MediaStream();
    /** What each line has of him: a picture that has its own line goes before the other. @type {Map<Session, MediaStreamTrack[]>} */
    this.tracks = new Map();
  }

  /** Whether a picture of the agent is to be seen. */
  get hasPicture() {
    return this.media.getVideoTracks().some((track) => track.readyState === "live") && (!this.frozen || this.pictures === "up");
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
    this.realm = realm;
    this.#socket = new SipSocket(socket, this.given.ticket);
    const ua = new JsSIP.UA({ sockets: [this.#socket], uri, authorization_user: user, password, register: false, session_timers: false,
      connection_recovery_min_interval: 1, connection_recovery_max_interval: 4 });
    this.#ua = ua;
    if (!(await connected(ua)) || this.#ua !== ua) {
      if (this.#ua === ua) this.abandon();
      return false;
    }
    this.media = new MediaStream();
    this.#watch = new LineWatch();
    this.#pictureWatch = new LineWatch();
    this.frozen = false;
    const session = (this.#session = this.#call(ua, exten, stream));
    const isUp = await answered(session, () => this.#session === session && this.abandon());
    if (isUp && this.#session === session) {
      this.#timer = setInterval(() => void this.#listen(session), 1000);
      this.#to("up");
    }
    return isUp;
  }

  /** A second line, for the picture alone, while the first one goes on. @param {string} exten @param {MediaStream} stream */
  async dialPictures(exten, stream) {
    if (!this.#ua || this.#pictures) return;
    const [own] = stream.getVideoTracks();
    this.pictures = "calling";
    const session = (this.#pictures = this.#call(this.#ua, exten, stream));
    const over = () => {
      if (this.#pictures !== session) return;
      this.#pictures = null;
      this.pictures = "none";
      this.tracks.delete(session);
      if (own) void sender(this.#session, "video")?.replaceTrack(own);
      this.#show();
    };
    if (!(await answered(session, over)) || this.#pictures !== session) return;
    this.pictures = "up";
    void sender(this.#session, "video")?.replaceTrack(null); // once is enough
    this.#show();
  }

  hangUpPictures() {
    const session = this.#pictures;
    if (session && !session.isEnded()) session.terminate();
  }

  /** @param {UA} ua @param {string} exten @param {MediaStream} stream @returns {Session} */
  #call(ua, exten, stream) {
    const session = ua.call(`sip:${exten}@${this.realm}`, { mediaStream: stream, pcConfig: PC });
    this.tracks.set(session, []);
    session.on("sdp", (event) => (event.sdp = withoutBandwidthEstimates(event.sdp)));
    session.on("confirmed", () => void sendWell(session));
    const hook = (/** @type {RTCPeerConnection} */ connection) =>
      connection.addEventListener("track", ({ track }) => {
        this.tracks.get(session)?.push(track);
        this.#show();
      });
    session.connection ? hook(session.connection) : session.on("peerconnection", ({ peerconnection }) => hook(peerconnection));
    // A path that failed is not the citizen hanging up: the page finds another one.
    const terminate = session.terminate.bind(session);
    session.terminate = (options) => (options?.cause === "RTP Timeout" ? undefined : terminate(options));
    return session;
  }

  /** The stream that is shown has the sound of the first line, and the newest picture that there is. */
  #show() {
    const of = (/** @type {Session | null} */ session, /** @type {string} */ kind) => (session ? (this.tracks.get(session) ?? []) : []).filter((track) => track.kind === kind).at(-1);
    const wanted = [of(this.#session, "audio"), (this.pictures === "up" && of(this.#pictures, "video")) || of(this.#session, "video")];
    for (const track of this.media.getTracks()) if (!wanted.includes(track)) this.media.removeTrack(track);
    for (const track of wanted) if (track && !this.media.getTracks().includes(track)) this.media.addTrack(track);
    this.given.changed();
  }

  /** @param {Session} session */
  async #listen(session) {
    const connection = session.connection;
    if (this.#session !== session || !connection) return;
    let [packets, pictures] = [0, 0];
    for (const [, row] of await connection.getStats()) {
      if (row.type !== "inbound-rtp") continue;
      packets += row.packetsReceived ?? 0;
      if (row.kind === "video") pictures += row.packetsReceived ?? 0;
    }
    if (this.#session !== session) return;
    const now = performance.now() / 1000;
    const dead = this.#watch.heard(packets, now);
    this.frozen = this.#pictureWatch.heard(pictures, now) && pictures > 0;
    const state = dead || connection.connectionState === "failed" ? "lost" : "up";
    if (this.state !== state) this.#to(state);
    else this.given.changed();
  }

  /** From now on something is to come through; before, there may have been nothing to hear. */
  expect() {
    this.#watch = new LineWatch();
    this.#pictureWatch = new LineWatch();
    if (this.state === "lost" && this.#session?.connection?.connectionState === "connected") this.#to("up");
  }

  /** The picture he shows, while the line stands. @param {MediaStreamTrack} track */
  async replacePicture(track) {
    await sender(this.#pictures ?? this.#session, "video")?.replaceTrack(track);
  }

  /** He goes, and says so. */
  hangUp() {
    for (const session of [this.#pictures, this.#session]) if (session && !session.isEnded()) session.terminate();
    setTimeout(() => this.abandon(), 300); // the word has to leave first
  }

  /** The lines are of no use any more. Nothing is said: the call goes on without them. */
  abandon() {
    clearInterval(this.#timer);
    const [ua, sessions] = [this.#ua, [this.#session, this.#pictures]];
    this.#ua = this.#session = this.#pictures = null;
    this.pictures = "none";
    this.tracks.clear();
    this.#socket?.silence();
    this.#socket = null;
    for (const session of sessions) session?.connection?.close();
    if (ua) setTimeout(() => ua.stop());
    if (this.state !== "none") this.#to("none");
  }

  /** @param {GuestPhone["state"]} state */
  #to(state) {
    this.state = state;
    this.given.changed();
  }
}

/** @param {Session} session @param {() => void} over it has ended, now or later @returns {Promise<boolean>} */
function answered(session, over) {
  return new Promise((done) => {
    session.on("confirmed", () => done(true));
    for (const end of /** @type {const} */ (["failed", "ended"])) session.on(end, () => (done(false), over()));
  });
}

/** @param {Session | null} session @param {string} kind @returns {RTCRtpSender | null} */
function sender(session, kind) {
  const found = session?.connection?.getTransceivers().find(({ receiver }) => receiver.track.kind === kind);
  return found?.sender ?? null;
}

/** Hands that move: rather a smaller picture than fewer of them. @param {Session} session */
async function sendWell(session) {
  const found = sender(session, "video");
  if (!found?.track) return;
  const parameters = found.getParameters();
  for (const encoding of parameters.encodings ?? []) encoding.maxBitrate = MOST_BITS_PER_S;
  parameters.degradationPreference = "maintain-framerate";
  await found.setParameters(parameters).catch(() => {});
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
