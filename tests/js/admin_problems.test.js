// What the server's checks say is said in Chinese: sentences as the readers of documents and the lint of flows write them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isKnown, problemText } from "../../cti/web/pages/admin/problems_logic.js";

const SENTENCES = [
  "not valid TOML: Invalid value", "waiting.kept: unknown key; known here: kept_place_s, last_agent_days", "did.0.flow: Field required",
  "waiting.kept_place_s: Input should be greater than or equal to 0", "did.0.number: String should match pattern '^\\+?[0-9]{2,20}$'",
  "did.0.flow: there is no flow ctiy; there are bench, city", "did.1.entry: flow city has no node menu", "unknown_number: there is no [[did]] with the number 1",
  "overflow.0.to: a queue's own agents take its callers anyway; name another skill", "surge.rungs.0.off_wait_s: must not be above on_wait_s (5)",
  "alerts.connection_rate.critical_below: must not be above below (0.7)", "alerts.longest_wait.critical_above_s: must not be below above_s (60)",
  "off_days: '31 Feb' is not a date; write it as 2027-02-08", "work_days: 2027-02-08 stands in off_days too; take it out of one of them",
  "skill.video.zh: general is called 综合 already", "agent.a1: skill pets has no name", "agent a1001 has the skill pets, which has no name here",
  "agent a1: skills.general: level must be a whole number from 1 to 5", "agent A1: agent id 'A1': must be a small letter and then 1 to 19 small letters or digits, like a1001",
  "agent a1: unknown key 'nmae'; known: name, skills", "user li: roles: 'boss' is none of supervisor, administrator, auditor",
  "agent.a2.password_hash: ••• stands for a value that is not known here; give a new one", "shift.day.hours: must be like \"22:00-06:00\"; midnight is 00:00",
  "a1001: never planned", "mon 2026-11-23, day: 1 planned, 3 lines to staff", "mon 2026-11-23: nobody is on stand-by",
  "node zero_menu: next leads to unknown node nowhere; known: a, b", "node main: option 5 leads to unknown node x; known: a", "node sign: nothing leads here; lead to it or take it out",
  "start: the last rule must have no condition, or some calls begin nowhere", "node m: key 0 always leads to a person; take it out",
  "node a: prompt greting is not in the catalogue; did you mean greeting?", "node t: transfer to 130 is not allowed; allowed: 110, 119",
  "node a: turns in a circle without a key of the caller's: a -> b -> a", "person: general does not lead to a route; a person is what it promises",
  "node zero_menu: a caller who does nothing hears 6.2 s of prompts before the queue (greeting 6.2); limits.greeting_s is 5",
  "node m: 5 options; more than 4 are not remembered on the telephone", "node x: unknown type menue; known: say, menu", "node x: the path ends here; give next: NODE",
  "node g: after: survey must come to a hangup when the caller does nothing", "not valid YAML: could not find expected ':'", "key a stands here a second time; the first is in line 3",
  "words.risk: must be a list in square brackets", "words: must be a table", "silence_s: Input should be greater than 0", "required.核对地址.phrases: must have at least 1, not 0",
  "agent_speed: must have at most 2, not 3", "words.urgancy: is no field of a ticket; did you mean urgency?", "words.house: is no field of a ticket; known: risk, caller_name",
  "words.urgency.1: 着火 stands in risk too; take it out of one of them", "forbidden.1: 随便你 stands here a second time", "words.risk.1: String should have at least 1 character",
  "agent_share: 0.9 is more than 0.2; give the least, then the most", "required.核对地址.last_s: within_s stands here too; give one of them",
  "required.a.phrases.1: whoever says 您急什么 says 急什么, which is forbidden; take one of them out", "matter.a.b: the form has no matter a.b", "department.0.department: the form has no department polise; did you mean police?",
  "secret.patterns.1: no regular expression: missing ), unterminated subpattern at position 0", "urgent.without.0: 演习 is no shipped word here; it takes nothing away",
  "[greeting] is missing: flow city plays it at node zero_menu", "[hello] is not defined in zh-CN; add it there first", "[greeting]: has no `text`",
];

test("every kind of problem has its Chinese sentence, and English is left as it is", () => {
  for (const sentence of SENTENCES) {
    assert.ok(isKnown(sentence), sentence);
    const said = problemText(sentence, "zh");
    assert.match(said, /[\u4e00-\u9fff]/, said);
    assert.equal(problemText(sentence, "en"), sentence);
  }
});

test("what is wrong with the question to who waits is in Chinese", () => {
  assert.equal(problemText("node a: bye is no route, and who waits has to go on waiting; lead to a route", "zh"), "节点 a：bye 不是队列；排队的人要接着排队，请引到队列");
  assert.equal(problemText("node a: matter b.c is not in the form of tickets", "zh"), "节点 a：工单表单里没有事项 b.c");
  assert.equal(problemText("node a: matter b.c is not in the form of tickets; did you mean b.d or b.e?", "zh"), "节点 a：工单表单里没有事项 b.c；是不是 b.d or b.e？");
});

test("parts of a sentence that are sentences are in Chinese too, and names stay", () => {
  assert.equal(problemText("node a: prompt greting is not in the catalogue; did you mean greeting?", "zh"), "节点 a：没有语音 greting；是不是 greeting？");
  assert.equal(problemText("something new", "zh"), "something new");
});

test("every sentence of the lint of flows is known", () => {
  // The rules as they are written in Python: whoever adds one finds it here.
  const source = readFileSync(new URL("../../ivr_flows/lint.py", import.meta.url), "utf8");
  const said = [...source.matchAll(/f"(node \{name\}: [^"]+|start: [^"]+|person: [^"]+|nodes: [^"]+)"/g)].map((found) => String(found[1]))
    .filter((text) => !/\{(use|text|what)\}/.test(text)); // put together of others, which stand above
  assert.ok(said.length > 15);
  const filled = (/** @type {string} */ text) => text.replace(/\{name\}|\{here\}/g, "a").replace(/\{[^}]*\}/g, "1");
  const unknown = said.map(filled).filter((text) => /[\u4e00-\u9fff]/.test(problemText(text, "zh")) === false || (text.startsWith("node ") && problemText(text, "zh").replace("节点 a：", "") === text.replace("node a: ", "")));
  assert.deepEqual(unknown, []);
});
