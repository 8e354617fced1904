// The sections of the desk, their documents, and the place where somebody is as it stands in the address.

/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("./types.js").Row} Row */

/** In the order of the tree. */
export const SECTIONS = /** @type {const} */ (["people", "skills", "queues", "rules", "flows", "prompts", "words", "numbers", "calendar", "audit"]);

/** @type {Record<string, string[]>} */
const DOCS = {
  people: ["roster", "users"],
  skills: ["roster"],
  queues: ["skills", "rules"],
  rules: ["rules"],
  words: ["key_words", "quality", "prefill"],
  numbers: ["numbers", "directory"],
  calendar: ["calendar", "schedule"],
  audit: [],
};

/** The documents of a section; of the flows and of the words the chosen one.
 * @param {string} section @param {Row[]} rows @param {string} item @returns {string[]} */
export function docsOf(section, rows, item) {
  if (section === "flows") {
    const flows = rows.map((row) => row.id).filter((id) => id.startsWith("flow."));
    const wanted = `flow.${item || "city"}`;
    return item || flows.includes(wanted) ? [wanted] : flows.slice(0, 1);
  }
  if (section === "prompts") return ["prompts.zh-CN", "prompts.en", "prompts.yue"];
  if (section === "words") return [DOCS["words"]?.find((id) => id === item.split("/")[0]) ?? "key_words"];
  return DOCS[section] ?? [];
}

/** Which sections have a draft of his, for the marks of the tree.
 * @param {Row[]} rows @returns {Set<string>} */
export function drafted(rows) {
  const ids = rows.filter((row) => row.draft).map((row) => row.id);
  /** @type {Set<string>} */
  const found = new Set();
  for (const section of SECTIONS) if ((DOCS[section] ?? []).some((id) => ids.includes(id))) found.add(section);
  if (ids.some((id) => id.startsWith("flow."))) found.add("flows");
  if (ids.some((id) => id.startsWith("prompts."))) found.add("prompts");
  return found;
}

/** `#flows/city?view=history&doc=…` @param {string} hash @returns {Place} */
export function placeFrom(hash) {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?");
  const [section = "", ...rest] = path.split("/");
  const asked = new URLSearchParams(query);
  const known = /** @type {readonly string[]} */ (SECTIONS).includes(section);
  const view = asked.get("view");
  return {
    section: known ? section : "people",
    item: decodeURIComponent(rest.join("/")),
    view: view === "live" || view === "history" || view === "publish" ? view : "edit",
    mode: asked.get("mode") === "text" ? "text" : "form",
    doc: asked.get("doc") ?? "",
  };
}

/** @param {Place} place @returns {string} */
export function placeText(place) {
  const query = new URLSearchParams();
  if (place.view !== "edit") query.set("view", place.view);
  if (place.mode !== "form") query.set("mode", place.mode);
  if (place.doc) query.set("doc", place.doc);
  const text = query.toString();
  return `${place.section}${place.item ? `/${encodeURIComponent(place.item)}` : ""}${text ? `?${text}` : ""}`;
}
