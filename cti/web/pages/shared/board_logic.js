// What a live page knows of the city: messages of the channel folded into the state of each topic. No DOM, no network.

/** @typedef {Record<string, Record<string, any>>} State section -> key -> row */
/** @typedef {{topic: string, at: number, seq?: number, full?: State, set?: State, gone?: Record<string, string[]>}} Message */

/** The state of each topic, as the server's messages make it. */
export class Topics {
  constructor() {
    /** @type {Map<string, {seq: number, state: State}>} */
    this.known = new Map();
  }

  /** False: a message is missing before this one, and the server must be asked anew. @param {Message} message @returns {boolean} */
  take(message) {
    if (message.topic === "") return true;
    const seq = message.seq ?? 0;
    if (message.full) {
      this.known.set(message.topic, { seq, state: message.full });
      return true;
    }
    const topic = this.known.get(message.topic);
    if (!topic || seq !== topic.seq + 1) return false;
    topic.seq = seq;
    for (const [section, rows] of Object.entries(message.set ?? {})) topic.state[section] = { ...topic.state[section], ...rows };
    for (const [section, keys] of Object.entries(message.gone ?? {})) for (const key of keys) delete topic.state[section]?.[key];
    return true;
  }

  /** @param {string} name @returns {State} */
  state(name) {
    return this.known.get(name)?.state ?? {};
  }
}
