// A matter is found by what people type.
import assert from "node:assert/strict";
import { test } from "node:test";
import { initials } from "../../cti/web/pages/agent/work/search_logic.js";
import { form } from "./support/tickets.js";

const found = (/** @type {string} */ typed) => form.find("matter", typed).map((one) => one.own.zh);

test("first letters of pinyin", () => {
  assert.equal(initials("道路照明"), "dlzm");
  assert.equal(initials("挪车 12"), "nc12");
  assert.equal(initials("阿姨, 座椅"), "ayzy");
});

test("by name, by the way to it, by first letters, by English", () => {
  assert.equal(found("照明")[0], "道路照明");
  assert.equal(found("dlzm")[0], "道路照明");
  assert.equal(found("light")[0], "道路照明");
  assert.equal(found("nc")[0], "挪车");
  assert.equal(found("市政 破损")[0], "道路破损");
  assert.deepEqual(found("xyz"), []);
});

test("what shares a character is better than nothing", () => {
  assert.deepEqual(found("路灯"), ["道路照明", "道路破损"]);
});

test("nothing typed offers all, with the way to each", () => {
  assert.equal(form.find("matter", "").length, 6);
  assert.equal(form.called("matter", "construction.facilities.road")?.zh, "城乡建设 › 市政设施 › 道路破损");
});
