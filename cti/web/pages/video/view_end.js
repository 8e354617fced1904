// 5: how it was, by one button; and what was written, to keep.
import { make } from "/pages/shared/dom.js";
import { mountLines } from "./chat.js";
import { big, callButton, drawing } from "./parts.js";

/** @typedef {import("./views.js").ViewOf} ViewOf */

/** @type {ViewOf} */
export const rating = (visit, words) => {
  const scale = visit.picture?.scale ?? 3;
  const scores = Array.from({ length: scale }, (_, number) => number + 1);
  const element = make("section", { class: "step" },
    make("h2", {}, words.say("rating.title")),
    make("div", { class: "buttons" }, ...scores.map((score) => big(words.say(`rating.${scale}.${score}`), () => visit.rate(score), { tone: score === 1 ? "primary" : "plain" })),
      make("button", { class: "text-button", onclick: () => visit.end() }, words.say("rating.skip"))),
  );
  return { element, draw() {} };
};

/** @type {ViewOf} */
export const thanks = (visit, words) => closing(visit, words, drawing("M20 6 9 17l-5-5", 64), words.say("rating.thanks"));

/** @type {ViewOf} */
export const ended = (visit, words) => closing(visit, words, drawing("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 9h6v6H9z", 56), words.say("ended.title"));

/** @param {import("./visit.js").Visit} visit @param {import("/pages/shared/words.js").Dictionary} words @param {SVGSVGElement} drawn @param {string} text
 * @returns {import("./main.js").Mounted} */
function closing(visit, words, drawn, text) {
  const lines = mountLines(visit, words, { live: false });
  const element = make("section", { class: "step done" }, drawn, make("h2", {}, text),
    make("p", {}, words.say(visit.lines.length ? "ended.text" : "ended.close")),
    lines.element,
    make("div", { class: "buttons" }, visit.page.public && !visit.picture?.invited ? big(words.say("ended.again"), () => visit.beginAnew()) : null,
      callButton(words.say("call_us"), "12345")),
  );
  lines.element.hidden = !visit.lines.length;
  return { element, draw: () => lines.draw() };
}
