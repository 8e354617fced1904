// The one listener for the keys of the map.
import { keyOf } from "./keys_logic.js";
import { closePopover } from "./popover.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {Desk} desk @param {HTMLElement} draft @param {Record<string, () => void>} acts what the shell does itself, by name */
export function listenToKeys(desk, draft, acts) {
  document.addEventListener("keydown", (event) => {
    const key = keyOf(event, draft.contains(document.activeElement));
    if (!key || desk.link.state === "taken_over") return;
    const isFunction = /^(Shift\+)?F\d/.test(key.keys);
    // A key that is held down is one press.
    if (isFunction) event.preventDefault();
    if (event.repeat && isFunction) return;
    if (key.name === "close") {
      if (closePopover() || desk.press(key.name, event)) event.preventDefault();
      return;
    }
    const act = acts[key.name];
    if (act) act();
    else if (desk.press(key.name, event)) event.preventDefault();
    else if (key.name === "submit" && desk.view().state === "wrap_up" && desk.view().end.on) {
      event.preventDefault();
      void desk.finish();
    }
    if (key.name === "answer" && document.activeElement === document.body) desk.press("next-field", event);
  });
}
