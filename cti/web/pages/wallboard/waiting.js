// Is somebody waiting too long right now, and where?
import { make, setText } from "/pages/shared/dom.js";
import { clock, count } from "../agent/format_logic.js";
import { head } from "./frame.js";
import { heldWait } from "./held_logic.js";
import { rows } from "./queue_logic.js";
import { mean } from "./rate_logic.js";

const MOST_ROWS = 6;
const LEVELS = ["", "warn", "bad"];

/** @param {HTMLElement} tile @param {import("./wall.js").Wall} wall */
export function mountWaiting(tile, wall) {
  const say = wall.say.bind(wall);
  const [name, beside] = head(tile);
  const [people, longest] = [make("b"), make("b")];
  const [peopleName, longestName] = [make("span"), make("span")];
  const now = make("div", { class: "now" }, make("div", {}, people, peopleName), make("div", {}, longest, longestName));
  const heads = /** @type {const} */ (["queue", "wait", "longest", "free"]).map((key) => ({ key, cell: make("th", { scope: "col" }) }));
  const lines = Array.from({ length: MOST_ROWS }, () => {
    const cells = { queue: make("th", { scope: "row" }), waiting: make("td"), longest: make("td"), free: make("td") };
    return { cells, row: make("tr", { hidden: true }, ...Object.values(cells)), held: heldWait(), level: 0 };
  });
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads.map(({ cell }) => cell))), make("tbody", {}, ...lines.map(({ row }) => row)));
  tile.append(now, table);
  const held = heldWait();

  const draw = () => {
    const { waiting = {}, queues = {} } = wall.state;
    const all = waiting["all"];
    const at = wall.now;
    const waited = (/** @type {number | null | undefined} */ since) => (since === null || since === undefined ? null : Math.max(0, at - since));
    const most = waited(all?.longest_since);
    now.className = `now ${LEVELS[all ? held.at(most ?? 0, at) : 0]}`;
    setText(people, all ? count(all.n, wall.lang) : "—");
    setText(longest, most === null ? "—" : clock(most));
    people.classList.toggle("long", people.textContent.length > 3);
    longest.classList.toggle("long", longest.textContent.length > 5);
    setText(longestName, say(wall.isStale ? "waiting.at_least" : "waiting.longest"));
    const shown = rows(queues, MOST_ROWS);
    for (const [n, { cells, row, held: ofRow }] of lines.entries()) {
      const one = shown[n];
      row.hidden = !one;
      if (!one) continue;
      const wait = waited(one.queue.longest_since);
      row.className = LEVELS[ofRow.at(wait ?? 0, at)] ?? "";
      setText(cells.queue, one.more ? say("queues.more", { n: one.more }) : wall.dictionary.pick(one.queue));
      cells.queue.title = cells.queue.textContent ?? "";
      setText(cells.waiting, count(one.queue.waiting, wall.lang));
      setText(cells.longest, wait === null ? "—" : clock(wait));
      setText(cells.free, count(one.queue.ready, wall.lang));
    }
  };
  wall.onPaint(() => {
    setText(name, say("waiting"));
    const [asa, total] = [mean(wall.state.rates?.["asa"]), mean(wall.state.rates?.["wait_total"])];
    setText(beside, say("waiting.mean", { queue: asa === null ? "—" : clock(Math.round(asa)), all: total === null ? "—" : clock(Math.round(total)) }));
    setText(peopleName, say("waiting.people"));
    for (const { key, cell } of heads) setText(cell, say(`column.${key}`));
    draw();
  });
  wall.onTick(draw);
}
