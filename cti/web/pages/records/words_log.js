// The words of a call, line by line, lit as they are spoken. It follows what is spoken as long as that is in view; who has scrolled
// away reads on undisturbed, and has a button that leads back.
import { make, setText } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { sideChip } from "./parts.js";
import { isApart, lineAt, remarks, spokenAt, UNSURE, whyNothing, wordsOf } from "./player_logic.js";
import { timeOf } from "./when_logic.js";

/** @typedef {import("./types.js").Track} Track */
/** @typedef {{track: Track, words: ReturnType<typeof wordsOf>, spans: HTMLElement[][], rows: HTMLElement[]}} Shown */

const END_PX = 24;

/** @param {import("./reading.js").Reading} reading @param {import("./tape.js").Tape} tape */
export function makeLog(reading, tape) {
  const say = reading.say.bind(reading);
  const log = make("div", { class: "log", tabindex: "0", role: "region", onscroll: () => paintBack() });
  const back = make("button", { type: "button", class: "button back", hidden: true, onclick: () => (live ? toEnd() : toSpoken()) });
  const element = make("div", { class: "log-place" }, log, back);
  /** @type {Map<string, Shown>} */
  let shown = new Map();
  /** @type {Set<HTMLElement>} */
  let lit = new Set();
  /** The line that is spoken. @type {HTMLElement | null} */
  let here = null;
  /** It lives: the end is where one reads. */
  let live = false;
  let drawn = "";

  log.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const at = target.closest("[data-at]");
    const segment = target.closest("[data-segment]")?.getAttribute("data-segment");
    // Whoever marks words with the mouse wants to copy them.
    if (!(at instanceof HTMLElement) || !segment || !window.getSelection()?.isCollapsed) return;
    if (tape.tracks.find((one) => one.segment === segment)?.sound === "there") void tape.play(segment, Number(at.dataset["at"]));
  });

  /** @param {Track} track @returns {HTMLElement} */
  function section(track) {
    const { rows, spans } = { rows: /** @type {HTMLElement[]} */ ([]), spans: /** @type {HTMLElement[][]} */ ([]) };
    for (const line of track.lines) {
      const said = make("p", { class: "said", lang: "zh-CN" });
      let before = "";
      spans.push(line.words.map(([text, from, , sure]) => {
        if (isApart(before, text)) said.append(" ");
        before = text;
        const span = make("span", { class: sure < UNSURE ? "word unsure" : "word", "data-at": from, title: sure < UNSURE ? say("call.unsure") : null }, text);
        said.append(span);
        return span;
      }));
      const at = track.words === "live" && track.sound !== "there" ? timeOf(track.beganAt + line.start_s) : clock(line.start_s);
      const time = track.sound === "there"
        ? make("button", { type: "button", class: "from", tabindex: "-1", "data-at": line.start_s, "aria-label": say("call.play_from", { at }) }, at)
        : make("time", { class: "from" }, at);
      rows.push(make("div", { class: `line ${line.side}` }, sideChip(reading, line.side, track.kind), said, time));
    }
    shown.set(track.segment, { track, words: wordsOf(track.lines), spans, rows });
    return make("div", { class: track.sound === "there" ? "said-in playable" : "said-in", "data-segment": track.segment },
      tape.tracks.length > 1 ? make("h3", {}, make("span", {}, whoOf(track)), make("span", { class: "hint" }, timeOf(track.beganAt), " · ", clock(track.seconds))) : null,
      ...rows);
  }

  /** @param {Track} track */
  function whoOf(track) {
    if (track.kind === "agent") return track.who ? reading.nameOf(track.who) : say("track.agent");
    return track.who ? say("track.with", { kind: say(`track.${track.kind}`), who: reading.dictionary.pick(track.name) || track.who }) : say(`track.${track.kind}`);
  }

  function toEnd() {
    log.scrollTop = log.scrollHeight;
  }

  function isAtEnd() {
    return log.scrollHeight - log.scrollTop - log.clientHeight < END_PX;
  }

  /** @param {HTMLElement | null} row */
  function isInView(row) {
    if (!row) return true;
    const [box, of] = [row.getBoundingClientRect(), log.getBoundingClientRect()];
    return box.bottom > of.top && box.top < of.bottom;
  }

  /** The spoken line, a third down from the top. */
  function toSpoken() {
    if (!here) return;
    const [box, of] = [here.getBoundingClientRect(), log.getBoundingClientRect()];
    log.scrollTop += box.top - of.top - of.height / 3;
    paintBack();
  }

  function paintBack() {
    back.hidden = live ? shown.size === 0 || isAtEnd() : !here || isInView(here);
    setText(back, say(live ? "call.to_latest" : "call.to_spoken"));
  }

  return {
    element,
    toSpoken,
    whoOf,
    /** @param {import("./types.js").Recorded | null} recorded @param {string} fault */
    paint(recorded, fault) {
      log.setAttribute("aria-label", say("call.words"));
      const now = JSON.stringify([reading.lang, reading.names.size, fault, recorded && [recorded.ended_at, recorded.why_no_words], tape.tracks]);
      if (now === drawn) return paintBack();
      drawn = now;
      const [stays, top] = [isAtEnd(), log.scrollTop];
      const focused = log.contains(document.activeElement) && document.activeElement !== log;
      live = recorded !== null && recorded.ended_at === null;
      shown = new Map();
      lit = new Set();
      here = null;
      if (!recorded) {
        log.replaceChildren(make("p", { class: "remark" }, fault || say("call.reading")));
        return paintBack();
      }
      const notes = [...new Set(tape.tracks.flatMap((track) => remarks(track, recorded)))];
      if (!tape.tracks.length) notes.push(whyNothing(recorded));
      log.replaceChildren(...notes.map((key) => make("p", { class: "remark" }, say(key))), ...tape.tracks.map(section));
      log.scrollTop = live && stays ? log.scrollHeight : top;
      this.move();
      if (focused) (here ?? log).querySelector("button")?.focus({ preventScroll: true });
      paintBack();
    },
    /** Lights up what is spoken; scrolls if its line follows one that is in view. */
    move() {
      const part = shown.get(tape.segment);
      const { at } = tape;
      const now = new Set((part ? spokenAt(part.words, at) : []).flatMap((n) => part?.spans[part.words[n]?.line ?? -1]?.[part.words[n]?.word ?? -1] ?? []));
      for (const span of lit) if (!now.has(span)) span.classList.remove("on");
      for (const span of now) if (!lit.has(span)) span.classList.add("on");
      lit = now;
      const row = part && part.track.sound !== "none" ? part.rows[lineAt(part.track.lines, at)] ?? null : null;
      if (row === here) return;
      const follows = isInView(here);
      if (here) {
        here.classList.remove("now");
        here.removeAttribute("aria-current");
        here.querySelector("button")?.setAttribute("tabindex", "-1");
      }
      const hadFocus = here?.contains(document.activeElement);
      here = row;
      if (row) {
        row.classList.add("now");
        row.setAttribute("aria-current", "true");
        const button = row.querySelector("button");
        button?.setAttribute("tabindex", "0");
        if (hadFocus) button?.focus({ preventScroll: true });
        const [box, of] = [row.getBoundingClientRect(), log.getBoundingClientRect()];
        if (follows && (box.top < of.top || box.bottom > of.bottom - of.height / 4)) toSpoken();
      }
      paintBack();
    },
  };
}
