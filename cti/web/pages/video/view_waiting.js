// 4: how many are before him and how long it takes; he can write already, and sees himself.
import { make, setText } from "/pages/shared/dom.js";
import { mountInput, mountLines } from "./chat.js";
import { big, play, player } from "./parts.js";
import { waitingWords } from "./visit_logic.js";

/** @type {import("./views.js").ViewOf} */
export const waiting = (visit, words) => {
  const place = make("p", { class: "place", role: "status" });
  const own = player("own small", true);
  own.setAttribute("aria-label", words.say("talk.own_picture"));
  const lines = mountLines(visit, words);
  const { element: input } = mountInput(visit, words);
  const element = make("section", { class: "wait" },
    place,
    make("p", { class: "note" }, words.say("waiting.note")),
    own, lines.element, input,
    make("div", { class: "buttons" }, big(words.say("waiting.leave"), () => visit.end(), { tone: "danger" })),
  );
  const draw = () => {
    if (!visit.picture) return;
    const said = waitingWords(visit.picture);
    setText(place, words.say(said.key, said.values));
    own.hidden = visit.picture.choice === "text" || !visit.own?.getVideoTracks().length;
    play(own, own.hidden ? null : visit.own);
    lines.draw();
  };
  return { element, draw };
};
