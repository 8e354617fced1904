// The shell of the desk: what it shows in each state, and which buttons work.
import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, freshness, ServerClock } from "../../cti/web/pages/agent/clock_logic.js";
import { clock, count, masked, percent, phone, timeOfDay } from "../../cti/web/pages/agent/format_logic.js";
import { autoAnswerIn, offerEnded, stateOf, viewOf } from "../../cti/web/pages/agent/view_logic.js";

const desk = (state, more = {}) => ({ id: "1032", name: "李静", skills: {}, status: "ready", reason: "", status_since: 0, state, state_since: 900,
  held_back: [], misses: 0, wrap_up: null, call_id: null, temporary: false, phone: "", ...more });
const pop = (more = {}) => ({ call_id: "c1", offered_at: 997, answer_by: 1012, answered_at: null, held_since: null, auto_answer_s: null,
  recording: false, parties: [], ...more });
const registered = { registration: "registered", connected: true, session: "none", callId: null, muted: false, held: false, microphone: null };
const talking = { ...registered, session: "talking", callId: "c1" };
const seen = (row, call = null, more = {}) => ({ picture: { seq: 1, at: 1000, desk: row, call }, call, link: "live", lostS: 0, age: 0.3, phone: registered, now: 1000, ...more });

test("an offered call: seconds left, Answer over hold and mute, and the red button rejects", () => {
  const view = viewOf(seen(desk("offered"), pop()));
  assert.equal(view.clock, "12");
  assert.equal(view.wide, "answer");
  assert.equal(view.end.kind, "reject");
  assert.ok(view.buttons.answer.on && view.end.on);
  assert.ok(!view.buttons.hold.on && !view.buttons.move.on && !view.buttons.emergency.on);
});

test("what became of a call that was offered", () => {
  const rung = desk("offered");
  assert.equal(offerEnded(rung, desk("idle"), false), "caller_left");
  assert.equal(offerEnded(rung, desk("not_answering", { misses: 1, held_back: ["no_answer"] }), false), "missed");
  assert.equal(offerEnded(rung, desk("not_answering", { misses: 1, held_back: ["no_answer"] }), true), null);
  assert.equal(offerEnded(rung, desk("not_ready", { status: "break", reason: "no_answer" }), false), "missed");
  assert.equal(offerEnded(rung, desk("not_ready", { held_back: ["phone_away"] }), false), null);
  assert.equal(offerEnded(rung, desk("talking"), false), null);
  assert.equal(offerEnded(desk("talking"), desk("idle"), false), null);
});

test("who is asked to join a talk has no seconds to lose", () => {
  const view = viewOf(seen(desk("offered", { state_since: 995 }), pop({ answer_by: null })));
  assert.equal(view.clock, "00:05");
  assert.deepEqual(view.under, { key: "under.asked" });
});

test("Answer works before the telephone rings, not without a telephone", () => {
  const away = { ...registered, registration: "connecting", connected: false };
  assert.ok(viewOf(seen(desk("offered"), pop())).buttons.answer.on);
  assert.equal(viewOf(seen(desk("offered"), pop(), { phone: away })).buttons.answer.why, "why.no_phone");
});

test("seconds to the automatic answer", () => {
  assert.equal(autoAnswerIn(pop(), 1000), null);
  assert.equal(autoAnswerIn(pop({ auto_answer_s: 5 }), 1000), 2);
  assert.equal(autoAnswerIn(pop({ auto_answer_s: 0 }), 1000), 0);
  assert.deepEqual(viewOf(seen(desk("offered"), pop({ auto_answer_s: 5 }))).under, { key: "under.auto", values: { n: 2 } });
});

test("a talk goes on by the own telephone while the server is lost", () => {
  const call = pop({ answered_at: 928 });
  const view = viewOf(seen(desk("talking"), call, { link: "lost", age: 30, now: 1030, phone: { ...talking, connected: false } }));
  assert.equal(view.clock, "01:42");
  assert.equal(view.sure, false);
  assert.equal(view.buttons.hold.why, "why.lost");
  assert.ok(view.buttons.mute.on && view.buttons.keypad.on);
  assert.equal(view.buttons.move.why, "why.lost");
  assert.equal(view.end.on, false);
});

test("what only the server can end stands still when it is not heard", () => {
  const row = desk("idle", { state_since: 900 });
  assert.equal(viewOf(seen(row, null, { age: 2, now: 1002 })).clock, "01:42");
  assert.equal(viewOf(seen(row, null, { link: "lost", age: 60, now: 1060 })).clock, "01:50");
});

test("hold is seen at once, before the server says it, and is amber after a minute", () => {
  const call = pop({ answered_at: 900 });
  assert.equal(stateOf(seen(desk("talking"), call, { phone: { ...talking, held: true } })), "held");
  assert.equal(stateOf(seen(desk("held"), call, { phone: talking })), "talking");
  const view = viewOf(seen(desk("held"), { ...call, held_since: 936 }, { phone: { ...talking, held: true } }));
  assert.equal(view.clock, "01:04");
  assert.ok(view.late && view.buttons.hold.pressed);
  assert.equal(view.under.values?.talk, "01:40");
});

test("a talk without our telephone in it can be moved and ended by the server, not held", () => {
  const view = viewOf(seen(desk("talking"), pop({ answered_at: 900 })));
  assert.equal(view.buttons.hold.why, "why.no_phone");
  assert.ok(view.buttons.move.on && view.end.on);
});

test("wrap-up: the time left, more of it only if the rules allow, finished by the button", () => {
  const wrap = (kind, until) => desk("wrap_up", { wrap_up: { kind, until, most_until: 1300 } });
  const view = viewOf(seen(wrap("extendable", 1038), pop()));
  assert.equal(view.clock, "00:38");
  assert.equal(view.wide, "extend");
  assert.ok(view.withCall && view.end.on);
  assert.equal(view.end.kind, "finish");
  assert.equal(viewOf(seen(wrap("optional", 1008))).wide, null);
  assert.ok(viewOf(seen(wrap("optional", 1008))).late);
  assert.equal(viewOf(seen(wrap("fixed", 1038))).end.on, false);
  assert.equal(viewOf(seen(wrap("forced", null))).clock, "01:40");
});

test("a break has its plan, and shows when it is over it", () => {
  const view = viewOf(seen(desk("not_ready", { status: "break", reason: "rest", state_since: 1000 - 724 })));
  assert.equal(view.state, "break");
  assert.deepEqual(view.under.values, { planned: "15:00" });
  assert.ok(!view.late);
  assert.ok(viewOf(seen(desk("not_ready", { status: "break", reason: "rest", state_since: 0 }))).late);
});

test("ready, but held back: that is said as a fault, with a shape of its own", () => {
  assert.equal(viewOf(seen(desk("not_ready", { held_back: ["phone_away"] }))).tone, "fault");
  assert.equal(viewOf(seen(desk("not_answering"))).state, "pausing");
  assert.equal(viewOf(seen(desk("not_ready", { status: "meeting" }))).state, "meeting");
});

test("before the first picture nothing is claimed", () => {
  const view = viewOf({ picture: null, call: null, link: "connecting", lostS: 0, age: Infinity, phone: registered, now: 1000 });
  assert.equal(view.clock, "—");
  assert.equal(view.state, "connecting");
  assert.ok(!view.end.on);
});

test("the server's clock is the one of the fastest message, and follows one that was set right", () => {
  const server = new ServerClock();
  server.heard(1000.0, 0);
  server.heard(1000.9, 1500); // came late
  assert.equal(server.now(2000), 1002);
  server.heard(1003.1, 3000); // came faster than the first
  assert.ok(Math.abs(server.now(3000) - 1003.1) < 1e-6);
  server.heard(900, 4000);
  assert.equal(server.now(4000), 900);
});

test("how fresh the data is", () => {
  assert.deepEqual([0, 3, 3.1, 10, 10.1, Infinity].map(freshness), ["fresh", "fresh", "late", "late", "stale", "stale"]);
});

test("tries to connect: soon, then seldom, never all desks in one instant", () => {
  assert.deepEqual([0, 1, 2, 3].map((tries) => backoff(tries, 0)), [125, 250, 500, 1000]);
  assert.equal(backoff(50, 0.5), 6000);
  assert.ok(backoff(50, 1) <= 8000 && backoff(50, 0) >= 4000);
});

test("times, numbers and telephone numbers", () => {
  assert.deepEqual([0, 72.9, 3599, 3672, -5].map(clock), ["00:00", "01:12", "59:59", "1:01:12", "00:00"]);
  assert.equal(phone("13800001234"), "138 0000 1234");
  assert.equal(phone("076922223333"), "0769 2222 3333");
  assert.equal(phone("02022223333"), "020 2222 3333");
  assert.equal(phone("22223333"), "2222 3333");
  assert.equal(phone("12345"), "12345");
  assert.equal(masked("13800001234"), "138****1234");
  assert.equal(masked("12345"), "12345");
  assert.equal(count(99999, "zh"), "99,999");
  assert.equal(count(123000, "zh"), "12.3 万");
  assert.equal(count(123000, "en"), "123k");
  assert.equal(percent(8996, 10000), "89.9");
  assert.equal(percent(9, 10), "90.0");
  assert.equal(percent(0, 0), "—");
  assert.equal(timeOfDay(1763700010), "12:40:10");
});
