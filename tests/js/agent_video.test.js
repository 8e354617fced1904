// When an agent's page shows a picture, what stands in its place, and how a recording leaves the page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkQueue, fit, insteadOf, placeOf, retryS, toRecord, together } from "../../cti/web/pages/agent/video/video_logic.js";

const CALL = { call_id: "c1", medium: "voice", phase: "talk" };
/** @param {object} some */
const visit = (some = {}) => ({ call_id: "c1", page: true, gone_since: null, camera: true, records: true, invited: false, beside: null, choice: /** @type {const} */ ("video"), ...some });

test("a call by video has the panel, a voice call the invitation, once it is talked in and the agent can show a picture", () => {
  const place = (/** @type {object} */ some) => placeOf({ call: CALL, visit: null, seesVideo: true, ...some });
  assert.equal(place({ call: { ...CALL, medium: "video", phase: "ringing" } }), "panel");
  assert.equal(place({}), "invite");
  assert.equal(place({ call: { ...CALL, phase: "ringing" } }), "hidden");
  assert.equal(place({ seesVideo: false }), "hidden");
  assert.equal(place({ visit: visit({ invited: true }) }), "panel", "he has come by the link");
  assert.equal(place({ visit: visit({ call_id: "c0" }) }), "invite", "of another call");
  assert.equal(place({ call: null, visit: visit() }), "hidden");
});

test("where no picture is, words say why", () => {
  const key = (/** @type {string} */ state, /** @type {any} */ of, has = true, line = true) => insteadOf(state, of, { has, line }, 112.5)?.key ?? null;
  assert.equal(key("talking", visit()), null);
  assert.equal(key("offered", visit()), "video.offered");
  assert.equal(key("wrap_up", visit()), "video.over");
  assert.equal(key("talking", visit({ choice: "text" })), "video.text_only");
  assert.equal(key("talking", visit({ camera: false })), "video.none");
  assert.equal(key("talking", visit(), false, false), "video.connecting");
  assert.deepEqual(insteadOf("held", visit({ page: false, gone_since: 100 }), { has: true, line: true }, 112.5), { key: "video.away", values: { seconds: 12 } });
});

test("a picture is recorded only while it is talked, there is one, and the citizen has agreed", () => {
  const now = { talks: true, has: true };
  assert.equal(toRecord(visit(), now), true);
  assert.equal(toRecord(visit({ records: false }), now), false);
  assert.equal(toRecord(visit({ choice: "text" }), now), false);
  assert.equal(toRecord(visit(), { talks: false, has: true }), false);
  assert.equal(toRecord(null, now), false);
});

test("a picture keeps its shape within a frame", () => {
  assert.deepEqual(fit(480, 640, 480, 480), { x: 60, y: 0, width: 360, height: 480 });
  assert.deepEqual(fit(640, 480, 480, 480), { x: 0, y: 60, width: 480, height: 360 });
});

test("chunks leave in their order, and what the daemon has is forgotten", () => {
  const queue = new ChunkQueue(3);
  const data = new Blob(["x"]);
  assert.deepEqual([queue.add(data, false), queue.add(data, false), queue.add(null, true)], [true, true, true]);
  assert.equal(queue.add(data, false), false, "more than may wait");
  assert.equal(queue.first?.chunk, 0);
  queue.arrived(2);
  assert.deepEqual([queue.first?.chunk, queue.first?.last], [2, true]);
  queue.arrived(3);
  assert.equal(queue.first, null);
});

test("tries come slower, and never more than eight seconds apart", () => assert.deepEqual([1, 2, 3, 9].map(retryS), [0.5, 1, 2, 8]));

test("a line that is told while the earlier ones are fetched is not lost, nor there twice", () => {
  assert.deepEqual(together([{ id: 5 }, { id: 7 }], [{ id: 7 }, { id: 9 }]).map((line) => line.id), [5, 7, 9]);
  assert.deepEqual(together([], [{ id: 9 }]), [{ id: 9 }]);
});
