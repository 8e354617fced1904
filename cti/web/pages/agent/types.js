// What the daemon tells a desk page, in JSDoc. Times are UTC seconds by the server's clock.

/** @typedef {{zh: string, en: string}} Both */

/** @typedef {"ready" | "break" | "meeting" | "training" | "offline"} Status */
/** @typedef {"offline" | "idle" | "not_ready" | "not_answering" | "offered" | "talking" | "held" | "wrap_up"} DeskState */

/** The agent himself.
 * @typedef {object} DeskRow
 * @property {string} id
 * @property {string} name
 * @property {Record<string, number>} skills
 * @property {Status} status  what he chose
 * @property {string} reason
 * @property {number} status_since
 * @property {DeskState} state  what follows, with his call
 * @property {number} state_since
 * @property {string[]} held_back  why calls are held back though he is ready
 * @property {number} misses
 * @property {{kind: string, until: number | null, most_until: number} | null} wrap_up  `until` null: until he ends it
 * @property {string | null} call_id
 * @property {Forced | null} [forced]  what a supervisor has made him
 * @property {boolean} temporary
 * @property {string} phone
 * @property {{status: Status, reason: string} | null} [next_status]  after the call
 * @property {{answered: number, handling_s: number | null, satisfied: number, rated: number} | null} [today]
 */

/** Somebody besides agent and citizen.
 * @typedef {object} Party
 * @property {number} p
 * @property {"agent" | "department" | "expert" | "interpreter" | "emergency" | "outside"} kind
 * @property {string} target
 * @property {Both} name
 * @property {"conference" | "consult" | "whisper"} mode
 * @property {"ringing" | "joined" | "consult" | "whisper"} state
 * @property {number} since
 * @property {string | null} agent
 */

/** The call that he is offered or talks in.
 * @typedef {object} Pop
 * @property {string} call_id
 * @property {"in" | "callback"} direction
 * @property {"voice" | "video"} medium
 * @property {string} phase
 * @property {string | null} pii_caller  "" is withheld
 * @property {string} dialled
 * @property {string | null} original
 * @property {string | null} city
 * @property {string | null} mode
 * @property {string | null} queue
 * @property {Both} path  how he came here, to which queue
 * @property {string | null} language
 * @property {number} arrived_at
 * @property {number | null} queued_at
 * @property {number | null} since
 * @property {number | null} offered_at
 * @property {number | null} answer_by
 * @property {number | null} answered_at
 * @property {number | null} held_since
 * @property {Both | null} why
 * @property {number | null} auto_answer_s
 * @property {boolean} recording
 * @property {number} offers
 * @property {string | null} agent
 * @property {boolean} [reattach]  the agent's telephone was lost in the talk and is rung again
 * @property {Party[]} parties
 * @property {string | null} [ticket]
 */

/** His queue: how many wait, and since when the first of them. @typedef {{name: Both, waiting: number, since: number | null}} QueueLine */

/** The whole picture, at each change.
 * @typedef {{seq: number, at: number, desk: DeskRow, call: Pop | null, queue?: QueueLine | null, notice?: Both | null,
 *   speech?: "ok" | "demo" | "lost" | "none"}} Picture */

/** @typedef {{id: string, call_id: string | null, state: string, title: string, matter?: string, created_at: number} & Record<string, any>} TicketRow */

/** @typedef {object} PastCall
 * @property {string} call_id
 * @property {number} at
 * @property {string | null} queue
 * @property {"answered" | "lost" | "message" | "callback"} outcome
 * @property {string | null} lost_at
 * @property {number | null} wait_s
 * @property {number | null} talk_s
 * @property {string | null} satisfied
 * @property {string | null} title
 * @property {string | null} ticket
 */

/** What we know of the caller.
 * @typedef {object} Story
 * @property {string | null} name
 * @property {({id: string} & Both)[]} tags
 * @property {number | null} first_call_at
 * @property {number} repeat_7d  this call among them
 * @property {{at: number, wait_s: number, queue: string | null} | null} lost_last
 * @property {PastCall[]} calls
 * @property {number} calls_12m
 * @property {TicketRow[]} tickets
 * @property {(TicketRow & {why: Both})[]} maybe_same
 */

/** @typedef {object} TicketField
 * @property {any} value
 * @property {"speech" | "menu" | "history" | "agent" | "caller_id" | "rule" | "citizen" | null} source
 * @property {number | null} confidence
 * @property {"check" | "confirmed" | "own" | "empty"} state
 * @property {number} version
 * @property {string | null} by
 * @property {number | null} at
 * @property {{value: any, source: string, confidence: number | null} | null} proposal
 * @property {any[]} alternatives
 * @property {Both | null} note
 * @property {[number, number] | null} [span]  where it was heard, in ms on the clock of the transcript
 */

/** @typedef {object} Ticket
 * @property {string} id
 * @property {string | null} call_id
 * @property {string} agent
 * @property {"draft" | "submitted" | "sent" | "closed"} state
 * @property {number} version
 * @property {number} created_at
 * @property {number | null} saved_at
 * @property {number | null} send_at
 * @property {Record<string, TicketField>} fields
 * @property {any} finish
 * @property {{at: number, text: Both, provisional: boolean} | null} deadline
 * @property {{id: string, kind: string}[]} related
 * @property {string[]} editing
 */

/** @typedef {{call_id: string, line: string, side: "citizen" | "agent" | "message", text: string, final: boolean, at: number,
 *   marks: {from: number, to: number, kind: string}[]}} Words */
/** All lines so far, and why there are none, or no more: "off" no model, "language", "port" is taken, "flow" does not allow it,
 * "busy" others need the recogniser more, "lost", "" words come or may.
 * @typedef {{call_id: string, why: "" | "off" | "language" | "port" | "flow" | "busy" | "lost", lines: Omit<Words, "call_id">[]}} Whole */
/** @typedef {{call_id: string, id: number, side: "citizen" | "agent", text: string, at: number}} Chat */
/** @typedef {{code: string, data: Record<string, any>}} Note */

/** A named key of the key map (keys_logic.js) that is nobody's of the shell. Who acts on it calls `take()`: then the browser
 * does nothing with it, and nobody else.
 * @typedef {{name: string, event: KeyboardEvent, taken: boolean, take: () => void}} KeyPress */

/** Of the connection to the daemon. `since` by the page's own clock, in milliseconds of `performance.now()`.
 * @typedef {"connecting" | "live" | "lost" | "taken_over" | "logged_out"} LinkState
 * @typedef {{state: LinkState, since: number, tries: number}} Link */

/** A supervisor's order; `at`: UTC seconds.
 * @typedef {{status: "ready" | "break" | "offline", by: string, by_name: string, why: string, at: number}} Forced */
/** A supervisor's message. @typedef {{id: string, at: number, by: string, by_name: string, text: string, urgent: boolean}} Broadcast */
/** A supervisor beside the talk, or not any more.
 * @typedef {{on: boolean, call_id: string, mode: "listen" | "whisper" | "barge", by: string, by_name: string}} Beside */

/** What `Desk.on` can be asked for.
 * @typedef {object} DeskEvents
 * @property {Picture} desk
 * @property {{call_id: string, story: Story}} story
 * @property {{ticket: Ticket}} ticket
 * @property {Words} words
 * @property {Whole} transcript
 * @property {Chat} chat
 * @property {Record<string, any>} card
 * @property {import("./video/video_logic.js").Visit} video
 * @property {Note} note
 * @property {Broadcast} broadcast
 * @property {Beside} supervision
 * @property {{forced?: Forced | null}} logged_out
 * @property {KeyPress} key
 * @property {Link} link
 * @property {{state: string}} phone
 */

export {};
