// Do we have the people, now and for the next half hour?
import { make, setText } from "/pages/shared/dom.js";
import { count } from "../agent/format_logic.js";
import { head } from "./frame.js";
import { heldGap } from "./held_logic.js";
import { timeText } from "./hero.js";
import { targetText } from "./rate_logic.js";

/** In the order of the bar and of the list; who is not here is in the list alone. */
const STATES = /** @type {const} */ (["talking", "idle", "offered", "wrap_up", "break", "fault", "offline"]);
/** A part of the bar that is narrower has no letter. */
const LETTER_FROM = 0.07;

/** @param {HTMLElement} tile @param {import("./wall.js").Wall} wall */
export function mountSeats(tile, wall) {
  const say = wall.say.bind(wall);
  const [name, beside] = head(tile);
  const [there, thereName] = [make("b"), make("span")];
  const parts = STATES.slice(0, -1).map((state) => ({ state, part: make("i", { class: state, hidden: true }) }));
  const bar = make("div", { class: "bar", "aria-hidden": "true" }, ...parts.map(({ part }) => part));
  const rows = STATES.map((state) => ({ state, letter: make("em", { class: state, "aria-hidden": "true" }), word: make("span"), n: make("b") }));
  const list = make("ul", { class: "states" }, ...rows.map(({ state, letter, word, n }) => make("li", { class: state }, letter, word, n)));
  const [need, short, next] = [make("span"), make("b"), make("small")];
  tile.append(make("p", { class: "there" }, there, thereName), bar, list, make("p", { class: "need" }, need, short, next));
  const held = heldGap();

  wall.onPaint(() => {
    const { seats } = wall.state;
    const n = (/** @type {string} */ state) => seats?.[state]?.n ?? 0;
    const all = STATES.reduce((sum, state) => sum + n(state), 0);
    const here = all - n("offline");
    setText(name, say("seats"));
    setText(beside, seats ? say("seats.all", { n: count(all, wall.lang) }) : "");
    setText(there, seats ? count(here, wall.lang) : "—");
    setText(thereName, say("seats.there"));
    for (const { state, part } of parts) {
      part.hidden = n(state) === 0;
      part.style.setProperty("flex-grow", String(n(state)));
      setText(part, here && n(state) / here >= LETTER_FROM ? say(`letter.${state}`) : "");
    }
    for (const { state, letter, word, n: cell } of rows) {
      setText(letter, say(`letter.${state}`));
      setText(word, say(`state.${state}`));
      setText(cell, seats ? count(n(state), wall.lang) : "—");
    }
    drawNeed();
  });

  const drawNeed = () => {
    const found = wall.state.staffing?.["now"];
    const missing = found?.short ?? null;
    const level = missing === null ? 0 : held.at(missing, wall.now);
    if (!found || found.needed === null || found.needed === undefined) {
      setText(need, missing ? say("need.at_least") : say("need.unknown"));
      setText(short, missing ? say("need.short", { n: missing }) : "");
      setText(next, say(`unknown.${found?.unknown ?? "no_forecast"}`));
    } else {
      setText(need, say("need", { n: count(found.needed, wall.lang) }));
      setText(short, missing ? say("need.short", { n: missing }) : say("need.enough"));
      const within = found.within_s ? say("need.within", { share: targetText(found.share ?? 0), s: found.within_s }) : say("need.share", { share: targetText(found.share ?? 0) });
      const later = found.next_at && found.next_needed !== null && found.next_needed !== undefined ? say("need.next", { at: timeText(wall, found.next_at), n: found.next_needed }) : "";
      setText(next, within + later);
    }
    short.className = level && missing ? "warn" : "";
  };
}
