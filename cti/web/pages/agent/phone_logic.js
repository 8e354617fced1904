// The telephone's rules without a telephone.

/** What an INVITE rings for. @typedef {"offer" | "reattach" | "consult" | "party" | "callback"} Leg */

/** What to do with an INVITE: `replace` drops the talk whose line is dead and takes this one, `ring_instead` drops it and rings,
 * `beside` puts it on hold and takes this one. @typedef {"ring" | "ring_instead" | "busy" | "answer" | "replace" | "beside"} Act */

/** @param {string | undefined} leg @param {string | undefined} callId
 * @param {{state: "none" | "ringing" | "answering" | "talking", callId: string | null}} line what the telephone does already
 * @param {string | null} wanted the call that the agent has already said he answers
 * @param {string | null} shown the call that is his by the server's last word: a line of another one is dead @returns {Act} */
export function onInvite(leg, callId, line, wanted, shown) {
  if (leg === "reattach") return line.state === "none" ? "answer" : "replace";
  if (leg === "consult") return line.state === "talking" ? "beside" : line.state === "none" ? "answer" : "busy";
  if (line.state !== "none" && line.callId !== (callId ?? null) && callId !== shown) return "busy";
  if (line.state !== "none" && line.callId === (callId ?? null)) return "replace";
  const answers = wanted !== null && wanted === callId;
  return line.state === "none" ? (answers ? "answer" : "ring") : answers ? "replace" : "ring_instead";
}

/** Bandwidth estimates of this kind fall to nothing between Chromium and Asterisk, and a picture freezes at its start (both were
 * measured): the two sides are not told of them. @param {string} sdp @returns {string} */
export function withoutBandwidthEstimates(sdp) {
  return sdp.split("\r\n").filter((line) => !/transport-cc|transport-wide|abs-send-time/.test(line)).join("\r\n");
}

/** @param {string} sdp @returns {boolean} */
export function offersVideo(sdp) {
  return /^m=video [1-9]/m.test(sdp);
}

/** The line's quality from two readings of RTCPeerConnection.getStats().
 * @typedef {{received: number, lost: number, rttS: number | null, energy: number, duration: number, level: number, heard: number}} Reading */

/** @param {Iterable<[string, any]>} stats @returns {Reading} */
export function readingOf(stats) {
  /** @type {Reading} */
  const reading = { received: 0, lost: 0, rttS: null, energy: 0, duration: 0, level: 0, heard: 0 };
  for (const [, row] of stats) {
    if (row.type === "inbound-rtp" && row.kind === "audio") {
      reading.received += row.packetsReceived ?? 0;
      reading.lost += row.packetsLost ?? 0;
      reading.heard = row.audioLevel ?? 0;
    } else if (row.type === "remote-inbound-rtp" && row.roundTripTime !== undefined) {
      reading.rttS ??= row.roundTripTime;
    } else if (row.type === "candidate-pair" && row.nominated && row.currentRoundTripTime !== undefined) {
      reading.rttS = row.currentRoundTripTime;
    } else if (row.type === "media-source" && row.kind === "audio") {
      reading.energy = row.totalAudioEnergy ?? 0;
      reading.duration = row.totalSamplesDuration ?? 0;
      reading.level = row.audioLevel ?? 0;
    }
  }
  return reading;
}

/** Share of packets that were lost between two readings, 0..1. @param {Reading | null} before @param {Reading} now */
export function lossBetween(before, now) {
  if (!before) return 0;
  const lost = Math.max(0, now.lost - before.lost);
  const all = Math.max(0, now.received - before.received) + lost;
  return all ? lost / all : 0;
}

/** Under this root mean square a microphone gives nothing: even a quiet room is louder. */
const SILENT_RMS = 1e-4;
const SILENT_S = 5;

/** Notices a microphone that gives nothing, as when the headset's switch is off: 5 s without any sound at all. Who only listens
 * breathes and is not silent in this sense. */
export class SilenceWatch {
  #since = NaN;
  /** @param {Reading | null} before @param {Reading} now @param {number} at seconds @param {boolean} open the agent wants to be heard
   * @returns {boolean} whether it is silent now */
  hear(before, now, at, open) {
    const duration = before ? now.duration - before.duration : 0;
    const rms = before && duration > 0 ? Math.sqrt(Math.max(0, now.energy - before.energy) / duration) : duration > 0 || !before ? 1 : 0;
    if (!open || rms >= SILENT_RMS) this.#since = NaN;
    else if (Number.isNaN(this.#since)) this.#since = at;
    return at - this.#since >= SILENT_S - 1;
  }
}
