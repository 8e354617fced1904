// The strip above the transcript: that the agent is heard and hears. Its place is always there; a microphone that gives nothing
// for 5 s turns it amber, so that nobody talks to a citizen who hears nothing.
import { make, setText } from "/pages/shared/dom.js";
import { deviceCheck } from "./device_check.js";
import { draw as icon } from "./icons.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {HTMLElement} strip @param {Desk} desk */
export function mountAudioStrip(strip, desk) {
  const say = (/** @type {string} */ key, values = {}) => desk.dictionary.say(key, values);
  const meter = (/** @type {"mic" | "headset"} */ name) => {
    const [label, bar] = [make("span"), make("i")];
    const element = make("span", { class: "meter" }, icon(name), label, make("span", { class: "bar", "aria-hidden": "true" }, bar));
    return { element, label, bar };
  };
  const [own, other] = [meter("mic"), meter("headset")];
  const text = make("span", { class: "text" });
  const check = make("button", { type: "button", class: "link", onclick: () => deviceCheck(desk, check) });
  strip.append(own.element, other.element, text, check);
  let alarmed = false;
  desk.onDraw(() => {
    const { view, quality } = desk.phone;
    const noMic = view.microphone !== null;
    const silent = noMic || quality?.silent === true;
    strip.classList.toggle("silent", silent);
    strip.classList.toggle("running", quality !== null);
    setText(own.label, say(view.muted ? "strip.muted" : "strip.you"));
    setText(other.label, say("strip.caller"));
    own.bar.style.width = `${percent(view.muted || view.held ? 0 : (quality?.level ?? 0))}%`;
    other.bar.style.width = `${percent(quality?.heard ?? 0)}%`;
    setText(text, silent ? say(noMic ? `microphone.${view.microphone}` : "strip.silent") : quality ? "" : say("strip.none"));
    text.title = text.textContent ?? "";
    setText(check, say("strip.check"));
    if (silent && !alarmed) desk.say(noMic ? `microphone.${view.microphone}` : "strip.silent", "assertive");
    alarmed = silent;
  });
}

/** Of a bar whose full length is a loud voice; quiet ones are still seen. @param {number} level */
const percent = (level) => Math.round(Math.min(1, Math.sqrt(level) * 1.6) * 100);
