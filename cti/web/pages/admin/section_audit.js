// 审计: who did what on what; only to be read.
import { make } from "/pages/shared/dom.js";
import { nothing } from "./parts.js";
import { redraw } from "./redraw.js";
import { moment } from "./text_logic.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {{n: number, at: number, who: string, what: string, on: string, data: any}} Entry */

const KINDS = ["", "published", "rolled_back", "changed_by_hand", "prompt_uploaded", "logged_in", "refused", "roles_changed", "unlocked"];

/** @type {{entries: Entry[], asked: string, reading: boolean, more: boolean, fault: string}} */
const state = { entries: [], asked: "?", reading: false, more: false, fault: "" };

/** @type {import("./sections.js").Section} */
export const audit = {
  items: (office) => KINDS.map((kind) => ({ id: kind || "all", title: kind ? what(office, kind) : office.say("audit.all") })),
  chosen: (office) => office.place.item || "all",
  title: (office) => office.say("section.audit"),
  signature: () => "",
  form: () => [],
  noFoot: true,
  whole: (body, office) => {
    const kind = office.place.item === "all" ? "" : office.place.item;
    if (state.asked !== kind && !state.reading) void read(office, kind, null);
    const say = office.say.bind(office);
    const now = Date.now() / 1000;
    redraw(body, JSON.stringify(["audit", office.dictionary.lang, state]), () => [
      make("p", { class: "hint" }, say("audit.hint")),
      state.fault ? nothing(state.fault) : state.entries.length ? make("div", { class: "scroll", "data-scroll": "audit", tabindex: "0", role: "region", "aria-label": say("section.audit") }, make("table", { class: "audit-table" },
        make("thead", {}, make("tr", {}, ...["n", "at", "who", "what", "on", "data"].map((key) => make("th", { scope: "col", class: key }, say(`audit.${key}`))))),
        make("tbody", {}, ...state.entries.map((entry) => make("tr", { class: entry.what === "refused" ? "warn" : "" },
          make("td", { class: "n" }, String(entry.n)), make("td", { class: "at" }, moment(entry.at, office.dictionary.lang, now)), make("td", {}, entry.who || "—"),
          make("td", {}, what(office, entry.what)), make("td", {}, entry.on || ""), make("td", { class: "data" }, facts(entry.data))))))) : nothing(say(state.reading ? "history.reading" : "audit.empty")),
      state.more ? make("p", {}, make("button", { type: "button", class: "button", "data-key": "more", disabled: state.reading, onclick: () => void read(office, kind, state.entries.at(-1)?.n ?? null) }, say("audit.more"))) : make("span"),
    ]);
  },
};

/** @param {Office} office @param {string} kind @param {number | null} before */
async function read(office, kind, before) {
  Object.assign(state, { reading: true, asked: kind, ...(before === null ? { entries: [], fault: "" } : {}) });
  try {
    const query = new URLSearchParams({ limit: "100", ...(kind ? { what: kind } : {}), ...(before === null ? {} : { before: String(before) }) });
    const found = /** @type {Entry[]} */ (await office.api.get(`/api/audit?${query}`));
    Object.assign(state, { entries: [...state.entries, ...found], more: found.length === 100 });
  } catch (error) {
    state.fault = office.why(error);
  }
  state.reading = false;
  office.draw();
}

/** @param {Office} office @param {string} code @returns {string} */
function what(office, code) {
  const key = `audit.did_${code}`;
  return office.dictionary.all[office.dictionary.lang][key] === undefined ? code : office.say(key);
}

/** Numbers of people are shown in part. @param {Record<string, unknown>} data @returns {string} */
function facts(data) {
  return Object.entries(data ?? {}).filter(([, value]) => value !== "" && value !== 0)
    .map(([key, value]) => (key.startsWith("pii_") ? `${key.slice(4)}=${String(value).replace(/^(\+?\d{3})\d{4,}(\d{4})$/, "$1****$2")}` : `${key}=${value}`)).join("  ");
}
