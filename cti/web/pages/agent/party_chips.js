// Others in the talk, each with what can be done about him: take him in, let him go.
import { make } from "/pages/shared/dom.js";
import { clock } from "./format_logic.js";
import { draw as icon } from "./icons.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./types.js").Party} Party */

/** @param {HTMLElement} box @param {Desk} desk */
export function partyChips(box, desk) {
  let mark = "";
  /** @type {Map<number, HTMLElement>} */
  let times = new Map();
  desk.onDraw((view) => {
    const parties = view.withCall && view.state !== "wrap_up" ? desk.others : [];
    const now = `${desk.dictionary.lang}${desk.leads}${JSON.stringify(parties.map(({ p, state, mode, target }) => [p, state, mode, target]))}`;
    if (now !== mark) {
      mark = now;
      times = new Map();
      box.replaceChildren(...parties.map(chip), ...(desk.leads && parties.some(({ state }) => state === "joined" || state === "consult") ? [leave()] : []));
    }
    for (const { p, since } of parties) {
      const time = times.get(p);
      const text = clock(desk.serverNow() - since);
      if (time && time.textContent !== text) time.textContent = text;
    }
  });

  /** @param {Party} party @returns {HTMLElement} */
  function chip(party) {
    const say = (/** @type {string} */ key, values = {}) => desk.dictionary.say(key, values);
    const name = desk.dictionary.pick(party.name) || party.target;
    const time = make("span", { class: "t" });
    times.set(party.p, time);
    const path = `/api/calls/${desk.call?.call_id}/parties/${party.p}`;
    const held = party.state === "consult" || party.state === "whisper";
    return make("span", { class: `party ${party.state} ${party.kind}`, role: "group", "aria-label": `${name} ${say(`party.${party.state}`)}` },
      icon("people"), make("b", { title: name }, name), make("span", { class: "s" }, say(`party.${party.state}`)), time,
      desk.leads && held && make("button", { type: "button", title: say("party.join_why"), onclick: () => void desk.post(`${path}/join`) }, say("party.join")),
      desk.leads && make("button", { type: "button", class: "x", "aria-label": say("party.drop", { name }), title: say("party.drop", { name }),
        onclick: () => void desk.attempt(desk.api.delete(path)) }, icon("close")));
  }

  function leave() {
    return make("button", { type: "button", class: "leave", title: desk.dictionary.say("party.leave_why"),
      onclick: () => void desk.post(`/api/calls/${desk.call?.call_id}/leave`) }, icon("leave"), desk.dictionary.say("party.leave"));
  }
}
