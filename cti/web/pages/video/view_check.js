// 2: his own picture with a frame for both hands, and a bar that moves with his voice. If he, or his browser, said no: how to say yes.
import { make, setText } from "/pages/shared/dom.js";
import { watchLevel } from "./media.js";
import { big, drawing, play, player } from "./parts.js";

/** @typedef {import("./views.js").ViewOf} ViewOf */

const CAMERA = "M3 7h12v10H3zM15 10l6-3v10l-6-3z";

/** @type {ViewOf} */
export const check = (visit, words) => {
  const own = player("own", true);
  own.setAttribute("aria-label", words.say("talk.own_picture"));
  const nothing = make("p", { class: "no-picture" }, drawing(CAMERA, 48));
  const hands = make("span", { class: "hands" });
  const bar = make("span", { class: "level-bar" });
  const meter = make("div", { class: "level", role: "meter", "aria-label": words.say("check.level_label"), "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" }, bar);
  const note = make("p", { class: "note" });
  const buttons = make("div", { class: "buttons" });
  const element = make("section", { class: "step check" },
    make("h2", {}, words.say("check.title")),
    visit.picture?.invited ? make("p", {}, words.say("consent.invited")) : null,
    make("div", { class: "mirror" }, nothing, own, hands),
    note, meter, buttons,
  );
  let stop = () => {};
  /** @type {MediaStream | null} */
  let measured = null;
  let drawn = "";

  const go = () => (visit.picture?.invited ? visit.join() : visit.go("choose"));
  const draw = () => {
    const { camera, microphone } = visit.devices;
    const asked = camera !== null;
    own.hidden = hands.hidden = !camera;
    nothing.hidden = camera === true;
    meter.hidden = !microphone;
    play(own, camera ? visit.own : null);
    if (visit.own && microphone && measured !== visit.own) {
      stop();
      measured = visit.own;
      stop = watchLevel(visit.own, (level) => {
        bar.style.width = `${Math.round(level * 100)}%`;
        meter.setAttribute("aria-valuenow", String(Math.round(level * 100)));
      });
    }
    const key = !asked ? "check.asking" : !camera ? "check.no_camera" : !microphone ? "check.no_microphone" : "check.hands";
    setText(note, words.say(key) + (camera && microphone ? (words.lang === "zh" ? "；" : ". ") + words.say("check.level") : ""));
    const state = `${asked} ${camera} ${visit.picture?.invited}`;
    if (state === drawn) return;
    drawn = state;
    buttons.replaceChildren(
      asked
        ? big(words.say(camera ? "check.good" : "continue"), go, { tone: "primary", disabled: visit.picture?.invited === true && !camera })
        : big(words.say("check.open"), () => visit.openDevices(), { tone: "primary" }),
      ...(visit.picture?.invited ? [] : [big(words.say("check.text_only"), () => visit.choose("text"))]),
    );
  };
  void allowedAlready().then((yes) => void (yes && !visit.own && visit.openDevices()));
  return { element, draw, leave: () => stop() };
};

/** Whether the browser asks nothing. */
async function allowedAlready() {
  try {
    const camera = await navigator.permissions.query({ name: /** @type {PermissionName} */ ("camera") });
    return camera.state === "granted";
  } catch {
    return false;
  }
}

/** @type {ViewOf} */
export const refused = (visit, words) => {
  const step = (/** @type {string} */ key, /** @type {string} */ path) => make("li", {}, drawing(path, 40), make("span", {}, words.say(key)));
  const element = make("section", { class: "step" },
    make("h2", {}, words.say("refused.title")),
    make("p", {}, words.say("refused.text")),
    make("ol", { class: "points steps" },
      step("refused.step1", "M3 8h18v9H3zM6 12.5h.01M9 12.5h9M4.500 6l3 0"),
      step("refused.step2", "M3 8h7v8H3zM10 11l4-2v6l-4-2M17 12l2 2 3-4"),
      step("refused.step3", "M20 12a8 8 0 1 1-2.500-5.800M20 4v5h-5"),
    ),
    make("div", { class: "buttons" },
      big(words.say("refused.again"), () => visit.openDevices(), { tone: "primary" }),
      visit.picture?.invited ? null : big(words.say("choose.text"), () => visit.choose("text"), { help: words.say("choose.text_help") }),
    ),
  );
  return { element, draw() {} };
};
