// Putting an agent into another status, with a reason that he is told; other skills for today.
import { make, setText } from "/pages/shared/dom.js";
import { togglePopover } from "../agent/popover.js";
import { reasonForm } from "./reason_form.js";
import { openSkills } from "./skills_today.js";
import { forces, isInCall } from "./supervise_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

const STATUSES = /** @type {const} */ (["ready", "break", "offline"]);

/** @param {HTMLElement} place @param {Floor} floor */
export function mountForcing(place, floor) {
  const buttons = STATUSES.map((status) => ({ status, button: make("button", { type: "button", class: "button small", "data-force": status, onclick: () => ask(status) }) }));
  const skills = make("button", { type: "button", class: "button small", "data-force": "skills", onclick: () => openSkills(floor, skills) });
  place.append(...buttons.map(({ button }) => button), skills);

  /** @param {typeof STATUSES[number]} status */
  function ask(status) {
    const { seat } = floor;
    const button = buttons.find((one) => one.status === status)?.button;
    if (!seat || !button || !forces(seat)[status]) return;
    const who = floor.person(seat.id);
    const text = floor.say(`force.${status}_him`, { who }) + (isInCall(seat) ? floor.say("force.call_goes_on") : "");
    togglePopover(`force-${status}`, { anchor: button, label: () => floor.say(`force.${status}`), class: "ask" }, (close) =>
      reasonForm(floor, { text, label: floor.say("why.label"), button: floor.say(`force.${status}`), needed: true, danger: status === "offline",
        go: async (why) => {
          if (!(await floor.attempt(floor.api.post(`/api/agents/${seat.id}/force`, { status, why })))) return;
          close();
          floor.did(seat.id, floor.say(`did.force_${status}`, { who, why }));
        } }));
  }

  floor.onDraw(() => {
    const may = forces(floor.seat);
    for (const { status, button } of buttons) {
      setText(button, floor.say(`force.${status}`));
      button.setAttribute("aria-disabled", String(!may[status]));
    }
    setText(skills, floor.say("skills.button"));
  });
}
