// The queues in one strip, in the order of their configuration: who waits, how long at most, who is free.
import { make, setText } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { shortest } from "./staffing_logic.js";
import { ENTER_S, WaitLevel } from "./wait_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

/** @param {HTMLElement} panel @param {Floor} floor */
export function mountQueues(panel, floor) {
  const [title, none] = [make("h2", { class: "visually-hidden" }), make("p", { class: "none" })];
  const list = make("ul", { class: "queue-list", tabindex: "0" });
  panel.append(title, none, list);
  /** @type {Map<string, {row: HTMLElement, name: HTMLElement, waiting: HTMLElement, longest: HTMLElement, free: HTMLElement, level: WaitLevel}>} */
  const shown = new Map();

  function paint() {
    const missing = new Map(shortest(floor.staffing).map(({ queue, short }) => [queue, short]));
    for (const [code, { row, name, waiting, longest, free, level }] of shown) {
      const queue = floor.queues[code];
      if (!queue) continue;
      const wait = queue.longest_since ? Math.max(0, floor.now - queue.longest_since) : null;
      const colour = level.take(wait, floor.now);
      row.dataset["level"] = colour;
      row.title = floor.say("queue.says", { name: floor.skill(code), waiting: queue.waiting, ready: queue.ready, talking: queue.talking, warn: ENTER_S.warn, bad: ENTER_S.bad });
      setText(name, floor.skill(code));
      setText(waiting, floor.say("queue.waiting", { n: queue.waiting }));
      const time = wait === null ? "—" : clock(wait);
      setText(longest, `${floor.say(floor.freshness === "stale" && wait !== null ? "queue.at_least" : "queue.longest", { time })}${colour ? " ▲" : ""}`);
      const short = missing.get(code);
      setText(free, floor.say(short ? "queue.free_short" : "queue.free", { ready: queue.ready, talking: queue.talking, short: short ?? 0 }));
    }
  }

  floor.onDraw(() => {
    setText(title, floor.say("queues.title"));
    list.setAttribute("aria-label", floor.say("queues.title"));
    const codes = Object.keys(floor.queues).sort((a, b) => (floor.queues[a]?.order ?? 0) - (floor.queues[b]?.order ?? 0));
    none.hidden = codes.length > 0;
    setText(none, floor.say(floor.isKnown ? "queues.none" : "queues.first"));
    for (const code of shown.keys()) if (!codes.includes(code)) shown.delete(code);
    for (const code of codes) {
      if (shown.has(code)) continue;
      const [name, waiting, longest, free] = [make("b"), make("strong"), make("span", { class: "longest" }), make("small")];
      const row = make("li", { "data-queue": code }, make("div", {}, name, waiting), make("div", {}, longest, free));
      shown.set(code, { row, name, waiting, longest, free, level: new WaitLevel() });
    }
    const rows = codes.flatMap((code) => shown.get(code)?.row ?? []);
    if (rows.some((row, at) => list.children[at] !== row)) list.replaceChildren(...rows);
    paint();
  });
  floor.onTick(paint);
}
