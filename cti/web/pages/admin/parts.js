// Parts that several sections are made of: headings, tables of rows, a reason with its button, what is different line by line.
import { make } from "/pages/shared/dom.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./types.js").DiffLine} DiffLine */
/** @typedef {import("./types.js").Touched} Touched */

/** @param {string} title @param {...(Node | null)} children @returns {HTMLElement} */
export function group(title, ...children) {
  return make("section", { class: "group" }, make("h3", {}, title), ...children);
}

/** What differs between two texts. @param {Office} office @param {DiffLine[]} lines @param {string} key @returns {HTMLElement} */
export function difference(office, lines, key) {
  if (!lines.length) return make("p", { class: "none" }, office.say("diff.none"));
  const marks = { "+": "add", "-": "out", " ": "same", "~": "gap" };
  const words = { "+": "diff.added", "-": "diff.removed" };
  return make("div", { class: "diff", role: "region", tabindex: "0", "aria-label": office.say("diff.label"), "data-scroll": key, "data-key": key },
    ...lines.map((line) => line.kind === "~" ? make("p", { class: "gap" }, "⋯") : make("p", { class: marks[line.kind] },
      make("span", { class: "n", "aria-hidden": "true" }, String(line.old || "")),
      make("span", { class: "n", "aria-hidden": "true" }, String(line.new || "")),
      make("span", { class: "mark" }, line.kind === "+" || line.kind === "-" ? make("span", { class: "visually-hidden" }, office.say(words[line.kind])) : null,
        make("span", { "aria-hidden": "true" }, line.kind)),
      make("code", {}, line.text || " "))));
}

/** What a change would have touched yesterday. @param {Office} office @param {Touched | null} touched @returns {HTMLElement} */
export function touchedBox(office, touched) {
  if (!touched) return make("p", { class: "touched waiting" }, office.say("touched.reading"));
  const { say } = { say: office.say.bind(office) };
  const head = touched.touched === null ? say("touched.unknown", { calls: touched.calls })
    : say("touched.known", { n: touched.touched, calls: touched.calls });
  return make("div", { class: "touched" }, make("p", { class: "figure" }, head),
    make("ul", {}, ...touched.parts.map((part) => make("li", {},
      make("span", {}, partText(office, part)),
      make("b", {}, part.calls === null ? "—" : say("touched.calls", { n: part.calls }))))));
}

/** @param {Office} office @param {{code: string, values: Record<string, any>}} part @returns {string} */
function partText(office, part) {
  const key = `touched.${part.code}`;
  const has = office.dictionary.all[office.dictionary.lang][key] !== undefined;
  /** @type {Record<string, string | number>} */
  const values = {};
  for (const [name, value] of Object.entries(part.values)) values[name] = value === null ? "—" : typeof value === "object" ? JSON.stringify(value) : value;
  for (const name of ["queue", "skill", "to"]) {
    if (name in values && part.code !== "unknown_number_changed" && !part.code.startsWith("waiting.") && part.code !== "day_changed") values[name] = skillWord(office, String(values[name]));
  }
  for (const name of ["kind", "from", "to"]) {
    if (part.code.startsWith("day_") && name in values) values[name] = office.say(`day.${values[name]}`);
  }
  if (part.code.startsWith("overflow") && part.values["after_s"] === null) return office.say(`${key}_borrow`, values);
  return has ? office.say(key, values) : `${part.code} ${JSON.stringify(part.values)}`;
}

/** @param {Office} office @param {string} id @returns {string} */
export function skillWord(office, id) {
  const known = office.words.skills.find((skill) => skill.id === id);
  return known ? known[office.dictionary.lang] : id;
}

/** A sentence in the middle of nothing, with what to do next. @param {string} text @param {...(Node | null)} children @returns {HTMLElement} */
export function nothing(text, ...children) {
  return make("div", { class: "nothing" }, make("p", {}, text), ...children);
}

/** @param {Office} office @param {{label: string, placeholder: string, button: string, needed: boolean, key: string, disabled?: boolean, primary?: boolean, act: (why: string) => unknown}} spec
 * @returns {HTMLElement} */
export function reason(office, { label, placeholder, button, needed, key, disabled, primary, act }) {
  const input = make("input", { class: "field", id: `reason-${key}`, "data-key": `reason-${key}`, "data-shown": "", maxlength: "300", autocomplete: "off", placeholder });
  const go = () => {
    if (needed && !input.value.trim()) {
      input.setAttribute("aria-invalid", "true");
      office.tell(office.say("reason.needed"), "warn");
      office.draw();
      input.focus();
      return;
    }
    void act(input.value.trim());
  };
  return make("form", { class: "reason", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), go()) },
    make("label", { for: `reason-${key}` }, label), input,
    make("button", { type: "submit", class: `button${primary === false ? "" : " primary"}`, disabled }, button));
}
