// One line over everything while a call lives: where he is, in words and a colour. What would be a sound elsewhere is seen here
// and felt: the whole line changes for a moment, and the telephone shakes.
import { make, setText } from "/pages/shared/dom.js";
import { stripOf } from "./visit_logic.js";

/** @typedef {import("./visit.js").Visit} Visit */
/** @typedef {import("/pages/shared/words.js").Dictionary} Dictionary */

const SHOWN = new Set(["waiting", "talk", "rating"]);
const PULSE_MS = 2500;

/** @param {Visit} visit @param {Dictionary} words */
export function mountStrip(visit, words) {
  const element = make("p", { class: "strip", hidden: true });
  const said = /** @type {HTMLElement} */ (document.getElementById("say"));
  let before = "", lines = 0, until = 0;

  /** @param {number} ms */
  const shake = (ms) => {
    until = performance.now() + PULSE_MS;
    element.classList.remove("pulse");
    void element.offsetWidth; // begins the change anew
    element.classList.add("pulse");
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(ms);
  };

  const draw = () => {
    element.hidden = !SHOWN.has(visit.view) || !visit.picture;
    if (!visit.picture || element.hidden) return;
    const { said: now, tone } = stripOf(visit.picture, visit.phone.state, visit.online, visit.now());
    const fromAgent = visit.lines.filter((line) => line.side === "agent").length;
    const news = fromAgent > lines && lines >= 0;
    if (now.key !== before) {
      if (before && ["strip.talk", "strip.talk_agent", "strip.rating", "strip.lost", "strip.ringing"].includes(now.key)) shake(400);
      before = now.key;
      setText(said, words.say(now.key, { time: "", ...now.values }));
    } else if (news) shake(150);
    lines = fromAgent;
    element.dataset["tone"] = tone;
    setText(element, news || (performance.now() < until && element.dataset["news"]) ? words.say("strip.line") : words.say(now.key, now.values));
    if (news) element.dataset["news"] = "1";
    else if (performance.now() >= until) delete element.dataset["news"];
  };
  return { element, draw };
}
