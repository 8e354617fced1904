// The key map: one table, which the page acts on and F1 shows. Letters count only where no text can be typed: in the map or in the
// panel of the chosen seat.

/** `where`: the part of the page that has to have the focus. @typedef {{name: string, keys: string, where?: "map" | "detail"}} Key */

/** @type {readonly Key[]} */
export const KEYS = [
  { name: "help", keys: "F1" },
  { name: "broadcast", keys: "F2" },
  { name: "search", keys: "F3" },
  { name: "city", keys: "F4" },
  { name: "guests", keys: "F6" },
  { name: "alerts", keys: "F8" },
  { name: "arrange", keys: "F9" },
  { name: "close", keys: "Escape" },
  { name: "end", keys: "Shift+F2" },
  { name: "listen", keys: "L", where: "detail" },
  { name: "whisper", keys: "W", where: "detail" },
  { name: "barge", keys: "B", where: "detail" },
  { name: "take_over", keys: "T", where: "detail" },
];

/** What of a KeyboardEvent decides.
 * @typedef {Pick<KeyboardEvent, "key" | "keyCode" | "isComposing" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">} Pressed */

/** @param {Pressed} event @param {{typing: boolean, where: "map" | "detail" | ""}} focus @returns {Key | null} */
export function keyOf(event, { typing, where }) {
  if (event.isComposing || event.keyCode === 229) return null;
  const isPlain = event.key.length === 1;
  if (isPlain && (typing || event.ctrlKey || event.metaKey || event.altKey)) return null;
  if (event.key === "/") return KEYS.find(({ name }) => name === "search") ?? null;
  const held = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey && !isPlain ? "Shift" : ""];
  const pressed = [...held.filter(Boolean), isPlain ? event.key.toUpperCase() : event.key].join("+");
  return KEYS.find((key) => key.keys === pressed && (key.where === undefined || key.where === where)) ?? null;
}

/** As printed on a button. @param {string} name @returns {string} */
export function keyText(name) {
  return (KEYS.find((one) => one.name === name)?.keys ?? "").replaceAll("+", " ").replace("Escape", "Esc");
}
