// The one listener for the keys of the map.
import { closePopover } from "../agent/popover.js";
import { keyOf } from "./keys_logic.js";

/** @param {{map: HTMLElement, detail: HTMLElement}} parts @param {Record<string, () => void>} acts by name of the key
 * @param {() => void} toMap the focus goes to the map */
export function listenToKeys({ map, detail }, acts, toMap) {
  document.addEventListener("keydown", (event) => {
    const active = document.activeElement;
    const typing = active instanceof HTMLElement && active.matches("input, textarea, select");
    const where = map.contains(active) ? "map" : detail.contains(active) ? "detail" : "";
    const key = keyOf(event, { typing, where });
    if (!key) return;
    event.preventDefault();
    // A key that is held down is one press.
    if (event.repeat) return;
    if (key.name !== "close") return acts[key.name]?.();
    if (closePopover()) return;
    if (where !== "map") toMap();
  });
}
