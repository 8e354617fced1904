// While there is no call: the drafts that are not done with, to be taken up again.
import { make, setText } from "/pages/shared/dom.js";
import { ApiError } from "/pages/shared/api.js";
import { timeOfDay } from "../format_logic.js";

/** @typedef {import("../types.js").TicketRow} TicketRow */
/** @typedef {import("./work.js").Work} Work */

const LOOK_EVERY_MS = 30_000;

export class DraftsToDo {
  /** @type {TicketRow[] | null} */
  #rows = null;
  #shown = false;
  #timer = 0;
  #painted = "";

  /** @param {Work} work @param {(id: string) => void} take */
  constructor(work, take) {
    this.work = work;
    this.take = take;
    this.title = make("h3", { tabindex: "-1" });
    this.hint = make("p", { class: "d-todo-hint" });
    this.list = make("ul", { class: "d-todo-list" });
    this.el = make("div", { class: "d-todo", hidden: true }, this.title, this.hint, this.list);
  }

  /** @param {boolean} shown */
  show(shown) {
    const hadFocus = document.activeElement === document.body;
    this.el.hidden = !shown;
    if (shown && !this.#shown) {
      void this.#look();
      // Where the form was and had the focus, there is this now.
      if (hadFocus && this.work.field !== null) this.title.focus();
    }
    if (!shown) clearTimeout(this.#timer);
    this.#shown = shown;
    if (shown) this.#paint();
  }

  async #look() {
    clearTimeout(this.#timer);
    try {
      const { desk } = this.work;
      this.#rows = await desk.api.get(`/api/tickets?state=draft&agent=${encodeURIComponent(desk.user.id)}&touched=true`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    if (!this.#shown) return;
    this.#timer = setTimeout(() => void this.#look(), LOOK_EVERY_MS);
    this.#paint();
  }

  #paint() {
    const { work } = this;
    setText(this.title, work.say("todo.title"));
    setText(this.hint, this.#rows === null ? "" : this.#rows.length ? work.say("todo.hint") : work.say("todo.none"));
    const what = JSON.stringify([work.lang, this.#rows]);
    if (what === this.#painted || this.list.contains(document.activeElement)) return;
    this.#painted = what;
    this.list.replaceChildren(...(this.#rows ?? []).map((row) => make("li", {},
      make("time", {}, timeOfDay(row.created_at).slice(0, 5)),
      make("span", { class: "d-todo-title", lang: "zh-CN" }, row.title || work.say("todo.untitled")),
      make("span", { class: "d-todo-id" }, row.id),
      make("button", { class: "button d-small", type: "button", "aria-label": work.say("todo.go_on_with", { id: row.id }), onclick: () => this.take(row.id) }, work.say("todo.go_on")))));
  }
}
