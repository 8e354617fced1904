// When an agent's page shows a picture, and what it records. Pure.

/** Of the citizen's page, as the daemon tells it.
 * @typedef {object} Visit
 * @property {string} call_id
 * @property {boolean} page  it is there
 * @property {number | null} gone_since
 * @property {boolean} camera
 * @property {boolean} records  he agreed that the picture is recorded
 * @property {boolean} invited  to show a picture beside his voice call
 * @property {"upgrade" | "reload" | "crowd" | null} beside  why there is a second line
 * @property {"video" | "sign" | "text" | null} choice */

/** `panel`: a visit belongs to the call. `invite`: a voice call that could get a picture. `hidden`: neither.
 * @param {{call: {call_id: string, medium: string, phase: string} | null, visit: Visit | null, seesVideo: boolean}} here
 * @returns {"panel" | "invite" | "hidden"} */
export function placeOf({ call, visit, seesVideo }) {
  if (!call) return "hidden";
  if (call.medium === "video" || (visit && visit.call_id === call.call_id)) return "panel";
  return seesVideo && call.phase === "talk" ? "invite" : "hidden";
}

/** What stands where the picture would be; null: the picture.
 * @param {string} state of the desk @param {Visit | null} visit
 * @param {{has: boolean, line: boolean}} picture `has`: pictures come; `line`: there is a line for them
 * @param {number} now UTC seconds @returns {{key: string, values?: Record<string, string | number>} | null} */
export function insteadOf(state, visit, { has, line }, now) {
  if (state === "offered") return { key: "video.offered" };
  if (state !== "talking" && state !== "held") return { key: "video.over" };
  if (visit?.choice === "text") return { key: "video.text_only" };
  if (visit && !visit.page && visit.gone_since !== null) return { key: "video.away", values: { seconds: Math.max(0, Math.floor(now - visit.gone_since)) } };
  if (visit && !visit.camera) return { key: "video.none" };
  if (!has) return { key: line ? "video.none" : "video.connecting" };
  return null;
}

/** Whether the picture is to be recorded now.
 * @param {Visit | null} visit @param {{talks: boolean, has: boolean}} picture */
export function toRecord(visit, { talks, has }) {
  return visit?.records === true && visit.choice !== "text" && talks && has;
}

/** Where a picture lies within a frame so that all of it is seen.
 * @param {number} width @param {number} height @param {number} inWidth @param {number} inHeight
 * @returns {{x: number, y: number, width: number, height: number}} */
export function fit(width, height, inWidth, inHeight) {
  const scale = Math.min(inWidth / (width || 1), inHeight / (height || 1));
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  return { x: Math.round((inWidth - w) / 2), y: Math.round((inHeight - h) / 2), width: w, height: h };
}

/** Chunks on their way to the daemon, in their order. What is too much for the memory of a page ends the recording. */
export class ChunkQueue {
  /** @type {{chunk: number, data: Blob | null, last: boolean}[]} */
  #waiting = [];
  #made = 0;

  /** @param {number} most chunks that may wait */
  constructor(most) {
    this.most = most;
  }

  /** @param {Blob | null} data @param {boolean} last @returns {boolean} false: no more of it can be kept */
  add(data, last) {
    if (this.#waiting.length >= this.most) return false;
    this.#waiting.push({ chunk: this.#made, data, last });
    this.#made += 1;
    return true;
  }

  get first() {
    return this.#waiting[0] ?? null;
  }

  /** The daemon has everything before this chunk. @param {number} next */
  arrived(next) {
    this.#waiting = this.#waiting.filter((one) => one.chunk >= next);
  }
}

/** Seconds until the next try. @param {number} tries that failed in a row */
export function retryS(tries) {
  return Math.min(8, 0.5 * 2 ** Math.max(0, tries - 1));
}

/** The lines of a call in their order, each once: those fetched, and those told while they were on their way.
 * @template {{id: number}} Line @param {Line[]} fetched @param {Line[]} told @returns {Line[]} */
export function together(fetched, told) {
  const known = new Set(fetched.map((line) => line.id));
  return [...fetched, ...told.filter((line) => !known.has(line.id))];
}
