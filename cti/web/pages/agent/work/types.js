// The form of a ticket as the daemon gives it (GET /api/ticket-form), in JSDoc; tickets themselves are in ../types.js.

/** @typedef {import("../types.js").Both} Both */
/** @typedef {import("../types.js").Ticket} Ticket */
/** @typedef {import("../types.js").TicketField} TicketField */
/** @typedef {string | boolean | null} Value */

/** @typedef {{id: string} & Both} Choice */

/** Of a tree: matters or places; `id` is the whole way to it.
 * @typedef {Choice & {children: Node[], department?: string | null, detail?: (Both & {ask_zh: string, ask_en: string}) | null}} Node */

/** @typedef {object} FieldSpec
 * @property {string} name
 * @property {string} zh
 * @property {string} en
 * @property {"text" | "phone" | "yes_no" | "choice" | "ticket"} kind
 * @property {number} max
 * @property {Both | null} ask
 * @property {Both | null} missing
 * @property {Choice[]} choices
 * @property {"types" | "matters" | "streets" | "departments" | "finishes" | null} choices_in
 */

/** @typedef {Choice & {requires: string[]}} TypeSpec */
/** @typedef {Choice & {requires: string[], with_type: boolean, then: "sent" | "closed" | "kept", reasons: Choice[]}} Finish */

/** @typedef {object} FormSpec
 * @property {FieldSpec[]} fields
 * @property {TypeSpec[]} types
 * @property {Finish[]} finishes
 * @property {Choice[]} departments
 * @property {Node[]} matters
 * @property {Node[]} streets
 */

/** What is wrong with a field.
 * @typedef {{field: string, code: "missing" | "unconfirmed" | "bad_value", message: Both}} Fault */

export {};
