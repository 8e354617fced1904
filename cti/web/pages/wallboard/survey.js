// What citizens say of it, and whom we owe a call.
import { make, setText } from "/pages/shared/dom.js";
import { count } from "../agent/format_logic.js";
import { head } from "./frame.js";
import { share } from "./rate_logic.js";

/** @param {HTMLElement} tile @param {import("./wall.js").Wall} wall */
export function mountSurvey(tile, wall) {
  const say = wall.say.bind(wall);
  const [name] = head(tile);
  const [satisfied, satisfiedOf, reached, reachedOf] = [make("b"), make("span"), make("b"), make("span")];
  tile.append(make("div", { class: "pair" }, make("div", {}, satisfied, satisfiedOf), make("div", {}, reached, reachedOf)));

  wall.onPaint(() => {
    const { rates = {}, callbacks = {} } = wall.state;
    const n = (/** @type {number | null | undefined} */ one) => (one === null || one === undefined ? "—" : count(one, wall.lang));
    const [rating, taking] = [rates["satisfaction"], rates["participation"]];
    const [said, took] = [share(rating, wall.lang), share(taking, wall.lang)];
    setText(name, say("survey"));
    setText(satisfied, `${said.text}${said.sign}`);
    const participation = took.few ? `${took.text}` : `${took.text}${took.sign}`;
    setText(satisfiedOf, said.few || said.text === "—" ? say("survey.few", { participation }) : say("survey.of", { n: n(rating?.n), of: n(rating?.of), participation }));
    const back = rates["callback_reach_rate"];
    setText(reached, `${n(back?.n)} / ${n(back?.of)}`);
    setText(reachedOf, say("callbacks.of", { owed: n(callbacks["owed"]?.n) }));
  });
}
