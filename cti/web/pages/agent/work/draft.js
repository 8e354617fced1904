// The draft of the ticket: form, foot and what has to be decided; submitting it, calling it back, and the end of the wrap-up.
import { ApiError } from "/pages/shared/api.js";
import { icon, make, setText } from "/pages/shared/dom.js";
import { timeOfDay } from "../format_logic.js";
import { keyText } from "../keys_logic.js";
import { faults } from "./check_logic.js";
import { DraftFoot } from "./draft_foot.js";
import { DraftForm } from "./draft_form.js";
import { DraftNotices } from "./draft_notices.js";
import { gaveWay, kept, typed, view } from "./draft_logic.js";
import { DraftsToDo } from "./drafts_to_do.js";
import { OpenDrafts } from "./drafts_open.js";
import { CHECK, UNDO } from "./icons.js";
import { Work } from "./work.js";

/** @typedef {import("../desk.js").Desk} Desk */
/** @typedef {import("./types.js").Fault} Fault */
/** @typedef {import("./types.js").Finish} Finish */

/** Builds the panel into `el`; it fills as soon as its words and its form are there. @param {HTMLElement} el @param {Desk} desk */
export async function mountDraft(el, desk) {
  const panel = new DraftPanel(await Work.of(desk));
  el.replaceChildren(...panel.parts);
  panel.start();
}

class DraftPanel {
  /** @type {import("./draft_notices.js").Gone[]} */
  #gone = [];
  /** @type {string | null} */
  #failure = null;
  /** What was tried and can be tried again. @type {(() => void) | null} */
  #again = null;
  #busy = false;
  #isFirst = true;
  #said = 0;

  /** @param {Work} work */
  constructor(work) {
    this.work = work;
    this.title = make("h2");
    this.id = make("span", { class: "d-id" });
    this.others = make("span", { class: "d-others" });
    this.saying = make("span", { class: "d-saying" });
    this.saved = make("span", { class: "d-saved" });
    this.undoButton = make("button", { class: "button d-small", type: "button", onclick: () => this.#undo() });
    this.aside = make("button", { class: "button d-small", type: "button", onclick: () => this.open.putAside() });
    this.head = make("header", { class: "d-head" }, this.title, this.id, this.others, this.saying, this.saved, this.aside, this.undoButton);
    this.form = new DraftForm(work);
    this.foot = new DraftFoot(work, (finish, reason) => void this.#submit(finish, reason));
    this.notices = new DraftNotices(work, {
      keep: (name) => this.#decide((draft) => kept(draft, name), name),
      giveWay: (name) => this.#decide((draft) => gaveWay(draft, name), name),
      go: (name) => this.form.go(name),
      walk: () => this.#walk(),
      recall: (id) => void this.#recall(id),
      again: () => this.#again?.(),
      later: () => void this.#later(),
    });
    this.open = new OpenDrafts(work, () => this.form.el.contains(document.activeElement), () => this.paint());
    this.todo = new DraftsToDo(work, (id) => void this.open.takeUp(id).then(() => this.form.step(1)));
    this.parts = [this.head, this.form.el, this.todo.el, this.notices.el, this.foot.el, this.form.choices.el];
  }

  start() {
    const { desk } = this.work;
    desk.dictionary.onChange(() => this.paint());
    desk.on("key", (key) => this.#key(key));
    this.work.on("go", (name) => this.form.go(name));
    setInterval(() => this.#gone.length && this.paint(), 500);
    this.open.follow();
    void this.open.recover();
    this.paint();
  }

  /** @param {import("../types.js").KeyPress} key */
  #key(key) {
    if (key.taken) return;
    switch (key.name) {
      case "confirm":
        if (this.form.enter()) key.take();
        return;
      case "next-field":
        key.take();
        return this.form.step(1);
      case "previous-field":
        key.take();
        return this.form.step(-1);
      case "undo": {
        if (this.#undo()) key.take();
        return;
      }
      case "submit":
        key.take();
        if (this.foot.sending) void this.#submit(this.foot.sending, null);
        return;
      case "finish-list":
        key.take();
        return this.foot.openList();
      case "close":
        if (this.form.escape() || this.foot.escape()) key.take();
    }
  }

  paint() {
    const { work, form } = this;
    const { keeper } = work;
    const isNew = form.keeper !== keeper;
    if (isNew) form.show(keeper);
    else form.paint();
    this.#head();
    for (const part of [form.el, this.foot.el]) part.hidden = !keeper;
    this.todo.show(!keeper && !work.desk.call);
    if (keeper) this.foot.paint(keeper.draft, this.#busy);
    this.#gone = this.#gone.filter((one) => one.until > work.desk.serverNow());
    this.notices.paint(form, this.#gone, this.#failure);
    this.#tellMissing();
    if (isNew && keeper && this.#isFirst) {
      this.#isFirst = false;
      form.returnToCaret();
    }
    work.emit("draft", keeper);
  }

  #head() {
    const { work } = this;
    const { keeper } = work;
    setText(this.title, work.say("draft.title"));
    setText(this.id, keeper?.id ?? "");
    const others = keeper ? keeper.draft.ticket.editing.filter((one) => one !== work.desk.user.id) : [];
    setText(this.others, others.length ? work.say("draft.others_in", { who: others.join(work.say("about.and")) }) : "");
    this.others.hidden = !others.length;
    this.aside.hidden = !keeper || Boolean(work.desk.call);
    setText(this.aside, work.say("draft.put_aside"));
    this.undoButton.hidden = !keeper;
    if (this.undoButton.dataset.lang !== work.lang) {
      this.undoButton.dataset.lang = work.lang;
      this.undoButton.replaceChildren(icon(UNDO), work.say("draft.undo"), make("kbd", {}, keyText("undo")));
    }
    this.undoButton.disabled = !keeper?.isOpen || keeper.draft.undo.length === 0;
    this.saved.hidden = !keeper;
    if (keeper) this.#saved(keeper);
  }

  /** @param {import("./keeper.js").Keeper} keeper */
  #saved(keeper) {
    const { work } = this;
    const { kind, at } = keeper.saved;
    const state = keeper.draft.ticket.state;
    const key = state !== "draft" ? `state.ticket_${state}` : kind === "saved" ? (at ? "saved.saved" : "saved.new") : `saved.${kind}`;
    const text = work.say(key, { time: at ? timeOfDay(at) : "" });
    if (this.saved.dataset.text === text) return;
    const failed = state === "draft" && (kind === "failed" || kind === "refused");
    // Who uses a screen reader hears of it only when it fails: it changes with every sentence.
    if (failed && this.saved.dataset.kind !== kind) work.desk.say(key);
    this.saved.dataset.text = text;
    this.saved.dataset.kind = state === "draft" ? kind : state;
    this.saved.title = text;
    this.saved.replaceChildren(...(kind === "saved" ? [icon(CHECK)] : []), make("span", {}, text));
  }

  /** For the shell: how much is missing when the wrap-up runs out. In a draft that nobody began nothing is. */
  #tellMissing() {
    const { desk, form, keeper } = this.work;
    const touched = keeper?.isOpen && (Object.keys(keeper.draft.mine).length || Object.values(keeper.draft.ticket.fields).some((field) => field.by));
    const missing = keeper && touched && form.sending ? faults(keeper.draft, form, form.sending, null).length : 0;
    if (desk.draft.missing === missing) return;
    desk.draft.missing = missing;
    desk.changed();
  }

  /** @returns {boolean} whether there was a draft to undo in; false: the browser does it */
  #undo() {
    const step = this.form.undo();
    if (step === null) return false;
    if (step === "nothing") this.#tell("draft.nothing_undone", {});
    else if (step.other) void this.#unrelate(step.other);
    else {
      const field = this.work.pick(this.work.form.words(step.field, null));
      this.#tell("draft.undone", { field, from: this.form.text(step.field, step.to), to: this.form.text(step.field, step.from) });
    }
    return true;
  }

  /** @param {string} other */
  async #unrelate(other) {
    const { keeper, desk } = this.work;
    if (!keeper) return;
    await this.#ask(async () => keeper.hear(await desk.api.post(`/api/tickets/${encodeURIComponent(keeper.id)}/relate`, { other, same: false })));
    if (view(keeper.draft, "related").value === other) keeper.change({ ...typed(keeper.draft, "related", null), undo: keeper.draft.undo });
    this.#tell("draft.unrelated", { id: other });
  }

  /** A line in the head for a few seconds. @param {string} key @param {Record<string, string>} values */
  #tell(key, values) {
    const text = this.work.say(key, values);
    setText(this.saying, text);
    this.saying.title = text;
    this.work.desk.say(key, "polite", values);
    clearTimeout(this.#said);
    this.#said = setTimeout(() => setText(this.saying, ""), 6000);
  }

  /** @param {(draft: import("./draft_logic.js").Draft) => import("./draft_logic.js").Draft} act @param {string} name */
  #decide(act, name) {
    const { keeper } = this.work;
    if (!keeper) return;
    keeper.change(act(keeper.draft));
    this.form.go(name);
  }

  /** One after the other through what is wrong. */
  #walk() {
    const first = this.form.faults[0];
    if (!first) return;
    if (first.field === "finish") this.foot.openList();
    else this.form.go(first.field);
  }

  /** @param {Finish} finish @param {string | null} reason */
  async #submit(finish, reason) {
    const { keeper, desk, form } = this.work;
    if (this.#busy) return;
    if (!keeper?.isOpen) return this.#endWrapUp();
    const found = faults(keeper.draft, form, finish, reason);
    if (found.length) return this.#showFaults(found);
    this.form.faults = [];
    this.#again = () => void this.#submit(finish, reason);
    await this.#ask(async () => {
      if (!(await keeper.flush())) throw new ApiError(0, "network", null);
      // What came back may be a conflict.
      const meanwhile = faults(keeper.draft, form, finish, reason);
      if (meanwhile.length) return this.#showFaults(meanwhile);
      const ticket = await desk.api.post(`/api/tickets/${encodeURIComponent(keeper.id)}/submit`, reason ? { finish: finish.id, reason } : { finish: finish.id });
      keeper.hear(ticket);
      keeper.keepNow();
      if (ticket.state === "submitted" && ticket.send_at) this.#gone = [...this.#gone, { id: keeper.id, until: ticket.send_at, finish: this.work.pick(finish) }];
      desk.say("draft.gone", "polite", { id: keeper.id, finish: this.work.pick(finish) });
      await this.#endWrapUp();
      if (!desk.call) this.open.putAside();
    });
  }

  /** The desk is ready again when the ticket is done with. */
  async #endWrapUp() {
    const { desk } = this.work;
    if (desk.state?.desk.state !== "wrap_up" || desk.state.desk.wrap_up?.kind === "fixed") return;
    await this.#ask(() => desk.api.post(`/api/agents/${encodeURIComponent(desk.user.id)}/finish-wrap-up`));
  }

  /** The wrap-up is over, the draft is not: it waits among those to do. */
  async #later() {
    this.form.faults = [];
    await this.work.keeper?.flush();
    await this.#endWrapUp();
    if (!this.work.desk.call) this.open.putAside();
    this.paint();
  }

  /** @param {Fault[]} found */
  #showFaults(found) {
    this.form.faults = found;
    this.paint();
    const fields = found.map((fault) => this.work.pick(fault.message)).join(this.work.say("about.comma"));
    this.work.desk.say("draft.faults_said", "assertive", { n: found.length, fields });
    this.#walk();
  }

  /** @param {string} id */
  async #recall(id) {
    const { desk } = this.work;
    this.#again = () => void this.#recall(id);
    await this.#ask(async () => {
      const ticket = await desk.api.post(`/api/tickets/${encodeURIComponent(id)}/recall`);
      this.#gone = this.#gone.filter((one) => one.id !== id);
      this.open.get(id)?.hear(ticket);
      if (!desk.call) await this.open.takeUp(id);
      this.#tell("draft.recalled", { id });
    });
  }

  /** One request at a time; why it failed stays in sight until it works. @param {() => Promise<unknown>} act */
  async #ask(act) {
    const outer = this.#busy;
    this.#busy = true;
    this.#failure = null;
    this.paint();
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (Array.isArray(error.body?.faults)) this.#showFaults(error.body.faults);
      else this.#failure = error.status === 0 ? this.work.say("draft.not_submitted") : this.work.say("error.unknown", { code: error.code });
    } finally {
      this.#busy = outer;
      this.paint();
    }
  }
}
