// A draft between the server and the agent's hands.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  blurred, confirmed, focused, gaveWay, kept, newDraft, settled, settlesAt, took, typed, undone, view, withTicket,
} from "../../cti/web/pages/agent/work/draft_logic.js";
import { fill, own, ticket } from "./support/tickets.js";

const draft = (fields = {}) => newDraft(ticket(fields), "1032");

test("a machine fills an empty field", () => {
  const after = withTicket(draft(), ticket({ address: fill("青禾路") }, { version: 2 }), 0);
  assert.equal(view(after, "address").value, "青禾路");
  assert.equal(view(after, "address").state, "check");
});

test("what came late is not heard", () => {
  const now = withTicket(draft(), ticket({ address: fill("青禾路") }, { version: 5 }), 0);
  assert.equal(withTicket(now, ticket({}, { version: 4 }), 0), now);
});

test("the machine does not write under his hands: the value waits as a proposal until he leaves", () => {
  const at = focused(draft({ address: fill("青禾路") }), "address");
  const after = withTicket(at, ticket({ address: fill("青禾路 16 号", 2) }, { version: 2 }), 0);
  assert.equal(view(after, "address").value, "青禾路");
  assert.equal(view(after, "address").proposal?.value, "青禾路 16 号");
  const left = blurred(after, 1000);
  assert.equal(view(left, "address").value, "青禾路 16 号");
  assert.equal(view(left, "address").proposal, null);
});

test("a field is filled at most once in half a second", () => {
  const first = withTicket(draft(), ticket({ title: fill("路") }, { version: 2 }), 1000);
  const second = withTicket(first, ticket({ title: fill("路灯", 2) }, { version: 3 }), 1200);
  assert.equal(view(second, "title").value, "路");
  assert.equal(settlesAt(second), 1500);
  assert.equal(view(settled(second, 1500), "title").value, "路灯");
  assert.equal(settlesAt(settled(second, 1500)), null);
});

test("what he typed is his and stays, whatever a machine says then", () => {
  const his = typed(draft({ title: fill("路") }), "title", "路灯不亮");
  const after = withTicket(blurred(his, 0), ticket({ title: fill("路灯坏了", 2) }, { version: 2 }), 9000);
  assert.equal(view(after, "title").value, "路灯不亮");
  assert.equal(view(after, "title").state, "own");
  assert.equal(view(after, "title").source, "agent");
  assert.deepEqual(after.mine.title, { value: "路灯不亮", how: "typed", base: 1, n: 1, sent: 0 });
});

test("confirming keeps the value, its source and its confidence", () => {
  const seen = view(confirmed(draft({ street: fill("dongcheng", 3) }), "street"), "street");
  assert.deepEqual([seen.value, seen.state, seen.source, seen.confidence], ["dongcheng", "confirmed", "speech", 0.8]);
});

test("confirming nothing, or what is settled, changes nothing", () => {
  assert.deepEqual(confirmed(draft(), "street").mine, {});
  assert.deepEqual(confirmed(draft({ street: own("dongcheng", 2) }), "street").mine, {});
});

test("emptying a field is a change of its own", () => {
  assert.equal(typed(draft({ title: fill("路") }), "title", null).mine.title?.how, "cleared");
});

test("writing back what stood there is no change", () => {
  const back = typed(typed(draft({ title: fill("路") }), "title", "路灯"), "title", "路");
  assert.deepEqual(back.mine, {});
});

test("a proposal is taken with its source", () => {
  const proposal = { value: "青禾路 16 号", source: "speech", confidence: 0.95 };
  const after = took(draft({ address: { ...own("青禾路", 4), proposal } }), "address", "青禾路 16 号");
  assert.deepEqual(after.mine.address, { value: "青禾路 16 号", how: "taken", base: 4, n: 1, sent: 0 });
  assert.equal(view(after, "address").source, "speech");
});

test("a value that waited because of his hands is taken by confirming it", () => {
  const at = focused(draft({ address: fill("青禾路") }), "address");
  const after = took(withTicket(at, ticket({ address: fill("青禾路 16 号", 2) }, { version: 2 }), 0), "address", "青禾路 16 号");
  assert.equal(after.mine.address?.how, "confirmed");
  assert.equal(after.mine.address?.base, 2);
});

test("somebody else's change of the field under his hands is shown and changes nothing", () => {
  const at = focused(draft({ urgency: own("normal", 1) }), "urgency");
  const after = withTicket(at, ticket({ urgency: { ...own("urgent", 2, "1001"), at: 5 } }, { version: 2 }), 0);
  assert.equal(view(after, "urgency").value, "normal");
  assert.deepEqual(view(after, "urgency").theirs, { value: "urgent", by: "1001", at: 5 });
  assert.equal(view(blurred(after, 0), "urgency").value, "normal");
  assert.equal(view(kept(after, "urgency"), "urgency").value, "normal");
  assert.equal(kept(after, "urgency").mine.urgency?.base, 2);
  assert.equal(view(gaveWay(after, "urgency"), "urgency").value, "urgent");
});

test("somebody else's change of an empty field waits until he leaves it", () => {
  const after = withTicket(focused(draft(), "title"), ticket({ title: own("路灯", 1, "1001") }, { version: 2 }), 0);
  assert.equal(view(after, "title").value, null);
  assert.equal(view(after, "title").proposal?.value, "路灯");
  assert.equal(view(blurred(after, 0), "title").value, "路灯");
});

test("one visit to a field is one step of undo", () => {
  let now = focused(draft(), "title");
  for (const text of ["路", "路灯", "路灯坏"]) now = typed(now, "title", text);
  now = blurred(now, 0);
  now = blurred(typed(focused(now, "title"), "title", "路灯坏了"), 0);
  const first = undone(now);
  assert.deepEqual([first.step?.from, first.step?.to], ["路灯坏", "路灯坏了"]);
  assert.equal(view(first.draft, "title").value, "路灯坏");
  const second = undone(first.draft);
  assert.equal(view(second.draft, "title").value, null);
  assert.equal(undone(second.draft).step, null);
});

test("a machine's fill can be undone, and is then empty by his will", () => {
  const filled = withTicket(draft(), ticket({ urgency: fill("urgent") }, { version: 2 }), 0);
  const { draft: back, step } = undone(filled);
  assert.equal(step?.by, "machine");
  assert.deepEqual(back.mine.urgency, { value: null, how: "cleared", base: 1, n: 1, sent: 0 });
});

test("undo does not undo what another person wrote since", () => {
  const his = typed(draft(), "title", "路灯");
  const theirs = { ...his, mine: {}, shown: { ...his.shown, title: { ...his.shown.title, ...own("别的", 9, "1001") } } };
  assert.equal(undone(/** @type {any} */ (theirs)).step, null);
});
