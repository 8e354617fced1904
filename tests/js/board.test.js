// The channel of live pages: messages folded, holes seen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Topics } from "../../cti/web/pages/shared/board_logic.js";

const FULL = { topic: "seats", seq: 7, at: 1, full: { agents: { a1: { state: "idle" }, a2: { state: "talking" } } } };

test("rows are replaced whole, new sections made, and what is gone goes", () => {
  const topics = new Topics();
  assert.equal(topics.take(structuredClone(FULL)), true);
  assert.equal(topics.take({ topic: "seats", seq: 8, at: 2, set: { agents: { a1: { since: 3 } }, calls: { c1: {} } }, gone: { agents: ["a2"] } }), true);
  assert.deepEqual(topics.state("seats"), { agents: { a1: { since: 3 } }, calls: { c1: {} } });
});

test("a beat changes nothing", () => {
  const topics = new Topics();
  topics.take(structuredClone(FULL));
  assert.equal(topics.take({ topic: "", at: 3 }), true);
  assert.deepEqual(topics.state("seats"), FULL.full);
});

test("a message that is missing is noticed, and what came before any full one", () => {
  const topics = new Topics();
  assert.equal(topics.take({ topic: "seats", seq: 8, at: 2, set: {} }), false);
  topics.take(structuredClone(FULL));
  assert.equal(topics.take({ topic: "seats", seq: 9, at: 2, set: { agents: { a1: {} } } }), false);
  assert.deepEqual(topics.state("seats").agents?.a1, { state: "idle" });
});

test("a fresh full one puts everything right", () => {
  const topics = new Topics();
  topics.take(structuredClone(FULL));
  assert.equal(topics.take({ topic: "seats", seq: 30, at: 9, full: { agents: {} } }), true);
  assert.deepEqual(topics.state("seats"), { agents: {} });
});
