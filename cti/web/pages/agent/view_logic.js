// What the shell shows and which buttons work, from what the daemon, the telephone and the connection say. No DOM, no clock.
import { clock } from "./format_logic.js";
import { plannedS } from "./status_logic.js";

/** @typedef {import("./types.js").Picture} Picture */
/** @typedef {import("./types.js").Pop} Pop */
/** @typedef {import("./types.js").LinkState} LinkState */

/** What the page is, for all that is drawn.
 * @typedef {"connecting" | "idle" | "pausing" | "away" | "offered" | "talking" | "held" | "wrap_up" | "break" | "meeting" | "training"} PageState */

/** The telephone in this browser.
 * @typedef {object} PhoneView
 * @property {"off" | "connecting" | "registered" | "failed"} registration
 * @property {boolean} connected  its signalling: without it nothing can be asked of the other side
 * @property {"none" | "ringing" | "answering" | "talking"} session
 * @property {string | null} callId
 * @property {boolean} muted
 * @property {boolean} held
 * @property {"denied" | "missing" | "busy" | null} microphone  why there is none */

/** @typedef {{picture: Picture | null, call: Pop | null, link: LinkState, lostS: number, age: number, phone: PhoneView, now: number}} Seen */

/** A text of the dictionary with its values. @typedef {{key: string, values?: Record<string, string | number>}} Text */

/** `why`: the text that says why it does not work. @typedef {{on: boolean, pressed?: boolean, why?: string}} Button */

/** @typedef {object} View
 * @property {PageState} state
 * @property {string} tone  which colours bar and pill have
 * @property {boolean} sure  false: it is what was last known
 * @property {string} clock
 * @property {boolean} seconds  the clock counts single seconds down
 * @property {Text} under  the line under the clock
 * @property {boolean} late  the clock asks for an act
 * @property {boolean} withCall  the bar shows whom the call is with
 * @property {"answer" | "extend" | null} wide  what covers hold and mute
 * @property {Record<"answer" | "extend" | "hold" | "mute" | "keypad" | "move" | "emergency", Button>} buttons
 * @property {Button & {kind: "hang_up" | "reject" | "finish"}} end
 */

const HOLD_LONG_S = 60;

/** @param {Seen} seen @returns {PageState} */
export function stateOf({ picture, call, phone }) {
  if (!picture) return "connecting";
  const { desk } = picture;
  switch (desk.state) {
    case "offered":
      return call?.reattach ? "talking" : "offered";
    case "talking":
      // Our own telephone knows first that it holds.
      return phone.held && phone.session === "talking" ? "held" : "talking";
    case "held":
      return phone.session === "talking" && !phone.held ? "talking" : "held";
    case "wrap_up":
      return "wrap_up";
    case "idle":
      return "idle";
    case "not_answering":
      return "pausing";
    case "offline":
      return "connecting";
    default:
      return desk.status === "ready" ? "away" : desk.status === "meeting" || desk.status === "training" ? desk.status : "break";
  }
}

/** @type {Record<PageState, string>} */
const TONES = { connecting: "off", idle: "idle", pausing: "break", away: "fault", offered: "offered", talking: "talking", held: "held",
  wrap_up: "wrap-up", break: "break", meeting: "break", training: "break" };

/** Seconds until `until`, as whole ones left; never less than 0. @param {number} until @param {number} now */
const left = (until, now) => Math.max(0, Math.ceil(until - now));

/** @param {Seen} seen @returns {View} */
export function viewOf(seen) {
  const { picture, call, link, phone, now } = seen;
  const state = stateOf(seen);
  const inTalk = state === "talking" || state === "held";
  const buttons = buttonsOf(seen, state);
  /** @type {View} */
  const view = {
    state, tone: TONES[state], sure: link === "live" && seen.age <= 10, clock: "—", seconds: false, under: { key: `state.${state}` }, late: false,
    withCall: call !== null && (inTalk || state === "offered" || state === "wrap_up"),
    wide: state === "offered" ? "answer" : state === "wrap_up" && picture?.desk.wrap_up?.kind === "extendable" ? "extend" : null,
    buttons, end: endOf(seen, state),
  };
  if (!picture) return view;
  const { desk } = picture;
  const local = inTalk && phone.session === "talking";
  // What only the server could end stands still while it is not heard; a talk goes on by itself.
  const at = view.sure || local ? now : Math.min(now, picture.at + 10);
  const since = Math.max(0, at - desk.state_since);
  switch (state) {
    case "offered":
      view.seconds = Boolean(call?.answer_by);
      view.clock = call?.answer_by ? String(left(call.answer_by, at)) : clock(since);
      view.under = { key: call?.answer_by ? "under.offered" : "under.asked" };
      if (autoAnswerIn(call, at) !== null) view.under = { key: "under.auto", values: { n: autoAnswerIn(call, at) ?? 0 } };
      break;
    case "talking":
      view.clock = clock(call?.answered_at ? at - call.answered_at : since);
      view.under = { key: call?.reattach && phone.session !== "talking" ? "under.reattaching" : call?.recording ? "under.recording" : "under.talking" };
      break;
    case "held": {
      const heldS = call?.held_since ? at - call.held_since : since;
      view.clock = clock(heldS);
      view.late = heldS >= HOLD_LONG_S;
      view.under = { key: "under.held", values: { talk: clock(call?.answered_at ? at - call.answered_at : since) } };
      break;
    }
    case "wrap_up": {
      const until = desk.wrap_up?.until;
      view.clock = until ? clock(left(until, at)) : clock(since);
      view.late = Boolean(until && left(until, at) <= 10);
      view.under = { key: until ? "under.wrap_up" : "under.wrap_up_open" };
      break;
    }
    case "break": {
      const planned = plannedS(desk.reason);
      view.clock = clock(since);
      view.late = planned !== null && since > planned;
      view.under = planned !== null ? { key: "under.planned", values: { planned: clock(planned) } } : { key: "under.break" };
      break;
    }
    default:
      view.clock = clock(since);
  }
  return view;
}

/** Seconds until the page answers by itself; null: the agent does. @param {Pop | null} call @param {number} now @returns {number | null} */
export function autoAnswerIn(call, now) {
  return call?.auto_answer_s === null || call?.auto_answer_s === undefined || !call.offered_at ? null : left(call.offered_at + call.auto_answer_s, now);
}

/** @param {Seen} seen @param {PageState} state @returns {View["buttons"]} */
function buttonsOf({ phone, link }, state) {
  const inTalk = state === "talking" || state === "held";
  const noCall = inTalk ? "why.no_phone" : "why.no_call";
  const mine = inTalk && phone.session === "talking";
  /** @type {Button} */
  const signalled = mine ? (phone.connected ? { on: true } : { on: false, why: "why.lost" }) : { on: false, why: noCall };
  /** @type {Button} */
  const asked = inTalk ? (link === "live" ? { on: true } : { on: false, why: "why.lost" }) : { on: false, why: "why.no_call" };
  return {
    answer: phone.registration === "registered" && phone.session !== "answering" ? { on: true } : { on: false, why: "why.no_phone" },
    extend: link === "live" ? { on: true } : { on: false, why: "why.lost" },
    hold: { ...signalled, pressed: phone.held },
    mute: mine ? { on: true, pressed: phone.muted } : { on: false, pressed: false, why: noCall },
    keypad: mine ? { on: true } : { on: false, why: noCall },
    move: asked,
    emergency: asked,
  };
}

/** @param {Seen} seen @param {PageState} state @returns {View["end"]} */
function endOf({ picture, phone, link }, state) {
  if (state === "offered") return { kind: "reject", on: phone.registration === "registered", why: "why.no_phone" };
  if (state === "wrap_up") {
    if (picture?.desk.wrap_up?.kind === "fixed") return { kind: "finish", on: false, why: "why.fixed" };
    return { kind: "finish", on: link === "live", why: "why.lost" };
  }
  const inTalk = state === "talking" || state === "held";
  if (!inTalk) return { kind: "hang_up", on: false, why: "why.no_call" };
  // Who cannot hang up himself asks the daemon to; without either there is nobody to tell.
  return { kind: "hang_up", on: (phone.session !== "none" && phone.connected) || link === "live", why: "why.lost" };
}

/** What became of a call that was offered and is not his any more. @param {import("./types.js").DeskRow} before @param {import("./types.js").DeskRow} now
 * @param {boolean} rejected by himself @returns {"missed" | "caller_left" | null} null: he knows it, or something else has taken it from him */
export function offerEnded(before, now, rejected) {
  if (before.state !== "offered" || ["offered", "talking", "held", "wrap_up", "offline"].includes(now.state)) return null;
  if (now.status !== "ready") return before.status === "ready" && MISSED.has(now.reason) ? "missed" : null;
  if (rejected || now.held_back.some((cause) => cause !== "no_answer")) return null;
  return now.misses > before.misses ? "missed" : "caller_left";
}

/** Reasons of a break that we gave him. */
export const MISSED = new Set(["no_answer", "rejected", "unreachable", "agent_lost"]);

/** How old what is shown is, in words. @param {number} age @returns {Text} */
export function ageText(age) {
  return age < 60 ? { key: "foot.age", values: { s: age < 10 ? age.toFixed(1) : Math.round(age) } } : { key: "foot.age_long", values: { t: clock(age) } };
}
