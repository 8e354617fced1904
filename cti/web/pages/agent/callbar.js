// The call bar: how long, who, how he came here, and the buttons of the talk. Its geometry is the same in every state.
import { make, setText } from "/pages/shared/dom.js";
import { directory } from "./directory.js";
import { emergencyPanel } from "./emergency.js";
import { draw as icon } from "./icons.js";
import { keypad } from "./keypad.js";
import { keyText } from "./keys_logic.js";
import { movePanel } from "./moving.js";
import { arrows, closePopover, isOpen, togglePopover } from "./popover.js";
import { mountWho } from "./who.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./view_logic.js").View} View */

/** After a button has become another one, a second click of a double click does nothing. */
const INERT_MS = 600;
/** A wide button, which covers two others. */
const WIDE = new Set(["answer", "extend"]);

/** @param {HTMLElement} bar @param {Desk} desk
 * @returns {Record<"answer" | "end" | "hold" | "mute" | "keypad" | "move" | "emergency" | "extend", () => void>} what the keys do */
export function mountCallBar(bar, desk) {
  const say = (/** @type {string} */ key, values = {}) => desk.dictionary.say(key, values);
  const time = make("b", { role: "timer", "aria-live": "off" });
  const unit = make("small");
  const under = make("span", { class: "under" });
  bar.append(make("div", { class: "clock" }, make("span", { class: "time" }, time, unit), under));
  const who = make("div", { class: "who" });
  bar.append(who);
  mountWho(who, desk);

  const acts = {
    answer: () => desk.answer(),
    extend: () => void (desk.view().wide === "extend" && desk.extend()),
    hold: () => desk.hold(),
    mute: () => desk.mute(),
    keypad: () => open("keypad", () => keypad(desk)),
    move: () => open("move", (close) => movePanel(desk, close)),
    emergency: () => open("emergency", (close) => emergencyPanel(desk, close)),
    end: () => end(),
  };
  /** @typedef {keyof typeof acts} Act */
  const icons = /** @type {const} */ ({ answer: "phone", extend: "clock", hold: "pause", mute: "micOff", keypad: "pad", move: "move", emergency: "emergency", end: "end" });
  /** @type {Record<string, {button: HTMLButtonElement, label: HTMLElement, key: HTMLElement, picture: HTMLElement}>} */
  const buttons = {};
  /** @type {Partial<Record<Act, number>>} */
  const inertUntil = {};
  const toolbar = make("div", { class: "acts", role: "toolbar" });
  for (const name of /** @type {Act[]} */ (Object.keys(acts))) {
    const [label, key] = [make("span", { class: "label" }), make("kbd", {}, keyText(name))];
    const press = () => {
      if (button.getAttribute("aria-disabled") !== "true" && performance.now() >= (inertUntil[name] ?? 0)) acts[name]();
    };
    const picture = make("span", { class: "picture" }, icon(icons[name]));
    const button = make("button", { class: `act ${name}`, type: "button", "data-act": name, tabindex: "-1", onclick: press }, picture, label, key);
    if (["keypad", "move", "emergency", "end"].includes(name)) button.setAttribute("aria-expanded", "false");
    buttons[name] = { button, label, key, picture };
    toolbar.append(button);
  }
  arrows(toolbar, "button");
  // One stop of the Tab key for all of them.
  toolbar.addEventListener("focusin", (event) => {
    for (const { button } of Object.values(buttons)) button.tabIndex = button === event.target ? 0 : -1;
  });
  if (buttons["hold"]) buttons["hold"].button.tabIndex = 0;
  bar.append(toolbar);

  /** @param {Act} name @param {(close: () => void) => HTMLElement} content */
  function open(name, content) {
    const one = buttons[name];
    if (one && (desk.view().buttons[/** @type {"move"} */ (name)]?.on || name === "end"))
      togglePopover(name, { anchor: one.button.offsetParent ? one.button : toolbar, label: () => say(`act.${name}`), class: name }, content);
  }

  function end() {
    const { end: what } = desk.view();
    const others = desk.leads && desk.others.some(({ state }) => state !== "ringing");
    if (what.kind === "hang_up" && what.on && others) open("end", (close) => endPanel(close));
    else desk.end();
  }

  /** Others are in the talk: go alone, or end it for all of ours. @param {() => void} close */
  function endPanel(close) {
    const choice = (/** @type {string} */ key, /** @type {boolean} */ alone, /** @type {string} */ style) =>
      make("button", { type: "button", class: `button ${style}`, onclick: () => { close(); desk.end(alone); }, ...(!alone && { "data-first": true }) }, say(key));
    const panel = make("div", { class: "choice" }, make("p", {}, say("end.others")), choice("end.leave", false, "primary"), choice("end.all", true, "danger"));
    arrows(panel, "button");
    return panel;
  }

  /** @type {View | null} */
  let before = null;
  desk.onDraw((view) => {
    const until = performance.now() + INERT_MS;
    if (before && before.wide !== view.wide) inertUntil.hold = inertUntil.mute = inertUntil.extend = until;
    if (before && before.end.kind !== view.end.kind) inertUntil.end = until;
    if (view.state === "talking" && before?.state !== "talking") void directory.load(desk); // so that the panels have it at once
    before = view;
    setText(time, view.clock);
    setText(unit, view.seconds ? say("seconds") : "");
    setText(under, say(view.under.key, view.under.values));
    under.title = under.textContent ?? "";
    bar.classList.toggle("late", view.late);
    bar.setAttribute("aria-label", say(view.withCall ? "callbar.call" : "callbar.none"));
    toolbar.setAttribute("aria-label", say("callbar.buttons"));
    for (const name of /** @type {Act[]} */ (Object.keys(acts))) {
      const one = buttons[name];
      if (!one) continue;
      const state = name === "end" ? view.end : view.buttons[name];
      one.button.hidden = WIDE.has(name) ? view.wide !== name : view.wide !== null && (name === "hold" || name === "mute");
      setText(one.label, say(labelOf(name, view)));
      if (name === "end") setText(one.key, view.end.kind === "finish" ? keyText("submit") : keyText("end"));
      one.button.setAttribute("aria-disabled", String(!state.on));
      one.button.title = state.on ? "" : say(state.why ?? "why.no_call");
      if ("pressed" in state) one.button.setAttribute("aria-pressed", String(Boolean(state.pressed)));
      if (name === "end" && one.button.dataset["kind"] !== view.end.kind) {
        one.button.dataset["kind"] = view.end.kind;
        one.picture.replaceChildren(icon(view.end.kind === "finish" ? "check" : "end"));
      }
      if (one.button.hidden && one.button.tabIndex === 0) moveStop();
    }
    if (isOpen("keypad") && !view.buttons.keypad.on) closePopover();
    if ((isOpen("move") || isOpen("emergency") || isOpen("end")) && view.state !== "talking" && view.state !== "held") closePopover();
  });

  function moveStop() {
    const next = Object.values(buttons).find(({ button }) => !button.hidden)?.button;
    for (const { button } of Object.values(buttons)) button.tabIndex = button === next ? 0 : -1;
  }

  /** @param {Act} name @param {View} view */
  function labelOf(name, view) {
    if (name === "end") return view.end.kind === "finish" && desk.state?.desk.status === "ready" ? "act.finish_ready" : `act.${view.end.kind}`;
    if (name === "hold" && view.buttons.hold.pressed) return "act.unhold";
    if (name === "mute" && view.buttons.mute.pressed) return "act.unmute";
    return `act.${name}`;
  }

  return acts;
}
