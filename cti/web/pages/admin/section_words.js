// 词库: what is marked in the words of a talk, what talks are inspected for, and by which words drafts are filled.
import { make } from "/pages/shared/dom.js";
import { field, keyOf, locked } from "./fields.js";
import { group, nothing } from "./parts.js";
import { wordList } from "./word_list.js";
import { choicesOf, nameFault, partOf, PARTS } from "./words_logic.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./words_logic.js").TicketForm} TicketForm */

const DOCS = ["key_words", "quality", "prefill"];
/** What counts while nothing stands in the document: as the server has it. */
const LOW = 0.5;
const LIMITS = { silence_s: 15, overlap_s: 3, shortest_s: 20 };
const BOUNDS = { agent_share: [0.15, 0.85], agent_speed: [2, 6.5] };
const THRESHOLDS = {
  caller_name: 0.6, caller_gender: 0.6, contact_phone: 0.6, secret: 0.6, type: 0.42, matter: 0.22, urgency: 0.6, street: 0.55, address: 0.5, happened_at: 0.5,
  target: 0.5, detail: 0.6, wants_reply: 0.6, department: 0.22,
};
const IN_MENU = { matter: 0.7, type: 0.7 };

/** The form of a ticket; null until it is here. @type {{form: TicketForm | null, asked: boolean}} */
const state = { form: null, asked: false };

/** @param {Office} office */
const chosen = (office) => partOf(office.place.item);
/** @param {{doc: string, part: string}} place */
const itemOf = ({ doc, part }) => (part ? `${doc}/${part}` : doc);

/** @type {import("./sections.js").Section} */
export const words = {
  items: (office, search) => {
    read(office);
    const rows = [{ doc: "key_words", part: "" }, { doc: "quality", part: "" }, ...PARTS.map((part) => ({ doc: "prefill", part }))].map((place) => {
      const name = place.part || place.doc;
      const drafted = !place.part && office.rows.some((row) => row.id === place.doc && row.draft);
      return { id: itemOf(place), title: office.say(`words.${name}`), sub: office.say(`words.${name}_sub`), side: drafted ? office.say("tree.draft_short") : count(office, name), tone: drafted ? "warn" : "" };
    }).filter((row) => `${row.title} ${row.sub}`.toLowerCase().includes(search.trim().toLowerCase()));
    const headed = (/** @type {string} */ id, /** @type {typeof rows} */ some) => (some.length ? [{ id: `=${id}`, title: office.say(`words.${id}`), heading: true }, ...some] : []);
    return [...headed("talks", rows.filter((row) => !row.id.startsWith("prefill"))), ...headed("prefill", rows.filter((row) => row.id.startsWith("prefill")))];
  },
  chosen: (office) => itemOf(chosen(office)),
  title: (office) => office.say(`words.${chosen(office).part || chosen(office).doc}`),
  signature: (office) => JSON.stringify([office.data(chosen(office).doc), itemOf(chosen(office)), office.docs.has(chosen(office).doc), state.form !== null]),
  form: (office) => {
    const { doc, part } = chosen(office);
    if (!state.form || !office.docs.has(doc)) return [nothing(office.say("history.reading"))];
    if (doc === "quality") return quality(office);
    if (doc === "key_words") return keyWords(office, state.form);
    if (part === "urgency") return urgency(office);
    if (part === "departments") return departments(office, state.form);
    return part === "thresholds" ? thresholds(office, state.form) : says(office, state.form, part === "types" ? "type" : "matter");
  },
};

/** The form of a ticket, and the documents that the list counts in. @param {Office} office */
function read(office) {
  if (state.asked) return;
  state.asked = true;
  const failed = (/** @type {unknown} */ error) => {
    state.asked = false;
    office.failed(error);
  };
  void office.api.get("/api/ticket-form").then((form) => {
    state.form = form;
    office.draw();
  }, failed);
  for (const id of DOCS.filter((doc) => !office.docs.has(doc))) void office.load(id).then(() => office.draw(), failed);
}

/** How much of its own there is. @param {Office} office @param {string} name @returns {string} */
function count(office, name) {
  const [talks, inspected, own] = DOCS.map((doc) => office.data(doc));
  const sizes = (/** @type {any} */ table) => Object.values(table ?? {}).flat().length;
  const n = {
    key_words: sizes(talks.words), quality: (inspected.forbidden ?? []).length + Object.keys(inspected.required ?? {}).length,
    matters: Object.keys(own.matter ?? {}).length, types: Object.keys(own.type ?? {}).length, departments: (own.department ?? []).length,
    urgency: sizes(own.urgent) + sizes(own.secret) + sizes(own.wants_reply) + (own.menu?.urgent ?? []).length, thresholds: Object.keys(own.thresholds ?? {}).length,
  }[name];
  return n ? String(n) : "";
}

/** @param {TicketForm} form @param {string} name @param {"zh" | "en"} lang @returns {string} */
const fieldName = (form, name, lang) => form.fields.find((one) => one.name === name)?.[lang] ?? name;

/** Something to choose and to add at once. @param {Office} office @param {string} key @param {string} label @param {[string, string][]} choices
 * @param {(id: string) => unknown} add @returns {HTMLElement | null} */
function chooser(office, key, label, choices, add) {
  if (locked(office)) return null;
  return make("p", { class: "line" }, make("select", { class: "field chooser", "data-key": key, "aria-label": label, onchange: (/** @type {Event} */ event) => {
    const { value } = /** @type {HTMLSelectElement} */ (event.target);
    if (value) void add(value);
  } }, make("option", { value: "" }, `+ ${label}`), ...choices.map(([value, text]) => make("option", { value }, text))));
}

// Key words

/** @param {Office} office @param {TicketForm} form @returns {Node[]} */
function keyWords(office, form) {
  const say = office.say.bind(office);
  const { lang } = office.dictionary;
  const data = office.data("key_words");
  const kinds = ["risk", ...Object.keys(data.words ?? {}).filter((kind) => kind !== "risk")];
  const free = form.fields.filter((one) => !kinds.includes(one.name)).map((one) => /** @type {[string, string]} */ ([one.name, one[lang]]));
  const list = (/** @type {string} */ kind) => wordList(office, { doc: "key_words", at: ["words", kind], label: kind === "risk" ? say("words.risk") : fieldName(form, kind, lang), words: data.words?.[kind], ...(kind === "risk" ? { tone: "risk" } : {}) });
  return [
    group(say("words.risks"), make("p", { class: "hint" }, say("words.risk_hint")), list("risk")),
    group(say("words.fields"), make("p", { class: "hint" }, say("words.fields_hint")), ...kinds.slice(1).map(list),
      chooser(office, "add-kind", say("words.add_field"), free, (kind) => office.change("key_words", [{ at: ["words", kind], value: [] }]))),
    group(say("words.unsure"), field(office, { doc: "key_words", at: ["low"], label: say("words.low"), value: data.low, kind: "number", hint: say("words.low_hint", { n: LOW }) })),
  ];
}

// Inspection

/** @param {Office} office @returns {Node[]} */
function quality(office) {
  const say = office.say.bind(office);
  const data = office.data("quality");
  const names = Object.keys(data.required ?? {});
  const limit = (/** @type {keyof typeof LIMITS} */ key) => field(office, { doc: "quality", at: [key], label: say(`words.${key}`), value: data[key], kind: "number", unit: say("unit.s"), hint: say("rules.default", { what: say(`words.${key}_hint`), n: LIMITS[key] }) });
  return [
    group(say("words.forbidden"), wordList(office, { doc: "quality", at: ["forbidden"], label: say("words.forbidden_label"), words: data.forbidden, hint: say("words.forbidden_hint"), tone: "risk", keepsEmpty: true })),
    group(say("words.required"), make("p", { class: "hint" }, say("words.required_hint")), ...names.map((name) => required(office, name, data.required[name])), newRequired(office, names)),
    group(say("words.limits"), make("p", { class: "hint" }, say("words.limits_hint")), limit("silence_s"), limit("overlap_s"),
      bounds(office, "agent_share", data.agent_share, 100, "%"), bounds(office, "agent_speed", data.agent_speed, 1, say("unit.characters_s")), limit("shortest_s")),
  ];
}

/** @param {Office} office @param {string} name @param {any} one @returns {HTMLElement} */
function required(office, name, one) {
  const say = office.say.bind(office);
  const at = ["required", name];
  const when = one?.within_s !== undefined ? "within_s" : one?.last_s !== undefined ? "last_s" : "";
  const set = (/** @type {string} */ key, /** @type {number} */ seconds) => office.change("quality", ["within_s", "last_s"].map((known) => ({ at: [...at, known], value: known === key ? seconds : null })));
  const key = keyOf("quality", at);
  const choice = make("select", { class: "field", id: `when-${name}`, "data-key": `${key}.when`, disabled: locked(office), onchange: (/** @type {Event} */ event) => void set(/** @type {HTMLSelectElement} */ (event.target).value, one?.[when] ?? 15) },
    ...["", "within_s", "last_s"].map((value) => make("option", { value, selected: value === when }, say(`words.when_${value || "any"}`))));
  const shown = when ? String(one[when]) : "";
  const seconds = when ? make("input", { class: "field", type: "number", step: "any", value: shown, "data-key": `${key}.seconds`, "data-shown": shown, disabled: locked(office), "aria-label": say(`words.when_${when}`),
    onchange: (/** @type {Event} */ event) => {
      const typed = /** @type {HTMLInputElement} */ (event.target).value;
      if (typed !== "" && typed !== shown) void set(when, Number(typed));
    } }) : null;
  return make("div", { class: "said" },
    make("div", { class: "line" }, make("h4", {}, named(office, name)),
      locked(office) ? null : make("button", { type: "button", class: "link", "data-key": `${key}.drop`, "aria-label": say("words.drop", { name: named(office, name) }), onclick: () => void office.change("quality", [{ at, value: null }]) }, say("words.drop_rule"))),
    wordList(office, { doc: "quality", at: [...at, "phrases"], label: say("words.phrases"), words: one?.phrases, keepsEmpty: true }),
    make("div", { class: "row" }, make("label", { for: `when-${name}` }, say("words.when")), make("div", { class: "value" }, choice, seconds, when ? make("span", { class: "unit" }, say("unit.s")) : null)));
}

/** What the shipped ones are called. @param {Office} office @param {string} name @returns {string} */
const named = (office, name) => (["greeting", "goodbye"].includes(name) ? office.say(`words.said_${name}`) : name);

/** @param {Office} office @param {string[]} names @returns {HTMLElement | null} */
function newRequired(office, names) {
  if (locked(office)) return null;
  const input = make("input", { class: "field", "data-key": "new-required", "data-shown": "", autocomplete: "off", maxlength: "20", "aria-label": office.say("words.new_required"), placeholder: office.say("words.new_required") });
  return make("form", { class: "line said", onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    const name = input.value.trim();
    const fault = nameFault(name, names);
    input.setAttribute("aria-invalid", String(Boolean(fault)));
    if (fault) {
      office.tell(office.say(fault), "warn");
      return office.draw();
    }
    input.value = "";
    void office.change("quality", [{ at: ["required", name], value: { phrases: [name] } }]);
  } }, input, make("button", { type: "submit", class: "button" }, office.say("words.add_required")));
}

/** The least and the most, in one row. @param {Office} office @param {keyof typeof BOUNDS} key @param {unknown} value @param {number} times @param {string} unit @returns {HTMLElement} */
function bounds(office, key, value, times, unit) {
  const say = office.say.bind(office);
  const own = Array.isArray(value);
  const now = own ? value.map(Number) : BOUNDS[key];
  const as = (/** @type {number | undefined} */ one) => (one === undefined ? "" : String(Math.round(one * times * 100) / 100));
  const end = (/** @type {0 | 1} */ n) => {
    const shown = own ? as(now[n]) : "";
    return make("input", { class: "field", type: "number", step: "any", value: shown, placeholder: as(BOUNDS[key][n]), id: `${key}-${n}`, "data-key": `quality:${key}.${n}`, "data-shown": shown, disabled: locked(office),
      "aria-label": `${say(`words.${key}`)}, ${say(n ? "words.most" : "words.least")}`,
      onchange: (/** @type {Event} */ event) => {
        const typed = /** @type {HTMLInputElement} */ (event.target).value;
        const next = [0, 1].map((m) => (m !== n ? now[m] ?? 0 : typed === "" ? BOUNDS[key][m] ?? 0 : Number(typed) / times));
        void office.change("quality", [{ at: [key], value: next }]);
      } });
  };
  return make("div", { class: "row" }, make("label", { for: `${key}-0` }, say(`words.${key}`)),
    make("div", { class: "value" }, end(0), make("span", { class: "unit" }, "–"), end(1), make("span", { class: "unit" }, unit)),
    make("p", { class: "hint" }, say("rules.default", { what: say(`words.${key}_hint`), n: BOUNDS[key].map(as).join("–") })));
}

// Words that drafts are filled by

/** @param {Office} office @param {TicketForm} form @param {"type" | "matter"} table @returns {Node[]} */
function says(office, form, table) {
  const say = office.say.bind(office);
  const { lang } = office.dictionary;
  const choices = table === "matter" ? choicesOf(form.matters, lang) : form.types.map((one) => /** @type {[string, string]} */ ([one.id, one[lang]]));
  const own = office.data("prefill")[table] ?? {};
  const one = (/** @type {string} */ code) => group(choices.find(([id]) => id === code)?.[1] ?? code,
    make("p", { class: "hint" }, make("code", {}, code)),
    ...["sure", "likely", "without"].map((key) => wordList(office, { doc: "prefill", at: [table, code, key], label: say(`words.${key}`), words: own[code]?.[key] })),
    locked(office) ? null : make("p", { class: "after" }, make("button", { type: "button", class: "link", "data-key": `drop-${code}`, onclick: () => void office.change("prefill", [{ at: [table, code], value: null }]) }, say("words.drop_own"))));
  const free = choices.filter(([id]) => !(id in own));
  return [
    group(say(`words.own_${table}`), make("p", { class: "hint" }, say("words.own_hint")), Object.keys(own).length ? null : make("p", { class: "none" }, say("words.no_own")),
      chooser(office, `add-${table}`, say(`words.add_${table}`), free, (code) => office.change("prefill", [{ at: [table, code], value: { sure: [] } }]))),
    ...Object.keys(own).map(one),
  ];
}

/** @param {Office} office @returns {Node[]} */
function urgency(office) {
  const say = office.say.bind(office);
  const data = office.data("prefill");
  const list = (/** @type {string} */ table, /** @type {string} */ key, isPattern = true) => wordList(office, { doc: "prefill", at: [table, key], label: say(`words.${table}_${key}`), words: data[table]?.[key], isPattern });
  return [
    group(say("words.urgent"), make("p", { class: "hint" }, say("words.urgent_hint")), ...["sure", "likely", "not", "without"].map((key) => list("urgent", key, false))),
    group(say("words.sayings"), make("p", { class: "hint" }, say("words.patterns_hint")), list("secret", "patterns"), list("wants_reply", "yes"), list("wants_reply", "no"), list("menu", "urgent")),
  ];
}

/** @param {Office} office @param {TicketForm} form @returns {Node[]} */
function departments(office, form) {
  const say = office.say.bind(office);
  const { lang } = office.dictionary;
  /** @type {any[]} */
  const rows = office.data("prefill").department ?? [];
  const matters = choicesOf(form.matters, lang);
  const all = form.departments.map((one) => /** @type {[string, string]} */ ([one.id, one[lang]]));
  const rule = (/** @type {any} */ one, /** @type {number} */ n) => make("div", { class: "said" },
    field(office, { doc: "prefill", at: ["department", n, "matter"], label: say("words.matter"), value: one?.matter, options: matters, empty: false }),
    wordList(office, { doc: "prefill", at: ["department", n, "words"], label: say("words.with_words"), words: one?.words }),
    field(office, { doc: "prefill", at: ["department", n, "department"], label: say("words.to_department"), value: one?.department, options: all, empty: false }),
    locked(office) ? null : make("p", { class: "after" }, make("button", { type: "button", class: "link", "data-key": `drop-${n}`, onclick: () => void office.change("prefill", [{ at: ["department", n], value: null }]) }, say("words.drop_rule"))));
  return [group(say("words.departments"), make("p", { class: "hint" }, say("words.departments_hint")), ...rows.map(rule), rows.length ? null : make("p", { class: "none" }, say("words.no_departments")),
    chooser(office, "add-department", say("words.add_department"), matters, (matter) => office.change("prefill", [{ at: ["department", "+"], value: { matter, department: all[0]?.[0] ?? "" } }])))];
}

/** @param {Office} office @param {TicketForm} form @returns {Node[]} */
function thresholds(office, form) {
  const say = office.say.bind(office);
  const { thresholds: own = {}, menu = {} } = office.data("prefill");
  const one = (/** @type {string} */ table, /** @type {string} */ key, /** @type {any} */ value, /** @type {number} */ shipped) => field(office, {
    doc: "prefill", at: [table, key], label: fieldName(form, key, office.dictionary.lang), value, kind: "number", placeholder: String(shipped) });
  return [
    group(say("words.fields"), make("p", { class: "hint" }, say("words.thresholds_hint")), make("div", { class: "two" }, ...Object.entries(THRESHOLDS).map(([key, shipped]) => one("thresholds", key, own[key], shipped)))),
    group(say("words.in_menu"), make("p", { class: "hint" }, say("words.in_menu_hint")), make("div", { class: "two" }, ...Object.entries(IN_MENU).map(([key, shipped]) => one("menu", key, menu[key], shipped)))),
  ];
}
