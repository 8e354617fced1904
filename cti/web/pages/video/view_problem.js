// What cannot go on, in words that say what to do next.
import { make } from "/pages/shared/dom.js";
import { big, callButton, drawing } from "./parts.js";

/** @typedef {import("./visit_logic.js").Problem} Problem */

/** @param {Problem} which @returns {import("./views.js").ViewOf} */
export const problem = (which) => (visit, words) => {
  const element = make("section", { class: "step" },
    drawing("M12 3 2 20h20zM12 10v4M12 17h.01", 56),
    make("h2", {}, words.say(which, { minutes: visit.minutes })),
    make("div", { class: "buttons" },
      which === "taken" ? big(words.say("taken.here"), () => visit.takeBack(), { tone: "primary" }) : null,
      which === "invitation_needed" ? big(words.say("consent.code"), () => (visit.beginAnew(), visit.go("code")), { tone: "primary" }) : null,
      which === "taken" ? null : callButton(words.say("call_us"), "12345", which === "expired" ? "primary" : "plain"),
      which === "expired" && visit.page.public ? big(words.say("expired.begin"), () => visit.beginAnew()) : null,
      which === "busy" || which === "often" ? big(words.say("try_again"), () => visit.beginAnew()) : null,
    ),
  );
  return { element, draw() {} };
};
