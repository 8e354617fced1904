// The status line: how old the data is, what I am listening to, and the panels that concern everybody.
import { make, setText } from "/pages/shared/dom.js";
import { openBroadcast } from "./broadcast.js";
import { openCity } from "./city.js";
import { openGuests } from "./guests.js";
import { keyText } from "./keys_logic.js";
import { keysSheet } from "./keys_sheet.js";

/** @typedef {import("./floor.js").Floor} Floor */

/** @param {HTMLElement} foot @param {Floor} floor @returns {Record<string, () => void>} acts by name of the key */
export function mountFootBar(foot, floor) {
  const age = make("span", { class: "age" });
  const mine = make("span", { class: "mine" });
  const note = make("span", { class: "note" });
  /** @type {Record<string, (floor: Floor, anchor: HTMLElement) => void>} */
  const panels = { broadcast: openBroadcast, city: openCity, guests: openGuests, help: keysSheet };
  const buttons = Object.entries(panels).map(([name, open]) => {
    const word = make("span");
    const button = make("button", { type: "button", "data-panel": name, "aria-haspopup": "dialog", "aria-expanded": "false" }, word, make("kbd", {}, keyText(name)));
    const act = () => open(floor, button);
    button.addEventListener("click", act);
    return { name, button, word, act };
  });
  foot.append(age, mine, note, ...buttons.map(({ button }) => button));

  function paint() {
    const { freshness } = floor;
    age.dataset["data"] = freshness;
    const seconds = floor.age < 10 ? floor.age.toFixed(1) : String(Math.floor(floor.age));
    setText(age, floor.age === Infinity ? floor.say("data.first") : floor.say(freshness === "fresh" ? "data.fresh" : "data.late", { age: seconds }));
  }
  floor.onTick(paint);
  floor.onDraw(() => {
    const { mine: own } = floor.supervising;
    setText(mine, own ? floor.say("foot.mine", { mode: floor.say(`act.${own.mode}`), who: floor.person(own.agent) }) : floor.say("foot.none"));
    setText(note, floor.note.text);
    note.dataset["tone"] = floor.note.tone;
    note.title = floor.note.text;
    const rungs = floor.city["rungs"] ?? [];
    for (const { name, word } of buttons) setText(word, floor.say(`foot.${name}`, { on: rungs.length, notices: (floor.city["notices"] ?? []).length }));
    paint();
  });
  return Object.fromEntries(buttons.map(({ name, act }) => [name, act]));
}
