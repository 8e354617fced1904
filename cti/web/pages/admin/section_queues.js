// 队列: the catalogue of queues and skills, their names and their order, and who helps out in each.
import { make } from "/pages/shared/dom.js";
import { danger, field, locked, tick } from "./fields.js";
import { newThing } from "./new_thing.js";
import { group, nothing, skillWord } from "./parts.js";
import { peopleOf } from "./people_logic.js";

/** @typedef {import("./office.js").Office} Office */

/** @param {Office} office @returns {[string, any][]} */
const all = (office) => Object.entries(office.data("skills").skill ?? {});
/** @param {Office} office @returns {[string, any] | undefined} */
const one = (office) => all(office).find(([id]) => id === office.place.item) ?? all(office)[0];
/** As a heading: names stand in the middle of sentences too. @param {string} name */
const headOf = (name) => name.charAt(0).toUpperCase() + name.slice(1);
/** @param {Office} office @returns {any[]} */
const overflow = (office) => office.data("rules").overflow ?? [];

/** @type {import("./sections.js").Section} */
export const queues = {
  items: (office, search) => {
    const wanted = search.trim().toLowerCase();
    const rows = all(office).filter(([id, skill]) => `${id} ${skill?.zh} ${skill?.en}`.toLowerCase().includes(wanted));
    const row = (/** @type {[string, any]} */ [id, skill]) => ({ id, title: headOf(String(skill?.[office.dictionary.lang] ?? id)), sub: id });
    const waited = rows.filter(([, skill]) => skill?.queue);
    const others = rows.filter(([, skill]) => !skill?.queue);
    return [
      ...(waited.length ? [{ id: "=queues", title: office.say("queues.queues"), heading: true }, ...waited.map(row)] : []),
      ...(others.length ? [{ id: "=skills", title: office.say("queues.skills"), heading: true }, ...others.map(row)] : []),
    ];
  },
  chosen: (office) => one(office)?.[0] ?? "",
  title: (office) => {
    const found = one(office);
    return found ? headOf(String(found[1]?.[office.dictionary.lang] ?? found[0])) : office.say("section.queues");
  },
  signature: (office) => JSON.stringify([office.data("skills"), overflow(office), one(office)?.[0], office.docs.get("roster")?.version.n]),
  form: (office) => {
    const found = one(office);
    return found ? draw(office, found[0], found[1]) : [nothing(office.say("queues.empty_long"))];
  },
  add: (office) => newThing(office, {
    label: office.say("queues.new"), placeholder: "housing", button: office.say("queues.add"),
    fault: (id) => (!/^[a-z][a-z0-9_]{0,39}$/.test(id) ? "queues.id_form" : all(office).some(([known]) => known === id) ? "queues.id_taken" : ""),
    make: async (id) => {
      if (await office.change("skills", [{ at: ["skill", id], value: { zh: id, en: id, queue: true } }])) office.go({ item: id, view: "edit", mode: "form" });
    },
  }),
};

/** @param {Office} office @param {string} id @param {any} skill @returns {Node[]} */
function draw(office, id, skill) {
  const say = office.say.bind(office);
  const at = ["skill", id];
  const ids = all(office).map(([name]) => name);
  const here = ids.indexOf(id);
  const move = (/** @type {number} */ by) => {
    const others = ids.filter((name) => name !== id);
    return office.change("skills", [{ at, before: others[here + by] ?? "" }]);
  };
  const order = make("div", { class: "row" }, make("span", { class: "label" }, say("queues.order")),
    make("div", { class: "value" }, make("b", {}, say("queues.place", { n: here + 1, all: ids.length })),
      make("button", { type: "button", class: "button", "data-key": "up", disabled: locked(office) || here === 0, onclick: () => void move(-1) }, `↑ ${say("queues.up")}`),
      make("button", { type: "button", class: "button", "data-key": "down", disabled: locked(office) || here === ids.length - 1, onclick: () => void move(1) }, `↓ ${say("queues.down")}`)),
    make("p", { class: "hint" }, say("queues.order_hint")));
  const parts = [group(say("queues.names"),
    field(office, { doc: "skills", at: [...at, "zh"], label: say("queues.zh"), value: skill?.zh, empty: false }),
    field(office, { doc: "skills", at: [...at, "en"], label: say("queues.en"), value: skill?.en, empty: false }),
    make("div", { class: "row" }, make("span", { class: "label" }, say("queues.kind")),
      make("div", { class: "value" }, tick(office, { label: say("queues.is_queue"), value: Boolean(skill?.queue), key: "is-queue", change: (on) => void office.change("skills", [{ at: [...at, "queue"], value: on || null }]) }))),
    order)];
  if (skill?.queue) parts.push(helpers(office, id));
  parts.push(used(office, id));
  const remove = danger(office, { name: id, label: say("queues.remove"), key: `remove-${id}`, act: async () => {
    await office.change("skills", [{ at, value: null }]);
    office.go({ item: "" });
  } });
  if (remove) parts.push(group(say("danger.title"), make("p", { class: "hint" }, say("queues.remove_hint")), remove));
  return parts;
}

/** Whose agents may take the callers of this queue too. @param {Office} office @param {string} id @returns {HTMLElement} */
function helpers(office, id) {
  const say = office.say.bind(office);
  const rules = overflow(office).map((rule, n) => ({ rule, n })).filter(({ rule }) => rule?.queue === id);
  const choices = /** @type {[string, string][]} */ (office.words.skills.filter((skill) => skill.id !== id).map((skill) => [skill.id, skill[office.dictionary.lang]]));
  const rows = rules.map(({ rule, n }) => make("div", { class: "rule" },
    field(office, { doc: "rules", at: ["overflow", n, "to"], label: say("rules.to"), value: rule.to, options: choices, empty: false }),
    field(office, { doc: "rules", at: ["overflow", n, "after_s"], label: say("rules.after_s"), value: rule.after_s, kind: "number", unit: say("unit.s"), hint: say("rules.after_hint") }),
    locked(office) ? null : make("button", { type: "button", class: "button", "data-key": `drop-${n}`, onclick: () => void office.change("rules", [{ at: ["overflow", n], value: null }]) }, say("rules.drop"))));
  const free = choices.find(([skill]) => !rules.some(({ rule }) => rule.to === skill));
  const add = make("button", { type: "button", class: "button", "data-key": "add-overflow", disabled: locked(office) || !free,
    onclick: () => void office.change("rules", [{ at: ["overflow", "+"], value: { queue: id, to: free?.[0] ?? "general", after_s: 90 } }]) }, `+ ${say("queues.add_helper")}`);
  return group(say("queues.helpers"), ...(rows.length ? rows : [make("p", { class: "none" }, say("queues.no_helpers"))]), make("p", {}, add));
}

/** Who has it, so that it is not taken away from somebody unseen. @param {Office} office @param {string} id @returns {HTMLElement} */
function used(office, id) {
  const roster = office.docs.get("roster");
  if (!roster) {
    void office.load("roster").then(() => office.draw());
    return group(office.say("queues.used"), make("p", { class: "none" }, office.say("history.reading")));
  }
  const agents = peopleOf(office.said("roster")?.data, {}).filter((person) => person.agent && person.skills[id]);
  return group(office.say("queues.used"), make("p", {}, office.say("queues.agents", { n: agents.length, names: office.list(agents.slice(0, 8).map((person) => person.name)) + (agents.length > 8 ? " …" : "") })),
    make("p", {}, make("a", { href: `#skills/${id}` }, office.say("queues.to_matrix", { name: skillWord(office, id) }))));
}
