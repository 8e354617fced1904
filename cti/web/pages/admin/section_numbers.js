// 号码: the numbers citizens dial, and the directory of numbers that agents may call to a talk.
import { make } from "/pages/shared/dom.js";
import { danger, field, locked, tick } from "./fields.js";
import { newThing } from "./new_thing.js";
import { group, nothing } from "./parts.js";

/** @typedef {import("./office.js").Office} Office */

const MODES = ["conference", "consult", "whisper", "blind"];

/** @param {Office} office @returns {any[]} */
const dids = (office) => office.data("numbers").did ?? [];
/** @param {Office} office @returns {[string, any][]} */
const entries = (office) => Object.entries(office.data("directory").entry ?? {});
/** @param {Office} office */
const chosen = (office) => office.place.item || (dids(office)[0] ? `did/${dids(office)[0]?.number}` : "");

/** @type {import("./sections.js").Section} */
export const numbers = {
  items: (office, search) => {
    const wanted = search.trim().toLowerCase();
    const fits = (/** @type {string} */ text) => text.toLowerCase().includes(wanted);
    const unknown = office.data("numbers").unknown_number;
    const inward = dids(office).filter((did) => fits(`${did?.number} ${did?.flow} ${did?.entry ?? ""}`)).map((did) => ({
      id: `did/${did?.number}`, title: String(did?.number), side: did?.number === unknown ? office.say("numbers.unknown_mark") : "",
      sub: [did?.flow, did?.entry].filter(Boolean).join(" → "),
    }));
    const outward = entries(office).filter(([id, one]) => fits(`${id} ${one?.zh} ${one?.en} ${one?.number}`)).map(([id, one]) => ({
      id: `entry/${id}`, title: String(one?.[office.dictionary.lang] || one?.zh || id), side: String(one?.number ?? ""), sub: office.say(`directory.${one?.kind}`),
    }));
    return [
      ...(inward.length ? [{ id: "=in", title: office.say("numbers.inward"), heading: true }, ...inward] : []),
      ...(outward.length ? [{ id: "=out", title: office.say("numbers.outward"), heading: true }, ...outward] : []),
    ];
  },
  chosen,
  title: (office) => {
    const [kind, id] = split(office);
    if (kind !== "entry") return id || office.say("section.numbers");
    const one = office.data("directory").entry?.[id];
    return one ? String(one[office.dictionary.lang] || id) : id;
  },
  signature: (office) => JSON.stringify([office.data("numbers"), office.data("directory"), chosen(office), office.words.skills, office.rows.map((row) => row.id)]),
  form: (office) => {
    const [kind, id] = split(office);
    if (kind === "entry") return drawEntry(office, id, office.data("directory").entry?.[id]);
    const n = dids(office).findIndex((did) => String(did?.number) === id);
    return n < 0 ? [nothing(office.say("numbers.none"))] : drawDid(office, n, dids(office)[n]);
  },
  add: (office) => [
    ...newThing(office, {
      label: office.say("numbers.new"), placeholder: "12329", button: office.say("numbers.add"),
      fault: (id) => (!/^\+?[0-9]{2,20}$/.test(id) ? "numbers.form" : dids(office).some((did) => did?.number === id) ? "numbers.taken" : ""),
      make: async (id) => {
        const flow = dids(office)[0]?.flow ?? "city";
        if (await office.change("numbers", [{ at: ["did", "+"], value: { number: id, flow } }])) office.go({ item: `did/${id}`, view: "edit", mode: "form" });
      },
    }),
    make("button", { type: "button", class: "button wide", "data-key": "new-entry", onclick: async () => {
      let n = entries(office).length + 1;
      while (entries(office).some(([id]) => id === `department-${n}`)) n++;
      const id = `department-${n}`;
      const value = { kind: "department", zh: office.say("directory.new_zh", { n }), en: `Department ${n}`, number: "12345" };
      if (await office.change("directory", [{ at: ["entry", id], value }])) office.go({ item: `entry/${id}`, view: "edit", mode: "form" });
    } }, `+ ${office.say("directory.add")}`),
  ],
};

/** @param {Office} office @returns {[string, string]} */
function split(office) {
  const [kind = "", ...rest] = chosen(office).split("/");
  return [kind, rest.join("/")];
}

/** @param {Office} office @param {number} n @param {any} did @returns {Node[]} */
function drawDid(office, n, did) {
  const say = office.say.bind(office);
  const at = (/** @type {string} */ key) => ["did", n, key];
  const flows = /** @type {[string, string][]} */ (office.rows.filter((row) => row.id.startsWith("flow.")).map((row) => [row.id.slice(5), row.id.slice(5)]));
  const nodes = (office.said(`flow.${did?.flow}`)?.picture?.nodes ?? []).map((node) => node.name);
  if (did?.flow && !office.docs.has(`flow.${did.flow}`)) void office.load(`flow.${did.flow}`).then(() => office.draw(), () => null);
  const entry = /** @type {[string, string][]} */ ([["", say("numbers.own_start")], ...nodes.map((name) => [name, name])]);
  const modes = /** @type {[string, string][]} */ ([["", say("numbers.mode_merged")], ["dual", say("numbers.mode_dual")], ["subcentre", say("numbers.mode_subcentre")]]);
  const skills = /** @type {[string, string][]} */ ([["", say("numbers.no_skill")], ...office.words.skills.map((skill) => [skill.id, skill[office.dictionary.lang]])]);
  const isUnknown = office.data("numbers").unknown_number === did?.number;
  const parts = [
    group(say("numbers.where"),
      field(office, { doc: "numbers", at: at("number"), label: say("numbers.number"), value: did?.number, empty: false, hint: say("numbers.number_hint") }),
      field(office, { doc: "numbers", at: at("flow"), label: say("numbers.flow"), value: did?.flow, options: flows, empty: false }),
      field(office, { doc: "numbers", at: at("entry"), label: say("numbers.entry"), value: did?.entry, options: entry }),
      field(office, { doc: "numbers", at: at("mode"), label: say("numbers.mode"), value: did?.mode === "merged" ? "" : did?.mode, options: modes })),
    group(say("numbers.counted"),
      field(office, { doc: "numbers", at: at("statistics"), label: say("numbers.statistics"), value: did?.statistics, hint: say("numbers.statistics_hint") }),
      field(office, { doc: "numbers", at: at("city"), label: say("numbers.city"), value: did?.city, hint: say("numbers.city_hint") })),
    group(say("numbers.agents"),
      field(office, { doc: "numbers", at: at("skill"), label: say("numbers.skill"), value: did?.skill, options: skills, hint: say("numbers.skill_hint") }),
      field(office, { doc: "numbers", at: at("skill_s"), label: say("numbers.skill_s"), value: did?.skill_s, kind: "number", unit: say("unit.s") })),
    group(say("numbers.unknown"), make("p", { class: "hint" }, say("numbers.unknown_hint")),
      tick(office, { label: say("numbers.is_unknown"), value: isUnknown, key: "is-unknown", disabled: isUnknown, change: () => void office.change("numbers", [{ at: ["unknown_number"], value: did.number }]) })),
  ];
  const remove = isUnknown ? null : danger(office, { name: String(did?.number), label: say("numbers.remove"), key: "remove-did", act: async () => {
    await office.change("numbers", [{ at: ["did", n], value: null }]);
    office.go({ item: "" });
  } });
  if (remove) parts.push(group(say("danger.title"), make("p", { class: "hint" }, say("numbers.remove_hint")), remove));
  return parts;
}

/** @param {Office} office @param {string} id @param {any} one @returns {Node[]} */
function drawEntry(office, id, one) {
  const say = office.say.bind(office);
  if (!one) return [nothing(say("directory.gone"))];
  const at = (/** @type {string} */ key) => ["entry", id, key];
  const kinds = /** @type {[string, string][]} */ (["department", "expert", "interpreter", "outside"].map((kind) => [kind, say(`directory.${kind}`)]));
  const modes = Array.isArray(one.modes) ? one.modes : MODES;
  const parts = [
    group(say("directory.who"),
      field(office, { doc: "directory", at: at("kind"), label: say("directory.kind"), value: one.kind, options: kinds, empty: false }),
      field(office, { doc: "directory", at: at("zh"), label: say("queues.zh"), value: one.zh, empty: false }),
      field(office, { doc: "directory", at: at("en"), label: say("queues.en"), value: one.en, empty: false }),
      field(office, { doc: "directory", at: at("number"), label: say("directory.number"), value: one.number, empty: false, hint: say("directory.number_hint") }),
      field(office, { doc: "directory", at: at("hours"), label: say("directory.hours"), value: one.hours, hint: say("directory.hours_hint") }),
      field(office, { doc: "directory", at: at("note"), label: say("directory.note"), value: one.note, kind: "area" })),
    group(say("directory.how"), make("div", { class: "ticks", role: "group", "aria-label": say("directory.how") }, ...MODES.map((mode) => tick(office, {
      label: say(`directory.mode_${mode}`), value: modes.includes(mode), key: `mode-${mode}`, disabled: modes.length === 1 && modes.includes(mode),
      change: (on) => void office.change("directory", [{ at: at("modes"), value: MODES.filter((name) => (name === mode ? on : modes.includes(name))) }]),
    })))),
  ];
  const remove = danger(office, { name: id, label: say("directory.remove"), key: "remove-entry", act: async () => {
    await office.change("directory", [{ at: ["entry", id], value: null }]);
    office.go({ item: "" });
  } });
  if (remove && !locked(office)) parts.push(group(say("danger.title"), remove));
  return parts;
}
