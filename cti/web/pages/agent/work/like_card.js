// Tickets that may be about the same matter, one at a time in one place: they are looked for while the agent writes, and the
// one before him changes only when he wants the next.
import { ApiError } from "/pages/shared/api.js";
import { make, setText } from "/pages/shared/dom.js";
import { related, typed, view } from "./draft_logic.js";
import { likes, placeOf } from "./story_logic.js";

/** @typedef {import("./story_logic.js").Like} Like */
/** @typedef {import("./work.js").Work} Work */

/** What a duplicate is known by. */
const TELLING = ["matter", "street", "address", "title", "content", "contact_phone"];
const LOOK_AFTER_MS = 1500;

export class LikeCard {
  /** @type {Like[]} */
  #found = [];
  /** @type {{call: string, likes: Like[]}} */
  #told = { call: "", likes: [] };
  /** @type {string | null} */
  #shown = null;
  #ticket = "";
  #looked = "";
  #timer = 0;
  #painted = "";
  #failed = false;
  /** What he has just said something about: it may go from under the pointer. */
  #judged = "";

  /** @param {Work} work */
  constructor(work) {
    this.work = work;
    this.title = make("span");
    this.count = make("span", { class: "s-count" });
    this.next = make("button", { class: "s-next", type: "button", onclick: () => this.#turn() });
    this.card = make("div", { class: "s-like" });
    this.el = make("section", { class: "s-likes" }, make("h3", {}, this.title, make("span", { class: "s-pager" }, this.count, this.next)), this.card);
    this.card.addEventListener("pointerleave", () => this.paint());
    this.card.addEventListener("focusout", () => setTimeout(() => this.paint()));
    work.on("draft", () => this.#follow());
  }

  /** Of the story of a call. @param {string} call @param {Like[]} found */
  told(call, found) {
    this.#told = { call, likes: found };
    this.paint();
  }

  /** The draft has changed: after a pause it is compared anew. */
  #follow() {
    const { keeper } = this.work;
    if (keeper && keeper.id !== this.#ticket) {
      this.#ticket = keeper.id;
      this.#found = [];
      this.#shown = null;
      this.#looked = "";
    }
    if (!keeper?.isOpen) return this.paint();
    const { draft } = keeper;
    // What the server has; the daemon compares what is saved.
    const saved = JSON.stringify([draft.ticket.id, ...TELLING.map((name) => draft.ticket.fields[name]?.value ?? null)]);
    const says = TELLING.some((name) => draft.ticket.fields[name]?.value);
    if (saved !== this.#looked && says) {
      this.#looked = saved;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#look(keeper.id), LOOK_AFTER_MS);
    }
    this.paint();
  }

  /** @param {string} id */
  async #look(id) {
    try {
      const found = await this.work.desk.api.get(`/api/tickets/${encodeURIComponent(id)}/duplicates`);
      if (id === this.#ticket) this.#found = found;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#looked = "";
    }
    this.paint();
  }

  #likes() {
    const { keeper, desk } = this.work;
    const told = this.#told.call === desk.call?.call_id ? this.#told.likes : [];
    return keeper ? likes(this.#found, told, [...keeper.draft.ticket.related, { id: keeper.id }]) : likes([], told, []);
  }

  #turn() {
    const all = this.#likes();
    this.#shown = all[(placeOf(all, this.#shown) + 1) % all.length]?.id ?? null;
    this.paint();
  }

  paint() {
    const { work } = this;
    const { keeper, desk } = work;
    const all = this.#likes();
    const at = placeOf(all, this.#shown);
    const like = all[at];
    this.el.hidden = !desk.call && !keeper;
    const joined = keeper?.draft.ticket.related.filter((one) => one.kind === "same") ?? [];
    setText(this.title, work.say("like.title"));
    setText(this.count, all.length > 1 ? `${at + 1} / ${all.length}` : all.length ? "1" : "");
    this.next.hidden = all.length < 2;
    setText(this.next, work.say("like.next"));
    const what = JSON.stringify([work.lang, like, joined, keeper?.isOpen, this.#failed]);
    // Under the pointer and the focus it stays as it is until they have left, unless it is gone.
    if (what === this.#painted) return;
    const judged = this.#judged !== "";
    if (this.card.matches(":hover, :focus-within") && this.#shown !== null && !judged && this.el.dataset.ticket === keeper?.id) return;
    this.#judged = "";
    this.el.dataset.ticket = keeper?.id ?? "";
    this.#painted = what;
    this.#shown = like?.id ?? null;
    this.card.classList.toggle("s-empty", !like);
    if (like) this.card.replaceChildren(...this.#about(like));
    else this.card.replaceChildren(make("p", { class: "s-none" }, joined.length ? work.say("like.joined", { ids: joined.map((one) => one.id).join(work.say("about.comma")) }) : work.say("like.none")));
  }

  /** @param {Like} like */
  #about(like) {
    const { work } = this;
    const open = work.keeper?.isOpen === true;
    const facts = [like.id, work.say(`state.ticket_${like.state}`), work.pick(work.form.called("department", like.department || null))].filter(Boolean).join(" · ");
    return [
      make("b", { class: "s-like-title", lang: "zh-CN", title: like.title }, like.title || work.say("past.no_title")),
      make("p", { title: facts }, facts),
      make("p", { class: "s-why", title: work.pick(like.why) }, work.pick(like.why)),
      make("p", { class: "s-like-acts" },
        make("button", { class: "button d-small s-same", type: "button", disabled: !open, onclick: () => void this.#judge(like, true) }, work.say("like.same")),
        make("button", { class: "button d-small", type: "button", disabled: !open, onclick: () => void this.#judge(like, false) }, work.say("like.different")),
        this.#failed ? make("span", { class: "error" }, work.say("like.failed")) : null),
    ];
  }

  /** @param {Like} like @param {boolean} same */
  async #judge(like, same) {
    const { keeper, desk } = this.work;
    if (!keeper) return;
    this.#judged = like.id;
    try {
      keeper.hear(await desk.api.post(`/api/tickets/${encodeURIComponent(keeper.id)}/relate`, { other: like.id, same }));
      this.#failed = false;
      if (same) {
        const joined = related(keeper.draft, like.id);
        keeper.change(view(joined, "related").value === null ? { ...typed(joined, "related", like.id), undo: joined.undo } : joined);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#failed = true;
    }
    this.paint();
  }
}
