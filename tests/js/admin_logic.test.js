// The pure parts of the administrator's desk.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { moved, monthsOf, switched } from "../../cti/web/pages/admin/calendar_logic.js";
import { backEdges, BOX, layout, neighbour, ranks } from "../../cti/web/pages/admin/flow_logic.js";
import { columnsOf, levelFault, levelOf, step } from "../../cti/web/pages/admin/matrix_logic.js";
import { idFault, matching, peopleOf } from "../../cti/web/pages/admin/people_logic.js";
import { docsOf, drafted, placeFrom, placeText } from "../../cti/web/pages/admin/places_logic.js";
import { choicesOf, nameFault, newWords, partOf } from "../../cti/web/pages/admin/words_logic.js";
import { count, lineSpan, moment } from "../../cti/web/pages/admin/text_logic.js";

const ROSTER = { agent: { a1001: { name: "李明", skills: { general: 3 }, phone: "•••" }, a1002: { skills: { video: 1 } } } };
const USERS = { user: { a1001: { roles: ["supervisor"] }, wang: { name: "王敏", roles: ["administrator"] } } };

test("agents and users are one list, and a user who is an agent stands in it once", () => {
  const people = peopleOf(ROSTER, USERS);
  assert.deepEqual(people.map(({ id, agent, roles }) => [id, agent, roles]), [
    ["a1001", true, ["supervisor"]], ["a1002", true, []], ["wang", false, ["administrator"]],
  ]);
  assert.deepEqual(peopleOf(null, { user: 3 }), []);
});

test("people are found by name, id or skill, in whatever words", () => {
  const people = peopleOf(ROSTER, USERS);
  const word = (/** @type {string} */ skill) => (skill === "video" ? "视频" : skill);
  assert.deepEqual(matching(people, "视频", word).map((one) => one.id), ["a1002"]);
  assert.deepEqual(matching(people, "a1 李", word).map((one) => one.id), ["a1001"]);
  assert.equal(idFault("a1001", people), "people.id_taken");
  assert.equal(idFault("12", people), "people.id_form");
  assert.equal(idFault("a9", people), "");
});

test("the grid is walked by keys and never left", () => {
  assert.deepEqual(step({ row: 0, column: 0 }, "ArrowUp", 3, 4), { row: 0, column: 0 });
  assert.deepEqual(step({ row: 2, column: 1 }, "ArrowDown", 3, 4), { row: 2, column: 1 });
  assert.deepEqual(step({ row: 1, column: 1 }, "End", 3, 4, true), { row: 2, column: 3 });
  assert.equal(step({ row: 1, column: 1 }, "x", 3, 4), null);
  assert.deepEqual(["3", "0", "Delete", "6", "a"].map(levelOf), [3, 0, 0, null, null]);
  assert.deepEqual(columnsOf([{ id: "video" }, { id: "general" }], peopleOf({ agent: { b: { skills: { pets: 1 } } } }, {})), ["video", "general", "pets"]);
  assert.equal(levelFault({ general: 3 }, "general", 0), "skills.last");
  assert.equal(levelFault({ general: 3, video: 1 }, "general", 0), "");
});

test("a place stands in the address and comes back from it", () => {
  const place = { section: "flows", item: "city", view: /** @type {const} */ ("history"), mode: /** @type {const} */ ("text"), doc: "flow.city" };
  assert.deepEqual(placeFrom(`#${placeText(place)}`), place);
  assert.equal(placeFrom("#nothing/x").section, "people");
  assert.equal(placeText({ ...place, view: "edit", mode: "form", doc: "" }), "flows/city");
});

test("a section has its documents, and a mark while one of them has a draft", () => {
  const row = (/** @type {string} */ id, draft = false) => /** @type {any} */ ({ id, draft });
  const rows = [row("roster"), row("flow.bench"), row("flow.city", true), row("rules", true)];
  assert.deepEqual(docsOf("flows", rows, ""), ["flow.city"]);
  assert.deepEqual(docsOf("flows", rows, "night"), ["flow.night"]);
  assert.deepEqual([...drafted(rows)].sort(), ["flows", "queues", "rules"]);
});

test("a year is shown with the city's days over the national ones", () => {
  const base = "w".repeat(365);
  const months = monthsOf(2027, `h${base.slice(1)}`, ["2027-02-08"], ["2027-01-01"]);
  assert.equal(months.length, 12);
  assert.deepEqual(months[0]?.days[0], { date: "2027-01-01", day: 1, base: "holiday", kind: "work", own: true });
  assert.equal(months[0]?.first, 4); // a Friday
  const day = /** @type {any} */ (months[1]?.days[7]);
  assert.deepEqual([day.date, day.kind, day.own], ["2027-02-08", "holiday", true]);
  assert.deepEqual(switched(day, ["2027-02-08"], []), { off: [], work: [] });
  assert.deepEqual(switched({ ...day, own: false }, [], []), { off: ["2027-02-08"], work: [] });
  assert.deepEqual(switched({ ...day, own: false, base: "weekend" }, [], []), { off: [], work: ["2027-02-08"] });
  assert.equal(moved("2027-02-28", 1), "2027-03-01");
});

test("lines, times and figures", () => {
  assert.deepEqual(lineSpan("ab\ncd\n\ne", 2), { from: 3, to: 5 });
  assert.deepEqual(lineSpan("ab", 9), { from: 2, to: 2 });
  assert.equal(moment(0, "zh", 1), "—");
  assert.equal(count(99_999, "zh"), "99,999");
  assert.equal(count(123_456, "zh"), "12.3 万");
  assert.equal(count(123_456, "en"), "123k");
});

// Layout

/** @param {Record<string, string[]>} graph @param {string[]} start */
const picture = (graph, start) => /** @type {any} */ ({
  nodes: Object.keys(graph).map((name) => ({ name, type: "say", line: 1, prompts: [] })),
  edges: Object.entries(graph).flatMap(([from, tos]) => tos.map((to) => ({ from, to, by: "itself", labels: [], known: to in graph }))),
  start: start.map((to) => ({ to, line: 1, dialled: [], mode: [], hours: [], days: [] })),
  person: "", languages: [],
});

test("whoever comes later stands further right, and no two boxes overlap", () => {
  const { boxes, ways, width, height } = layout(picture({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] }, ["a"]));
  const x = Object.fromEntries(boxes.map((box) => [box.node.name, box.x]));
  assert.ok(Number(x["a"]) < Number(x["b"]) && x["b"] === x["c"] && Number(x["c"]) < Number(x["d"]));
  for (const one of boxes) {
    assert.ok(one.x >= 0 && one.x + BOX.width <= width && one.y >= 0 && one.y + BOX.height <= height);
    for (const other of boxes) {
      const apart = Math.abs(one.x - other.x) >= BOX.width || Math.abs(one.y - other.y) >= BOX.height;
      assert.ok(one === other || apart);
    }
  }
  assert.equal(ways.length, 4);
});

test("a menu that repeats goes back, and what leads nowhere is told", () => {
  const graph = picture({ a: ["b"], b: ["a", "nowhere"] }, ["a"]);
  const { ways, lost } = layout(graph);
  assert.deepEqual(ways.map((way) => [way.from, way.to, way.back]), [["a", "b", false], ["b", "a", true]]);
  assert.deepEqual(lost, [{ from: "b", to: "nowhere" }]);
});

test("ranks are the longest ways, and cycles end", () => {
  const edges = [{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "a", to: "c" }];
  assert.deepEqual([...ranks(["a", "b", "c"], edges, ["a"])], [["a", 0], ["b", 1], ["c", 2]]);
  const round = [...edges, { from: "c", to: "a" }];
  assert.deepEqual([...backEdges(["a", "b", "c"], round, ["a"])], [{ from: "c", to: "a" }]);
});

test("arrows lead to the nearest box, and stop at the edge", () => {
  const { boxes } = layout(picture({ a: ["b", "c"], b: [], c: [] }, ["a"]));
  const right = neighbour(boxes, "a", "ArrowRight");
  assert.ok(right === "b" || right === "c");
  assert.equal(neighbour(boxes, "a", "ArrowLeft"), null);
  assert.equal(neighbour(boxes, "a", "x"), null);
});

test("what is typed becomes words, each once, and patterns stay whole", () => {
  assert.deepEqual(newWords(" 着火、塌方，塌方;漏气 爆炸\n自杀", ["漏气"], false), ["着火", "塌方", "爆炸", "自杀"]);
  assert.deepEqual(newWords("thank you, goodbye", [], false), ["thank you", "goodbye"]);
  assert.deepEqual(newWords("别(说|讲), 是我 ", [], true), ["别(说|讲), 是我"]);
  assert.deepEqual(newWords("着火", ["着火"], false), []);
});

test("a tree of matters is a list of choices with the way to each", () => {
  const tree = [{ id: "a", zh: "甲", en: "A", children: [{ id: "a.b", zh: "乙", en: "B", children: [] }] }, { id: "c", zh: "丙", en: "C", children: [] }];
  assert.deepEqual(choicesOf(tree, "zh"), [["a", "甲"], ["a.b", "甲 › 乙"], ["c", "丙"]]);
});

test("the words of the chosen item are those of one document", () => {
  const doc = (/** @type {string} */ item) => [partOf(item), docsOf("words", [], item)];
  assert.deepEqual(doc(""), [{ doc: "key_words", part: "" }, ["key_words"]]);
  assert.deepEqual(doc("quality"), [{ doc: "quality", part: "" }, ["quality"]]);
  assert.deepEqual(doc("prefill/urgency"), [{ doc: "prefill", part: "urgency" }, ["prefill"]]);
  assert.deepEqual(doc("prefill/nothing"), [{ doc: "prefill", part: "matters" }, ["prefill"]]);
});

test("a name of what has to be said is one key of the text", () => {
  assert.deepEqual(["核对地址", "核对 地址", "a.b", 'a"', "", "greeting"].map((name) => nameFault(name, ["greeting"])),
    ["", "words.name_form", "words.name_form", "words.name_form", "words.name_form", "words.name_taken"]);
});

test("both languages have the same words, none is empty, and their blanks are the same", () => {
  const of = (/** @type {string} */ lang) =>
    /** @type {Record<string, string>} */ (JSON.parse(readFileSync(new URL(`../../cti/web/pages/admin/words.${lang}.json`, import.meta.url), "utf8")));
  const [zh, en] = [of("zh"), of("en")];
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const [key, text] of Object.entries(zh)) {
    const blanks = (/** @type {string} */ one) => [...one.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
    assert.ok(text && en[key], key);
    assert.deepEqual([...new Set(blanks(text))], [...new Set(blanks(en[key] ?? ""))], key);
  }
});
