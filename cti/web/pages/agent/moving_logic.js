// The moving panel's choices without a page.

/** @typedef {import("./directory.js").Entry} Entry */

const ORDER = ["department", "expert", "interpreter", "outside", "queue", "agent", "emergency"];
export const MOST = 60;

/** Entries in which every word occurs: those for calls of this queue first, then in the order of their kinds, who is free before
 * who is not. Oneself is none.
 * @param {readonly Entry[]} entries @param {string} asked @param {string} self @param {string | null} [queue] @returns {Entry[]} */
export function search(entries, asked, self, queue = null) {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((entry) => {
    if (entry.kind === "agent" && entry.id === self) return false;
    const text = `${entry.id} ${entry.zh} ${entry.en} ${entry.note ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const fit = (/** @type {Entry} */ { kind, skills }) => (queue && kind !== "agent" && kind !== "queue" && skills?.includes(queue) ? 0 : 1);
  return found.sort((a, b) => fit(a) - fit(b) || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || rank(a) - rank(b)).slice(0, MOST);
}

/** @param {Entry} entry */
const rank = ({ state }) => (state === "idle" || state === "open" || !state ? 0 : 1);

/** @param {Entry} entry @returns {boolean} whether asking him can lead to anything now */
export function reachable({ kind, state }) {
  return kind === "agent" ? state === "idle" : state === "open" || !state;
}
