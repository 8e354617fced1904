// Agents of the roster and users of the users file, as one list of people.

/** @typedef {{id: string, name: string, agent: boolean, roles: string[], skills: Record<string, number>, phone: boolean, canLogIn: boolean}} Person */

/** @param {any} roster parsed @param {any} users parsed @returns {Person[]} */
export function peopleOf(roster, users) {
  /** @type {Map<string, Person>} */
  const found = new Map();
  for (const [id, one] of Object.entries(roster?.agent ?? {})) {
    if (!isTable(one)) continue;
    const skills = isTable(one["skills"]) ? one["skills"] : {};
    found.set(id, {
      id, name: String(one["name"] ?? id), agent: true, roles: [], skills, phone: Boolean(one["phone"]), canLogIn: Boolean(one["password_hash"]),
    });
  }
  for (const [id, one] of Object.entries(users?.user ?? {})) {
    if (!isTable(one)) continue;
    const known = found.get(id);
    const roles = Array.isArray(one["roles"]) ? one["roles"].map(String) : [];
    if (known) known.roles = roles;
    else found.set(id, { id, name: String(one["name"] ?? id), agent: false, roles, skills: {}, phone: false, canLogIn: Boolean(one["password_hash"]) });
  }
  return [...found.values()];
}

/** Those whose id, name or skills hold every word. @param {Person[]} people @param {string} text @param {(skill: string) => string} word
 * @returns {Person[]} */
export function matching(people, text, word) {
  const wanted = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return people.filter((one) => {
    const all = [one.id, one.name, ...one.roles, ...Object.keys(one.skills), ...Object.keys(one.skills).map(word)].join(" ").toLowerCase();
    return wanted.every((part) => all.includes(part));
  });
}

/** A fault of a new id, as a key of the words; "" for a good one. @param {string} id @param {Person[]} people @returns {string} */
export function idFault(id, people) {
  if (!/^[a-z][a-z0-9]{1,19}$/.test(id)) return "people.id_form";
  return people.some((one) => one.id === id) ? "people.id_taken" : "";
}

/** @param {unknown} value @returns {value is Record<string, any>} */
function isTable(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
