// A second line of the citizen whom the agent talks to: his picture beside a voice call, or a page that he has loaded anew. It is
// answered by itself; mute and hold of the talk hold for it too.
import { withoutBandwidthEstimates } from "../phone_logic.js";

/** @typedef {import("../desk.js").Desk} Desk */
/** @typedef {Parameters<import("../phone.js").Phone["onBeside"]>[0]} Session */

const PC = /** @type {RTCConfiguration} */ ({ iceServers: [], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });

export class Beside {
  /** @type {Session | null} */
  #session = null;

  /** @param {Desk} desk @param {() => void} changed */
  constructor(desk, changed) {
    this.desk = desk;
    this.changed = changed;
    this.media = new MediaStream();
    /** @type {MediaStream | null} */
    this.own = null;
    desk.phone.onBeside = (session, callId) => void this.#take(session, callId);
  }

  get isUp() {
    return this.#session?.isEstablished() ?? false;
  }

  get connection() {
    return this.#session?.connection ?? null;
  }

  /** @param {Session} session @param {string | null} callId */
  async #take(session, callId) {
    if (callId === null || callId !== this.desk.call?.call_id) return void session.terminate({ status_code: 486 });
    this.#over(this.#session, true);
    this.#session = session;
    this.media = new MediaStream();
    const over = () => this.#over(session, false);
    session.on("sdp", (event) => (event.sdp = withoutBandwidthEstimates(event.sdp)));
    session.on("failed", over);
    session.on("ended", over);
    session.on("confirmed", () => this.changed());
    session.on("peerconnection", ({ peerconnection }) =>
      peerconnection.addEventListener("track", ({ track }) => {
        for (const old of this.media.getTracks()) if (old.kind === track.kind) this.media.removeTrack(old);
        this.media.addTrack(track);
        this.changed();
      }));
    const terminate = session.terminate.bind(session);
    session.terminate = (options) => (options?.cause === "RTP Timeout" ? undefined : terminate(options));
    try {
      this.own = await this.desk.sound.microphone(true);
    } catch {
      this.own = await this.desk.sound.microphone().catch(() => null);
    }
    if (this.#session !== session || session.isEnded()) return this.#release();
    session.answer({ ...(this.own ? { mediaStream: this.own } : {}), pcConfig: PC });
    this.changed();
  }

  /** `voice`: the talk's sound goes this way too; muted and held as the talk is.
   * @param {{voice: boolean, muted: boolean, held: boolean, camera: boolean}} how */
  follow({ voice, muted, held, camera }) {
    for (const track of this.own?.getAudioTracks() ?? []) track.enabled = voice && !muted && !held;
    for (const track of this.own?.getVideoTracks() ?? []) track.enabled = camera && !held;
    for (const track of this.media.getAudioTracks()) track.enabled = voice && !held;
  }

  /** @param {Session | null} session @param {boolean} say whether the other side does not know it yet */
  #over(session, say) {
    if (!session || this.#session !== session) return;
    this.#session = null;
    if (say && !session.isEnded()) session.terminate();
    this.media = new MediaStream();
    this.#release();
    this.changed();
  }

  #release() {
    this.own?.getTracks().forEach((track) => track.stop());
    this.own = null;
  }
}
