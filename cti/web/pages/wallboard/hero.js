// Are we keeping the promise today, and by which definition?
import { make, setText } from "/pages/shared/dom.js";
import { count } from "../agent/format_logic.js";
import { head } from "./frame.js";
import { heldShortfall } from "./held_logic.js";
import { points, share, targetText, value } from "./rate_logic.js";

/** @typedef {import("./wall.js").Wall} Wall */

const HEADLINE = "connection_rate";
const BESIDE = /** @type {const} */ (["queue_answer_rate", "asked_answer_rate_15s", "rolling_24h"]);

/** @param {HTMLElement} tile @param {Wall} wall */
export function mountHero(tile, wall) {
  const say = wall.say.bind(wall);
  const [name, beside] = head(tile);
  const [number, sign] = [make("span"), make("sup")];
  const big = make("p", { class: "big" }, number, sign);
  const [verdict, target, compared] = [make("b"), make("span"), make("span")];
  const [answered, all, remark] = [make("b"), make("b"), make("span")];
  tile.append(
    big,
    make("p", { class: "verdict" }, verdict, target, compared),
    make("p", { class: "formula" }, answered, " ÷ ", all, remark),
    make("dl", { class: "others" }, ...BESIDE.map((code) => mountOther(code, wall))),
  );
  const held = heldShortfall();

  wall.onPaint(() => {
    const { rates = {}, definitions = {}, gaps = {} } = wall.state;
    const [rate, definition] = [rates[HEADLINE], definitions[HEADLINE]];
    const said = share(rate, wall.lang);
    setText(name, say("hero"));
    setText(beside, say("hero.beside"));
    setText(number, said.text);
    setText(sign, said.sign);
    big.classList.toggle("few", said.few);
    tile.title = definition ? `${wall.dictionary.pick(definition.name)}: ${wall.dictionary.pick(definition.formula)}. ${wall.dictionary.pick(definition.remark)}` : "";
    const level = verdictOf(wall, rate, definition?.target ?? null, held);
    verdict.className = level;
    setText(verdict, say(`verdict.${level}`, { n: rate?.of ?? 0 }));
    setText(target, definition?.target ? say("target", { n: targetText(definition.target) }) : "");
    setText(compared, comparedText(wall, rate?.beside));
    setText(answered, say("answered", { n: number_(rate?.n, wall) }));
    setText(all, say("all", { n: number_(rate?.of, wall) }));
    const holes = Object.values(gaps);
    setText(remark, holes.length ? gapText(wall, holes) : say("hero.remark"));
    remark.classList.toggle("gap", holes.length > 0);
  });
}

/** @param {number | null | undefined} n @param {Wall} wall @returns {string} */
function number_(n, wall) {
  return n === null || n === undefined ? "—" : count(n, wall.lang);
}

/** @param {Wall} wall @param {import("./types.js").Rate | undefined} rate @param {number | null} target @param {import("./held_logic.js").Held} held */
function verdictOf(wall, rate, target, held) {
  if (!rate || rate.n === null) return "unknown";
  if (!rate.of) return "nothing";
  const now = value(rate);
  if (now === null) return "few";
  if (target === null) return "none";
  return held.at(target - now, wall.now) ? "below" : "kept";
}

/** @param {Wall} wall @param {import("./types.js").Beside | undefined} beside @returns {string} */
function comparedText(wall, beside) {
  if (!beside?.until) return "";
  return wall.say("compared", {
    yesterday: points(beside.yesterday),
    last_week: points(beside.last_week),
    at: timeText(wall, beside.until),
  });
}

/** 09:30, in the city's time. @param {Wall} wall @param {number} at */
export function timeText(wall, at) {
  const zone = wall.state.city?.["city"]?.zone ?? "Asia/Shanghai";
  return new Date(at * 1000).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
}

/** @param {Wall} wall @param {{since: number, until: number}[]} holes */
function gapText(wall, holes) {
  const spans = holes.map(({ since, until }) => `${timeText(wall, since)}–${timeText(wall, until)}`);
  return wall.say("gap", { spans: spans.slice(0, 2).join(wall.say("and")), more: spans.length > 2 ? "…" : "" });
}

/** @param {typeof BESIDE[number]} code @param {Wall} wall */
function mountOther(code, wall) {
  const say = wall.say.bind(wall);
  const [name, number, mark, parts] = [make("dt"), make("span"), make("u"), make("s")];
  const held = heldShortfall();
  const row = make("div", {}, name, make("dd", {}, number, mark, parts));
  wall.onPaint(() => {
    const { rates = {}, definitions = {} } = wall.state;
    const [rate, definition] = [rates[code], definitions[code]];
    const said = share(rate, wall.lang);
    row.title = definition ? `${wall.dictionary.pick(definition.name)}: ${wall.dictionary.pick(definition.formula)}. ${wall.dictionary.pick(definition.remark)}` : "";
    setText(name, rate?.until ? say(`${code}.until`, { at: timeText(wall, rate.until) }) : say(code));
    setText(number, `${said.text}${said.sign}`);
    const [now, target] = [value(rate), definition?.target ?? null];
    const below = now !== null && target !== null && held.at(target - now, wall.now) > 0;
    row.className = now === null || target === null ? "" : below ? "below" : "kept";
    setText(mark, target === null || now === null ? "" : `${below ? "▼" : "✓"} ≥${targetText(target)}`);
    const known = rate && rate.n !== null;
    setText(parts, known ? say(`${code}.parts`, { n: number_(rate.n, wall), of: number_(rate.of, wall) }) : say(`unknown.${rate?.unknown ?? "reading"}`));
  });
  return row;
}
