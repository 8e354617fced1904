// Messages to agents: to whom, and who has read them.

/** `kind` "agents": those that are named. @typedef {{kind: "all" | "skills" | "agents", skills: string[], agents: string[]}} To */

/** As the server takes it; null: nobody is named. @param {To} to @returns {"all" | {skills: string[]} | {agents: string[]} | null} */
export function addressed({ kind, skills, agents }) {
  if (kind === "all") return "all";
  if (kind === "skills") return skills.length ? { skills } : null;
  return agents.length ? { agents } : null;
}

/** @param {any} message of GET /api/broadcasts @returns {{seen: number, all: number, missing: string[]}} */
export function receiptsOf(message) {
  const receipts = /** @type {{agent: string, seen_at: number | null}[]} */ (message.receipts ?? []);
  const missing = receipts.filter(({ seen_at }) => seen_at === null).map(({ agent }) => agent);
  return { seen: receipts.length - missing.length, all: receipts.length, missing };
}
