// What the agent has still to look at, and what keeps a ticket from being submitted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { entered, faultBeside, faults, nextOpen, progress, questions, wanted } from "../../cti/web/pages/agent/work/check_logic.js";
import { focused, newDraft, typed, view } from "../../cti/web/pages/agent/work/draft_logic.js";
import { fill, form, own, ticket } from "./support/tickets.js";

const draft = (fields = {}) => newDraft(ticket(fields), "1032");
const LIGHT = "construction.facilities.street_light";

test("Enter confirms and goes to the next field that he has to look at", () => {
  const { draft: after, next } = entered(draft({ caller_name: fill("王女士"), type: own("help", 1), matter: fill(LIGHT) }), form, "caller_name");
  assert.equal(view(after, "caller_name").state, "confirmed");
  assert.equal(next, "matter");
});

test("the way from field to field goes round and knows when there is none", () => {
  const one = draft({ type: own("consultation", 1), matter: own("traffic", 1), title: own("一", 1), content: fill("二"), wants_reply: own(true, 1) });
  assert.equal(nextOpen(one, form, "title"), "content");
  assert.equal(nextOpen(one, form, "content"), null);
  assert.equal(nextOpen(one, form, null, -1), "content");
  assert.equal(nextOpen(one, form, "department"), "content");
});

test("Enter in an empty field takes what a machine proposes; in a filled one never", () => {
  const waiting = (value) => ({ ...focused(draft({ address: value }), "address"), ticket: ticket({ address: fill("青禾路", 2) }, { version: 2 }) });
  assert.equal(view(entered(waiting({}), form, "address").draft, "address").value, "青禾路");
  assert.equal(view(entered(waiting(fill("青禾", 1)), form, "address").draft, "address").value, "青禾");
});

test("what a type requires and what a matter asks for is asked for", () => {
  const now = draft({ type: own("help", 1), matter: own(LIGHT, 1) });
  assert.deepEqual(wanted(now, form), ["street", "address", "detail", "wants_reply", "title", "content"]);
  assert.deepEqual(questions(now, form).map((one) => one.text.zh), ["哪个社区？", "具体在哪？", "灯杆上有编号吗？", "需要回电吗？"]);
  assert.deepEqual(progress(now, form), { confirmed: 2, check: 0, ask: 6 });
});

test("what is missing and what nobody confirmed keeps a ticket back, in the order of the form", () => {
  const now = draft({ type: own("help", 1), matter: fill(LIGHT), street: own("dongcheng", 1), title: own("路灯", 1), content: own("不亮", 1) });
  const found = faults(now, form, /** @type {any} */ (form.finish("dispatch")), null);
  assert.deepEqual(found.map((one) => [one.field, one.code, one.message.zh]), [
    ["matter", "unconfirmed", "请确认事项分类"], ["address", "missing", "请填写详细地址"],
  ]);
});

test("a refusal needs its reason", () => {
  const now = draft({ type: own("consultation", 1) });
  const finish = /** @type {any} */ (form.finish("not_accepted"));
  assert.deepEqual(faults(now, form, finish, null).map((one) => one.field), ["finish"]);
  assert.deepEqual(faults(now, form, finish, "court"), []);
});

test("a fault is said beside a field when he has written in it and left it", () => {
  const writing = typed(focused(draft({ type: own("help", 1) }), "contact_phone"), "contact_phone", "abc");
  assert.equal(faultBeside(writing, form, "contact_phone"), null);
  assert.equal(faultBeside({ ...writing, focused: null }, form, "contact_phone")?.code, "bad_value");
  assert.equal(faultBeside({ ...writing, focused: null }, form, "address"), null);
  const emptied = { ...typed(typed(draft({ type: own("help", 1) }), "address", "东门"), "address", null), focused: null };
  assert.equal(faultBeside(emptied, form, "address")?.code, "missing");
});

test("too long is said before it is sent", () => {
  assert.equal(form.fault("address", "一".repeat(21))?.message.en, "Address has at most 20 characters: shorten it");
  assert.equal(form.fault("contact_phone", "138 0000-1234"), null);
});
