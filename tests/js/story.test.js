// What the story and the transcript show.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ending, likes, placeOf, stations } from "../../cti/web/pages/agent/work/story_logic.js";
import { cut, heard, whyNone } from "../../cti/web/pages/agent/work/transcript_logic.js";
import { day, dayAndTime, daysAgo, inARow, month } from "../../cti/web/pages/agent/work/when_logic.js";

const at = (/** @type {string} */ text) => Date.parse(`${text}+08:00`) / 1000;

test("the stations of a call, as far as it has come", () => {
  const call = /** @type {any} */ ({ arrived_at: 10, queued_at: 15, offered_at: 20, answered_at: null });
  assert.deepEqual(stations(call).map((one) => one.key), ["station.arrived", "station.queued", "station.offered"]);
  // Offered again after he had been answered by another: the order of time is kept.
  assert.deepEqual(stations({ ...call, queued_at: null, answered_at: 18 }).map((one) => one.key), ["station.arrived", "station.offered"]);
});

test("moments in a row are as short as can be read", () => {
  assert.deepEqual(inARow([at("2026-11-19T14:29:05"), at("2026-11-19T14:29:10"), at("2026-11-19T14:30:01")]), ["14:29:05", ":10", "14:30:01"]);
});

test("days are those of the city, whatever the computer thinks", () => {
  const now = at("2026-11-19T00:30:00");
  assert.equal(day(at("2026-11-18T23:50:00"), now), "11-18");
  assert.equal(day(at("2025-11-18T23:50:00"), now), "2025-11-18");
  assert.equal(dayAndTime(at("2026-11-17T19:42:10"), now), "11-17 19:42");
  assert.equal(daysAgo(at("2026-11-18T23:50:00"), now), 1);
  assert.equal(daysAgo(now, now), 0);
  assert.equal(month(at("2024-03-01T00:10:00")), "2024-03");
});

test("what became of an earlier call", () => {
  const of = (/** @type {any} */ call) => ending(call, (code) => `<${code}>`, (s) => `${s}s`);
  assert.deepEqual(of({ outcome: "lost", lost_at: "queue", wait_s: 52 }),
    { tone: "bad", texts: [{ key: "past.lost" }, { key: "past.lost_queue", values: { wait: "52s" } }] });
  assert.deepEqual(of({ outcome: "answered", finish: "direct", satisfied: true }).texts, ["<direct>", { key: "past.satisfied" }]);
  assert.deepEqual(of({ outcome: "answered", finish: null, satisfied: null }).texts, [{ key: "past.answered" }]);
  assert.equal(of({ outcome: "self_service" }).tone, "plain");
});

test("a ticket that he has judged is not offered again, and the one before him stays", () => {
  const [a, b, c] = /** @type {any[]} */ (["a", "b", "c"].map((id) => ({ id })));
  assert.deepEqual(likes([a, b], [b, c], [{ id: "a" }]), [b, c]);
  assert.equal(placeOf([a, b, c], "b"), 1);
  assert.equal(placeOf([a, c], "b"), 0);
  assert.equal(placeOf([], "b"), -1);
});

const words = (/** @type {any} */ more) => ({ call_id: "c", line: "1", side: "citizen", text: "", final: false, at: 1, marks: [], ...more });

test("a line is replaced until it is final; then only marks may come", () => {
  let lines = heard([], words({ text: "路" }));
  lines = heard(lines, words({ text: "路灯", at: 2 }));
  assert.deepEqual(lines.map((line) => [line.text, line.at]), [["路灯", 1]]);
  lines = heard(lines, words({ text: "路灯坏了", final: true }));
  assert.equal(heard(lines, words({ text: "别的" })), lines);
  assert.equal(heard(lines, words({ text: "别的", final: true })), lines);
  assert.equal(heard(lines, words({ text: "路灯坏了", final: true, marks: [{ from: 0, to: 2, kind: "matter" }] }))[0]?.marks.length, 1);
});

test("a text is cut at its marks, whatever they say", () => {
  const mark = (/** @type {number} */ from, /** @type {number} */ to, kind = "address") => ({ from, to, kind });
  assert.deepEqual(cut("青禾路灯", [mark(2, 4, "matter"), mark(0, 3)]), [{ text: "青禾路", kind: "address" }, { text: "灯", kind: "matter" }]);
  assert.deepEqual(cut("路灯", [mark(1, 99)]), [{ text: "路", kind: null }, { text: "灯", kind: "address" }]);
  assert.deepEqual(cut("路灯", [mark(5, 9)]), [{ text: "路灯", kind: null }]);
});

test("what was said before the talk is its first line, however late it comes", () => {
  const line = (/** @type {string} */ name, /** @type {string} */ side) => /** @type {any} */ ({ line: name, side, text: name, final: true, at: 1 });
  const lines = [line("1", "message"), line("2", "agent"), line("3", "citizen")];
  assert.deepEqual(heard(lines, line("4", "message")).map((one) => one.line), ["1", "4", "2", "3"]);
  assert.deepEqual(heard([], line("4", "message")).map((one) => one.line), ["4"]);
  assert.deepEqual(heard([line("1", "message")], line("4", "message")).map((one) => one.line), ["1", "4"]);
});

test("why there is no transcript", () => {
  assert.equal(whyNone("zh-CN", false, true), "words.none");
  assert.equal(whyNone("cantonese", false, true), "words.no_language");
  assert.equal(whyNone("zh-CN", true, true), null);
  assert.equal(whyNone("zh-CN", false, false), null);
  assert.equal(whyNone("zh-CN", false, true, ""), null);
  assert.equal(whyNone("zh-CN", false, true, "off"), "words.none");
  assert.equal(whyNone("zh-CN", false, true, "language"), "words.no_language");
  assert.equal(whyNone("zh-CN", true, true, "lost"), "words.lost");
  assert.equal(whyNone("zh-CN", true, true, "busy"), "words.busy");
  assert.equal(whyNone("zh-CN", false, true, "port"), "words.port");
  assert.equal(whyNone("zh-CN", false, true, "flow"), "words.flow");
  assert.equal(whyNone("zh-CN", false, false, "flow"), null);
  assert.equal(whyNone("zh-CN", true, true, "off"), null);
  assert.equal(whyNone("zh-CN", false, false, "lost"), null);
});
