// The devices: choose, see the own voice, hear a tone, call the echo. Part of the log-in page, and a panel of the desk.
import { make, setText } from "/pages/shared/dom.js";
import { draw as icon } from "./icons.js";
import { togglePopover } from "./popover.js";
import { noMicrophone } from "./sound.js";

/** @typedef {import("./sound.js").Sound} Sound */
/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./sound.js").Role} Role */
/** @typedef {import("/pages/shared/words.js").Dictionary} Dictionary */
/** @typedef {"microphone" | "headset" | "network" | "telephone"} Check */
/** @typedef {"wait" | "ok" | "bad"} Result */
/** @typedef {{dictionary: Dictionary, sound: Sound, phone: Phone}} House */

/** A voice is louder than this; a quiet room is not. */
const VOICE = 0.01;
const LOOK_MS = 100;

/** The panel of the desk (status menu, or the strip that says that nothing is heard).
 * @param {import("./desk.js").Desk} desk @param {HTMLElement} anchor */
export function deviceCheck(desk, anchor) {
  let stop = () => {};
  togglePopover("devices", { anchor, label: () => desk.dictionary.say("devices.title"), class: "devices", onClose: () => stop() }, () => {
    const panel = devicePanel(desk);
    stop = panel.stop;
    return make("div", {}, make("h2", {}, desk.dictionary.say("devices.title")), panel.element);
  });
}

/** @param {House} house @param {(results: Record<Check, Result>) => void} [changed]
 * @returns {{element: HTMLElement, stop: () => void}} */
export function devicePanel({ dictionary, sound, phone }, changed = () => {}) {
  const say = (/** @type {string} */ key, values = {}) => dictionary.say(key, values);
  /** @type {Record<Check, Result>} */
  const results = { microphone: "wait", headset: "wait", network: "wait", telephone: "wait" };
  /** @type {Partial<Record<Check, HTMLElement>>} */
  const notes = {};
  /** @type {Partial<Record<Check, HTMLElement>>} */
  const marks = {};
  /** @type {Record<string, HTMLSelectElement>} */
  const selects = {};
  const bar = make("i");
  const level = make("span", { class: "level", role: "meter", "aria-label": say("devices.level"), "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" }, bar);

  const select = (/** @type {Role} */ role) => {
    const one = make("select", { class: "field", "aria-label": say(`devices.${role}`), onchange: () => void choose(role, one.value) });
    selects[role] = one;
    return one;
  };
  const row = (/** @type {Check} */ check, /** @type {(Node | string | null)[]} */ ...more) => {
    const [mark, note] = [make("span", { class: "tick wait", "aria-hidden": "true" }), make("span", { class: "note" })];
    marks[check] = mark;
    notes[check] = note;
    return make("div", { class: "check", "data-check": check }, mark, make("b", {}, say(`check.${check}`)), ...more, note);
  };
  const testCall = make("button", { type: "button", class: "button", onclick: () => callTest() }, say("devices.call"));
  const element = make("div", { class: "device-panel" },
    row("microphone", select("microphone"), level), row("headset", select("headset"), tone("headset")),
    make("div", { class: "check ringer" }, make("span", { class: "tick none" }), make("b", {}, say("devices.ringer")), select("ringer"), tone("ringer")),
    row("network"), row("telephone", testCall));

  /** @param {"headset" | "ringer"} role */
  function tone(role) {
    return make("button", { type: "button", class: "button", onclick: () => play(role) }, say("devices.play"));
  }

  /** @param {"headset" | "ringer"} role */
  function play(role) {
    sound.test(role);
    if (role === "headset") set("headset", "ok", say("check.headset_played"));
  }

  /** @param {Check} check @param {Result} result @param {string} text */
  function set(check, result, text) {
    const [mark, note] = [marks[check], notes[check]];
    if (note) setText(note, text);
    if (mark && results[check] !== result) {
      mark.className = `tick ${result}`;
      mark.replaceChildren(...(result === "ok" ? [icon("check")] : result === "bad" ? ["!"] : []));
    }
    results[check] = result;
    changed(results);
  }

  /** @type {MediaStream | null} */
  let stream = null;
  let meter = { level: () => 0, stop: () => {} };
  let over = false;

  async function listen() {
    stopListening();
    set("microphone", "wait", say("check.microphone_speak"));
    try {
      const got = await sound.microphone();
      if (over) return got.getTracks().forEach((track) => track.stop());
      stream = got;
      meter = sound.meter(got);
    } catch (error) {
      set("microphone", "bad", say(`microphone.${noMicrophone(error)}`));
    }
    await list();
  }

  function stopListening() {
    meter.stop();
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    meter = { level: () => 0, stop: () => {} };
  }

  async function list() {
    const devices = await sound.devices();
    for (const [role, kind] of /** @type {[Role, string][]} */ ([["microphone", "audioinput"], ["headset", "audiooutput"], ["ringer", "audiooutput"]])) {
      const one = selects[role];
      if (!one) continue;
      const named = devices.filter((device) => device.kind === kind && device.deviceId && device.deviceId !== "default");
      one.replaceChildren(make("option", { value: "" }, say("devices.system")), ...named.map((device) => make("option", { value: device.deviceId }, device.label || device.deviceId)));
      one.value = named.some(({ deviceId }) => deviceId === sound.chosen[role]) ? sound.chosen[role] : "";
    }
  }

  /** @param {Role} role @param {string} id */
  async function choose(role, id) {
    await sound.choose(role, id);
    if (role === "microphone") {
      await Promise.all([listen(), phone.changeMicrophone().catch(() => {})]);
    } else play(role);
  }

  async function callTest() {
    if (phone.isTest) phone.hangUp();
    else await phone.callTest().catch((error) => set("microphone", "bad", say(`microphone.${noMicrophone(error)}`)));
  }

  async function network() {
    const began = performance.now();
    try {
      await fetch("/pages/agent/icon.svg", { method: "HEAD", cache: "no-store" });
      set("network", "ok", say("check.network_ms", { ms: Math.round(performance.now() - began) }));
    } catch {
      set("network", "bad", say("error.network"));
    }
  }

  let turn = 0;
  const look = setInterval(() => {
    const now = meter.level();
    const shown = Math.round(Math.min(1, Math.sqrt(now) * 1.6) * 100);
    bar.style.width = `${shown}%`;
    level.setAttribute("aria-valuenow", String(shown));
    if (now > VOICE && results.microphone !== "ok") set("microphone", "ok", say("check.microphone_ok"));
    const { registration } = phone.view;
    const told = registration === "registered" ? "ok" : registration === "failed" ? "bad" : "wait";
    const inTest = phone.isTest && phone.view.session === "talking";
    set("telephone", told, say(inTest ? "devices.calling" : `check.telephone_${told}`));
    setText(testCall, say(phone.isTest ? "devices.hang_up" : "devices.call"));
    testCall.disabled = registration !== "registered" || (phone.view.session !== "none" && !phone.isTest);
    if (turn++ % 50 === 0) void network();
  }, LOOK_MS);
  const plugged = () => void list();
  navigator.mediaDevices?.addEventListener("devicechange", plugged);
  set("headset", "wait", say("check.headset_play"));
  void listen();

  return {
    element,
    stop: () => {
      over = true;
      clearInterval(look);
      navigator.mediaDevices?.removeEventListener("devicechange", plugged);
      if (phone.isTest) phone.hangUp();
      stopListening();
    },
  };
}
