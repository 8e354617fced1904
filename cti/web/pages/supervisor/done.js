// What has been done here to the chosen agent since the page was opened. The audit trail has everything.
import { make, setText } from "/pages/shared/dom.js";
import { timeOfDay } from "../agent/format_logic.js";

const MOST = 6;

/** @param {HTMLElement} place @param {import("./floor.js").Floor} floor */
export function mountDone(place, floor) {
  const [title, list] = [make("h3"), make("ol")];
  place.append(title, list);
  let drawn = "";
  floor.onDraw(() => {
    setText(title, floor.say("done.title"));
    const rows = floor.done.filter(({ agent }) => agent === floor.chosen).slice(0, MOST);
    const signature = JSON.stringify([floor.lang, rows]);
    if (signature === drawn) return;
    drawn = signature;
    list.replaceChildren(...(rows.length ? rows.map(({ at, text }) => make("li", {}, make("time", {}, timeOfDay(at)), text)) : [make("li", { class: "none" }, floor.say("done.none"))]));
  });
}
