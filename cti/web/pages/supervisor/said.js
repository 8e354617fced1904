// The last words of the chosen agent's call, as they are heard.
import { make, setText } from "/pages/shared/dom.js";
import { lastWords } from "./said_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

const EVERY_MS = 3000;
const LINES = 3;

/** @param {HTMLElement} place @param {Floor} floor */
export function mountSaid(place, floor) {
  const lines = Array.from({ length: LINES }, () => {
    const [side, text] = [make("b"), make("span", { lang: "zh-CN" })];
    return { row: make("p", {}, side, text), side, text };
  });
  const none = make("p", { class: "none" });
  place.append(...lines.map(({ row }) => row), none);
  let asked = "";
  /** @type {{side: string, text: string}[] | null} null: not known yet */
  let words = null;

  async function read() {
    const call = floor.seat?.call_id ?? "";
    if (!call || document.hidden || floor.freshness === "stale" || !floor.user.roles.includes("supervisor")) return;
    const answer = await floor.api.get(`/api/calls/${encodeURIComponent(call)}/transcript`).catch(() => null);
    if (call !== asked) return;
    words = lastWords(answer, LINES);
    paint();
  }

  function paint() {
    const call = floor.seat?.call_id ?? "";
    const isNew = words?.at(-1)?.text !== lines.findLast(({ row }) => !row.hidden)?.text.textContent;
    for (const [at, { row, side, text }] of lines.entries()) {
      const line = words?.[at];
      row.hidden = !call || !line;
      setText(side, line ? floor.say(`side.${line.side}`) : "");
      setText(text, line?.text ?? "");
    }
    if (isNew) place.scrollTop = place.scrollHeight;
    none.hidden = Boolean(call && words?.length);
    setText(none, floor.say(!call ? "said.no_call" : words === null ? "said.waiting" : "said.none"));
    place.setAttribute("aria-label", floor.say("said.title"));
  }

  floor.onDraw(() => {
    const call = floor.seat?.call_id ?? "";
    if (call !== asked) {
      asked = call;
      words = null;
      void read();
    }
    paint();
  });
  setInterval(() => void read(), EVERY_MS);
}
