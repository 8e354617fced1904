// 技能: every agent with every skill as one grid, walked and filled by keys.
import { make, setText } from "/pages/shared/dom.js";
import { locked } from "./fields.js";
import { columnsOf, levelFault, levelOf, step } from "./matrix_logic.js";
import { nothing, skillWord } from "./parts.js";
import { matching, peopleOf } from "./people_logic.js";
import { redraw } from "./redraw.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./people_logic.js").Person} Person */

/** @param {Office} office */
const agents = (office) => peopleOf(office.data("roster"), {}).filter((one) => one.agent);
/** Where the one stop of Tab is. */
let cell = { row: 0, column: 0 };

/** @type {import("./sections.js").Section} */
export const skills = {
  items: (office) => columnsOf(office.words.skills, agents(office)).map((id) => {
    const having = agents(office).filter((one) => (one.skills[id] ?? 0) > 0);
    const expert = having.filter((one) => (one.skills[id] ?? 0) >= 3).length;
    return { id, title: skillWord(office, id), side: String(having.length), sub: office.say("skills.of_them", { n: expert }) };
  }),
  chosen: (office) => office.place.item,
  title: (office) => office.say("section.skills"),
  signature: (office) => JSON.stringify([agents(office), office.words.skills, office.place.item]),
  form: (office) => {
    const people = agents(office);
    if (!people.length) return [nothing(office.say("skills.no_agents"))];
    return [grid(office, people)];
  },
};

/** @param {Office} office @param {Person[]} people @returns {HTMLElement} */
function grid(office, people) {
  const say = office.say.bind(office);
  const columns = columnsOf(office.words.skills, people);
  const chosen = columns.indexOf(office.place.item);
  const search = make("input", { class: "field", type: "search", "aria-label": say("skills.filter"), placeholder: say("skills.filter"), "data-key": "filter", "data-shown": "", autocomplete: "off" });
  const sums = make("tr", { class: "sums" });
  const body = make("tbody");
  const table = make("table", { class: "matrix", role: "grid", "aria-label": say("section.skills"), "aria-readonly": locked(office) ? "true" : null },
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, say("skills.agent")),
      ...columns.map((id, n) => make("th", { scope: "col", class: n === chosen ? "chosen" : "", title: id }, make("span", {}, skillWord(office, id))))), sums),
    body);
  const shown = () => matching(people, search.value, (skill) => skillWord(office, skill));
  const draw = () => {
    const here = shown();
    sums.replaceChildren(make("td", {}, say("skills.sums", { n: here.length })), ...columns.map((id) => make("td", {}, String(here.filter((one) => one.skills[id]).length))));
    cell = { row: Math.min(cell.row, Math.max(0, here.length - 1)), column: Math.min(cell.column, columns.length - 1) };
    redraw(body, JSON.stringify([here, columns, chosen]), () => here.map((one, row) => make("tr", {},
      make("th", { scope: "row" }, `${one.name} `, make("small", {}, one.id === one.name ? "" : one.id)),
      ...columns.map((id, column) => {
        const level = one.skills[id] ?? 0;
        return make("td", { class: `l${level} ${column === chosen ? "chosen" : ""}`, tabindex: row === cell.row && column === cell.column ? "0" : "-1", "data-key": `${one.id}.${id}`,
          "aria-label": say("skills.cell", { name: one.name, skill: skillWord(office, id), level: level || say("skills.none") }) }, level ? String(level) : "");
      }))));
  };
  search.addEventListener("input", draw);
  body.addEventListener("focusin", (event) => note(/** @type {HTMLElement} */ (event.target)));
  const note = (/** @type {HTMLElement} */ at) => {
    const [row, column] = placeOf(at, body);
    if (row < 0 || column < 0) return;
    for (const one of body.querySelectorAll('td[tabindex="0"]')) one.setAttribute("tabindex", "-1");
    at.setAttribute("tabindex", "0");
    cell = { row, column };
  };
  body.addEventListener("keydown", (event) => {
    const next = step(cell, event.key, body.rows.length, columns.length, event.ctrlKey);
    if (next) {
      event.preventDefault();
      /** @type {HTMLElement | undefined} */ (body.rows[next.row]?.cells[next.column + 1])?.focus();
      return;
    }
    const level = levelOf(event.key);
    if (level === null || event.ctrlKey || event.altKey || event.metaKey || locked(office)) return;
    event.preventDefault();
    const one = shown()[cell.row];
    const skill = columns[cell.column];
    if (one && skill) void set(office, one, skill, level);
  });
  body.addEventListener("click", (event) => {
    const at = /** @type {HTMLElement} */ (event.target).closest("td");
    if (at) at.focus();
  });
  draw();
  const said = make("p", { class: "hint" });
  setText(said, say(locked(office) ? "skills.look" : "skills.keys"));
  return make("div", { class: "skills" }, make("div", { class: "line" }, search, said), make("div", { class: "scroll", "data-scroll": "matrix" }, table));
}

/** @param {Office} office @param {Person} one @param {string} skill @param {number} level */
async function set(office, one, skill, level) {
  const fault = levelFault(one.skills, skill, level);
  if (fault) {
    office.tell(office.say(fault, { name: one.name }), "warn");
    return office.draw();
  }
  if ((one.skills[skill] ?? 0) === level) return;
  await office.change("roster", [{ at: ["agent", one.id, "skills", skill], value: level || null }]);
}

/** @param {HTMLElement} at @param {HTMLTableSectionElement} body @returns {[number, number]} */
function placeOf(at, body) {
  const td = /** @type {HTMLTableCellElement | null} */ (at.closest("td"));
  const tr = td?.parentElement;
  return tr ? [[...body.rows].indexOf(/** @type {HTMLTableRowElement} */ (tr)), (td?.cellIndex ?? 0) - 1] : [-1, -1];
}
