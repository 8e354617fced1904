// The sheet of keys (F1).
import { make } from "/pages/shared/dom.js";
import { togglePopover } from "../agent/popover.js";
import { KEYS, keyText } from "./keys_logic.js";

/** Keys that lists and the map have by themselves. */
const OTHERS = [["arrows", "← ↑ → ↓"], ["enter", "↵"], ["slash", "/"]];

/** @param {import("./floor.js").Floor} floor @param {HTMLElement} anchor */
export function keysSheet(floor, anchor) {
  togglePopover("keys", { anchor, label: () => floor.say("keys.title"), class: "keys-sheet" }, () => {
    const row = (/** @type {string} */ name, /** @type {string} */ keys) => make("div", {}, make("dt", {}, make("kbd", {}, keys)), make("dd", {}, floor.say(`keys.${name}`)));
    const part = (/** @type {string} */ title, /** @type {Node[]} */ rows) => make("section", {}, make("h3", {}, floor.say(title)), make("dl", {}, ...rows));
    const ours = (/** @type {string | undefined} */ where) => KEYS.filter((key) => key.where === where).map(({ name }) => row(name, keyText(name)));
    return make("div", {}, make("h2", { tabindex: "-1", "data-first": true }, floor.say("keys.title")), make("div", { class: "groups" },
      part("keys.everywhere", ours(undefined)), part("keys.in_map", OTHERS.map(([name, keys]) => row(String(name), String(keys)))), part("keys.in_detail", ours("detail"))),
    make("p", { class: "hint" }, floor.say("keys.hint")));
  });
}
