// The wallboard's rules: rates and their parts, colours that hold, the day by half hours, queues that never move.
import assert from "node:assert/strict";
import { test } from "node:test";
import { course, holes, line, slotOf, timeOf } from "../../cti/web/pages/wallboard/course_logic.js";
import { heldShortfall, heldWait } from "../../cti/web/pages/wallboard/held_logic.js";
import { rows } from "../../cti/web/pages/wallboard/queue_logic.js";
import { mean, points, share, targetText, value, wholePercent } from "../../cti/web/pages/wallboard/rate_logic.js";

const rate = (/** @type {number | null} */ n, /** @type {number | null} */ of) => ({ n, of, unknown: n === null ? "reading" : null });

// Rates

test("a rate is never rounded up across its target", () => {
  assert.deepEqual(share(rate(8996, 10000), "zh"), { text: "89.9", sign: "%", few: false });
  assert.deepEqual(share(rate(9000, 10000), "zh"), { text: "90.0", sign: "%", few: false });
});

test("few calls are said as they are, not in percent", () => {
  assert.deepEqual(share(rate(7, 9), "zh"), { text: "7 / 9", sign: "", few: true });
  assert.equal(value(rate(7, 9)), null);
  assert.equal(share(rate(29, 30), "en").sign, "%");
});

test("what is not known is a dash, and nothing is no zero", () => {
  for (const one of [undefined, rate(null, null), rate(0, 0)]) assert.equal(share(one, "zh").text, "—");
  assert.equal(share(rate(0, 40), "zh").text, "0.0");
  assert.equal(mean(rate(0, 0)), null);
  assert.equal(mean(rate(90, 10)), 9);
});

test("differences are in points with their sign", () => {
  assert.deepEqual([0.0163, -0.031, 0, null, undefined].map(points), ["+1.6", "−3.1", "±0.0", "—", "—"]);
  assert.deepEqual([0.9, 0.995].map(targetText), ["90", "99.5"]);
  assert.deepEqual([wholePercent(1, 3), wholePercent(0, 0)], [33, 0]);
});

// Colours

test("a wait is amber at once, and until it was short for ten seconds", () => {
  const held = heldWait();
  assert.equal(held.at(5, 0), 0);
  assert.equal(held.at(20.5, 1), 1);
  assert.equal(held.at(14, 2), 1);
  assert.equal(held.at(16, 5), 1, "between the bounds nothing counts");
  assert.equal(held.at(14, 6), 1);
  assert.equal(held.at(14, 15.9), 1);
  assert.equal(held.at(14, 16), 0);
});

test("a wait that is long from the start is red at once, and red goes before amber", () => {
  const held = heldWait();
  assert.equal(held.at(70, 0), 2);
  assert.equal(held.at(40, 1), 2);
  assert.equal(held.at(40, 11), 1);
  assert.equal(held.at(3, 12), 1);
  assert.equal(held.at(3, 22), 0);
});

test("a rate has to be under its target for a minute, and clearly above it for another", () => {
  const held = heldShortfall();
  const target = 0.9;
  assert.equal(held.at(target - 0.92, 0), 0);
  assert.equal(held.at(target - 0.899, 10), 0);
  assert.equal(held.at(target - 0.899, 69), 0);
  assert.equal(held.at(target - 0.899, 70), 1);
  assert.equal(held.at(target - 0.902, 100), 1, "0.2 points above is not enough");
  assert.equal(held.at(target - 0.904, 110), 1);
  assert.equal(held.at(target - 0.904, 170), 0);
  assert.equal(held.at(null, 300), 0, "what is unknown changes nothing");
});

test("a rate that is under its target when the page opens is said to be", () => {
  assert.equal(heldShortfall().at(0.02, 0), 1);
});

// The day

const TODAY = { "00:00": { n: 9, of: 10 }, "00:30": { n: 0, of: 0 }, "01:00": { n: 8, of: 10 }, "01:30": { n: 10, of: 10 }, "02:00": { n: null, of: null }, "02:30": { n: 5, of: 10 } };

test("a half hour without calls or without a witness is a hole, never zero", () => {
  assert.deepEqual(line(TODAY, 6), [90, null, 80, 100, null, 50]);
  assert.deepEqual([timeOf(0), timeOf(19), slotOf("09:30"), slotOf("23:59")], ["00:00", "09:30", 19, 47]);
});

test("the half hour that goes on stands apart, and is neither the worst nor counted as missed", () => {
  const found = course(TODAY, [], "02:30", 90);
  assert.equal(found.done[5], null);
  assert.equal(found.now, 50);
  assert.deepEqual(found.below, [2]);
  assert.deepEqual(found.worst, { slot: 2, value: 80 });
  const joined = course({ ...TODAY, "02:00": { n: 9, of: 10 } }, [], "02:30", 90).running;
  assert.deepEqual([joined[4], joined[5]], [90, 50], "its segment begins where the last one ends");
});

test("the axis ends in whole steps under the lowest of three days", () => {
  assert.deepEqual([course({}, [], "10:00", 90).floor, course({}, [], "10:00", 90).step], [70, 10]);
  const low = course(TODAY, [{ "05:00": { n: 3, of: 10 } }], "02:30", 90);
  assert.deepEqual([low.floor, low.step], [25, 25]);
});

test("what was not seen is where it was in the day", () => {
  assert.deepEqual(holes([{ since: 1000 + 9 * 3600, until: 1000 + 9.5 * 3600 }], 1000), [[18, 19]]);
});

// Queues

const queue = (/** @type {number} */ order, /** @type {number} */ waiting, /** @type {number | null} */ longest_since, ready = 1) =>
  ({ zh: "", en: "", order, waiting, longest_since, ready, talking: 0 });

test("queues stand in their own order, whoever waits longest", () => {
  const found = rows({ b: queue(1, 9, 5), a: queue(0, 0, null), c: queue(2, 1, 1) }, 6);
  assert.deepEqual(found.map(({ code }) => code), ["a", "b", "c"]);
});

test("more queues than there is room for are one row together", () => {
  const many = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`q${n}`, queue(n, 1, 100 - n, n)]));
  const found = rows(many, 6);
  assert.equal(found.length, 6);
  const last = found[5];
  assert.deepEqual([last?.more, last?.queue.waiting, last?.queue.longest_since, last?.queue.ready], [3, 3, 93, 7]);
});
