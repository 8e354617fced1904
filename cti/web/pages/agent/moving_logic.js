// The moving panel's choices without a page.

/** @typedef {import("./directory.js").Entry} Entry */

const ORDER = ["queue", "agent", "department", "expert", "interpreter", "emergency", "outside"];
export const MOST = 60;

/** Entries in which every word occurs, in the order of their kinds; who is free before who is not. Oneself is none.
 * @param {readonly Entry[]} entries @param {string} asked @param {string} self @returns {Entry[]} */
export function search(entries, asked, self) {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((entry) => {
    if (entry.kind === "agent" && entry.id === self) return false;
    const text = `${entry.id} ${entry.zh} ${entry.en} ${entry.note ?? ""} ${entry.number ?? ""} ${entry.kind}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return found.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || rank(a) - rank(b)).slice(0, MOST);
}

/** @param {Entry} entry */
const rank = ({ state }) => (state === "idle" || state === "open" || !state ? 0 : 1);

/** @param {Entry} entry @returns {boolean} whether asking him can lead to anything now */
export function reachable({ kind, state }) {
  return kind === "agent" ? state === "idle" : state !== "closed";
}
