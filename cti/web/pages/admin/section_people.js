// 用户: agents with their skills and telephones, and whoever else may log in; who may do what.
import { make } from "/pages/shared/dom.js";
import { danger, field, locked, tick } from "./fields.js";
import { newThing } from "./new_thing.js";
import { group, nothing, skillWord } from "./parts.js";
import { idFault, matching, peopleOf } from "./people_logic.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./people_logic.js").Person} Person */

const ROLES = ["supervisor", "administrator", "auditor", "screen"];
/** Passwords made on this page, until it is left: shown once. @type {Map<string, string>} */
const made = new Map();

/** @param {Office} office */
const all = (office) => peopleOf(office.data("roster"), office.data("users"));

/** @param {Office} office @returns {Person | undefined} */
function person(office) {
  const people = all(office);
  return people.find((one) => one.id === office.place.item) ?? people[0];
}

/** @type {import("./sections.js").Section} */
export const people = {
  items: (office, search) => matching(all(office), search, (skill) => skillWord(office, skill)).map((one) => ({
    id: one.id, title: `${one.name}`, side: one.id,
    sub: [...(one.agent ? [office.say("role.agent")] : []), ...one.roles.map((role) => office.say(`role.${role}`))].join(" · "),
  })),
  chosen: (office) => person(office)?.id ?? "",
  title: (office) => {
    const one = person(office);
    return one ? `${one.name} ${one.id === one.name ? "" : one.id}` : office.say("section.people");
  },
  signature: (office) => JSON.stringify([person(office), office.data("roster").agent?.[person(office)?.id ?? ""], office.words.skills, [...made]]),
  form: (office) => {
    const one = person(office);
    return one ? drawPerson(office, one) : [nothing(office.say("people.empty_long"))];
  },
  add: (office) => newThing(office, {
    label: office.say("people.new"), placeholder: "a1001", button: office.say("people.add"),
    fault: (id) => idFault(id, all(office)),
    make: async (id) => {
      const skill = office.words.queues[0]?.id ?? "general";
      if (await office.change("roster", [{ at: ["agent", id], value: { name: id, skills: { [skill]: 3 } } }])) office.go({ item: id, view: "edit", mode: "form" });
    },
  }),
};

/** @param {Office} office @param {Person} one @returns {Node[]} */
function drawPerson(office, one) {
  const say = office.say.bind(office);
  const doc = one.agent ? "roster" : "users";
  const at = one.agent ? ["agent", one.id] : ["user", one.id];
  const entry = office.data("roster").agent?.[one.id] ?? {};
  const name = field(office, { doc, at: [...at, "name"], label: say("people.name"), value: one.name, empty: false });
  const roles = make("div", { class: "row" }, make("span", { class: "label", id: "roles" }, say("people.roles")),
    make("div", { class: "ticks", role: "group", "aria-labelledby": "roles" },
      tick(office, { label: say("role.agent"), value: one.agent, key: "role-agent", change: () => null, disabled: true }),
      ...ROLES.map((role) => tick(office, { label: say(`role.${role}`), value: one.roles.includes(role), key: `role-${role}`, change: (on) => void setRole(office, one, role, on) }))),
    make("p", { class: "hint" }, say(one.agent ? "people.roles_hint_agent" : "people.roles_hint")));
  const parts = [group(say("people.who"), name, roles, passwords(office, one))];
  if (one.agent) parts.push(group(say("people.work"), skills(office, one), ...desk(office, one, entry)));
  else parts.push(group(say("people.no_agent"), make("p", { class: "hint" }, say("people.no_agent_hint"))));
  const remove = danger(office, { name: one.id, label: say("people.remove"), key: `remove-${one.id}`, act: () => void removePerson(office, one) });
  if (remove) parts.push(group(say("danger.title"), make("p", { class: "hint" }, say("people.remove_hint")), remove));
  return parts;
}

/** @param {Office} office @param {Person} one @returns {HTMLElement} */
function passwords(office, one) {
  const say = office.say.bind(office);
  const doc = one.agent ? "roster" : "users";
  const button = (/** @type {"login" | "telephone"} */ what) => {
    const shown = made.get(`${one.id}.${what}`);
    return make("div", { class: "password" },
      make("button", { type: "button", class: "button", "data-key": `password-${what}`, disabled: locked(office), onclick: () => void newPassword(office, doc, one.id, what) }, say(`people.new_password_${what}`)),
      shown ? make("output", { class: "secret" }, shown) : make("span", { class: "hint" }, what === "login" ? say(one.canLogIn ? "people.has_password" : "people.no_password") : say("people.telephone_hint")),
      shown ? make("span", { class: "hint" }, say("people.shown_once")) : null);
  };
  return make("div", { class: "row" }, make("span", { class: "label" }, say("people.passwords")),
    make("div", { class: "passwords" }, button("login"), one.agent ? button("telephone") : null));
}

/** @param {Office} office @param {string} doc @param {string} id @param {"login" | "telephone"} what */
async function newPassword(office, doc, id, what) {
  try {
    const answer = await office.api.post(`/api/config/${doc}/password`, { base: office.docs.get(doc)?.version.n ?? 0, id, what });
    made.set(`${id}.${what}`, answer.password);
    office.take(answer);
    office.tell(office.say("people.password_made"), "warn");
  } catch (error) {
    office.failed(error);
  }
  office.draw();
}

/** @param {Office} office @param {Person} one @returns {HTMLElement} */
function skills(office, one) {
  const say = office.say.bind(office);
  const known = office.words.skills.map((skill) => skill.id);
  const ids = [...known, ...Object.keys(one.skills).filter((id) => !known.includes(id))];
  return make("div", { class: "row" }, make("span", { class: "label" }, say("people.skills")),
    make("div", { class: "levels" }, ...ids.map((id) => {
      const level = one.skills[id] ?? 0;
      return make("label", { class: `level l${level}` }, make("span", {}, skillWord(office, id)),
        make("select", { class: "field", "data-key": `skill-${id}`, disabled: locked(office), onchange: (/** @type {Event} */ event) => {
          const value = Number(/** @type {HTMLSelectElement} */ (event.target).value);
          void office.change("roster", [{ at: ["agent", one.id, "skills", id], value: value || null }]);
        } }, ...[0, 1, 2, 3, 4, 5].map((n) => make("option", { value: n, selected: n === level, disabled: n === 0 && level > 0 && Object.keys(one.skills).length === 1 }, n ? String(n) : "—"))));
    })),
    make("p", { class: "hint" }, say("people.skills_hint")));
}

/** @param {Office} office @param {Person} one @param {any} entry @returns {HTMLElement[]} */
function desk(office, one, entry) {
  const say = office.say.bind(office);
  const at = ["agent", one.id];
  const kinds = /** @type {[string, string][]} */ ([["", say("people.wrap_up_default")], ...["optional", "fixed", "forced", "extendable"].map((kind) => [kind, say(`wrap_up.${kind}`)])]);
  return [
    field(office, { doc: "roster", at: [...at, "wrap_up"], label: say("people.wrap_up"), value: entry.wrap_up, options: kinds }),
    field(office, { doc: "roster", at: [...at, "wrap_up_s"], label: say("people.wrap_up_s"), value: entry.wrap_up_s, kind: "number", unit: say("unit.s"), hint: say("people.wrap_up_hint") }),
    field(office, { doc: "roster", at: [...at, "phone"], label: say("people.phone"), value: entry.phone, hint: say(one.phone ? "people.phone_known" : "people.phone_hint") }),
  ];
}

/** @param {Office} office @param {Person} one @param {string} role @param {boolean} on */
function setRole(office, one, role, on) {
  const roles = ROLES.filter((name) => (name === role ? on : one.roles.includes(name)));
  if (!roles.length && !one.agent) {
    office.tell(office.say("people.last_role"), "warn");
    office.dictionary.use(office.dictionary.lang); // draws the tick as it is
    return office.draw();
  }
  const known = office.data("users").user?.[one.id];
  if (!roles.length) return office.change("users", [{ at: ["user", one.id], value: null }]);
  return office.change("users", known ? [{ at: ["user", one.id, "roles"], value: roles }] : [{ at: ["user", one.id], value: { name: one.name, roles } }]);
}

/** @param {Office} office @param {Person} one */
async function removePerson(office, one) {
  if (one.agent) await office.change("roster", [{ at: ["agent", one.id], value: null }]);
  if (office.data("users").user?.[one.id]) await office.change("users", [{ at: ["user", one.id], value: null }]);
  office.go({ item: "" });
}
