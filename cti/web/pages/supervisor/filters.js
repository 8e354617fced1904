// Which seats stand out: by state, several at once, and by skill. The counts are of all seats.
import { make, setText } from "/pages/shared/dom.js";
import { countsOf, KINDS } from "./seats_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

/** @param {HTMLElement} panel @param {Floor} floor */
export function mountFilters(panel, floor) {
  const [title, hint] = [make("span"), make("small")];
  const rows = KINDS.map((kind) => {
    const [letter, word, count] = [make("b"), make("span"), make("strong")];
    const button = make("button", { type: "button", class: "filter", "data-kind": kind, onclick: () => {
      const kinds = new Set(floor.wanted.kinds);
      if (!kinds.delete(kind)) kinds.add(kind);
      floor.look({ kinds });
    } }, make("span", { class: `cell key ${kind}`, "aria-hidden": "true" }, letter), word, count);
    return { kind, button, letter, word, count };
  });
  const label = make("label", { for: "skill", class: "visually-hidden" });
  const skill = make("select", { class: "field", id: "skill", onchange: () => floor.look({ skill: skill.value }) });
  panel.append(make("h2", {}, title, hint), make("div", { class: "filters" }, ...rows.map(({ button }) => button)), make("div", { class: "by-skill" }, label, skill));
  let listed = "";
  floor.onDraw(() => {
    setText(title, floor.say("filters.title"));
    setText(hint, floor.say("filters.hint"));
    const counts = countsOf(Object.values(floor.seats));
    for (const { kind, button, letter, word, count } of rows) {
      setText(letter, floor.say(`letter.${kind}`));
      setText(word, floor.say(`kind.${kind}`));
      setText(count, floor.isKnown ? String(counts[kind]) : "—");
      button.setAttribute("aria-pressed", String(floor.wanted.kinds.has(kind)));
    }
    setText(label, floor.say("filters.skill"));
    const skills = [...new Set(Object.values(floor.seats).flatMap((seat) => Object.keys(seat.skills)))].sort();
    const signature = JSON.stringify([floor.lang, skills, floor.words.skills.length]);
    if (signature !== listed) {
      listed = signature;
      skill.replaceChildren(make("option", { value: "" }, floor.say("filters.any_skill")), ...skills.map((id) => make("option", { value: id }, floor.skill(id))));
    }
    skill.value = floor.wanted.skill;
  });
}
