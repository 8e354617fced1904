// Lists of words: what somebody types becomes words, and the codes of a ticket's form become choices.

/** @typedef {{id: string, zh: string, en: string}} Named */
/** @typedef {Named & {children: Tree[]}} Tree */
/** @typedef {{fields: {name: string, zh: string, en: string}[], types: Named[], departments: Named[], matters: Tree[]}} TicketForm */
/** @typedef {[string, string][]} Choices */

/** Each once, and none that is `known`. A blank parts Chinese words and not English ones; a pattern is not taken apart.
 * @param {string} typed @param {string[]} known @param {boolean} isPattern @returns {string[]} */
export function newWords(typed, known, isPattern) {
  const parts = isPattern ? [typed] : typed.split(/[、，,;；\n\t]+/).flatMap((part) => (/[a-z]/i.test(part) ? [part] : part.split(/\s+/)));
  const words = parts.map((part) => part.trim()).filter(Boolean);
  return [...new Set(words)].filter((word) => !known.includes(word));
}

/** A tree as a list, each with the way to it. @param {Tree[]} tree @param {"zh" | "en"} lang @param {string} [above] @returns {Choices} */
export function choicesOf(tree, lang, above = "") {
  return tree.flatMap((one) => {
    const name = `${above}${one[lang]}`;
    return [/** @type {[string, string]} */ ([one.id, name]), ...choicesOf(one.children, lang, `${name} › `)];
  });
}

/** A fault of a name for something that has to be said, as a key of the words; "" for a good one.
 * @param {string} name @param {string[]} known @returns {string} */
export function nameFault(name, known) {
  if (!name || /["\\.\s[\]]/.test(name)) return "words.name_form";
  return known.includes(name) ? "words.name_taken" : "";
}

/** The document and the part of it that is meant: `prefill/matters`. @param {string} item @returns {{doc: string, part: string}} */
export function partOf(item) {
  const [doc = "", part = ""] = item.split("/");
  if (doc === "quality") return { doc, part: "" };
  if (doc === "prefill") return { doc, part: PARTS.includes(part) ? part : "matters" };
  return { doc: "key_words", part: "" };
}

/** Of the words that drafts are filled by. */
export const PARTS = ["matters", "types", "urgency", "departments", "thresholds"];
