// One call: its recordings played, its words as they are spoken, and what the inspection found.
import { icon, make, setText } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { redraw } from "../admin/redraw.js";
import { findingLink } from "./parts.js";
import { lineBeside, SPEEDS, speedBeside, spotOf, tracksOf, whyNoSound } from "./player_logic.js";
import { decimal, percent } from "./quality_logic.js";
import { Tape } from "./tape.js";
import { makeTimeline } from "./timeline.js";
import { moment } from "./when_logic.js";
import { makeLog } from "./words_log.js";

/** @typedef {import("./reading.js").Reading} Reading */
/** @typedef {import("./types.js").Talk} Talk */

const LIVE_MS = 2_000;
const SOON_MS = 10_000;
const STEP_S = 5;
const [PLAY, PAUSE] = ["M7 4.5 19 12 7 19.5Z", "M8 5v14M16 5v14"];
const KEYS = /** @type {const} */ ([["Space", "play"], ["←  →", "step"], ["↑  ↓", "line"], ["Shift ←  →", "speed"], ["Esc", "back"]]);

/** @param {HTMLElement} view @param {Reading} reading */
export function mountCall(view, reading) {
  const say = reading.say.bind(reading);
  /** @type {{call: string, recorded: import("./types.js").Recorded | null, masked: boolean, whole: boolean, talks: Talk[], inspected: string, fault: string, place: string}} */
  const state = { call: "", recorded: null, masked: false, whole: false, talks: [], inspected: "", fault: "", place: "" };
  const tape = new Tape((segment) => `/api/calls/${encodeURIComponent(state.call)}/recordings/${encodeURIComponent(segment)}`, () => draw(), () => move());
  const go = (/** @type {number} */ at) => (tape.go(tape.segment, at), log.toSpoken());
  const [log, timeline] = [makeLog(reading, tape), makeTimeline(reading, tape, go)];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let again;

  const [title, facts, privacy] = [make("h2", { tabindex: "-1" }), make("p", { class: "facts" }), make("div", { class: "privacy" })];
  const close = make("button", { type: "button", class: "button close", onclick: () => reading.go(reading.list) });
  const play = make("button", { type: "button", class: "button primary play", onclick: () => tape.toggle() });
  const steps = [-STEP_S, STEP_S].map((by) => make("button", { type: "button", class: "button step", onclick: () => tape.by(by) }));
  const [time, why] = [make("span", { class: "clock" }), make("p", { class: "why", role: "status" })];
  const speeds = make("div", { class: "speeds", role: "group" }, ...SPEEDS.map((speed) => make("button", { type: "button", "data-speed": speed, onclick: () => tape.setSpeed(speed) }, `${speed}×`)));
  const controls = make("div", { class: "controls" }, play, ...steps, time, why, speeds);
  const [parts, inspection, keys] = [make("section"), make("section"), make("section", { class: "keys" })];
  const side = make("div", { class: "panel side-panel" }, parts, inspection, keys);
  view.append(make("header", { class: "panel over" }, close, make("div", { class: "name" }, title, facts), privacy),
    make("div", { class: "panel player" }, controls, timeline.element), make("div", { class: "panel words" }, log.element), side);

  /** Another call, or another place in it. @param {import("./types.js").CallPlace} place */
  async function arrive(place) {
    state.place = location.hash;
    if (place.call !== state.call) {
      tape.stop();
      Object.assign(state, { call: place.call, recorded: null, whole: false, talks: [], inspected: "", fault: "" });
      draw();
      setTimeout(() => title.focus({ preventScroll: true }));
    }
    await read();
    if (state.call !== place.call) return;
    const spot = spotOf(tape.tracks, place);
    if (spot) tape.go(spot.segment, spot.at);
    draw();
    if (spot) log.toSpoken();
  }

  async function read() {
    clearTimeout(again);
    const { call } = state;
    const path = `/api/calls/${encodeURIComponent(call)}`;
    try {
      const [recorded, transcript] = await Promise.all([reading.api.get(`${path}/recordings`), reading.api.get(`${path}/transcript${state.whole ? "?full=1" : ""}`)]);
      if (state.call !== call) return;
      Object.assign(state, { recorded, masked: transcript.masked, fault: "" });
      tape.put(tracksOf(recorded, transcript));
      const waits = recorded.ended_at === null ? LIVE_MS : !recorded.why_no_words && tape.tracks.some((one) => one.words !== "recording" && one.sound === "there") ? SOON_MS : 0;
      if (waits && !(document.hidden && waits === SOON_MS)) again = setTimeout(() => void (reading.place.view === "call" && read()), waits);
      void inspect(call);
    } catch (fault) {
      if (state.call !== call) return;
      state.fault = reading.why(fault);
      if (state.recorded) again = setTimeout(() => void (reading.place.view === "call" && read()), SOON_MS);
    }
    draw();
  }

  /** What the inspection says of each recording, once its words are there. @param {string} call */
  async function inspect(call) {
    const words = tape.tracks.filter((one) => one.words === "recording");
    const which = words.map((one) => one.segment).join(" ");
    if (!reading.mayInspect || which === state.inspected) return;
    state.inspected = which;
    const found = await Promise.all(words.map(async ({ beganAt, segment }) => {
      const query = new URLSearchParams({ from: String(beganAt), until: String(beganAt + 0.5), all: "1" });
      const { talks } = /** @type {{talks: Talk[]}} */ (await reading.api.get(`/api/quality?${query}`).catch(() => ({ talks: [] })));
      return talks.filter((one) => one.call_id === call && one.segment === segment);
    }));
    if (state.call !== call) return;
    state.talks = found.flat();
    draw();
  }

  function showWhole() {
    state.whole = true;
    void read();
  }

  function move() {
    if (reading.place.view !== "call") return;
    setText(time, `${clock(tape.at)} / ${clock(tape.seconds)}`);
    timeline.move();
    log.move();
  }

  function draw() {
    const { place } = reading;
    if (place.view !== "call") {
      // What nobody sees is not heard; who comes back comes to what is then.
      if (tape.playing) tape.pause();
      state.place = "";
      return;
    }
    if (state.place !== location.hash) {
      void arrive(place);
      return;
    }
    const { recorded } = state;
    const ended = recorded?.ended_at ?? null;
    const isLive = recorded !== null && ended === null;
    setText(title, say("call.title", { call: state.call }));
    const with_ = [...new Set(tape.tracks.filter((one) => one.who).map((one) => log.whoOf(one)))].join(say("list.comma"));
    setText(facts, recorded ? [moment(recorded.began_at, reading.lang, Date.now() / 1000), ended === null ? say("call.live") : clock(ended - recorded.began_at), with_].filter(Boolean).join(" · ") : "");
    setText(close, say("call.back"));
    const anyWords = tape.tracks.some((one) => one.lines.length > 0);
    redraw(privacy, JSON.stringify([reading.lang, state.masked, state.whole, anyWords]), () => {
      if (!anyWords) return [];
      if (state.masked) return [make("span", { class: "hint" }, say("call.masked")), make("button", { type: "button", class: "button", "data-key": "whole", onclick: showWhole }, say("call.whole"))];
      return [make("span", { class: "hint" }, say(state.whole ? "call.whole_noted" : "call.yours"))];
    });
    const { canPlay, playing } = tape;
    redraw(play, JSON.stringify([reading.lang, playing]), () => [icon(playing ? PAUSE : PLAY), make("span", {}, say(playing ? "call.pause" : "call.play"))]);
    play.disabled = !canPlay;
    for (const [n, step] of steps.entries()) {
      step.disabled = !canPlay;
      setText(step, say(n ? "call.on" : "call.less", { n: STEP_S }));
      step.title = say(n ? "call.forward" : "call.backward", { n: STEP_S });
    }
    speeds.setAttribute("aria-label", say("call.speed"));
    for (const button of speeds.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset["speed"]) === tape.speed));
      button.disabled = !canPlay;
    }
    const refused = tape.refused === null ? "" : say({ 0: "error.network", 410: "call.sound_gone", 404: "call.sound_gone" }[tape.refused] ?? "call.sound_failed");
    const fault = state.recorded ? state.fault : "";
    const noSound = recorded ? (tape.track ? whyNoSound(tape.track, recorded) : isLive ? "call.sound_live" : "call.sound_none") : "";
    setText(why, refused || fault || (recorded ? say(noSound || "call.noted") : ""));
    why.classList.toggle("bad", Boolean(refused || fault));
    const talk = state.talks.find((one) => one.segment === tape.segment);
    timeline.paint(talk?.findings ?? []);
    log.paint(recorded, state.fault);
    drawSide(talk);
    move();
  }

  /** @param {Talk | undefined} talk */
  function drawSide(talk) {
    parts.hidden = tape.tracks.length < 2;
    redraw(parts, JSON.stringify([reading.lang, reading.names.size, tape.tracks.map((one) => [one.segment, one.beganAt, one.sound]), tape.segment]), () => [
      make("h3", {}, say("call.parts", { n: tape.tracks.length })),
      make("ul", {}, ...tape.tracks.map((one) => make("li", {}, make("button", { type: "button", class: "part", "data-key": `part-${one.segment}`, "aria-pressed": String(one.segment === tape.segment),
        onclick: () => (tape.go(one.segment, 0), log.toSpoken()) },
        make("span", {}, log.whoOf(one)), make("span", { class: "hint" }, one.sound === "there" ? clock(one.seconds) : say(one.sound === "gone" ? "part.gone" : "part.none"))))))]);
    // Of what nobody will ever transcribe there is nothing to say.
    inspection.hidden = !reading.mayInspect || (tape.track?.words !== "recording" && tape.track?.sound !== "there");
    redraw(inspection, JSON.stringify([reading.lang, talk, state.recorded?.ended_at, tape.track?.words]), () => [
      make("h3", {}, say("view.quality")),
      ...(talk ? [
        talk.findings.length ? make("ul", { class: "findings" }, ...talk.findings.map((one, n) => make("li", {}, findingLink(reading, talk, one, { "data-key": `finding-${n}`, onclick: (/** @type {Event} */ event) => listen(event) }))))
          : make("p", { class: "hint" }, say("quality.nothing")),
        talk.findings.length ? make("p", { class: "honest" }, say("quality.honest")) : null,
        make("dl", {}, ...[["share", percent(talk.agent_share)], ["speed", decimal(talk.agent_speed)], ["silence", decimal(talk.longest_silence_s)], ["overlap", decimal(talk.overlap_s)]].flatMap(([name, value]) => [
          make("dt", {}, say(`quality.${name}`)), make("dd", { title: say(`quality.${name}_why`) }, value ?? "", make("small", {}, say(`quality.${name}_unit`)))])),
      ].filter((one) => one !== null) : [make("p", { class: "hint" }, say(tape.track?.words === "recording" ? "quality.not_this" : "quality.needs_words"))])]);
    redraw(keys, reading.lang, () => [make("h3", {}, say("keys.title")),
      make("ul", {}, ...KEYS.map(([key, does]) => make("li", {}, make("kbd", {}, key), make("span", {}, say(`keys.${does}`)))))]);
  }

  /** Here a finding is heard at once: who presses it is listening already. @param {Event} event */
  function listen(event) {
    event.preventDefault();
    const at = Number(new URLSearchParams(/** @type {HTMLAnchorElement} */ (event.currentTarget).hash.split("?")[1]).get("t"));
    tape.go(tape.segment, at);
    log.toSpoken();
    void tape.play();
  }

  /** @param {-1 | 1} step */
  function beside(step) {
    const at = tape.track ? lineBeside(tape.track.lines, tape.at, step) : null;
    if (at !== null) go(at);
  }

  document.addEventListener("keydown", (event) => {
    if (reading.place.view !== "call" || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.matches("input, textarea, select")) return;
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const along = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === " ") {
      if (target.matches("button")) return; // its own key
      tape.toggle();
    } else if (sideways && event.shiftKey) tape.setSpeed(speedBeside(tape.speed, sideways < 0 ? -1 : 1));
    else if (sideways) tape.by(sideways * STEP_S);
    else if (along && !event.shiftKey && tape.canPlay) beside(along < 0 ? -1 : 1);
    else return;
    event.preventDefault();
  });
  reading.onDraw(draw);
}
