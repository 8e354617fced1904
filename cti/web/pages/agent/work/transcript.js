// What is said, as it is recognised: fills from the top, and stays where the agent reads. Beneath it what he may still ask.
import { icon, make, setText } from "/pages/shared/dom.js";
import { timeOfDay } from "../format_logic.js";
import { questions } from "./check_logic.js";
import { DOWN } from "./icons.js";
import { cut, heard, whyNone } from "./transcript_logic.js";
import { Work } from "./work.js";

/** @typedef {import("../desk.js").Desk} Desk */
/** @typedef {import("../types.js").Whole} Whole */
/** @typedef {import("../types.js").Words} Words */

const READ_OUT = "yihu.read_out";
/** So near to its end the log counts as at its end. */
const END_PX = 24;
const LANGUAGES = new Set(["zh-CN", "yue", "en", "cantonese", "english", "mandarin"]);

/** Builds the panel into `el`; it fills as soon as its words are there. @param {HTMLElement} el @param {Desk} desk */
export async function mountTranscript(el, desk) {
  // A page that was loaded anew in a talk is told at once what was said, before it has the form of its tickets.
  /** @type {((panel: Transcript) => void)[]} */
  const early = [];
  const ears = [
    desk.on("words", (words) => early.push((panel) => panel.heard(words))),
    desk.on("transcript", (whole) => early.push((panel) => panel.begin(whole))),
  ];
  const panel = new Transcript(await Work.of(desk));
  for (const stop of ears) stop();
  el.replaceChildren(...panel.parts);
  panel.start();
  for (const tell of early) tell(panel);
}

class Transcript {
  /** @type {Words[]} */
  #lines = [];
  /** @type {Map<string, {words: Words, el: HTMLElement, lang: string}>} */
  #shown = new Map();
  #call = "";
  #why = /** @type {Whole["why"] | null} */ (null);
  #field = /** @type {string | null} */ (null);
  #asked = "";
  /** A call whose citizen was not answered last time. */
  #lostCaller = "";

  /** @param {Work} work */
  constructor(work) {
    this.work = work;
    this.title = make("h2");
    this.language = make("span", { class: "t-language" });
    this.readOut = make("button", { class: "button d-small", type: "button", "aria-pressed": "false", onclick: () => this.#switchReadOut() });
    this.head = make("header", { class: "d-head" }, this.title, make("span", { class: "d-gap" }), this.language, this.readOut);
    this.log = make("div", { class: "t-log", role: "log", "aria-live": "off", tabindex: "0", onscroll: () => this.#paintLatest() });
    this.none = make("p", { class: "t-none" });
    this.latest = make("button", { class: "button d-small t-latest", type: "button", hidden: true, onclick: () => this.#toEnd() });
    this.ask = make("section", { class: "t-ask" });
    this.parts = [this.head, make("div", { class: "t-place" }, this.log, this.latest), this.ask];
  }

  start() {
    const { work } = this;
    work.desk.on("words", (words) => this.heard(words));
    work.desk.on("transcript", (whole) => this.begin(whole));
    work.desk.on("desk", () => this.paint());
    work.desk.on("story", ({ call_id: call, story }) => {
      this.#lostCaller = story.lost_last ? call : "";
      this.#paintAsk();
    });
    work.desk.dictionary.onChange(() => this.paint());
    work.on("draft", () => this.#paintAsk());
    work.on("field", (name) => this.#light(name));
    work.on("show-words", (name) => this.#light(name, true));
    if (localStorage.getItem(READ_OUT) === "1") this.#switchReadOut();
    this.paint();
  }

  /** @param {Words} words */
  heard(words) {
    if (words.call_id !== this.work.desk.call?.call_id) return;
    this.#follow();
    this.#lines = heard(this.#lines, words);
    this.#paintLines();
  }

  /** Everything anew. @param {Whole} whole */
  begin(whole) {
    if (whole.call_id !== this.work.desk.call?.call_id) return;
    this.#follow();
    this.#clear();
    this.#why = whole.why;
    this.#lines = whole.lines.map((line) => ({ ...line, call_id: whole.call_id }));
    this.#paintLines();
  }

  /** Another call: its words alone. */
  #follow() {
    const call = this.work.desk.call?.call_id ?? "";
    if (call === this.#call) return;
    this.#call = call;
    this.#why = null;
    this.#clear();
  }

  #clear() {
    this.#lines = [];
    this.#shown.clear();
    this.log.replaceChildren();
  }

  paint() {
    this.#follow();
    const { work } = this;
    const { call } = work.desk;
    setText(this.title, work.say("words.title"));
    this.log.setAttribute("aria-label", work.say("words.log"));
    setText(this.language, call ? this.#languageName() : "");
    setText(this.readOut, work.say("words.read_out"));
    this.readOut.title = work.say("words.read_out_why");
    this.#paintLines();
    this.#paintAsk();
  }

  #paintLines() {
    const { work } = this;
    const { call } = work.desk;
    // Whoever has said nothing yet needs no measuring, which costs the pop time.
    const wasAtEnd = this.#lines.length > 0 && this.#isAtEnd();
    for (const [n, words] of this.#lines.entries()) {
      const before = this.#shown.get(words.line);
      if (before && before.words === words && before.lang === work.lang) continue;
      const el = this.#line(words);
      if (before) before.el.replaceWith(el);
      else this.log.insertBefore(el, this.#shownAfter(n));
      this.#shown.set(words.line, { words, el, lang: work.lang });
    }
    const isTalk = Boolean(call?.answered_at);
    const why = whyNone(call?.language ?? null, this.#lines.some((line) => line.side !== "message"), isTalk, this.#why);
    const key = why ?? (call && !isTalk && !this.#lines.length ? "words.after_answer" : !call && !this.#lines.length ? "words.idle" : null);
    setText(this.none, key ? work.say(key, { language: this.#languageName() }) : "");
    if (key && this.none !== this.log.lastChild) this.log.append(this.none);
    if (!key) this.none.remove();
    if (wasAtEnd) this.#toEnd();
    this.#paintLatest();
  }

  #languageName() {
    const language = this.work.desk.call?.language ?? "";
    return LANGUAGES.has(language) ? this.work.say(`language.of_${language}`) : language;
  }

  /** What stands after the line of this number; null: nothing does. @param {number} n */
  #shownAfter(n) {
    for (const { line } of this.#lines.slice(n + 1)) {
      const shown = this.#shown.get(line);
      if (shown) return shown.el;
    }
    return null;
  }

  /** @param {Words} words */
  #line({ side, text, final, at, marks }) {
    const { work } = this;
    const said = make("div", { class: "t-said", lang: "zh-CN" });
    for (const piece of cut(text, marks ?? [])) {
      if (piece.kind === null) said.append(piece.text);
      else if (piece.kind === "low") said.append(make("span", { class: "t-low" }, piece.text));
      else said.append(make("mark", { class: `t-mark${piece.kind === "risk" || piece.kind === "urgency" ? " t-risk" : ""}${piece.kind === this.#field ? " t-on" : ""}`,
        "data-kind": piece.kind, onclick: () => this.#toField(piece.kind ?? "") }, piece.text));
    }
    if (final) said.append(" ", make("time", {}, timeOfDay(at)));
    return make("div", { class: `t-line t-${side}${final ? "" : " t-partial"}` }, make("span", { class: "t-side" }, work.say(`words.${side}`)), said);
  }

  /** @param {string} kind */
  #toField(kind) {
    const name = kind === "risk" ? "urgency" : kind;
    if (this.work.form.fields.has(name)) this.work.emit("go", name);
  }

  /** Marks what was said about a field. @param {string | null} name @param {boolean} [seek] */
  #light(name, seek = false) {
    this.#field = name;
    /** @type {HTMLElement | null} */
    let last = null;
    for (const mark of /** @type {NodeListOf<HTMLElement>} */ (this.log.querySelectorAll("mark"))) {
      const on = name !== null && mark.dataset.kind === name;
      mark.classList.toggle("t-on", on);
      if (on) last = mark;
    }
    if (seek) last?.scrollIntoView({ block: "nearest" });
  }

  #isAtEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < END_PX;
  }

  #toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.#paintLatest();
  }

  #paintLatest() {
    this.latest.hidden = this.#lines.length === 0 || this.#isAtEnd();
    if (this.latest.dataset.lang === this.work.lang) return;
    this.latest.dataset.lang = this.work.lang;
    this.latest.replaceChildren(this.work.say("words.latest"), icon(DOWN));
  }

  #switchReadOut() {
    const on = this.log.getAttribute("aria-live") === "off";
    this.log.setAttribute("aria-live", on ? "polite" : "off");
    this.readOut.setAttribute("aria-pressed", String(on));
    localStorage.setItem(READ_OUT, on ? "1" : "0");
  }

  /** What he may ask; before the answer how he may begin. Its place is always as high. */
  #paintAsk() {
    const { work } = this;
    const { call } = work.desk;
    const { keeper } = work;
    const isOffered = call !== null && !call.answered_at;
    const open = keeper?.isOpen && call && !isOffered ? questions(keeper.draft, work.form) : [];
    const sorry = this.#lostCaller === call?.call_id;
    const what = JSON.stringify([work.lang, Boolean(call), isOffered, sorry, open]);
    if (what === this.#asked || this.ask.contains(document.activeElement)) return;
    this.#asked = what;
    const title = isOffered ? work.say("ask.opening") : open.length ? work.say("ask.missing", { n: open.length }) : call ? work.say("ask.complete") : "";
    this.ask.classList.toggle("t-off", !call);
    this.ask.classList.toggle("t-quiet", !isOffered && !open.length);
    this.ask.replaceChildren(make("h3", {}, title), isOffered ? make("p", { lang: "zh-CN" }, work.say(sorry ? "ask.hello_sorry" : "ask.hello")) : make("ul", {},
      ...open.slice(0, 4).map(({ field, text }) => make("li", {}, make("button", { type: "button", class: "t-question", onclick: () => work.emit("go", field) }, work.say("ask.quoted", { text: work.pick(text) }))))));
  }
}
