// What of a draft is sent, what an answer settles, and what a lost page leaves behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { confirmed, focused, newDraft, typed, view } from "../../cti/web/pages/agent/work/draft_logic.js";
import { arrived, isDone, isSaved, notArrived, restored, retryAfter, toKeep, toSend } from "../../cti/web/pages/agent/work/save_logic.js";
import { fill, form, own, ticket } from "./support/tickets.js";

const draft = (fields = {}) => newDraft(ticket(fields), "1032");

test("a change is sent once, with the version that he had before him", () => {
  const { draft: sent, changes } = toSend(typed(draft({ title: fill("路", 3) }), "title", "路灯"), form);
  assert.deepEqual(changes, [{ field: "title", value: "路灯", base: 3, how: "typed" }]);
  assert.deepEqual(toSend(sent, form).changes, []);
  assert.equal(isSaved(sent, form), false);
});

test("what the daemon would refuse stays here and holds nothing up", () => {
  const both = typed(typed(draft(), "contact_phone", "不知道"), "title", "路灯");
  const { draft: sent, changes } = toSend(both, form);
  assert.deepEqual(changes.map((one) => one.field), ["title"]);
  const after = arrived(sent, changes, ticket({ title: own("路灯", 1) }, { version: 2 }), 0);
  assert.equal(isSaved(after, form), true);
  assert.equal(view(after, "contact_phone").value, "不知道");
});

test("an answer settles what was sent, and what was written since is sent with the new version", () => {
  const { draft: sent, changes } = toSend(typed(draft(), "title", "路"), form);
  const on = typed(sent, "title", "路灯");
  const after = arrived(on, changes, ticket({ title: own("路", 1) }, { version: 2 }), 0);
  assert.equal(view(after, "title").value, "路灯");
  assert.deepEqual(toSend(after, form).changes, [{ field: "title", value: "路灯", base: 1, how: "typed" }]);
});

test("the text that the daemon has cleaned is not changed under his hands", () => {
  const at = typed(focused(draft(), "contact_phone"), "contact_phone", "138 0000 1234");
  const { draft: sent, changes } = toSend(at, form);
  const after = arrived(sent, changes, ticket({ contact_phone: own("13800001234", 1) }, { version: 2 }), 0);
  assert.equal(view(after, "contact_phone").value, "138 0000 1234");
  assert.deepEqual(after.mine, {});
});

test("of one field that two wrote both values stay until he chooses", () => {
  const { draft: sent, changes } = toSend(typed(typed(draft(), "title", "我的"), "address", "东门"), form);
  const answer = ticket({ title: { ...own("班长的", 2, "1001"), at: 7 }, address: own("东门", 1) }, { version: 4 });
  const after = arrived(sent, changes, answer, 0, { conflicts: ["title"] });
  assert.equal(view(after, "title").value, "我的");
  assert.deepEqual(view(after, "title").theirs, { value: "班长的", by: "1001", at: 7 });
  assert.equal(view(after, "address").theirs, null);
  assert.deepEqual(toSend(after, form).changes, []);
});

test("a value that the daemon will not have stays until it is another one", () => {
  const { draft: sent, changes } = toSend(typed(draft(), "matter", "traffic"), form);
  const fault = { field: "matter", code: "bad_value", message: { zh: "没有这个选项", en: "No such choice" } };
  const after = arrived(sent, changes, ticket({}, { version: 1 }), 0, { faults: [/** @type {any} */ (fault)] });
  assert.deepEqual(toSend(after, form).changes, []);
  assert.equal(isSaved(after, form), true);
  assert.equal(view(after, "matter").value, "traffic");
  assert.equal(toSend(typed(after, "matter", "construction"), form).changes.length, 1);
});

test("what he confirmed is written when the machine bettered it on the way", () => {
  const { draft: sent, changes } = toSend(confirmed(draft({ title: fill("路灯", 1) }), "title"), form);
  const after = arrived(sent, changes, ticket({ title: fill("路灯不亮", 2) }, { version: 2 }), 0);
  assert.deepEqual(toSend(after, form).changes, [{ field: "title", value: "路灯", base: 2, how: "typed" }]);
});

test("what did not arrive is sent again", () => {
  const { draft: sent, changes } = toSend(typed(draft(), "title", "路灯"), form);
  assert.deepEqual(toSend(notArrived(sent), form).changes, changes);
});

test("a lost page loses nothing", () => {
  const { draft: sent } = toSend(typed({ ...draft(), caret: { field: "title", start: 2, end: 2 } }, "title", "路灯"), form);
  const copy = JSON.parse(JSON.stringify(toKeep(sent, 5)));
  assert.equal(copy.title, "路灯");
  assert.equal(isDone(copy), false);
  const back = restored(newDraft(ticket({}, { version: 9 }), "1032"), copy);
  assert.equal(view(back, "title").value, "路灯");
  assert.deepEqual(back.caret, { field: "title", start: 2, end: 2 });
  assert.equal(toSend(back, form).changes.length, 1);
  assert.equal(back.undo.length, 1);
});

test("a copy of another ticket is left alone", () => {
  const copy = toKeep(typed(draft(), "title", "路灯"), 5);
  const other = newDraft(ticket({}, { id: "T-2" }), "1032");
  assert.equal(restored(other, copy), other);
});

test("tries come less and less often", () => {
  assert.deepEqual([1, 2, 3, 9].map(retryAfter), [1000, 2000, 4000, 15000]);
});
