// The list of talks to listen to: which day, which of them, and how its figures are written.

/** @typedef {import("./types.js").Talk} Talk */
/** @typedef {import("./types.js").Finding} Finding */

export const KINDS = /** @type {const} */ (["forbidden", "missing", "silence", "overlap", "share", "speed"]);
/** So much is heard before what was found. */
const BEFORE_S = 2;
/** What is missing at the end is missing in this much of it. */
const END_S = 20;

/** @param {Talk[]} talks @param {string} kind "" for all @param {string} agent "" for all @returns {Talk[]} */
export function picked(talks, kind, agent) {
  return talks.filter((talk) => (!agent || talk.agent === agent) && (!kind || talk.findings.some((one) => one.kind === kind)));
}

/** How many talks have a finding of each kind. @param {Talk[]} talks @returns {Map<string, number>} */
export function counts(talks) {
  return new Map(KINDS.map((kind) => [kind, picked(talks, kind, "").length]));
}

/** Where to begin to listen. @param {Finding} finding @param {number} seconds of the talk @returns {number} */
export function listenFrom(finding, seconds) {
  const at = finding.at_s >= seconds ? seconds - END_S : finding.at_s - BEFORE_S;
  return Math.max(0, Math.floor(at * 10) / 10);
}

/** Whether it is about the talk and no second of it. @param {Finding} finding */
export function isOfTheWhole({ kind }) {
  return kind === "share" || kind === "speed";
}

/** Words for a finding. `named`: which names of what has to be said the page has a word for.
 * @param {Finding} finding @param {(name: string) => string} named @returns {{key: string, values: Record<string, string>}} */
export function findingText({ kind, what }, named) {
  if (kind === "missing") return { key: "finding.missing", values: { what: named(what) } };
  if (kind === "share") return { key: "finding.share", values: { what: percent(Number(what)) } };
  return { key: `finding.${kind}`, values: { what } };
}

/** Whole per cent; "—" for what is not known. @param {number | null} part @returns {string} */
export function percent(part) {
  return part === null || !Number.isFinite(part) ? "—" : `${Math.floor(part * 100 + 1e-9)}%`;
}

/** One decimal; "—" for what is not known. @param {number | null} value @returns {string} */
export function decimal(value) {
  return value === null || !Number.isFinite(value) ? "—" : value.toFixed(1);
}
