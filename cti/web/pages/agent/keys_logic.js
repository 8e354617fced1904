// The key map: one table, which the page acts on and F1 shows. Function keys make no character, survive every input method and
// can be reached while the caret is in a field.

/** @typedef {"call" | "desk" | "draft"} KeyGroup */
/** `say` names the text of what it does. `where`: "draft" counts only while the focus is in the draft.
 * @typedef {{name: string, keys: string, group: KeyGroup, where?: "draft"}} Key */

/** @type {readonly Key[]} */
export const KEYS = [
  { name: "answer", keys: "F2", group: "call" },
  { name: "end", keys: "Shift+F2", group: "call" },
  { name: "hold", keys: "F8", group: "call" },
  { name: "mute", keys: "F9", group: "call" },
  { name: "keypad", keys: "Shift+F9", group: "call" },
  { name: "move", keys: "F6", group: "call" },
  { name: "emergency", keys: "F7", group: "call" },
  { name: "extend", keys: "Shift+F8", group: "call" },
  { name: "status", keys: "F4", group: "desk" },
  { name: "search", keys: "F3", group: "desk" },
  { name: "close", keys: "Escape", group: "desk" },
  { name: "help", keys: "F1", group: "desk" },
  { name: "confirm", keys: "Enter", group: "draft", where: "draft" },
  { name: "next-field", keys: "Ctrl+ArrowDown", group: "draft" },
  { name: "previous-field", keys: "Ctrl+ArrowUp", group: "draft" },
  { name: "alternatives", keys: "Alt+ArrowDown", group: "draft", where: "draft" },
  { name: "undo", keys: "Ctrl+Z", group: "draft", where: "draft" },
  { name: "submit", keys: "Ctrl+Enter", group: "draft" },
  { name: "finish-list", keys: "F10", group: "draft" },
];

const BY_KEYS = new Map(KEYS.map((key) => [key.keys, key]));

/** What of a KeyboardEvent decides.
 * @typedef {Pick<KeyboardEvent, "key" | "keyCode" | "isComposing" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">} Pressed */

/** The key of the map that was pressed; null: none of ours. A key that an input method still needs is none: Enter that picks a
 * Chinese candidate must not confirm a field. @param {Pressed} event @param {boolean} inDraft @returns {Key | null} */
export function keyOf(event, inDraft) {
  if (event.isComposing || event.keyCode === 229) return null;
  const plain = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const held = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey ? "Shift" : ""];
  const key = BY_KEYS.get([...held.filter(Boolean), plain].join("+"));
  return !key || (key.where === "draft" && !inDraft) ? null : key;
}

/** As printed on a button: `Shift F2`, `Ctrl ↵`. @param {string} name @returns {string} */
export function keyText(name) {
  const key = KEYS.find((one) => one.name === name);
  return (key?.keys ?? "").replaceAll("+", " ").replace("ArrowDown", "↓").replace("ArrowUp", "↑").replace("Enter", "↵").replace("Escape", "Esc");
}

/** The keys whose text or name has all words that were asked for. @param {string} asked @param {(name: string) => string} say */
export function findKeys(asked, say) {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  return KEYS.filter((key) => {
    const text = `${key.keys} ${keyText(key.name)} ${say(key.name)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Lets a key or button act at most once in so long. */
export class Throttle {
  #at = -Infinity;
  /** @param {number} everyMs */
  constructor(everyMs) {
    this.everyMs = everyMs;
  }
  /** @param {number} now */
  passes(now) {
    if (now - this.#at < this.everyMs) return false;
    this.#at = now;
    return true;
  }
}
