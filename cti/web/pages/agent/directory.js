// Whom a talk can be joined by, as the daemon lists it. What was known is shown at once, what is new as soon as it is here.

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {{id: string, kind: string, zh: string, en: string, note?: string, modes: string[], state?: string | null, skills?: string[]}} Entry */

export const directory = {
  /** @type {Entry[]} */
  known: [],

  /** @param {Desk} desk @returns {Promise<Entry[]>} */
  async load(desk) {
    const got = await desk.attempt(desk.api.get("/api/directory"));
    if (Array.isArray(got)) this.known = got;
    return this.known;
  },
};
