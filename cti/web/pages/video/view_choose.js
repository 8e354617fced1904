// 3: sign language, voice and picture, or writing only; and what is offered when nobody is there for the choice.
import { make } from "/pages/shared/dom.js";
import { big, callButton, drawing } from "./parts.js";
import { choices } from "./visit_logic.js";

/** @typedef {import("./views.js").ViewOf} ViewOf */

const DRAWN = {
  sign: "M7 21v-5l-2-4 0-5a1.200 1.200 0 0 1 2.400 0v3M7.400 10V4.500a1.200 1.200 0 0 1 2.400 0V10M9.800 9.500V3.700a1.200 1.200 0 0 1 2.400 0V10M12.200 10V5a1.200 1.200 0 0 1 2.400 0v7l1.600-2.200a1.300 1.300 0 0 1 2.200 1.300L16 17v4",
  video: "M3 7h12v10H3zM15 10l6-3v10l-6-3zM6 12h.01M9 12h.01",
  text: "M4 5h16v11H9l-5 4zM8 9h8M8 12h5",
};

/** @type {ViewOf} */
export const chooseView = (visit, words) => {
  const buttons = make("div", { class: "buttons" });
  const failed = make("p", { class: "wrong", role: "alert" });
  const element = make("section", { class: "step" }, make("h2", {}, words.say("choose.title")), failed, buttons);
  let drawn = "";
  let busy = false;
  const draw = () => {
    if (!visit.picture) return;
    failed.hidden = !visit.failed;
    failed.textContent = visit.failed ? words.say("failed") : "";
    const offered = choices(visit.picture, visit.devices);
    const state = JSON.stringify([offered, busy]);
    if (state === drawn) return;
    drawn = state;
    buttons.replaceChildren(...offered.map(({ choice, open, help }) => {
      const button = big(words.say(`choose.${choice}`), () => press(choice), { help: words.say(help), disabled: !open || busy });
      button.prepend(drawing(DRAWN[choice], 36));
      button.classList.add("choice");
      return button;
    }));
  };
  const press = async (/** @type {import("./visit_logic.js").Choice} */ choice) => {
    busy = true;
    draw();
    await visit.choose(choice);
    busy = false;
    draw();
  };
  return { element, draw };
};

/** @type {ViewOf} */
export const noSign = (visit, words) => {
  const element = make("section", { class: "step" },
    make("h2", {}, words.say("no_sign")),
    make("div", { class: "buttons" },
      big(words.say("no_sign.type"), () => visit.typeInstead(), { tone: "primary", help: words.say("choose.text_help") }),
      big(words.say("no_sign.message"), () => visit.go("message")),
    ),
  );
  return { element, draw() {} };
};

/** @type {ViewOf} */
export const noSeat = (visit, words) => {
  const element = make("section", { class: "step" },
    make("h2", {}, words.say("choose.none")),
    make("p", {}, words.say("no_seat")),
    make("div", { class: "buttons" },
      big(words.say("no_sign.message"), () => visit.go("message"), { tone: "primary" }),
      callButton(words.say("call_us"), "12345"),
    ),
  );
  return { element, draw() {} };
};
