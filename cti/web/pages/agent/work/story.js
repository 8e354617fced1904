// Who calls and what we know of him: what went wrong last time, the way of this call, tickets that may be the same matter, his
// calls before. Everything keeps its place; what is empty keeps its height.
import { make, setText } from "/pages/shared/dom.js";
import { clock, timeOfDay } from "../format_logic.js";
import { keyText } from "../keys_logic.js";
import { typed } from "./draft_logic.js";
import { LikeCard } from "./like_card.js";
import { ending, stations } from "./story_logic.js";
import { day, dayAndTime, daysAgo, inARow, month } from "./when_logic.js";
import { Work } from "./work.js";

/** @typedef {import("../desk.js").Desk} Desk */
/** @typedef {import("../types.js").PastCall} PastCall */
/** @typedef {import("../types.js").Story} Story */
/** @typedef {import("../types.js").TicketRow} TicketRow */
/** Something to look up; the knowledge base gives them. @typedef {{title: import("../types.js").Both, address: string}} Knowledge */

const CALLS = 5;
const OPEN = 3;

/** Builds the panel into `el`; it fills as soon as its words are there. @param {HTMLElement} el @param {Desk} desk
 * @returns {Promise<{knowledge: (list: Knowledge[]) => void}>} */
export async function mountStory(el, desk) {
  const panel = new StoryPanel(await Work.of(desk));
  el.replaceChildren(...panel.parts);
  panel.start();
  return { knowledge: (list) => panel.know(list) };
}

class StoryPanel {
  /** @type {{call: string, story: Story} | null} */
  #told = null;
  /** Why the last call did not come about. @type {string | null} */
  #note = null;
  /** @type {Knowledge[]} */
  #knowledge = [];
  /** @type {TicketRow[] | null} */
  #mine = null;
  #wasIdle = false;
  #painted = "";

  /** @param {Work} work */
  constructor(work) {
    this.work = work;
    this.title = make("h2");
    this.first = make("span", { class: "s-first" });
    this.head = make("header", { class: "d-head" }, this.title, make("span", { class: "d-gap" }), this.first);
    this.alert = make("div", { class: "s-alert" });
    this.way = make("section", { class: "s-way" });
    this.like = new LikeCard(work);
    this.past = make("section", { class: "s-past" });
    this.open = make("section", { class: "s-open" });
    this.knownTitle = make("h3");
    this.search = make("input", { class: "field s-search", type: "search", autocomplete: "off", oninput: () => this.paint() });
    this.links = make("ul", { class: "s-links" });
    this.known = make("section", { class: "s-known" }, this.knownTitle, this.search, this.links);
    this.body = make("div", { class: "s-body" }, this.alert, this.way, this.like.el, this.open, this.past);
    this.parts = [this.head, this.body, this.known];
  }

  start() {
    const { desk } = this.work;
    desk.on("story", ({ call_id: call, story }) => {
      this.#told = { call, story };
      this.like.told(call, story.maybe_same ?? []);
      this.paint();
    });
    desk.on("desk", () => this.paint());
    this.work.on("draft", () => this.paint());
    desk.on("note", ({ code }) => {
      if (code !== "caller_gone" && code !== "missed") return;
      this.#note = `note.${code}`;
      this.paint();
    });
    desk.on("key", (key) => {
      if (key.name !== "search") return;
      key.take();
      this.search.focus();
      this.search.select();
    });
    desk.dictionary.onChange(() => this.paint());
    this.paint();
  }

  /** Whether a text has all that is searched for. @param {...(string | null | undefined)} texts */
  #has(...texts) {
    const text = texts.join(" ").toLowerCase();
    return this.search.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  }

  /** @param {Knowledge[]} list */
  know(list) {
    this.#knowledge = list;
    this.paint();
  }

  get #story() {
    const { call } = this.work.desk;
    return call && this.#told?.call === call.call_id ? this.#told.story : null;
  }

  paint() {
    const { work } = this;
    const { call } = work.desk;
    const story = this.#story;
    const isIdle = !call;
    if (call) this.#note = null;
    if (isIdle && !this.#wasIdle) void this.#lookAtMine();
    this.#wasIdle = isIdle;
    setText(this.title, work.say("story.title"));
    setText(this.first, story?.first_call_at ? work.say("story.first", { month: month(story.first_call_at) }) : "");
    this.like.paint();
    const what = JSON.stringify([work.lang, call?.call_id, call && stations(call), call?.pii_caller, story, this.#note, this.#mine, this.#knowledge, this.search.value,
      work.keeper?.isOpen]);
    if (what === this.#painted) return;
    this.#painted = what;
    this.#paintAlert(story);
    this.#paintWay();
    this.#paintOpen(story);
    if (isIdle) this.#paintMine();
    else this.#paintPast(story);
    this.#paintKnown();
  }

  /** @param {Story | null} story */
  #paintAlert(story) {
    const { work } = this;
    const lost = story?.lost_last;
    const now = work.desk.serverNow();
    this.alert.classList.toggle("s-warn", Boolean(lost || this.#note));
    // Without a call it keeps no place: nothing beneath it is being read.
    this.alert.hidden = !work.desk.call && !this.#note;
    if (lost) {
      const ago = daysAgo(lost.at, now);
      const when = ago < 3 ? work.say(`ago.${ago}`) : work.say("ago.n", { n: ago });
      this.alert.replaceChildren(make("b", {}, work.say("story.lost", { when })), " ",
        work.say("story.lost_how", { at: dayAndTime(lost.at, now), n: Math.round(lost.wait_s) }));
    } else this.alert.replaceChildren(this.#note ? work.say(this.#note) : "");
  }

  #paintWay() {
    const { work } = this;
    const { call } = work.desk;
    const along = call ? stations(call) : [];
    const times = inARow(along.map(({ at }) => at));
    this.way.replaceChildren(...(call ? [make("h3", {}, work.say("story.way")),
      make("ol", { class: "s-steps" }, ...along.map(({ key }, n) => make("li", {}, make("b", {}, times[n] ?? ""), work.say(key))))] : []));
    this.way.hidden = !call;
  }

  /** What he still waits for: to ask how it is going, or to press for it, its number goes into the draft.
   * @param {Story | null} story */
  #paintOpen(story) {
    const { work } = this;
    const rows = (story?.tickets ?? []).filter((row) => this.#has(row.id, row.title, this.#matter(row)));
    this.open.hidden = !rows.length;
    this.open.replaceChildren(make("h3", {}, work.say("story.open"), make("span", {}, String(rows.length))),
      make("ul", {}, ...rows.slice(0, OPEN).map((row) => {
        const title = row.title || this.#matter(row) || work.say("past.no_title");
        return make("li", { class: "s-ticket" }, make("span", { class: "s-what", lang: "zh-CN", title }, title),
          make("button", { class: "button d-small", type: "button", disabled: !work.keeper?.isOpen, "aria-label": work.say("story.relate_to", { id: row.id }),
            onclick: () => this.#relate(row.id) }, work.say("story.relate")),
          make("span", { class: "s-end" }, `${row.id} · ${work.say(`state.ticket_${row.state}`)}`));
      })));
  }

  /** @param {string} id */
  #relate(id) {
    const { keeper } = this.work;
    if (keeper?.isOpen) keeper.change(typed(keeper.draft, "related", id));
  }

  /** @param {Story | null} story */
  #paintPast(story) {
    const { work } = this;
    const { call } = work.desk;
    const now = work.desk.serverNow();
    const title = make("h3", {}, work.say("story.past"), story?.calls_12m ? make("span", {}, work.say("story.in_12m", { n: story.calls_12m })) : null);
    const calls = (story?.calls ?? []).filter((one) => this.#has(one.title, one.ticket, day(one.at, now)));
    const none = !call?.pii_caller ? "story.withheld" : !story ? "story.reading" : story.calls.length ? null : "story.none";
    this.past.replaceChildren(title, none ? make("p", { class: "s-none" }, work.say(none))
      : make("ul", {}, ...calls.slice(0, CALLS).map((one) => this.#pastCall(one, now))));
  }

  /** @param {PastCall & {matter?: string}} call @param {number} now */
  #pastCall(call, now) {
    const { work } = this;
    const { tone, texts } = ending(call, (code) => work.pick(work.form.finish(code)) || work.say("past.answered"), clock);
    const words = texts.map((text) => (typeof text === "string" ? text : work.say(text.key, text.values))).join(" · ");
    const sign = tone === "good" ? "✓ " : tone === "bad" ? "✕ " : "";
    const matter = call.matter ? work.pick(work.form.called("matter", call.matter)).split(" › ").at(-1) : "";
    const queue = work.desk.dictionary.all[work.lang][`queue.${call.queue}`] ?? call.queue;
    const title = call.title || matter || queue || work.say("past.no_title");
    return make("li", { class: "s-call" }, make("time", {}, day(call.at, now)), make("span", { class: "s-what", lang: call.title ? "zh-CN" : null, title }, title),
      make("span", { class: `s-end s-${tone}` }, sign, words));
  }

  /** Without a call: his own last ones. */
  async #lookAtMine() {
    const { desk } = this.work;
    this.#mine = await desk.api.get(`/api/tickets?agent=${encodeURIComponent(desk.user.id)}&limit=${CALLS}`).catch(() => this.#mine);
    this.paint();
  }

  #paintMine() {
    const { work } = this;
    const rows = this.#mine ?? [];
    this.past.replaceChildren(make("h3", {}, work.say("story.mine")), rows.length ? make("ul", {}, ...rows.map((row) => make("li", { class: "s-call" },
      make("time", {}, timeOfDay(row.created_at).slice(0, 5)),
      make("span", { class: "s-what", lang: "zh-CN", title: row.title }, row.title || this.#matter(row) || work.say("past.no_title")),
      make("span", { class: "s-end s-plain" }, row.state === "draft" ? work.say("state.ticket_draft") : (work.pick(work.form.finish(row.finish)) || work.say(`state.ticket_${row.state}`))))))
      : make("p", { class: "s-none" }, this.#mine ? work.say("story.mine_none") : ""));
  }

  /** @param {TicketRow} row */
  #matter(row) {
    return row.matter ? lastOf(this.work.pick(this.work.form.called("matter", row.matter))) : "";
  }

  #paintKnown() {
    const { work } = this;
    const found = this.#knowledge.filter((one) => this.#has(one.title.zh, one.title.en));
    this.knownTitle.replaceChildren(work.say("story.known"), make("kbd", {}, keyText("search")));
    this.search.placeholder = work.say("story.search");
    this.search.setAttribute("aria-label", work.say("story.search"));
    this.links.replaceChildren(...found.map((one) => make("li", {}, make("a", { href: one.address, target: "_blank", rel: "noopener" }, work.pick(one.title)))));
  }
}

/** The last part of a way. @param {string} way */
function lastOf(way) {
  return way.split(" › ").at(-1) ?? way;
}
