// What concerns every caller: the rungs of the surge ladder, notices to who waits, which flow answers.
import { make } from "/pages/shared/dom.js";
import { togglePopover } from "../agent/popover.js";
import { fillModes } from "./modes.js";
import { fillNotices } from "./notices.js";
import { fillSurge } from "./surge.js";

/** @typedef {import("./floor.js").Floor} Floor */

/** @param {Floor} floor @param {HTMLElement} anchor */
export function openCity(floor, anchor) {
  togglePopover("city", { anchor, label: () => floor.say("city.title"), class: "city" }, () => {
    const [surge, notices, modes] = [make("section"), make("section"), make("section")];
    for (const fill of [() => fillSurge(surge, floor), () => fillNotices(notices, floor), () => fillModes(modes, floor)]) void fill();
    return make("div", {}, make("h2", { tabindex: "-1", "data-first": true }, floor.say("city.title")), surge, notices, modes);
  });
}
