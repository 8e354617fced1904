// Which draft is in hand: that of the call, or one that he took up again. A draft in which he writes stays before him until he
// answers the next call; what is not in hand is uploaded all the same.
import { ApiError } from "/pages/shared/api.js";
import { Keeper } from "./keeper.js";
import { isDone } from "./save_logic.js";

/** @typedef {import("./types.js").Ticket} Ticket */
/** @typedef {import("./work.js").Work} Work */

/** The draft that this tab took up by hand. */
const IN_HAND = "yihu.draft";
/** Its own message is on its way when a call is offered, and the page has its pop to paint. */
const ASK_AFTER_MS = 500;
const ASK_AGAIN_MS = 2000;

export class OpenDrafts {
  /** @type {Map<string, Keeper>} */
  #keepers = new Map();
  /** Those whose copy on this computer is being read. @type {Map<string, Promise<Keeper>>} */
  #coming = new Map();
  #asking = "";
  #askTimer = 0;
  /** Taken up by hand, without a call. @type {string | null} */
  #taken = null;

  /** @param {Work} work @param {() => boolean} isWriting whether the focus is in the form @param {() => void} changed */
  constructor(work, isWriting, changed) {
    this.work = work;
    this.isWriting = isWriting;
    this.changed = changed;
    const { desk } = work;
    desk.on("ticket", ({ ticket }) => {
      // A page that was reloaded after the talk knows its call by the ticket alone.
      if (!desk.call && desk.state?.desk.state === "wrap_up" && ticket.state === "draft") this.#taken ??= ticket.id;
      void this.#heard(ticket);
    });
    desk.on("desk", () => this.follow());
    desk.on("link", ({ state }) => {
      if (state === "live") for (const keeper of this.#keepers.values()) keeper.again();
      if (state === "taken_over" || state === "logged_out") this.#save();
    });
    window.addEventListener("online", () => this.#keepers.forEach((keeper) => keeper.again()));
    window.addEventListener("pagehide", () => this.keepAll(true));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.#save();
    });
  }

  /** Everywhere, now. */
  #save() {
    this.keepAll();
    for (const keeper of this.#keepers.values()) void keeper.flush();
  }

  /** @param {boolean} [going] */
  keepAll(going = false) {
    for (const keeper of this.#keepers.values()) keeper.keepNow(going);
  }

  /** @param {string} id */
  get(id) {
    return this.#keepers.get(id) ?? null;
  }

  /** What an earlier page could not upload is uploaded now; what this tab had in hand before a reload it has again. */
  async recover() {
    const inHand = sessionStorage.getItem(IN_HAND);
    if (inHand && !this.work.desk.call) await this.takeUp(inHand);
    const left = await this.work.kept.of(this.work.desk.user.id).catch(() => []);
    for (const kept of left) {
      if (this.#keepers.has(kept.id)) continue;
      if (isDone(kept)) {
        // Of the call in hand it holds caret and undo; of others nothing that anybody misses.
        if (Date.now() / 1000 - kept.at > 86_400) void this.work.kept.remove(kept.key).catch(() => {});
      } else await this.fetch(kept.id);
    }
  }

  /** @param {string} id @returns {Promise<Keeper | null>} */
  async fetch(id) {
    const ticket = await this.work.desk.api.get(`/api/tickets/${encodeURIComponent(id)}`).catch((/** @type {unknown} */ error) => {
      if (!(error instanceof ApiError)) throw error;
      return null;
    });
    return ticket ? await this.#heard(ticket) : null;
  }

  /** He goes on with an older draft, as long as no call is his. @param {string} id */
  async takeUp(id) {
    if (!(await this.fetch(id))) return false;
    this.#taken = id;
    sessionStorage.setItem(IN_HAND, id);
    this.follow();
    return true;
  }

  /** It is done with, or left for later. */
  putAside() {
    this.#taken = null;
    sessionStorage.removeItem(IN_HAND);
    if (!this.work.desk.call) this.#show(null);
  }

  /** @param {Ticket} ticket @returns {Promise<Keeper>} */
  async #heard(ticket) {
    const known = this.#keepers.get(ticket.id) ?? (await this.#coming.get(ticket.id));
    if (known) {
      known.hear(ticket);
      this.#tidy(known);
      return known;
    }
    const coming = this.#restored(ticket);
    this.#coming.set(ticket.id, coming);
    const keeper = await coming;
    this.#coming.delete(ticket.id);
    this.follow();
    return keeper;
  }

  /** With what an earlier page left of it, before anybody sees it. @param {Ticket} ticket @returns {Promise<Keeper>} */
  async #restored(ticket) {
    const { desk, form, kept } = this.work;
    const keeper = new Keeper(desk.api, form, kept, ticket, desk.user.id);
    await keeper.restore();
    keeper.onChange(() => {
      if (this.work.keeper === keeper) this.changed();
    });
    this.#keepers.set(ticket.id, keeper);
    return keeper;
  }

  /** What is submitted and not in hand is of no use any more; who calls it back has it fetched. @param {Keeper} keeper */
  #tidy(keeper) {
    if (keeper === this.work.keeper || keeper.isOpen) return;
    keeper.keepNow();
    this.#keepers.delete(keeper.id);
  }

  /** Shows the draft that belongs before him now. */
  follow() {
    const { call, state } = this.work.desk;
    const now = this.work.keeper;
    const ofCall = call ? [...this.#keepers.values()].find((keeper) => keeper.draft.ticket.call_id === call.call_id) : undefined;
    if (call && !ofCall) this.#ask(call.call_id);
    const isOffered = state?.desk.state === "offered";
    const stays = now?.isOpen === true && now !== ofCall && this.isWriting() && (!call || isOffered);
    if (stays) return;
    if (ofCall) {
      this.#taken = null;
      this.#show(ofCall);
    } else if (call) this.#show(null);
    else this.#show(this.#taken ? this.get(this.#taken) : null);
  }

  /** @param {Keeper | null} keeper */
  #show(keeper) {
    const before = this.work.keeper;
    if (before === keeper) return this.changed();
    this.work.keeper = keeper;
    if (before) {
      void before.flush();
      this.#tidy(before);
    }
    this.changed();
  }

  /** The draft of a call whose message has not come; again while there is none. @param {string} call */
  #ask(call) {
    if (this.#asking === call) return;
    this.#asking = call;
    clearTimeout(this.#askTimer);
    const ask = async () => {
      if (this.work.desk.call?.call_id !== call || this.work.keeper?.draft.ticket.call_id === call) return;
      try {
        await this.#heard(await this.work.desk.api.get(`/api/calls/${encodeURIComponent(call)}/ticket`));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.#askTimer = setTimeout(ask, ASK_AGAIN_MS);
      }
    };
    this.#askTimer = setTimeout(ask, ASK_AFTER_MS);
  }
}
