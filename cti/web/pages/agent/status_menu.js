// The status menu (F4): what he is, or while he is in a call what he will be after it; devices, colours, the way out.
import { make } from "/pages/shared/dom.js";
import { deviceCheck } from "./device_check.js";
import { draw } from "./icons.js";
import { keysSheet } from "./keys_sheet.js";
import { arrows, togglePopover } from "./popover.js";
import { CHOICES } from "./status_logic.js";
import { choiceText } from "./topbar.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {Desk} desk @param {HTMLElement} anchor */
export function statusMenu(desk, anchor) {
  const say = (/** @type {string} */ key) => desk.dictionary.say(key);
  const busy = ["offered", "talking", "held"].includes(desk.view().state);
  togglePopover("status", { anchor, label: () => say("status.title"), role: "menu", class: "menu" }, (close) => {
    const now = desk.state?.desk;
    const current = busy ? (now?.next_status ?? now) : now;
    const items = CHOICES.map((choice, at) => {
      const chosen = choice.status === current?.status && (choice.status !== "break" || choice.reason === current.reason);
      return make("button", { type: "button", role: "menuitemradio", "aria-checked": String(chosen), class: `item ${choice.status}`,
        onclick: () => { close(); void desk.choose(choice.status, choice.reason); } },
      make("span", { class: `dot ${choice.status}`, "aria-hidden": "true" }, desk.dictionary.say(choice.status === "offline" ? "letter.offline" : `letter.${choice.status === "ready" ? "idle" : choice.status}`)),
      make("span", { class: "text" }, choiceText(desk, choice)), chosen && draw("check"), make("kbd", { "aria-hidden": "true" }, String(at + 1)));
    });
    const first = items.find((item) => item.getAttribute("aria-checked") === "true") ?? items[0];
    first?.setAttribute("data-first", "");
    const other = (/** @type {string} */ key, /** @type {() => void} */ run, /** @type {string} */ hint = "") =>
      make("button", { type: "button", role: "menuitem", class: "item", onclick: () => { close(); run(); } }, make("span", { class: "text" }, say(key)), hint ? make("kbd", {}, hint) : null);
    const dark = document.documentElement.dataset["theme"] === "dark";
    const logOut = items.pop();
    const menu = make("div", {}, make("p", { class: "head", "aria-hidden": "true" }, say(busy ? "status.after_call" : "status.now")), ...items,
      make("hr", {}), other("devices.title", () => deviceCheck(desk, anchor)), other(dark ? "theme.light" : "theme.dark", switchTheme),
      other("keys.title", () => keysSheet(desk, anchor), "F1"), make("hr", {}), logOut);
    arrows(menu, "button");
    menu.addEventListener("keydown", (event) => {
      const item = /^[1-9]$/.test(event.key) && !event.isComposing ? [...items, logOut][Number(event.key) - 1] : undefined;
      if (!item) return;
      // The caret goes back to the draft before the browser has done with the key: it would be written there.
      event.preventDefault();
      item.click();
    });
    return menu;
  });
}

const THEME = "yihu.theme";

/** As it was chosen on this computer. */
export function useTheme() {
  if (localStorage.getItem(THEME) === "dark") document.documentElement.dataset["theme"] = "dark";
}

function switchTheme() {
  const dark = document.documentElement.dataset["theme"] !== "dark";
  if (dark) document.documentElement.dataset["theme"] = "dark";
  else delete document.documentElement.dataset["theme"];
  localStorage.setItem(THEME, dark ? "dark" : "light");
}
