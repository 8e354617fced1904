// What the agent has to decide about the draft, above its foot: it grows upwards over the end of the form, and no button under
// his hand moves. Everything here stays until it is done with.
import { make } from "/pages/shared/dom.js";
import { timeOfDay } from "../format_logic.js";
import { view } from "./draft_logic.js";

/** @typedef {import("./draft_form.js").DraftForm} DraftForm */
/** @typedef {import("./types.js").Fault} Fault */
/** @typedef {import("./work.js").Work} Work */

/** A ticket that was submitted and can still be called back. @typedef {{id: string, until: number, finish: string}} Gone */
/** @typedef {{keep: (name: string) => void, giveWay: (name: string) => void, go: (name: string) => void, walk: () => void,
 *   recall: (id: string) => void, again: () => void, later: () => void}} NoticeActs */

export class DraftNotices {
  /** @type {string} */
  #painted = "";

  /** @param {Work} work @param {NoticeActs} acts */
  constructor(work, acts) {
    this.work = work;
    this.acts = acts;
    this.el = make("ul", { class: "d-notices", hidden: true });
  }

  /** @param {DraftForm} form @param {Gone[]} gone @param {string | null} failure a text that says why submitting failed */
  paint(form, gone, failure) {
    const { work, acts } = this;
    const left = gone.map((one) => ({ ...one, s: Math.max(0, Math.ceil(one.until - work.desk.serverNow())) })).filter((one) => one.s > 0);
    const conflicts = form.keeper?.isOpen ? form.names.filter((name) => view(/** @type {NonNullable<typeof form.keeper>} */ (form.keeper).draft, name).theirs) : [];
    const rows = [
      ...conflicts.map((name) => () => this.#conflict(form, name)),
      ...(form.faults.length ? [() => this.#faults(form)] : []),
      ...(failure ? [() => make("li", { class: "d-notice d-bad" }, make("span", {}, failure), this.#button("draft.again", acts.again))] : []),
      ...left.map((one) => () => make("li", { class: "d-notice d-good" },
        make("span", {}, work.say("draft.gone", { id: one.id, finish: one.finish })),
        make("span", { class: "d-seconds", role: "timer", "aria-live": "off" }, work.say("draft.seconds", { n: one.s })),
        this.#button("draft.recall", () => acts.recall(one.id)))),
    ];
    // Only the seconds change from one painting to the next: the buttons stay the same elements, under pointer and focus.
    const what = JSON.stringify([work.lang, work.desk.state?.desk.state === "wrap_up", conflicts.map((name) => [name, view(/** @type {any} */ (form.keeper).draft, name).theirs]), form.faults, failure, left.map((one) => one.id)]);
    if (what !== this.#painted) {
      this.#painted = what;
      this.el.replaceChildren(...rows.map((row) => row()));
      this.el.hidden = rows.length === 0;
      return;
    }
    const seconds = this.el.querySelectorAll(".d-seconds");
    left.forEach((one, n) => seconds[n] && (seconds[n].textContent = work.say("draft.seconds", { n: one.s })));
  }

  /** @param {string} key @param {() => void} act */
  #button(key, act) {
    return make("button", { class: "button d-small", type: "button", onclick: act }, this.work.say(key));
  }

  /** @param {DraftForm} form @param {string} name */
  #conflict(form, name) {
    const { work, acts } = this;
    const keeper = /** @type {NonNullable<typeof form.keeper>} */ (form.keeper);
    const theirs = view(keeper.draft, name).theirs;
    const field = work.pick(work.form.words(name, view(keeper.draft, "matter").value));
    const text = work.say("draft.conflict", { field, who: theirs?.by ?? "", at: theirs?.at ? timeOfDay(theirs.at).slice(0, 5) : "", value: form.text(name, theirs?.value ?? null) });
    return make("li", { class: "d-notice d-warn" }, make("span", {}, text),
      this.#button("draft.give_way", () => acts.giveWay(name)), this.#button("draft.keep_mine", () => acts.keep(name)));
  }

  /** @param {DraftForm} form */
  #faults(form) {
    const { work, acts } = this;
    const matter = view(/** @type {NonNullable<typeof form.keeper>} */ (form.keeper).draft, "matter").value;
    const links = (/** @type {Fault[]} */ faults) => faults.map((fault) => make("button", { class: "d-link", type: "button", onclick: () => acts.go(fault.field) },
      fault.field === "finish" ? work.pick(fault.message) : work.pick(work.form.words(fault.field, matter))));
    const open = form.faults.filter((fault) => fault.code === "unconfirmed");
    const wrong = form.faults.filter((fault) => fault.code !== "unconfirmed");
    const say = (/** @type {string} */ key, /** @type {Fault[]} */ faults) =>
      faults.length ? make("span", { class: "d-fault-list" }, work.say(key, { n: faults.length }), ...links(faults)) : null;
    return make("li", { class: "d-notice d-bad" }, say("draft.wrong", wrong), say("draft.unconfirmed", open),
      make("span", { class: "d-gap" }), this.#button("draft.walk", acts.walk),
      work.desk.state?.desk.state === "wrap_up" ? this.#button("draft.later", acts.later) : null);
  }
}
