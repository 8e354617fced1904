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
/** Where the one stop of Tab is, and what is looked for. */
const state = { row: 0, column: 0, filter: "" };

/** @type {import("./sections.js").Section} */
export const skills = {
  items: (office) => columnsOf(office.words.skills, agents(office)).map((id) => {
    const having = agents(office).filter((one) => (one.skills[id] ?? 0) > 0);
    const expert = having.filter((one) => (one.skills[id] ?? 0) >= 3).length;
    return { id, title: skillWord(office, id), side: String(having.length), sub: office.say("skills.of_them", { n: expert }) };
  }),
  chosen: (office) => office.place.item,
  title: (office) => office.say("section.skills"),
  signature: () => "",
  form: () => [],
  modes: true,
  whole: (body, office) => {
    const all = agents(office);
    const say = office.say.bind(office);
    const people = matching(all, state.filter, (skill) => skillWord(office, skill));
    const columns = columnsOf(office.words.skills, all);
    const look = [office.dictionary.lang, office.mayChange, office.place.view];
    if (!all.length) return redraw(body, JSON.stringify(["none", ...look]), () => [nothing(say("skills.no_agents"))]);
    // Drawn once; a change of a level writes one cell.
    redraw(body, JSON.stringify(["skills", ...look]), () => [make("div", { class: "skills" }, make("div", { class: "line" }, search(office), make("p", { class: "hint" }, say(locked(office) ? "skills.look" : "skills.keys"))), make("div", { class: "scroll", "data-scroll": "matrix" }))]);
    const scroll = /** @type {HTMLElement} */ (body.querySelector(".scroll"));
    const chosen = columns.indexOf(office.place.item);
    state.row = Math.min(state.row, Math.max(0, people.length - 1));
    state.column = Math.min(state.column, columns.length - 1);
    redraw(scroll, JSON.stringify([...look, columns, columns.map((id) => skillWord(office, id)), chosen, people.map((one) => [one.id, one.name])]), () => [table(office, people, columns, chosen)]);
    fill(office, scroll, people, columns);
  },
};

/** @param {Office} office @returns {HTMLElement} */
function search(office) {
  return make("input", { class: "field", type: "search", "aria-label": office.say("skills.filter"), placeholder: office.say("skills.filter"), "data-key": "filter", "data-shown": "", autocomplete: "off", value: state.filter,
    oninput: (/** @type {Event} */ event) => {
      state.filter = /** @type {HTMLInputElement} */ (event.target).value;
      office.draw();
    } });
}

/** @param {Office} office @param {Person[]} people @param {string[]} columns @param {number} chosen @returns {HTMLElement} */
function table(office, people, columns, chosen) {
  const say = office.say.bind(office);
  const body = make("tbody", {}, ...people.map((one, row) => make("tr", {},
    make("th", { scope: "row" }, `${one.name} `, make("small", {}, one.id === one.name ? "" : one.id)),
    ...columns.map((id, column) => make("td", { class: column === chosen ? "chosen" : "", tabindex: row === state.row && column === state.column ? "0" : "-1", "data-key": `${one.id}.${id}` })))));
  body.addEventListener("focusin", (event) => {
    const at = /** @type {HTMLElement} */ (event.target);
    const [row, column] = placeOf(at, body);
    if (row < 0 || column < 0) return;
    for (const one of body.querySelectorAll('td[tabindex="0"]')) one.setAttribute("tabindex", "-1");
    at.setAttribute("tabindex", "0");
    Object.assign(state, { row, column });
  });
  body.addEventListener("keydown", (event) => {
    const next = step(state, event.key, body.rows.length, columns.length, event.ctrlKey);
    if (next) {
      event.preventDefault();
      /** @type {HTMLElement | undefined} */ (body.rows[next.row]?.cells[next.column + 1])?.focus();
      return;
    }
    const level = levelOf(event.key);
    if (level === null || event.ctrlKey || event.altKey || event.metaKey || locked(office)) return;
    event.preventDefault();
    const [person = "", skill = ""] = (document.activeElement?.getAttribute("data-key") ?? "").split(".");
    const one = agents(office).find((agent) => agent.id === person);
    if (one) void set(office, one, skill, level);
  });
  body.addEventListener("click", (event) => /** @type {HTMLElement} */ (event.target).closest("td")?.focus());
  return make("table", { class: "matrix", role: "grid", "aria-label": say("section.skills"), "aria-readonly": locked(office) ? "true" : null },
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, say("skills.agent")),
      ...columns.map((id, n) => make("th", { scope: "col", class: n === chosen ? "chosen" : "", title: id }, make("span", {}, skillWord(office, id))))),
    make("tr", { class: "sums" }, make("td"), ...columns.map(() => make("td")))), body);
}

/** Writes the levels, and only what is another. @param {Office} office @param {HTMLElement} scroll @param {Person[]} people @param {string[]} columns */
function fill(office, scroll, people, columns) {
  const sums = scroll.querySelectorAll(".sums td");
  if (sums[0]) setText(sums[0], office.say("skills.sums", { n: people.length }));
  columns.forEach((id, column) => {
    const sum = sums[column + 1];
    if (sum) setText(sum, String(people.filter((one) => one.skills[id]).length));
  });
  const rows = /** @type {HTMLTableElement | null} */ (scroll.querySelector("table"))?.tBodies[0]?.rows ?? [];
  people.forEach((one, row) => columns.forEach((id, column) => {
    const cell = rows[row]?.cells[column + 1];
    const level = one.skills[id] ?? 0;
    if (cell && cell.dataset["level"] !== String(level)) show(office, cell, one, id, level);
  }));
}

/** @param {Office} office @param {HTMLElement} cell @param {Person} one @param {string} skill @param {number} level */
function show(office, cell, one, skill, level) {
  cell.dataset["level"] = String(level);
  cell.textContent = level ? String(level) : "";
  cell.className = `l${level} ${cell.classList.contains("chosen") ? "chosen" : ""}`;
  cell.setAttribute("aria-label", office.say("skills.cell", { name: one.name, skill: skillWord(office, skill), level: level || office.say("skills.none") }));
}

/** @param {Office} office @param {Person} one @param {string} skill @param {number} level */
async function set(office, one, skill, level) {
  const fault = levelFault(one.skills, skill, level);
  if (fault) {
    office.tell(office.say(fault, { name: one.name }), "warn");
    return office.draw();
  }
  if ((one.skills[skill] ?? 0) === level) return;
  // Shown at once; what the server says is shown in its place when it comes.
  const cell = /** @type {HTMLElement | null} */ (document.querySelector(`td[data-key="${CSS.escape(`${one.id}.${skill}`)}"]`));
  if (cell) show(office, cell, one, skill, level);
  await office.change("roster", [{ at: ["agent", one.id, "skills", skill], value: level || null }]);
}

/** @param {HTMLElement} at @param {HTMLTableSectionElement} body @returns {[number, number]} */
function placeOf(at, body) {
  const td = /** @type {HTMLTableCellElement | null} */ (at.closest("td"));
  const tr = td?.parentElement;
  return tr ? [[...body.rows].indexOf(/** @type {HTMLTableRowElement} */ (tr)), (td?.cellIndex ?? 0) - 1] : [-1, -1];
}
