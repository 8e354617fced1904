// 规则: what waiting callers are spared and offered, whose agents help out, and the surge ladder.
import { make } from "/pages/shared/dom.js";
import { field, locked } from "./fields.js";
import { group } from "./parts.js";

/** @typedef {import("./office.js").Office} Office */

const PARTS = ["waiting", "overflow", "surge"];
/** What counts while nothing stands in the document: as the server has it. */
const WAITING = { kept_place_s: 300, last_agent_days: 7, last_agent_s: 8, language_s: 120, callback_from_s: 180 };
const RUNGS = ["short_prompts", "callback_sooner", "broadcast", "borrow", "standby"];

/** @param {Office} office */
const part = (office) => (PARTS.includes(office.place.item) ? office.place.item : "waiting");

/** @type {import("./sections.js").Section} */
export const rules = {
  items: (office, search) => PARTS.map((id) => ({ id, title: office.say(`rules.${id}`), sub: office.say(`rules.${id}_sub`), side: count(office, id) }))
    .filter((row) => `${row.title} ${row.sub}`.toLowerCase().includes(search.trim().toLowerCase())),
  chosen: part,
  title: (office) => office.say(`rules.${part(office)}`),
  signature: (office) => JSON.stringify([office.data("rules"), part(office), office.words.skills]),
  form: (office) => (part(office) === "waiting" ? waiting(office) : part(office) === "overflow" ? overflow(office) : surge(office)),
};

/** @param {Office} office @param {string} id @returns {string} */
function count(office, id) {
  const data = office.data("rules");
  if (id === "overflow") return String((data.overflow ?? []).length);
  return id === "surge" ? String((data.surge?.rungs ?? RUNGS).length) : "";
}

/** @param {Office} office @returns {Node[]} */
function waiting(office) {
  const say = office.say.bind(office);
  const data = office.data("rules").waiting ?? {};
  const one = (/** @type {keyof typeof WAITING} */ key) => field(office, {
    doc: "rules", at: ["waiting", key], label: say(`waiting.${key}`), value: data[key] ?? "", kind: "number", unit: say(key === "last_agent_days" ? "unit.days" : "unit.s"),
    hint: say("rules.default", { what: say(`waiting.${key}_hint`), n: WAITING[key] }),
  });
  return [group(say("rules.kept"), one("kept_place_s")), group(say("rules.last_agent"), one("last_agent_days"), one("last_agent_s")),
    group(say("rules.language"), one("language_s")), group(say("rules.callback"), one("callback_from_s"))];
}

/** @param {Office} office @returns {Node[]} */
function overflow(office) {
  const say = office.say.bind(office);
  const { lang } = office.dictionary;
  /** @type {any[]} */
  const rows = office.data("rules").overflow ?? [];
  const skills = /** @type {[string, string][]} */ (office.words.skills.map((skill) => [skill.id, skill[lang]]));
  const queues = /** @type {[string, string][]} */ (office.words.queues.map((skill) => [skill.id, skill[lang]]));
  const forms = rows.map((rule, n) => make("div", { class: "rule" },
    field(office, { doc: "rules", at: ["overflow", n, "queue"], label: say("rules.queue"), value: rule?.queue, options: queues, empty: false }),
    field(office, { doc: "rules", at: ["overflow", n, "to"], label: say("rules.to"), value: rule?.to, options: skills, empty: false }),
    field(office, { doc: "rules", at: ["overflow", n, "after_s"], label: say("rules.after_s"), value: rule?.after_s, kind: "number", unit: say("unit.s"), hint: say("rules.after_hint") }),
    locked(office) ? null : make("button", { type: "button", class: "button", "data-key": `drop-${n}`, onclick: () => void office.change("rules", [{ at: ["overflow", n], value: null }]) }, say("rules.drop"))));
  const [first, second] = [queues[1] ?? queues[0], skills[0]];
  const add = make("button", { type: "button", class: "button", "data-key": "add", disabled: locked(office) || !first || !second,
    onclick: () => void office.change("rules", [{ at: ["overflow", "+"], value: { queue: first?.[0], to: second?.[0] === first?.[0] ? skills[1]?.[0] : second?.[0], after_s: 90 } }]) }, `+ ${say("rules.add_overflow")}`);
  return [group(say("rules.overflow"), make("p", { class: "hint" }, say("rules.overflow_hint")), ...(forms.length ? forms : [make("p", { class: "none" }, say("rules.no_overflow"))]), make("p", {}, add))];
}

/** @param {Office} office @returns {Node[]} */
function surge(office) {
  const say = office.say.bind(office);
  const data = office.data("rules").surge ?? {};
  /** @type {any[]} */
  const rungs = data.rungs ?? [];
  const rows = rungs.map((rung, n) => make("tr", {},
    make("th", { scope: "row" }, say(`rung.${rung?.rung}`), make("span", { class: "hint" }, say(`rung.${rung?.rung}_does`))),
    ...["on_wait_s", "off_wait_s", "at_least_s"].map((key) => make("td", {}, bare(office, n, key, rung?.[key]))),
    make("td", {}, locked(office) ? null : make("button", { type: "button", class: "button", "data-key": `drop-rung-${n}`, onclick: () => void office.change("rules", [{ at: ["surge", "rungs", n], value: null }]) }, say("rules.drop")))));
  const missing = RUNGS.filter((name) => !rungs.some((rung) => rung?.rung === name));
  const table = make("table", { class: "ladder" }, make("thead", {}, make("tr", {}, ...["rung", "on_wait_s", "off_wait_s", "at_least_s", ""].map((key) => make(key ? "th" : "td", key ? { scope: "col" } : {}, key ? say(`rules.${key}`) : "")))), make("tbody", {}, ...rows));
  const add = missing.length && !locked(office) ? make("p", { class: "line" }, ...missing.map((name) => make("button", { type: "button", class: "button", "data-key": `add-${name}`,
    onclick: () => void office.change("rules", [{ at: ["surge", "rungs", "+"], value: { rung: name, on_wait_s: 120, off_wait_s: 45 } }]) }, `+ ${say(`rung.${name}`)}`))) : null;
  return [
    group(say("rules.ladder"), make("p", { class: "hint" }, say("rules.ladder_hint")), rungs.length ? table : make("p", { class: "none" }, say("rules.shipped_ladder")), add),
    group(say("rules.surge_does"),
      field(office, { doc: "rules", at: ["surge", "broadcast_prompt"], label: say("rules.broadcast_prompt"), value: data.broadcast_prompt, hint: say("rules.broadcast_hint") }),
      field(office, { doc: "rules", at: ["surge", "callback_from_s"], label: say("rules.callback_sooner"), value: data.callback_from_s, kind: "number", unit: say("unit.s"), hint: say("rules.callback_sooner_hint") })),
  ];
}

/** A number in a table: the head of its column is its label. @param {Office} office @param {number} n @param {string} key @param {unknown} value @returns {HTMLElement} */
function bare(office, n, key, value) {
  const shown = value === undefined ? "" : String(value);
  return make("input", { class: "field", type: "number", step: "any", value: shown, "data-key": `rung-${n}-${key}`, "data-shown": shown, disabled: locked(office), "aria-label": office.say(`rules.${key}`),
    placeholder: key === "at_least_s" ? "120" : "",
    onchange: (/** @type {Event} */ event) => {
      const typed = /** @type {HTMLInputElement} */ (event.target).value;
      if (typed !== shown) void office.change("rules", [{ at: ["surge", "rungs", n, key], value: typed === "" ? null : Number(typed) }]);
    } });
}

