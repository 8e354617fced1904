// What the page tells the agent beside the state itself. It stands in a place of its own; what asks for an act stays until that is
// done, and nothing is told here alone.

/** @typedef {import("./view_logic.js").Text} Text */
/** @typedef {object} Message
 * @property {Text} text
 * @property {"plain" | "warn" | "bad"} tone
 * @property {number} [seconds]  how long it stays; without: until it is taken back
 * @property {{text: Text, run: () => void}} [action]  one button; the message goes with it */

export class Messages {
  /** @type {Map<string, Message & {timer: number}>} */
  #shown = new Map();

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** @param {string} id a message with the same id is replaced @param {Message} message */
  tell(id, message) {
    this.takeBack(id);
    const timer = message.seconds ? setTimeout(() => this.takeBack(id), message.seconds * 1000) : 0;
    this.#shown.set(id, { ...message, timer });
    this.changed();
  }

  /** @param {string} id */
  takeBack(id) {
    clearTimeout(this.#shown.get(id)?.timer);
    if (this.#shown.delete(id)) this.changed();
  }

  /** The newest; one that stays is under those that go by themselves. @returns {{id: string, message: Message} | null} */
  get first() {
    const all = [...this.#shown].map(([id, message]) => ({ id, message })).reverse();
    return all.find(({ message }) => message.seconds) ?? all[0] ?? null;
  }
}
