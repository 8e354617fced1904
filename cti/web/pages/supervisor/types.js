// What the server says, as the page's modules take it. Types only.

/** One agent of the topic `seats`.
 * @typedef {{id: string, name: string, skills: Record<string, number>, status: string, reason: string, status_since: number,
 *   state: string, state_since: number, held_back: string[], misses: number, call_id: string | null, temporary: boolean,
 *   phone: string, talk: Talk | null,
 *   forced: {status: string, by: string, why: string, at: number} | null, skills_today: {until: number, by: string} | null}} Seat */
/** The call in his hand; the number is in stars.
 * @typedef {{call_id: string, phase: string, queue: string | null, since: number, number: string}} Talk */
/** @typedef {{zh: string, en: string, order: number, waiting: number, longest_since: number | null, ready: number, talking: number}} Queue */
/** `subject`: the agent, queue or part that it is about. @typedef {{id: string, rule: string, subject: string, level: "warning" | "critical",
 *   since: number, state: "raised" | "acknowledged", by: string | null, note: string | null, words: {zh: string, en: string}}} Alert */
/** @typedef {{id: string, mode: Mode, agent: string, call_id: string, state: "ringing" | "on", since: number}} Supervision */
/** @typedef {"listen" | "whisper" | "barge"} Mode */
/** A skill's or a queue's name. @typedef {{id: string, zh: string, en: string, queue?: boolean}} Named */

export {};
