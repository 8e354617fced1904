// One open draft, kept safe: every change goes to this computer within 300 ms and to the server after a second without a key
// press, again and again until it is there.
import { ApiError } from "/pages/shared/api.js";
import { newDraft, settled, settlesAt, withTicket } from "./draft_logic.js";
import { arrived, isDone, isSaved, keyOf, notArrived, restored, retryAfter, toKeep, toSend } from "./save_logic.js";

/** @typedef {import("./draft_logic.js").Draft} Draft */
/** @typedef {import("./drafts_kept.js").KeptDrafts} KeptDrafts */
/** @typedef {import("./form_logic.js").Form} Form */
/** @typedef {import("./save_logic.js").Kept} Kept */
/** @typedef {import("./types.js").Ticket} Ticket */
/** @typedef {import("/pages/shared/api.js").Api} Api */

const KEEP_AFTER_MS = 300;
const SEND_AFTER_MS = 1000;
/** Who types without a pause is saved this often. */
const SEND_AT_LEAST_MS = 3000;
const SEND_SOON_MS = 120;

/** `at`: UTC seconds of the last answer. "refused": the daemon will not have it (another's ticket, or no draft any more).
 * @typedef {{kind: "saved" | "unsaved" | "saving" | "failed" | "refused", at: number | null}} Saved */

export class Keeper {
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #keepTimer = 0;
  #sendTimer = 0;
  #settleTimer = 0;
  #unsentSince = 0;
  #failed = 0;
  /** @type {Promise<boolean> | null} */
  #sending = null;
  #isOnDisk = false;

  /** @param {Api} api @param {Form} form @param {KeptDrafts} kept @param {Ticket} ticket @param {string} me */
  constructor(api, form, kept, ticket, me) {
    this.api = api;
    this.form = form;
    this.kept = kept;
    this.draft = newDraft(ticket, me);
    /** @type {Saved} */
    this.saved = { kind: "saved", at: ticket.saved_at };
  }

  get id() {
    return this.draft.ticket.id;
  }

  get isOpen() {
    return this.draft.ticket.state === "draft";
  }

  /** What an earlier page left of it. */
  async restore() {
    const kept = await this.kept.get(keyOf(this.draft.me, this.id)).catch(() => null);
    if (!kept) return;
    this.#isOnDisk = true;
    this.#set(restored(this.draft, kept));
    if (!isSaved(this.draft, this.form)) this.#sendIn(SEND_SOON_MS);
  }

  /** @param {() => void} listener @returns {() => void} */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The server said what the ticket is now. @param {Ticket} ticket */
  hear(ticket) {
    this.#set(withTicket(this.draft, ticket, performance.now()));
    if (this.saved.kind === "saved") this.saved = { kind: "saved", at: Math.max(this.saved.at ?? 0, this.draft.ticket.saved_at ?? 0) };
  }

  /** The agent did something. `typing`: more is likely to follow at once. @param {Draft} draft @param {boolean} [typing] */
  change(draft, typing = false) {
    const wrote = draft.mine !== this.draft.mine || draft.conflicts !== this.draft.conflicts;
    const keeps = wrote || draft.caret !== this.draft.caret || draft.undo !== this.draft.undo;
    this.#set(draft);
    if (keeps) this.#keepIn(KEEP_AFTER_MS);
    if (wrote) this.#sendIn(typing ? SEND_AFTER_MS : SEND_SOON_MS);
  }

  /** On this computer at once. @param {boolean} [going] the page is gone in a moment */
  keepNow(going = false) {
    clearTimeout(this.#keepTimer);
    this.#keepTimer = 0;
    const { draft } = this;
    const copy = toKeep(draft, Date.now() / 1000);
    const gone = draft.ticket.state !== "draft" && isDone(copy);
    if (gone && !this.#isOnDisk) return;
    this.#isOnDisk = !gone;
    if (going && !gone) this.kept.putGoing(copy);
    void (gone ? this.kept.remove(copy.key) : this.kept.put(copy)).catch(() => {});
  }

  /** All that can be is on the server; false: it could not be reached or refuses. @returns {Promise<boolean>} */
  async flush() {
    clearTimeout(this.#sendTimer);
    this.#sendTimer = 0;
    await this.#sending;
    while (!isSaved(this.draft, this.form)) if (!(await this.#send())) return false;
    return true;
  }

  /** The network is back. */
  again() {
    if (!isSaved(this.draft, this.form) && !this.#sending) this.#sendIn(0);
  }

  /** @param {Draft} draft */
  #set(draft) {
    this.draft = draft;
    const due = settlesAt(draft);
    clearTimeout(this.#settleTimer);
    if (due !== null) {
      const wait = Math.max(0, due - performance.now());
      this.#settleTimer = setTimeout(() => this.#set(settled(this.draft, performance.now())), wait);
    }
    for (const listener of this.#listeners) listener();
  }

  /** @param {number} ms */
  #keepIn(ms) {
    // The first key press is kept at once, the others when there was time for more of them.
    if (!this.#keepTimer && !this.#isOnDisk) this.keepNow();
    clearTimeout(this.#keepTimer);
    this.#keepTimer = setTimeout(() => this.keepNow(), ms);
  }

  /** @param {number} ms */
  #sendIn(ms) {
    if (this.saved.kind === "refused") return;
    const now = performance.now();
    this.#unsentSince ||= now;
    clearTimeout(this.#sendTimer);
    this.#sendTimer = setTimeout(() => void this.#send(), Math.max(0, Math.min(ms, this.#unsentSince + SEND_AT_LEAST_MS - now)));
    if (this.saved.kind === "saved") this.saved = { ...this.saved, kind: "unsaved" };
  }

  /** @returns {Promise<boolean>} */
  #send() {
    this.#sending ??= this.#sendNow().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  /** @returns {Promise<boolean>} whether it arrived */
  async #sendNow() {
    const { draft, changes } = toSend(this.draft, this.form);
    this.#unsentSince = 0;
    if (!changes.length) {
      if (this.saved.kind !== "refused") this.saved = { ...this.saved, kind: "saved" };
      this.#set(draft);
      return true;
    }
    this.saved = { ...this.saved, kind: "saving" };
    this.#set(draft);
    /** @type {Ticket} */
    let ticket;
    /** @type {Parameters<typeof arrived>[4]} */
    let not = {};
    try {
      ticket = await this.api.patch(`/api/tickets/${encodeURIComponent(this.id)}`, { changes });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // A conflict or a value that it will not have: all else is done.
      if (!error.body?.ticket) return this.#notSaved(error);
      const { fields, faults } = error.body;
      ticket = error.body.ticket;
      not = { conflicts: fields.map((/** @type {{field: string}} */ one) => one.field), faults };
    }
    this.#failed = 0;
    this.saved = { kind: "saved", at: ticket.saved_at ?? Date.now() / 1000 };
    this.#set(arrived(this.draft, changes, ticket, performance.now(), not));
    this.keepNow();
    if (!isSaved(this.draft, this.form)) this.#sendIn(SEND_AFTER_MS);
    return true;
  }

  /** @param {ApiError} error @returns {boolean} */
  #notSaved(error) {
    const isFinal = [403, 404, 409].includes(error.status);
    this.saved = { ...this.saved, kind: isFinal ? "refused" : "failed" };
    this.#set(notArrived(this.draft));
    this.keepNow();
    if (!isFinal) {
      this.#failed += 1;
      this.#sendTimer = setTimeout(() => void this.#send(), retryAfter(this.#failed));
    }
    return false;
  }
}
