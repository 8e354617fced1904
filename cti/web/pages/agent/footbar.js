// The foot bar: whether telephone, network, data and speech are as they should be, his queue, the notice of the day.
import { make, setText } from "/pages/shared/dom.js";
import { freshness } from "./clock_logic.js";
import { clock, count } from "./format_logic.js";
import { keysSheet } from "./keys_sheet.js";
import { closePopover, isOpen } from "./popover.js";
import { ageText } from "./view_logic.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {"ok" | "warn" | "bad" | "none"} Tone */

/** A colour and a shape: the shape says it too. @type {Record<Tone, string>} */
const SHAPES = { ok: "●", warn: "▲", bad: "■", none: "○" };

/** @param {HTMLElement} bar @param {Desk} desk @returns {{openKeys: () => void}} */
export function mountFootBar(bar, desk) {
  const say = (/** @type {string} */ key, values = {}) => desk.dictionary.say(key, values);
  const item = (/** @type {string} */ name) => {
    const [shape, text] = [make("i", { "aria-hidden": "true" }), make("span")];
    const element = make("span", { class: `item ${name}` }, shape, text);
    return (/** @type {Tone} */ tone, /** @type {string} */ words) => {
      setText(shape, SHAPES[tone]);
      shape.className = tone;
      setText(text, words);
      if (!element.isConnected) bar.append(element);
    };
  };
  const [telephone, network, data, speech] = [item("telephone"), item("network"), item("data"), item("speech")];
  const queue = make("span", { class: "queue" });
  const notice = make("span", { class: "notice" });
  const keys = make("button", { type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => keysSheet(desk, keys) });
  const keysText = make("span");
  keys.append(make("kbd", {}, "F1"), keysText);

  desk.onDraw((view) => {
    const { phone, link, state, sound } = desk;
    const { registration, microphone } = phone.view;
    if (microphone) telephone("bad", say(`microphone.${microphone}`));
    else if (sound.blocked) telephone("warn", say("foot.blocked"));
    else telephone(registration === "registered" ? "ok" : registration === "failed" ? "bad" : "warn", say(`foot.phone_${registration}`));
    drawNetwork();
    const { age } = desk;
    const fresh = freshness(age);
    const text = ageText(age === Infinity ? 0 : age);
    if (!Number.isFinite(age)) data("warn", say("foot.no_data"));
    else data(fresh === "fresh" && link.state === "live" ? "ok" : fresh === "stale" ? "bad" : "warn", say(text.key, text.values));
    const heard = state?.speech ?? "none";
    speech(heard === "ok" ? "ok" : heard === "none" ? "none" : "warn", say(`speech.${heard}`));
    if (!queue.isConnected) bar.append(make("span", { class: "space" }), queue, notice, keys);
    const line = view.sure ? state?.queue : null;
    setText(queue, line ? say("foot.queue", { name: desk.dictionary.pick(line.name), n: count(line.waiting, desk.dictionary.lang),
      longest: line.since && line.waiting ? clock(desk.serverNow() - line.since) : "00:00" }) : "");
    setText(notice, state?.notice ? say("foot.notice", { text: desk.dictionary.pick(state.notice) }) : "");
    notice.title = notice.textContent ?? "";
    setText(keysText, say("keys.title"));
  });

  function drawNetwork() {
    const { quality } = desk.phone;
    const rtt = quality?.rttMs ?? desk.pingMs;
    if (rtt === null) return network("none", say("foot.network_none"));
    const loss = quality?.loss ?? null;
    const tone = rtt > 400 || (loss ?? 0) > 0.05 ? "bad" : rtt > 200 || (loss ?? 0) > 0.02 ? "warn" : "ok";
    network(tone, loss === null ? say("foot.network_idle", { ms: rtt }) : say("foot.network", { ms: rtt, loss: (loss * 100).toFixed(1) }));
  }

  return { openKeys: () => (isOpen("keys") ? void closePopover() : keysSheet(desk, keys)) };
}
