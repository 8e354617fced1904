// The skills of an agent until midnight: these, with these levels, and no other.
import { make } from "/pages/shared/dom.js";
import { togglePopover } from "../agent/popover.js";

/** @typedef {import("./floor.js").Floor} Floor */

const LEVELS = [1, 2, 3, 4, 5];

/** @param {Floor} floor @param {HTMLElement} anchor */
export function openSkills(floor, anchor) {
  const { seat } = floor;
  if (!seat) return;
  togglePopover("skills", { anchor, label: () => floor.say("skills.title"), class: "skills" }, (close) => {
    const known = floor.words.skills.length ? floor.words.skills.map(({ id }) => id) : Object.keys(seat.skills);
    const rows = [...new Set([...known, ...Object.keys(seat.skills)])].map((id, at) => {
      const select = make("select", { class: "field", id: `skill-${id}`, "data-first": at === 0 }, make("option", { value: "0" }, floor.say("skills.not")),
        ...LEVELS.map((level) => make("option", { value: level, selected: seat.skills[id] === level }, String(level))));
      return { id, select };
    });
    const error = make("p", { class: "error", role: "alert" });
    return make("form", { onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      const skills = Object.fromEntries(rows.flatMap(({ id, select }) => (select.value === "0" ? [] : [[id, Number(select.value)]])));
      if (!Object.keys(skills).length) return void (error.textContent = floor.say("skills.needed"));
      if (!(await floor.attempt(floor.api.put(`/api/agents/${seat.id}/skills-today`, { skills })))) return;
      close();
      floor.did(seat.id, floor.say("did.skills", { who: floor.person(seat.id) }));
    } }, make("h2", {}, floor.say("skills.of", { who: floor.person(seat.id) })),
    make("div", { class: "rows" }, ...rows.map(({ id, select }) => make("div", {}, make("label", { for: `skill-${id}` }, floor.skill(id)), select))),
    make("p", { class: "hint" }, floor.say("skills.hint")), error, make("button", { type: "submit", class: "button primary" }, floor.say("skills.go")));
  });
}
