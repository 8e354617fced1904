// The supervisor's desk: what a seat is, where it stands, who is looked for, what may be done, and the lists beside the map.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { newestFirst, SteadyOrder } from "../../cti/web/pages/supervisor/alerts_logic.js";
import { addressed, receiptsOf } from "../../cti/web/pages/supervisor/broadcast_logic.js";
import { isNarrowed, isWanted } from "../../cti/web/pages/supervisor/find_logic.js";
import { fieldOf, secondsOf, wrongWith } from "../../cti/web/pages/supervisor/guests_logic.js";
import { KEYS, keyOf, keyText } from "../../cti/web/pages/supervisor/keys_logic.js";
import { beside, letterOf, moved, noted, placeOf, readLayout, seated, seatName, trimmed, widened } from "../../cti/web/pages/supervisor/layout_logic.js";
import { lastWords } from "../../cti/web/pages/supervisor/said_logic.js";
import { barOf, countsOf, faultOf, isOver, kindOf, KINDS, lasted, skillsText } from "../../cti/web/pages/supervisor/seats_logic.js";
import { gapsOf, shortest } from "../../cti/web/pages/supervisor/staffing_logic.js";
import { forces, stepsTo, whyNot } from "../../cti/web/pages/supervisor/supervise_logic.js";
import { partsOf } from "../../cti/web/pages/supervisor/times_logic.js";
import { WaitLevel } from "../../cti/web/pages/supervisor/wait_logic.js";
import { formulaOf, rateToday } from "../../cti/web/pages/supervisor/wall_logic.js";

/** @param {any} more @returns {any} */
const seat = (more = {}) => ({ id: "a1", name: "李静", skills: { general: 3 }, status: "ready", state: "idle", state_since: 100, held_back: [], call_id: null, ...more });
const ids = (/** @type {number} */ n) => Array.from({ length: n }, (_, at) => `a${1001 + at}`);
const anybody = (/** @type {string | null} */ id) => id !== null;

// Seats

test("every state has a kind, and ready with calls held back is a fault", () => {
  const kinds = ["idle", "offered", "talking", "held", "wrap_up", "offline"].map((state) => kindOf(seat({ state })));
  assert.deepEqual(kinds, ["ready", "offered", "talking", "held", "wrap_up", "offline"]);
  assert.equal(kindOf(seat({ state: "not_ready", status: "break" })), "break");
  assert.equal(kindOf(seat({ state: "not_ready", status: "meeting" })), "break");
  assert.equal(kindOf(seat({ state: "not_ready", status: "ready", held_back: ["phone_away"] })), "fault");
  assert.equal(kindOf(seat({ state: "not_answering" })), "fault");
});

test("a fault says why, other kinds have none", () => {
  assert.equal(faultOf(seat({ state: "not_ready", held_back: ["page_away"] })), "page_away");
  assert.equal(faultOf(seat({ state: "not_answering" })), "no_answer");
  assert.equal(faultOf(seat({ state: "not_ready", status: "break", held_back: ["phone_away"] })), "");
});

test("time in a state is not made up where it is not known", () => {
  assert.equal(lasted(seat(), 160), 60);
  assert.equal(lasted(seat({ state_since: 200 }), 160), 0, "a clock that is a little off");
  assert.equal(lasted(seat({ state_since: 0 }), 160), null);
  assert.equal(lasted(seat({ state: "offline" }), 160), null);
});

test("the bar fills up to the limit of the state, and the corner says that it is over", () => {
  assert.deepEqual([barOf("talking", 0), barOf("talking", 450), barOf("talking", 9000), barOf("ready", null)], [0, 10, 20, 0]);
  assert.deepEqual([isOver("wrap_up", 89), isOver("wrap_up", 90), isOver("ready", 99999), isOver("held", null)], [false, true, false, false]);
});

test("counts name every kind, zeros too", () => {
  const counts = countsOf([seat(), seat({ state: "talking" }), seat({ state: "talking" })]);
  assert.deepEqual(Object.keys(counts), [...KINDS]);
  assert.deepEqual([counts.ready, counts.talking, counts.break], [1, 2, 0]);
});

test("skills are said with the best first", () => {
  assert.equal(skillsText({ english: 1, general: 3, social: 3 }, (id) => id.toUpperCase()), "GENERAL 3 · SOCIAL 3 · ENGLISH 1");
});

// The layout

test("everybody gets a seat of sixty a zone, and a seat has a name", () => {
  const layout = seated([], ids(61));
  assert.deepEqual(layout.map(({ seats }) => seats.filter(anybody).length), [60, 1]);
  assert.equal(layout[1]?.seats.length, 60);
  assert.deepEqual([seatName({ zone: 1, seat: 32 }), letterOf(25), letterOf(26)], ["B33", "Z", "AA"]);
  assert.equal(seated(layout, ids(61)), layout, "nothing to do: the same one");
});

test("who comes new takes a free seat, then one of somebody who is gone, and nobody else moves", () => {
  const layout = seated([], ids(59));
  const later = seated(layout, [...ids(58), "b1", "b2"]);
  assert.equal(later[0]?.seats[59], "b1", "the free one");
  assert.equal(later[0]?.seats[58], "b2", "of a1059, who is not there any more");
  assert.equal(later.length, 1);
  assert.deepEqual(later[0]?.seats.slice(0, 58), ids(58));
});

test("moving somebody to a taken seat lets the two change places", () => {
  const layout = seated([], ids(3));
  const after = moved(layout, "a1001", { zone: 0, seat: 2 });
  assert.deepEqual(after[0]?.seats.slice(0, 3), ["a1003", "a1002", "a1001"]);
  assert.deepEqual(placeOf(moved(layout, "a1001", { zone: 0, seat: 40 }), "a1001"), { zone: 0, seat: 40 });
  assert.equal(moved(layout, "nobody", { zone: 0, seat: 2 }), layout);
  assert.equal(moved(layout, "a1001", { zone: 5, seat: 2 }), layout);
});

test("zones are named, added, and empty ones at the end are left out", () => {
  const layout = noted(widened(widened(seated([], ids(2)))), 0, "综合一班");
  assert.equal(layout.length, 3);
  assert.equal(layout[0]?.note, "综合一班");
  assert.equal(trimmed(layout).length, 1);
});

test("a layout is kept and read again; what is none is an empty one", () => {
  const layout = noted(seated([], ids(2)), 0, "x");
  assert.deepEqual(readLayout(JSON.stringify(layout)), layout);
  for (const bad of [null, "", "{", "7", '[{"seats": 3}]', '[null]']) assert.deepEqual(readLayout(bad), []);
});

test("arrow keys go over the seats that somebody has", () => {
  const layout = moved(seated([], ids(61)), "a1021", { zone: 1, seat: 25 });
  const go = (/** @type {string} */ key, /** @type {any} */ from) => beside(layout, from, key, anybody);
  assert.deepEqual(placeOf(layout, "a1061"), { zone: 1, seat: 0 });
  assert.deepEqual(pick(go("ArrowRight", { zone: 0, seat: 19 })), [0, 21], "over the empty one");
  assert.deepEqual(pick(go("ArrowRight", { zone: 0, seat: 59 })), [1, 0], "into the next zone");
  assert.deepEqual(pick(go("ArrowDown", { zone: 0, seat: 45 })), [1, 0], "to the nearest in the next row");
  assert.deepEqual(pick(go("ArrowDown", { zone: 1, seat: 0 })), [1, 25]);
  assert.deepEqual(pick(go("ArrowUp", { zone: 0, seat: 25 })), [0, 5]);
  assert.deepEqual([go("ArrowUp", { zone: 0, seat: 5 }), go("x", { zone: 0, seat: 5 })], [null, null]);
  assert.deepEqual([pick(go("Home", { zone: 1, seat: 0 })), pick(go("End", { zone: 0, seat: 0 }))], [[0, 0], [1, 25]]);
  assert.deepEqual(pick(beside(layout, { zone: 0, seat: 19 }, "ArrowRight", () => true)), [0, 20], "while the layout is changed, every seat");
});
const pick = (/** @type {any} */ place) => place && [place.zone, place.seat];

// Looking for somebody

test("words, states and a skill narrow together", () => {
  const wanted = (/** @type {any} */ more) => ({ text: "", kinds: new Set(), skill: "", ...more });
  const found = (/** @type {any} */ more, one = seat({ skills: { social_security: 2 } })) =>
    isWanted(wanted(more), one, "B33", () => "社保 Social security", (kind) => (kind === "ready" ? "空闲" : "话"));
  assert.equal(isNarrowed(wanted({})), false);
  assert.ok(isNarrowed(wanted({ text: "x" })) && isNarrowed(wanted({ kinds: new Set(["ready"]) })) && isNarrowed(wanted({ skill: "x" })));
  for (const text of ["a1", "李", "b33", "社保", "SOCIAL", "空闲", "李 社保 空闲", "  "]) assert.ok(found({ text }), text);
  for (const text of ["王", "李 王", "通话"]) assert.ok(!found({ text }), text);
  assert.ok(found({ kinds: new Set(["ready", "talking"]) }) && !found({ kinds: new Set(["talking"]) }));
  assert.ok(found({ skill: "social_security" }) && !found({ skill: "general" }));
});

// Alerts

test("alerts stand by time, and nothing moves while somebody is in the list", () => {
  const alert = (/** @type {string} */ id, /** @type {number} */ since) => /** @type {any} */ ({ id, since });
  assert.deepEqual(newestFirst({ a: alert("a", 1), b: alert("b", 3), c: alert("c", 2) }), ["b", "c", "a"]);
  const order = new SteadyOrder();
  assert.deepEqual(order.take(["b", "a"], 0, false), { shown: ["b", "a"], waiting: 0 });
  assert.deepEqual(order.take(["c", "b"], 9, true), { shown: ["b", "a"], waiting: 1 }, "the new one waits, the old one stays");
  assert.deepEqual(order.take(["c", "b"], 10, false), { shown: ["c", "b"], waiting: 0 });
  assert.deepEqual(order.take(["d", "c", "b"], 14, false), { shown: ["c", "b"], waiting: 0 }, "at most every five seconds");
  assert.deepEqual(order.take(["d", "c", "b"], 15, false).shown, ["d", "c", "b"]);
  assert.deepEqual(order.take(["e"], 16, true).waiting, 1);
  assert.deepEqual(order.show(["e"], 16).shown, ["e"], "he asked for it");
});

test("the colour of a wait needs a clear and lasting fall to go", () => {
  const level = new WaitLevel();
  assert.deepEqual([level.take(null, 0), level.take(19, 1), level.take(20, 2), level.take(60, 3)], ["", "", "warn", "bad"]);
  assert.equal(level.take(50, 4), "bad", "under the bound, not clearly");
  assert.equal(level.take(40, 5), "bad");
  assert.equal(level.take(50, 6), "bad", "up again: from the beginning");
  assert.equal(level.take(30, 7), "bad");
  assert.equal(level.take(30, 17), "warn");
  assert.equal(level.take(null, 18), "warn");
  assert.equal(level.take(null, 28), "");
});

// What may be done

test("a talk can be listened to, taken over only once one is in it", () => {
  const talking = seat({ state: "talking", call_id: "c1" });
  /** @type {any} */
  const mine = { id: "s1", agent: "a1", mode: "listen", state: "on" };
  assert.deepEqual(whyNot(talking, null, "chen", true), { listen: "", whisper: "", barge: "", take_over: "listen_first" });
  assert.equal(whyNot(talking, mine, "chen", true).take_over, "");
  assert.equal(whyNot(talking, { ...mine, state: "ringing" }, "chen", true).take_over, "listen_first");
  assert.equal(whyNot(talking, { ...mine, agent: "a2" }, "chen", true).take_over, "listen_first");
  assert.equal(whyNot(seat(), mine, "chen", true).listen, "no_talk");
  assert.equal(whyNot(talking, mine, "a1", true).barge, "yourself");
  assert.equal(whyNot(null, mine, "chen", true).whisper, "no_seat");
  assert.equal(whyNot(talking, null, "chen", false).listen, "not_your_role");
});

test("another mode changes the running one, another agent ends it first", () => {
  /** @type {any} */
  const mine = { agent: "a1", mode: "listen" };
  assert.deepEqual([stepsTo(null, "a1", "listen"), stepsTo(mine, "a1", "barge"), stepsTo(mine, "a1", "listen"), stepsTo(mine, "a2", "listen")],
    [["start"], ["change"], [], ["end", "start"]]);
});

test("nobody is put into what he is in, nor one who is not there into anything", () => {
  assert.deepEqual(forces(seat()), { ready: false, break: true, offline: true });
  assert.deepEqual(forces(seat({ state: "wrap_up" })).ready, true);
  assert.deepEqual(forces(seat({ status: "break", state: "not_ready" })), { ready: true, break: false, offline: true });
  assert.deepEqual(forces(seat({ status: "offline", state: "offline" })), { ready: false, break: false, offline: false });
  assert.deepEqual(forces(null), { ready: false, break: false, offline: false });
});

test("keys: letters only in the panel of the seat, never while typing or in an input method", () => {
  const press = (/** @type {string} */ key, more = {}) => /** @type {any} */ ({ key, keyCode: 0, isComposing: false, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  /** @type {any} */
  const [detail, map] = [{ typing: false, where: "detail" }, { typing: false, where: "map" }];
  assert.equal(keyOf(press("l"), detail)?.name, "listen");
  assert.equal(keyOf(press("L", { shiftKey: true }), detail)?.name, "listen", "with the capital lock on");
  assert.equal(keyOf(press("l"), map), null);
  assert.equal(keyOf(press("l"), { ...detail, typing: true }), null);
  assert.equal(keyOf(press("l", { ctrlKey: true }), detail), null);
  assert.equal(keyOf(press("/"), map)?.name, "search");
  assert.equal(keyOf(press("/"), { ...map, typing: true }), null);
  assert.equal(keyOf(press("F2"), { ...map, typing: true })?.name, "broadcast");
  assert.equal(keyOf(press("F2", { shiftKey: true }), map)?.name, "end");
  for (const composing of [{ isComposing: true }, { keyCode: 229 }]) assert.equal(keyOf(press("F2", composing), map), null);
  assert.equal(new Set(KEYS.map(({ keys }) => keys)).size, KEYS.length);
  assert.equal(keyText("end"), "Shift F2");
});

// Figures

test("the gap is of the half hour that runs; what is not known stays so", () => {
  const total = { queues: ["general", "social"], needed: 10, there: 8, short: 2, unknown: null };
  const staffing = { half_hours: [{ begins_at: 0, total, queues: [{ queues: ["general"], short: 0 }, { queues: ["social"], short: 2 }, { queues: ["video"], short: null }] }, { begins_at: 1800, total: { ...total, needed: null, short: null } }] };
  assert.deepEqual(gapsOf(staffing).now, { at: 0, needed: 10, there: 8, short: 2, unknown: null });
  assert.equal(gapsOf(staffing).next?.needed, null);
  assert.deepEqual(gapsOf(null), { now: null, next: null });
  assert.deepEqual(shortest(staffing), [{ queue: "social", short: 2 }]);
});

test("the rate of the day is the wallboard's, or not known", () => {
  const wall = (/** @type {any} */ row) => ({ rates: { connection_rate: row }, definitions: { connection_rate: { target: 0.9, formula: { zh: "一", en: "one" } } } });
  assert.deepEqual(rateToday(wall({ n: 9, of: 10, unknown: null })), { part: 9, of: 10, target: 0.9 });
  for (const row of [{ n: null, of: null, unknown: "reading" }, { n: 0, of: 0, unknown: "nothing" }]) assert.equal(rateToday(wall(row)), null);
  assert.equal(rateToday({}), null);
  assert.deepEqual([formulaOf(wall(null)), formulaOf({})], [{ zh: "一", en: "one" }, null]);
});

test("an agent's day is what he did, in a fixed order, faults apart from breaks", () => {
  const times = { talking_s: 60, held_s: 0, wrap_up_s: 20, idle_s: 10, offered_s: 0, not_answering_s: 2, not_ready_s: { meal: 5, phone_away: 3 } };
  assert.deepEqual(partsOf(times).map(({ kind, seconds }) => [kind, seconds]), [["talking", 60], ["wrap_up", 20], ["ready", 10], ["break", 5], ["fault", 5]]);
  assert.equal(partsOf(times).reduce((sum, { share }) => sum + share, 0), 1);
  assert.deepEqual([partsOf(null), partsOf({ talking_s: 0, held_s: 0, wrap_up_s: 0, idle_s: 0, offered_s: 0, not_answering_s: 0, not_ready_s: {} })], [[], []]);
});

test("the last words are in the order of speaking, over segments", () => {
  const line = (/** @type {number} */ start_s, /** @type {string} */ text) => ({ side: "citizen", start_s, text });
  const said = { segments: [{ began_at: 100, lines: [line(0, "a"), line(9, "c")] }, { began_at: 105, lines: [line(1, "b")] }] };
  assert.deepEqual(lastWords(said, 2).map(({ text }) => text), ["b", "c"]);
  assert.deepEqual(lastWords(null, 2), []);
});

// Messages and guests

test("a message has somebody to go to, and says who has not read it", () => {
  const to = (/** @type {any} */ more) => addressed({ kind: "all", skills: [], agents: [], ...more });
  assert.deepEqual([to({}), to({ kind: "skills" }), to({ kind: "skills", skills: ["x"] }), to({ kind: "agents" }), to({ kind: "agents", agents: ["a1"] })],
    ["all", null, { skills: ["x"] }, null, { agents: ["a1"] }]);
  assert.deepEqual(receiptsOf({ receipts: [{ agent: "a1", seen_at: 5 }, { agent: "a2", seen_at: null }] }), { seen: 1, all: 2, missing: ["a2"] });
});

test("a guest is planned with a name, a number and a time to come", () => {
  const plan = { name: "王主任", number: "13900000001", from: 100, until: 200 };
  assert.equal(wrongWith(plan, 50), "");
  assert.equal(wrongWith(plan, 150), "", "it may have begun");
  assert.deepEqual([wrongWith({ ...plan, name: "" }, 50), wrongWith({ ...plan, number: "abc" }, 50), wrongWith({ ...plan, until: 100 }, 50), wrongWith({ ...plan, until: NaN }, 50), wrongWith(plan, 200)],
    ["guests.needs_name", "guests.needs_number", "guests.needs_order", "guests.needs_order", "guests.needs_future"]);
  assert.equal(secondsOf(fieldOf(1763700000)), 1763700000);
});

// Words

test("every word that the page says by its name is there", () => {
  const folder = join(import.meta.dirname, "../../cti/web/pages/supervisor");
  const read = (/** @type {string} */ file) => readFileSync(join(folder, file), "utf8");
  const words = { ...JSON.parse(read("words.zh.json")), ...JSON.parse(readFileSync(join(folder, "../shared/words.zh.json"), "utf8")) };
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".js"))) {
    for (const [, key] of read(file).matchAll(/say\("([a-z_.]+)"/g)) assert.ok(key && key in words, `${file}: ${key}`);
  }
  for (const kind of KINDS) assert.ok(words[`kind.${kind}`] && words[`letter.${kind}`]);
  for (const { name } of KEYS) assert.ok(words[`keys.${name}`], name);
});
