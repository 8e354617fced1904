// The grid of agents and skills: where a key leads, and what it changes.

/** @typedef {{row: number, column: number}} Cell */

/** The cell that a key leads to; null: the key is none of ours.
 * @param {Cell} from @param {string} key @param {number} rows @param {number} columns @param {boolean} control @returns {Cell | null} */
export function step(from, key, rows, columns, control = false) {
  const last = { row: rows - 1, column: columns - 1 };
  const to = (/** @type {number} */ row, /** @type {number} */ column) =>
    ({ row: Math.min(Math.max(row, 0), last.row), column: Math.min(Math.max(column, 0), last.column) });
  switch (key) {
    case "ArrowUp": return to(control ? 0 : from.row - 1, from.column);
    case "ArrowDown": return to(control ? last.row : from.row + 1, from.column);
    case "ArrowLeft": return to(from.row, control ? 0 : from.column - 1);
    case "ArrowRight": return to(from.row, control ? last.column : from.column + 1);
    case "Home": return to(control ? 0 : from.row, 0);
    case "End": return to(control ? last.row : from.row, last.column);
    case "PageUp": return to(from.row - 15, from.column);
    case "PageDown": return to(from.row + 15, from.column);
    default: return null;
  }
}

/** The level that a key sets: 1 to 5, 0 for none; null: the key sets nothing. @param {string} key @returns {number | null} */
export function levelOf(key) {
  if (/^[0-5]$/.test(key)) return Number(key);
  return key === "Delete" || key === "Backspace" || key === " " ? 0 : null;
}

/** Columns: skills in the order of the catalogue, then whatever else agents have.
 * @param {{id: string}[]} catalogue @param {{skills: Record<string, number>}[]} people @returns {string[]} */
export function columnsOf(catalogue, people) {
  const named = catalogue.map((skill) => skill.id);
  const more = new Set(people.flatMap((one) => Object.keys(one.skills)));
  return [...named, ...[...more].filter((id) => !named.includes(id)).sort()];
}

/** Why a level may not be set, as a key of the words; "" if it may: an agent has at least one skill.
 * @param {Record<string, number>} skills @param {string} skill @param {number} level @returns {string} */
export function levelFault(skills, skill, level) {
  const left = Object.keys(skills).filter((id) => id !== skill);
  return level === 0 && !left.length && skill in skills ? "skills.last" : "";
}
