// The form of a ticket: what its fields are called, what they offer, which are wanted, and what is wrong with a value. The
// same rules as the daemon's (cti/tickets/check.py), so that the agent hears of a fault before he sends.
import { find, flatten } from "./search_logic.js";

/** @typedef {import("./types.js").Both} Both */
/** @typedef {import("./types.js").Choice} Choice */
/** @typedef {import("./types.js").Fault} Fault */
/** @typedef {import("./types.js").FieldSpec} FieldSpec */
/** @typedef {import("./types.js").Finish} Finish */
/** @typedef {import("./types.js").FormSpec} FormSpec */
/** @typedef {import("./types.js").Node} Node */
/** @typedef {import("./types.js").Value} Value */
/** @typedef {import("./search_logic.js").Option} Option */

/** As they stand in the form; `caller_gender` beside the name, `finish` is the buttons at the foot. */
export const ORDER = [
  "caller_name", "caller_gender", "contact_phone", "secret", "type", "matter", "urgency", "street", "address", "happened_at",
  "target", "detail", "wants_reply", "title", "content", "department", "related",
];
const PHONE = /^\+?[0-9]{3,20}$/;
const PHONE_SPACES = /[\s\-()（）]+/g;

export class Form {
  /** @type {Map<string, Option[]>} */
  #options = new Map();

  /** @param {FormSpec} spec */
  constructor(spec) {
    this.spec = spec;
    /** @type {Map<string, FieldSpec>} */
    this.fields = new Map(spec.fields.map((field) => [field.name, field]));
  }

  /** @param {string} name @returns {FieldSpec} */
  field(name) {
    const field = this.fields.get(name);
    if (!field) throw new Error(`no field ${name}`);
    return field;
  }

  /** What a choice field offers, in its order; [] for other fields. @param {string} name @returns {Option[]} */
  options(name) {
    let options = this.#options.get(name);
    if (!options) {
      const { choices_in: place, choices } = this.field(name);
      options = flatten(/** @type {Node[]} */ (place ? this.spec[place] : choices));
      this.#options.set(name, options);
    }
    return options;
  }

  /** @param {string} name @param {string} typed */
  find(name, typed) {
    return find(this.options(name), typed);
  }

  /** What a value is called; null for one without a name of its own. @param {string} name @param {Value} value @returns {Both | null} */
  called(name, value) {
    if (typeof value !== "string" || this.field(name).kind !== "choice") return null;
    return this.options(name).find((option) => option.id === value)?.way ?? { zh: value, en: value };
  }

  /** What a matter asks for: the nearest that its way says. @param {Value} matter */
  detail(matter) {
    if (typeof matter !== "string") return null;
    let nodes = this.spec.matters;
    /** @type {Node["detail"]} */
    let detail = null;
    const parts = matter.split(".");
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const node = nodes.find((one) => one.id === parts.slice(0, depth).join("."));
      if (!node) break;
      detail = node.detail ?? detail;
      nodes = node.children ?? [];
    }
    return detail;
  }

  /** What Ctrl+Enter does: the finish that sends the ticket away. @returns {Finish | undefined} */
  get sending() {
    return this.spec.finishes.find((finish) => finish.then === "sent") ?? this.spec.finishes[0];
  }

  /** @param {string} code @returns {Finish | undefined} */
  finish(code) {
    return this.spec.finishes.find((finish) => finish.id === code);
  }

  /** Fields that a finish needs with this type, in the order of the form. @param {Finish | undefined} finish @param {Value} type */
  required(finish, type) {
    const names = new Set(finish?.requires ?? []);
    if (finish?.with_type) for (const name of this.spec.types.find((one) => one.id === type)?.requires ?? []) names.add(name);
    return ORDER.filter((name) => names.has(name));
  }

  /** Fields that an agent should ask for though nothing requires them. @param {Value} matter @returns {string[]} */
  wished(matter) {
    return this.detail(matter) ? ["detail", "wants_reply"] : ["wants_reply"];
  }

  /** The question for an empty field. @param {string} name @param {Value} matter @returns {Both | null} */
  question(name, matter) {
    if (name !== "detail") return this.field(name).ask;
    const detail = this.detail(matter);
    return detail && detail.ask_zh ? { zh: detail.ask_zh, en: detail.ask_en } : null;
  }

  /** The words of a field; of `detail` those of the matter. @param {string} name @param {Value} matter @returns {Both} */
  words(name, matter) {
    return (name === "detail" && this.detail(matter)) || this.field(name);
  }

  /** As the daemon stores it: no blanks in a number, no empty text. @param {string} name @param {Value} value @returns {Value} */
  cleaned(name, value) {
    if (typeof value !== "string") return value;
    const text = this.field(name).kind === "phone" ? value.replace(PHONE_SPACES, "") : value;
    return text.trim() ? text : null;
  }

  /** What is wrong with a value that stands in a field. @param {string} name @param {Value} raw @returns {Fault | null} */
  fault(name, raw) {
    const value = this.cleaned(name, raw);
    if (value === null || typeof value === "boolean") return null;
    const field = this.field(name);
    const bad = (/** @type {string} */ zh, /** @type {string} */ en) =>
      /** @type {Fault} */ ({ field: name, code: "bad_value", message: { zh: `${field.zh}${zh}`, en: `${field.en}${en}` } });
    if (field.kind === "choice" && !this.options(name).some((option) => option.id === value))
      return bad("没有这个选项，请重新选择", ": there is no such choice; choose again");
    if (field.kind === "phone" && !PHONE.test(value)) return bad("只能是 3 至 20 位数字", " has 3 to 20 digits");
    if ([...value].length > field.max) return bad(`最多 ${field.max} 字，请删减`, ` has at most ${field.max} characters: shorten it`);
    return null;
  }

  /** @param {string} name @param {Value} matter @returns {Fault} */
  missing(name, matter) {
    const words = this.words(name, matter);
    const message = this.field(name).missing ?? { zh: `请填写${words.zh}`, en: `${words.en} is needed` };
    return { field: name, code: "missing", message };
  }
}
