// The moving panel (F6): search whom to call, choose how, send. All of it by keyboard: type, arrows, Enter, Enter.
import { make } from "/pages/shared/dom.js";
import { directory } from "./directory.js";
import { draw as icon } from "./icons.js";
import { reachable, search } from "./moving_logic.js";
import { arrows } from "./popover.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./directory.js").Entry} Entry */

/** @param {Desk} desk @param {string} target @param {string} mode */
export async function addParty(desk, target, mode) {
  const call = desk.call;
  if (!call) return;
  const path = `/api/calls/${call.call_id}`;
  const asked = mode === "blind" ? desk.post(`${path}/transfer`, { target }) : desk.post(`${path}/parties`, { target, mode });
  if (await asked) desk.say("move.asked", "polite");
}

/** @param {Desk} desk @param {() => void} close @returns {HTMLElement} */
export function movePanel(desk, close) {
  const say = (/** @type {string} */ key, values = {}) => desk.dictionary.say(key, values);
  const list = make("ul", { class: "results", role: "listbox", id: "move-results", "aria-label": say("move.results"), tabindex: "-1" });
  const input = make("input", { class: "field", type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": "move-results",
    "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false", placeholder: say("move.search"), "aria-label": say("move.search"), "data-first": true });
  const modes = make("div", { class: "modes", role: "radiogroup", "aria-label": say("move.mode") });
  const send = make("button", { type: "button", class: "button primary", onclick: () => go() });
  /** @type {Entry[]} */
  let found = [];
  let at = 0;
  let mode = "";

  const parties = make("div", { class: "parties in-panel" });
  for (const party of desk.leads ? desk.others : []) parties.append(partyRow(party));

  function fill() {
    const keep = found[at]?.id;
    found = search(directory.known, input.value, desk.user.id, desk.call?.queue);
    at = Math.max(0, found.findIndex(({ id }) => id === keep));
    list.replaceChildren(...found.map(row));
    if (found.length === 0) list.append(make("li", { class: "none", role: "presentation" }, say(directory.known.length ? "move.none" : "move.loading")));
    mark();
  }

  /** @param {Entry} entry @param {number} index */
  function row(entry, index) {
    const can = reachable(entry);
    const item = make("li", { role: "option", id: `move-${index}`, class: can ? "" : "away", "aria-selected": "false" },
      make("span", { class: `kind ${entry.kind}` }, say(`kind.${entry.kind}`)), make("b", {}, desk.dictionary.pick(entry) || entry.id),
      make("span", { class: "note" }, entry.note || (entry.kind === "agent" ? entry.id : "")),
      make("span", { class: `free ${can ? "yes" : "no"}` }, entry.state ? stateText(entry.state) : ""));
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      at = index;
      mark();
      chooseMode();
    });
    return item;
  }

  /** @param {string} state */
  function stateText(state) {
    const key = `directory.${state}`;
    return key in desk.dictionary.all.zh ? say(key) : state;
  }

  function mark() {
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at && found.length > 0)));
    const one = list.children[at];
    if (found[at]) input.setAttribute("aria-activedescendant", one?.id ?? "");
    else input.removeAttribute("aria-activedescendant");
    one?.scrollIntoView?.({ block: "nearest" });
    showModes();
  }

  function showModes() {
    const entry = found[at];
    const all = entry?.modes ?? [];
    const wasInside = modes.contains(document.activeElement);
    if (!all.includes(mode)) mode = all[0] ?? "";
    modes.replaceChildren(...all.map((one) => {
      const button = make("button", { type: "button", role: "radio", "aria-checked": String(one === mode), tabindex: one === mode ? "0" : "-1" },
        make("b", {}, say(`mode.${one}`)), make("span", {}, say(`mode.${one}_why`)));
      button.dataset["mode"] = one;
      button.addEventListener("focus", () => pick(one));
      button.addEventListener("click", () => pick(one));
      return button;
    }));
    nameSend();
    if (wasInside) chooseMode(); // the list came anew while he chose
  }

  function nameSend() {
    const entry = found[at];
    send.disabled = !entry;
    send.textContent = entry ? say(mode === "blind" ? "move.send_on" : "move.send", { name: desk.dictionary.pick(entry) || entry.id }) : say("move.send_none");
  }

  /** @param {string} one */
  function pick(one) {
    mode = one;
    for (const button of modes.querySelectorAll("button")) {
      button.setAttribute("aria-checked", String(button.dataset["mode"] === one));
      button.tabIndex = button.dataset["mode"] === one ? 0 : -1;
    }
    nameSend();
  }

  function chooseMode() {
    const button = modes.querySelector('[aria-checked="true"]');
    if (button instanceof HTMLElement) button.focus();
  }

  function go() {
    const entry = found[at];
    if (!entry || !mode) return;
    close();
    void addParty(desk, entry.id, mode);
  }

  input.addEventListener("input", fill);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step !== undefined && found.length) {
      event.preventDefault();
      at = Math.max(0, Math.min(found.length - 1, at + step));
      mark();
    } else if (event.key === "Enter" && found.length) {
      event.preventDefault();
      chooseMode();
    }
  });
  arrows(modes, "button");
  modes.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    go();
  });

  /** @param {import("./types.js").Party} party */
  function partyRow(party) {
    const path = `/api/calls/${desk.call?.call_id}/parties/${party.p}`;
    const name = desk.dictionary.pick(party.name) || party.target;
    const act = (/** @type {string} */ text, /** @type {() => void} */ run) => make("button", { type: "button", class: "button", onclick: () => { close(); run(); } }, text);
    return make("div", { class: "row" }, icon("people"), make("b", {}, name), make("span", { class: "s" }, say(`party.${party.state}`)),
      (party.state === "consult" || party.state === "whisper") && act(say("party.join"), () => void desk.post(`${path}/join`)),
      act(say("party.drop", { name: "" }), () => void desk.attempt(desk.api.delete(path))));
  }

  fill();
  void directory.load(desk).then(() => input.isConnected && fill());
  return make("div", { class: "move-panel" }, parties, input, list, modes, make("div", { class: "foot" }, make("span", { class: "hint" }, say("move.hint")), send));
}
