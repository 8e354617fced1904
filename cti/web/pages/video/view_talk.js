// The talk: the agent's picture with nothing over it, one's own and what is written under it, three buttons. Who only writes has
// the writing in the picture's place.
import { make, setText } from "/pages/shared/dom.js";
import { mountInput, mountLines } from "./chat.js";
import { cameras } from "./media.js";
import { big, drawing, play, player } from "./parts.js";

const TURN = "M4 8h3l2-3h6l2 3h3v11H4zM9.500 15a3 3 0 0 0 5-1.500M14.500 12a3 3 0 0 0-5 1.500";

/** @type {import("./views.js").ViewOf} */
export const talk = (visit, words) => {
  const agent = player("agent", false);
  agent.setAttribute("aria-label", words.say("talk.agent_picture"));
  const nothing = make("p", { class: "no-picture" });
  const sound = make("button", { class: "big primary sound", hidden: true, onclick: () => void agent.play() }, make("span", { class: "word" }, words.say("talk.sound_tap")));
  const own = player("own", true);
  own.setAttribute("aria-label", words.say("talk.own_picture"));
  const off = make("span", { class: "own-off" }, words.say("talk.camera_is_off"));
  const turn = make("button", { class: "turn", hidden: true, "aria-label": words.say("talk.turn"), title: words.say("talk.turn"), onclick: () => visit.turnCamera() }, drawing(TURN, 24));
  const self = make("div", { class: "self" }, own, off, turn);
  const lines = mountLines(visit, words, { show: (whole) => element.classList.toggle("reading", whole) });
  const picture = make("div", { class: "picture" }, nothing, agent, sound);
  const bottom = make("div", { class: "bottom" });
  const element = make("section", { class: "talk" }, picture, make("div", { class: "side" }, self, lines.element), bottom);
  void cameras().then((all) => (turn.hidden = all.length < 2));

  /** @type {"buttons" | "write" | "sure"} */
  let mode = "buttons";
  let drawn = "";
  const go = (/** @type {typeof mode} */ next) => {
    mode = next;
    draw();
    if (mode === "write") bottom.querySelector("textarea")?.focus();
    else bottom.querySelector("button")?.focus();
  };

  const buttons = () => [
    big(words.say("talk.type"), () => go("write")),
    ...(own.hidden ? [] : [big(words.say(visit.picture?.camera ? "talk.camera_off" : "talk.camera_on"), () => visit.showCamera(!visit.picture?.camera))]),
    big(words.say("talk.end"), () => go("sure"), { tone: "danger" }),
  ];
  const sure = () => [
    make("p", { class: "sure" }, words.say("talk.end_sure")),
    big(words.say("talk.end_yes"), () => visit.end(), { tone: "danger" }),
    big(words.say("talk.end_no"), () => go("buttons")),
  ];

  const draw = () => {
    const here = visit.picture;
    if (!here) return;
    const writes = here.choice === "text";
    element.classList.toggle("writes", writes);
    element.classList.toggle("writing", mode === "write");
    own.hidden = writes || !visit.own?.getVideoTracks().length;
    self.hidden = own.hidden;
    off.hidden = here.camera;
    play(own, own.hidden ? null : visit.own);
    picture.hidden = writes;
    play(agent, visit.phone.media.getTracks().length ? visit.phone.media : null);
    agent.muted = here.invited;
    const shows = visit.phone.hasPicture && visit.phone.state === "up" && here.agents_camera;
    agent.hidden = !shows;
    nothing.hidden = shows;
    setText(nothing, words.say(visit.phone.state === "up" ? "talk.no_picture" : "strip.lost"));
    lines.draw();
    const state = `${mode} ${own.hidden} ${here.camera} ${writes}`;
    if (state === drawn) return;
    drawn = state;
    if (mode === "sure") bottom.replaceChildren(...sure());
    else if (mode === "write") bottom.replaceChildren(mountInput(visit, words, () => go("buttons")).element);
    else if (writes) bottom.replaceChildren(mountInput(visit, words).element, big(words.say("talk.end"), () => go("sure"), { tone: "danger" }));
    else bottom.replaceChildren(...buttons());
    bottom.dataset["mode"] = mode;
  };
  agent.addEventListener("pause", () => (sound.hidden = !agent.srcObject));
  agent.addEventListener("play", () => (sound.hidden = true));
  return { element, draw };
};
