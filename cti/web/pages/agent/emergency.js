// Emergency linkage (F7): police, fire, ambulance, traffic. The second key sends, and the citizen stays in the talk: he hears
// the service answer and is not dropped.
import { make } from "/pages/shared/dom.js";
import { directory } from "./directory.js";
import { addParty } from "./moving.js";
import { arrows } from "./popover.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {Desk} desk @param {() => void} close @returns {HTMLElement} */
export function emergencyPanel(desk, close) {
  const say = (/** @type {string} */ key) => desk.dictionary.say(key);
  const list = make("div", { class: "services", role: "group", "aria-label": say("act.emergency") });
  const modes = make("div", { class: "modes", role: "radiogroup", "aria-label": say("move.mode") });
  let mode = "conference";
  /** A digit that was pressed before the list was here. */
  let early = 0;
  const radio = (/** @type {string} */ one) => {
    const button = make("button", { type: "button", role: "radio", "aria-checked": String(one === mode), tabindex: one === mode ? "0" : "-1", onclick: () => choose(one) }, say(`mode.${one}`));
    button.dataset["mode"] = one;
    return button;
  };
  const choose = (/** @type {string} */ one) => {
    mode = one;
    for (const button of modes.querySelectorAll("button")) {
      button.setAttribute("aria-checked", String(button.dataset["mode"] === one));
      button.tabIndex = button.dataset["mode"] === one ? 0 : -1;
    }
  };
  modes.append(radio("conference"), radio("consult"));
  arrows(modes, "button");
  modes.addEventListener("focusin", (event) => choose(/** @type {HTMLElement} */ (event.target).dataset["mode"] ?? mode));
  const send = (/** @type {string} */ id) => {
    close();
    void addParty(desk, id, mode);
  };
  const panel = make("div", { class: "emergency-panel", "data-first": true, tabindex: "-1" },
    make("p", { class: "head" }, say("emergency.head")), list, modes, make("p", { class: "hint" }, say("emergency.hint")));
  const fill = (/** @type {import("./directory.js").Entry[]} */ entries) => {
    const services = entries.filter(({ kind }) => kind === "emergency");
    list.replaceChildren(...services.map((entry, at) => make("button", { type: "button", class: "service", onclick: () => send(entry.id) },
      make("kbd", { "aria-hidden": "true" }, String(at + 1)), make("b", {}, entry.id), make("span", {}, desk.dictionary.pick(entry).replace(`${entry.id} `, "")))));
    const asked = early ? services[early - 1] : undefined;
    if (asked) send(asked.id);
    if (services.length === 0) list.replaceChildren(make("p", { class: "hint" }, say(entries.length ? "emergency.none" : "move.loading")));
  };
  arrows(list, "button");
  panel.addEventListener("keydown", (event) => {
    if (!/^[1-9]$/.test(event.key) || event.isComposing || event.ctrlKey || event.altKey) return;
    // The caret goes back to the draft before the browser has done with the key: it would be written there.
    event.preventDefault();
    const button = list.querySelectorAll("button")[Number(event.key) - 1];
    if (button) button.click();
    else early = Number(event.key);
  });
  fill(directory.known);
  void directory.load(desk).then((entries) => {
    if (panel.isConnected && !list.contains(document.activeElement)) fill(entries);
  });
  return panel;
}
