// What the three panels of the writing half share: the form, the draft in hand, and what one panel asks of another.
import { ApiError } from "/pages/shared/api.js";
import { KeptDrafts } from "./drafts_kept.js";
import { Form } from "./form_logic.js";

/** @typedef {import("../desk.js").Desk} Desk */
/** @typedef {import("./keeper.js").Keeper} Keeper */
/** @typedef {import("./types.js").Both} Both */
/** @typedef {import("../types.js").TicketRow} TicketRow */

/** What the panels tell one another.
 * @typedef {object} WorkEvents
 * @property {Keeper | null} draft  the draft in hand is another one, or it has changed
 * @property {string | null} field  the focus is in this field
 * @property {string} show-words  show what was said about this field
 * @property {string} go  to this field of the draft
 * @property {TicketRow} relate  this ticket was brought together with the draft, or said to be another matter
 */

const AGAIN_MS = 1000;

/** @type {WeakMap<Desk, Promise<Work>>} */
const works = new WeakMap();

export class Work {
  /** @type {Map<string, Set<(value: any) => void>>} */
  #listeners = new Map();

  /** @param {Desk} desk @param {Form} form */
  constructor(desk, form) {
    this.desk = desk;
    this.form = form;
    this.kept = new KeptDrafts();
    /** @type {Keeper | null} */
    this.keeper = null;
    /** @type {string | null} */
    this.field = null;
  }

  /** The one of this desk; with its form. @param {Desk} desk @returns {Promise<Work>} */
  static of(desk) {
    let work = works.get(desk);
    if (!work) works.set(desk, (work = load(desk)));
    return work;
  }

  /** @template {keyof WorkEvents} Kind
   * @param {Kind} kind @param {(value: WorkEvents[Kind]) => void} listener @returns {() => void} */
  on(kind, listener) {
    const heard = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, heard.add(listener));
    return () => heard.delete(listener);
  }

  /** @template {keyof WorkEvents} Kind @param {Kind} kind @param {WorkEvents[Kind]} value */
  emit(kind, value) {
    for (const listener of this.#listeners.get(kind) ?? []) listener(value);
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  say(key, values) {
    return this.desk.dictionary.say(key, values);
  }

  /** @param {Both | null | undefined} both */
  pick(both) {
    return this.desk.dictionary.pick(both);
  }

  get lang() {
    return this.desk.dictionary.lang;
  }
}

/** Tried until the daemon gives the form: a page may be opened while it starts. @param {Desk} desk @returns {Promise<Work>} */
async function load(desk) {
  for (;;) {
    try {
      return new Work(desk, new Form(await desk.api.get("/api/ticket-form")));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
