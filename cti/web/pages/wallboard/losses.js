// Where were they lost? Nine places, in the order of a call's way, always all of them.
import { make, setText } from "/pages/shared/dom.js";
import { count } from "../agent/format_logic.js";
import { head } from "./frame.js";
import { share, wholePercent } from "./rate_logic.js";

const PLACES = /** @type {const} */ (["menu", "queue", "ringing", "no_seat", "overflow", "fallback", "callback", "message", "none"]);
const LABEL_FROM = 0.08;

/** @param {HTMLElement} tile @param {import("./wall.js").Wall} wall */
export function mountLosses(tile, wall) {
  const say = wall.say.bind(wall);
  const [name, beside] = head(tile);
  const parts = PLACES.map((place) => ({ place, part: make("i", { class: place, hidden: true }) }));
  const bar = make("div", { class: "bar thin", "aria-hidden": "true" }, ...parts.map(({ part }) => part));
  const rows = PLACES.map((place) => ({ place, word: make("span"), n: make("b") }));
  const list = make("ul", { class: "places" }, ...rows.map(({ place, word, n }) => make("li", {}, make("i", { class: `square ${place}`, "aria-hidden": "true" }), word, n)));
  tile.append(bar, list);

  wall.onPaint(() => {
    const { losses, rates = {} } = wall.state;
    const known = losses?.["menu"]?.n !== null && losses !== undefined;
    const n = (/** @type {string} */ place) => losses?.[place]?.n ?? 0;
    const all = PLACES.reduce((sum, place) => sum + n(place), 0);
    const calls = rates["connection_rate"]?.of ?? null;
    const said = share({ n: all, of: calls, unknown: null }, wall.lang);
    setText(name, say("losses", { n: known ? count(all, wall.lang) : "—" }));
    setText(beside, known && calls ? say("losses.share", { share: `${said.text}${said.sign}` }) : "");
    for (const { place, part } of parts) {
      part.hidden = n(place) === 0;
      part.style.setProperty("flex-grow", String(n(place)));
      setText(part, all && n(place) / all >= LABEL_FROM ? `${wholePercent(n(place), all)}%` : "");
    }
    for (const { place, word, n: cell } of rows) {
      setText(word, say(`place.${place}`));
      setText(cell, known ? count(n(place), wall.lang) : "—");
    }
  });
}
