// The sheet of keys (F1), with a search.
import { make } from "/pages/shared/dom.js";
import { findKeys, keyText } from "./keys_logic.js";
import { togglePopover } from "./popover.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {Desk} desk @param {HTMLElement} anchor */
export function keysSheet(desk, anchor) {
  const say = (/** @type {string} */ key) => desk.dictionary.say(key);
  togglePopover("keys", { anchor, label: () => say("keys.title"), class: "keys-sheet" }, () => {
    const list = make("div", { class: "groups" });
    const input = make("input", { class: "field", type: "search", autocomplete: "off", placeholder: say("keys.find"), "aria-label": say("keys.find"), "data-first": true });
    const fill = () => {
      const found = findKeys(input.value, (name) => say(`keys.${name}`));
      const groups = /** @type {const} */ (["call", "draft", "desk"]).map((group) => {
        const keys = found.filter((key) => key.group === group);
        return keys.length === 0 ? null : make("section", {}, make("h3", {}, say(`keys.group_${group}`)),
          make("dl", {}, ...keys.map((key) => make("div", {}, make("dt", {}, make("kbd", {}, keyText(key.name))), make("dd", {}, say(`keys.${key.name}`))))));
      });
      list.replaceChildren(...groups.filter((group) => group !== null));
      if (found.length === 0) list.append(make("p", { class: "hint" }, say("keys.none")));
    };
    input.addEventListener("input", fill);
    fill();
    return make("div", {}, make("h2", {}, say("keys.title")), input, list, make("p", { class: "hint" }, say("keys.hint")));
  });
}
