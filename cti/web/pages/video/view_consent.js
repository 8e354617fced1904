// 1: plain words about what happens to picture, sound and text, and two ways to begin. Who has six digits enters them.
import { make } from "/pages/shared/dom.js";
import { big, callButton, drawing } from "./parts.js";

/** @typedef {import("./views.js").ViewOf} ViewOf */

const EYE = "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z";
const PAGE = "M6 3h9l4 4v14H6zM9 10h7M9 14h7M9 18h4";
const FILM = "M3 7h12v10H3zM15 10l6-3v10l-6-3z";

/** Of the answer he has given, for the code that he enters after it. */
let records = true;

/** @type {ViewOf} */
export const consent = (visit, words) => {
  const begin = async (/** @type {boolean} */ yes) => {
    records = yes;
    if (!visit.page.public && !visit.invitation) return visit.go("code");
    await visit.begin(yes);
  };
  const point = (/** @type {string} */ path, /** @type {string} */ key) => make("li", {}, drawing(path), make("span", {}, words.say(key)));
  const element = make("section", { class: "step" },
    make("h2", {}, words.say("consent.title")),
    make("ul", { class: "points" }, point(EYE, "consent.see"), point(PAGE, "consent.sound"), point(FILM, "consent.picture")),
    make("div", { class: "buttons" },
      big(words.say("consent.yes"), () => begin(true), { tone: "primary" }),
      big(words.say("consent.no"), () => begin(false)),
      visit.invitation ? null : make("button", { class: "text-button", onclick: () => visit.go("code") }, words.say("consent.code")),
    ),
  );
  return { element, draw() {} };
};

/** @type {ViewOf} */
export const code = (visit, words) => {
  const input = make("input", { class: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "6", pattern: "[0-9]*",
    "aria-label": words.say("code.title"), "aria-describedby": "code-help code-wrong" });
  const wrong = make("p", { class: "wrong", id: "code-wrong", role: "alert" });
  const send = async () => {
    const digits = input.value.replace(/\D/g, "");
    if (digits.length !== 6) return input.focus();
    const refusal = await visit.begin(records, digits);
    if (!refusal) return;
    const key = refusal === "wrong_code" ? "code.wrong" : refusal === "too_often" ? "code.often" : "failed";
    wrong.textContent = words.say(key, { minutes: visit.minutes });
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  const form = make("form", { class: "step", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void send()) },
    make("h2", {}, words.say("code.title")),
    make("p", { id: "code-help" }, words.say("code.help")),
    input, wrong,
    make("div", { class: "buttons" }, make("button", { class: "big primary" }, make("span", { class: "word" }, words.say("continue"))),
      big(words.say("back"), () => visit.go("consent")), callButton(words.say("call_us"), "12345")),
  );
  return { element: form, draw() {} };
};
