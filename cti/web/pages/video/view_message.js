// A message instead of a call, for the next working hours.
import { make } from "/pages/shared/dom.js";
import { big, drawing } from "./parts.js";
import { phoneOf } from "./visit_logic.js";

/** @typedef {import("./views.js").ViewOf} ViewOf */

/** @type {ViewOf} */
export const message = (visit, words) => {
  const text = make("textarea", { id: "message-text", rows: "6", maxlength: "2000" });
  const phone = make("input", { id: "message-phone", type: "tel", autocomplete: "tel", maxlength: "24" });
  const wrong = make("p", { class: "wrong", role: "alert" });
  const send = async () => {
    const digits = phoneOf(phone.value);
    if (!text.value.trim()) return refuse("message.empty", text);
    if (digits === null) return refuse("message.bad_phone", phone);
    if (!(await visit.leaveMessage(text.value.trim(), digits))) refuse("failed", text);
  };
  const refuse = (/** @type {string} */ key, /** @type {HTMLElement} */ field) => {
    wrong.textContent = words.say(key);
    field.setAttribute("aria-invalid", "true");
    field.focus();
  };
  const element = make("form", { class: "step", novalidate: true, onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void send()) },
    make("h2", {}, words.say("message.title")),
    make("label", { for: "message-text" }, words.say("message.text")), text,
    make("label", { for: "message-phone" }, words.say("message.phone")), phone, wrong,
    make("div", { class: "buttons" }, make("button", { class: "big primary" }, make("span", { class: "word" }, words.say("message.send"))),
      big(words.say("back"), () => visit.go(visit.picture?.state === "ready" ? "choose" : "no_sign"))),
  );
  return { element, draw() {} };
};

/** @type {ViewOf} */
export const sent = (_visit, words) => {
  const element = make("section", { class: "step done" }, drawing("M20 6 9 17l-5-5", 64), make("h2", {}, words.say("message.sent")), make("p", {}, words.say("ended.close")));
  return { element, draw() {} };
};
