// One field of the draft: its label, where its value came from and how sure that is, the control, and what is to be done about it.
import { icon, make, setText } from "/pages/shared/dom.js";
import { CHECK, SOURCES } from "./icons.js";
import { dots, sureness } from "./marks.js";

/** @typedef {import("./draft_logic.js").View} View */
/** @typedef {import("./types.js").Both} Both */
/** @typedef {import("./types.js").Fault} Fault */
/** @typedef {import("./types.js").Value} Value */
/** @typedef {import("./control.js").Control} Control */
/** @typedef {import("./work.js").Work} Work */

/** Beside the view: what is known of the field in this draft.
 * @typedef {{words: Both, required: boolean, wanted: boolean, fault: Fault | null, locked: boolean}} About */

/** What a field asks of the draft.
 * @typedef {{take: (name: string, value: Value) => void, source: (name: string) => void}} FieldActs */

export class FieldBox {
  /** @param {Work} work @param {string} name @param {Control} control @param {FieldActs} acts */
  constructor(work, name, control, acts) {
    this.work = work;
    this.name = name;
    this.control = control;
    /** @type {{view: View, about: About} | null} */
    this.painted = null;
    this.label = make("label", { for: control.isGroup ? null : control.id });
    this.star = make("span", { class: "d-star", "aria-hidden": "true" }, "*");
    this.fault = make("span", { class: "d-fault", id: `${control.id}-fault` });
    this.pillText = make("span");
    this.pillKey = make("kbd", { "aria-hidden": "true" });
    this.pill = make("button", { class: "d-pill", type: "button", hidden: true,
      onclick: () => this.painted?.view.proposal && acts.take(name, this.painted.view.proposal.value) }, this.pillText, this.pillKey);
    // Not in the way of Tab: to stand in the field shows the same words.
    this.chip = make("button", { class: "d-chip", type: "button", tabindex: "-1", onclick: () => acts.source(name) });
    this.dots = make("span", { class: "d-dots-place" });
    this.mark = make("span", { class: "d-mark", "aria-hidden": "true" });
    this.confirm = make("span", { class: "d-confirm" });
    this.described = make("span", { class: "visually-hidden", id: `${control.id}-about` });
    this.head = make("div", { class: "d-label" }, this.label, this.star, this.fault, make("span", { class: "d-gap" }), this.pill, this.chip, this.dots);
    this.box = make("div", { class: "d-box" }, control.el, this.mark);
    this.el = make("div", { class: `d-field d-${name}`, "data-field": name }, this.head, this.box, this.described);
    if (control.isGroup) this.label.setAttribute("aria-hidden", "true");
    for (const target of control.described) target.setAttribute("aria-describedby", `${control.id}-about ${control.id}-fault`);
  }

  /** @param {View} view @param {About} about */
  paint(view, about) {
    this.painted = { view, about };
    const { work } = this;
    const label = work.pick(about.words);
    setText(this.label, label);
    this.label.title = label;
    this.star.hidden = !about.required || about.fault !== null;
    const isWrong = about.fault !== null && about.fault.code !== "unconfirmed";
    this.el.dataset.state = isWrong ? "fault" : view.theirs ? "conflict" : view.state === "empty" ? (about.wanted ? "ask" : "empty") : view.state;
    this.#paintAbove(view, about.fault);
    const text = about.fault ? work.pick(about.fault.message) : "";
    setText(this.fault, text);
    this.fault.title = text;
    this.fault.classList.toggle("d-unsure", !isWrong);
    // It names the field, in the place of its label.
    this.label.classList.toggle("visually-hidden", text !== "");
    setText(this.described, this.#words(view, about));
    this.#paintMark(view, about);
    setText(this.confirm, ` ${work.say("draft.confirm")}`);
    this.control.paint(view, { ...about, label });
  }

  /** Right of the label: a fault, else a proposal, else the source. @param {View} view @param {Fault | null} fault */
  #paintAbove(view, fault) {
    const { work } = this;
    const proposal = fault ? null : view.proposal;
    this.pill.hidden = !proposal;
    if (proposal) {
      const text = work.say("draft.proposal", { value: this.control.text(proposal.value) });
      setText(this.pillText, text);
      this.pill.title = text;
      this.pill.setAttribute("aria-label", work.say("draft.take", { value: this.control.text(proposal.value) }));
      setText(this.pillKey, view.value === null ? "↵" : work.say("draft.take_short"));
    }
    const source = fault || proposal || view.value === null ? null : view.source;
    this.chip.hidden = !source;
    if (source && this.chip.dataset.source !== `${source} ${work.lang} ${view.note?.zh ?? ""}`) {
      this.chip.dataset.source = `${source} ${work.lang} ${view.note?.zh ?? ""}`;
      const text = source === "rule" && view.note ? work.pick(view.note) : work.say(`source.${source}`);
      this.chip.replaceChildren(icon(SOURCES[source] ?? ""), make("span", {}, text));
      this.chip.title = view.note ? work.pick(view.note) : text;
    }
    const shows = source && source !== "agent" && source !== "caller_id" && view.confidence !== null;
    this.dots.hidden = !shows;
    if (shows && this.dots.dataset.sure !== String(sureness(view.confidence ?? 0))) {
      this.dots.dataset.sure = String(sureness(view.confidence ?? 0));
      this.dots.replaceChildren(dots(view.confidence ?? 0));
    }
  }

  /** @param {View} view @param {About} about */
  #paintMark(view, about) {
    const kind = about.locked ? "" : (this.el.dataset.state ?? "");
    if (this.mark.dataset.kind === kind) return;
    this.mark.dataset.kind = kind;
    if (kind === "confirmed" || kind === "own") this.mark.replaceChildren(icon(CHECK));
    else if (kind === "check") this.mark.replaceChildren(make("kbd", {}, "↵", this.confirm));
    else this.mark.replaceChildren();
  }

  /** For who does not see chip, dots and border. @param {View} view @param {About} about */
  #words(view, about) {
    const { work } = this;
    if (view.theirs) return work.say("about.conflict");
    if (view.state === "empty") return about.wanted ? work.say("about.ask") : "";
    if (view.state === "own" || view.source === "agent") return work.say("about.own");
    const from = work.say("about.from", { source: work.say(`source.${view.source}`) });
    const sure = view.confidence === null ? "" : work.say(`about.sure${sureness(view.confidence)}`);
    return [from, sure, work.say(view.state === "check" ? "about.check" : "about.confirmed")].filter(Boolean).join(work.say("about.comma"));
  }
}
