// The chosen agent's day so far: a bar of his times by state, with the words and figures beneath it.
import { make, setText } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { partsOf } from "./times_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

const EVERY_MS = 60_000;

/** @param {HTMLElement} place @param {Floor} floor @param {(text: string) => void} inShort his day in one line
 * @returns {() => void} to be called whenever the seat may be another one */
export function mountTimes(place, floor, inShort) {
  const [title, bar, list] = [make("h3"), make("div", { class: "day-bar", "aria-hidden": "true" }), make("ul", { class: "day-parts" })];
  place.append(title, bar, list);
  let of = "";
  let drawn = "";
  /** @type {any} */
  let times = null;

  async function read() {
    const id = of;
    if (!id || document.hidden) return;
    const answer = await floor.api.get(`/api/agents/${encodeURIComponent(id)}/times`).catch(() => null);
    if (id !== of) return;
    times = answer;
    paint();
  }

  function paint() {
    setText(title, floor.say("times.title"));
    inShort(times ? floor.say("times.short", { n: times.talks, time: times.talks ? clock(times.talking_s / times.talks) : "—" }) : "—");
    const signature = JSON.stringify([floor.lang, times]);
    if (signature === drawn) return;
    drawn = signature;
    const parts = partsOf(times);
    bar.replaceChildren(...parts.map(({ kind, share }) => {
      const part = make("i", { class: `cell ${kind}` }, share > 0.08 ? make("b", {}, floor.say(`letter.${kind}`)) : null);
      part.style.flexGrow = String(share);
      return part;
    }));
    bar.hidden = parts.length === 0;
    list.replaceChildren(...(parts.length ? parts.map(({ kind, seconds }) => make("li", {}, floor.say("times.part", { state: floor.say(`kind.${kind}`), time: clock(seconds) })))
      : [make("li", {}, floor.say(times ? "times.none" : "times.unknown"))]));
  }

  setInterval(() => void read(), EVERY_MS);
  return () => {
    if (floor.chosen !== of) {
      of = floor.chosen ?? "";
      times = null;
      void read();
    }
    paint();
  };
}
