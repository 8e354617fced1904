// Call records: bars, the word that is spoken, lines and speeds beside, what was found, days, addresses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { afterLogIn, callPlace, placeFrom, placeText } from "../../cti/web/pages/records/places_logic.js";
import { bars, isApart, lengthOf, lineAt, lineBeside, remarks, speedBeside, spokenAt, spotOf, tracksOf, whyNoSound, whyNothing, wordsOf } from "../../cti/web/pages/records/player_logic.js";
import { counts, decimal, findingText, listenFrom, percent, picked } from "../../cti/web/pages/records/quality_logic.js";
import { joined, marked } from "../../cti/web/pages/records/search_logic.js";
import { dayBeside, dayOf, moment, spanOf, timeOf } from "../../cti/web/pages/records/when_logic.js";

/** @param {string} side @param {...[string, number, number]} words @returns {any} */
const line = (side, ...words) => ({
  side, start_s: words[0]?.[1], end_s: words.at(-1)?.[2], text: words.map(([text]) => text).join(""), words: words.map((word) => [...word, 0.9]),
});
const AGENT = line("agent", ["您好", 0, 1], ["请讲", 1.2, 2]);
const CITIZEN = line("citizen", ["路灯", 1.5, 2.5], ["不亮", 2.5, 3]);
/** @param {Partial<import("../../cti/web/pages/records/types.js").Track>} more @returns {any} */
const track = (more = {}) => ({ segment: "1", beganAt: 100, seconds: 10, kind: "agent", who: "a1", sound: "there", words: "recording", lines: [AGENT, CITIZEN], ...more });
const recording = (/** @type {string} */ segment, /** @type {number} */ began_at, more = {}) => ({ segment, began_at, seconds: 10, kind: "agent", who: "a1", there: true, ...more });
/** @param {any[]} recordings @returns {any} */
const recorded = (recordings, more = {}) => ({ call_id: "c1", began_at: 90, ended_at: 130, why_no_words: "", recordings, ...more });
/** @param {string} segment @param {number} began_at @param {any[]} lines @returns {any} */
const segment = (segment, began_at, lines) => ({ segment, source: segment === "live" ? "live" : "recording", began_at, seconds: 9, model: "m", lines });
const said = (/** @type {any[]} */ ...segments) => ({ call_id: "c1", masked: true, segments });

// The player

test("a bar stands where its line is spoken, and none leaves the picture", () => {
  assert.deepEqual(bars(track(), 10), [{ side: "agent", from: 0, width: 0.2 }, { side: "citizen", from: 0.15, width: 0.15 }]);
  const [, over] = bars(track(), 2);
  assert.deepEqual([over?.from, over?.width], [0.75, 0.25]);
  assert.deepEqual(bars(track({ lines: [] }), 0), []);
  assert.equal(lengthOf(track({ seconds: 0 })), 3);
});

test("of each side the word that is spoken is lit, until the next one begins or a moment after its end", () => {
  const words = wordsOf([AGENT, CITIZEN]);
  const at = (/** @type {number} */ second) => spokenAt(words, second).map((n) => [words[n]?.side, words[n]?.word]);
  assert.deepEqual(at(0.5), [["agent", 0]]);
  assert.deepEqual(at(1.1), [["agent", 0]], "held over a short gap");
  assert.deepEqual(at(1.2), [["agent", 1]]);
  assert.deepEqual(at(1.7), [["agent", 1], ["citizen", 0]], "both speak");
  assert.deepEqual(at(2.5), [["citizen", 1]]);
  assert.deepEqual(at(4), []);
  assert.deepEqual(spokenAt([], 1), []);
});

test("a long word is found behind short ones of the other side", () => {
  const words = wordsOf([line("citizen", ["啊", 0, 9]), line("agent", ...Array.from({ length: 40 }, (_, n) => /** @type {[string, number, number]} */ (["嗯", 0.2 * n, 0.2 * n + 0.1])))]);
  assert.deepEqual(spokenAt(words, 8.5).map((n) => words[n]?.side), ["citizen"]);
});

test("the line that is spoken, and the ones beside it", () => {
  const lines = [line("agent", ["甲", 1, 2]), line("citizen", ["乙", 5, 6]), line("agent", ["丙", 9, 10])];
  assert.deepEqual([0.5, 1, 4.9, 5, 20].map((at) => lineAt(lines, at)), [-1, 0, 0, 1, 2]);
  assert.equal(lineBeside(lines, 0, 1), 1);
  assert.equal(lineBeside(lines, 5, 1), 9);
  assert.equal(lineBeside(lines, 9.5, 1), null);
  assert.equal(lineBeside(lines, 8, -1), 5, "first to its own beginning");
  assert.equal(lineBeside(lines, 5.5, -1), 1);
  assert.equal(lineBeside(lines, 1, -1), 1);
  assert.equal(lineBeside(lines, 0, -1), null);
  assert.deepEqual([speedBeside(1, 1), speedBeside(2, 1), speedBeside(0.75, -1), speedBeside(1, -1)], [1.25, 2, 0.75, 0.75]);
});

test("each recording has its own words, in the order of the call", () => {
  const tracks = tracksOf(recorded([recording("2", 120), recording("1", 100, { there: false })]), said(segment("1", 100, [AGENT]), segment("2", 120, [CITIZEN])));
  assert.deepEqual(tracks.map((one) => [one.segment, one.sound, one.words, one.seconds]), [["1", "gone", "recording", 9], ["2", "there", "recording", 9]]);
});

test("who was called to the talk has the name that the directory has for him", () => {
  const name = { zh: "市供水公司", en: "Water company" };
  const [party, agent] = tracksOf(recorded([recording("p1", 100, { kind: "department", who: "water", name }), recording("1", 120)]), said());
  assert.deepEqual([party?.name, agent?.name], [name, null]);
});

test("what was heard live goes to the recording in whose time it was said, and what was said before stands alone", () => {
  const early = line("citizen", ["我要", 1, 2]);
  const later = line("agent", ["您好", 12, 13]);
  const [before, talk] = tracksOf(recorded([recording("1", 100)]), said(segment("live", 90, [early, later])));
  assert.deepEqual([before?.segment, before?.sound, before?.lines], ["live", "none", [early]]);
  assert.deepEqual([talk?.words, talk?.lines[0]?.start_s, talk?.lines[0]?.words[0]], ["live", 2, ["您好", 2, 3, 0.9]]);
  const [only] = tracksOf(recorded([recording("1", 100)]), said(segment("1", 100, [AGENT]), segment("live", 100, [AGENT])));
  assert.deepEqual([only?.words, only?.lines.length], ["recording", 1], "the recording's own words are better");
});

test("a place in the call is found by its line or second, and by the moment once the words have become others", () => {
  const tracks = [track(), track({ segment: "p1", beganAt: 120 })];
  const at = (/** @type {any} */ more) => spotOf(tracks, { ...callPlace("c1"), ...more });
  assert.deepEqual(at({ segment: "1", line: 1 }), { segment: "1", at: 1.5 });
  assert.deepEqual(at({ segment: "p1", at: 4 }), { segment: "p1", at: 4 });
  assert.deepEqual(at({ segment: "1" }), { segment: "1", at: 0 });
  assert.deepEqual(at({ segment: "live", line: 0, when: 122 }), { segment: "p1", at: 2 });
  assert.deepEqual(at({ segment: "1", line: 9, when: 103 }), { segment: "1", at: 3 });
  assert.equal(at({ segment: "live", line: 0, when: 999 }), null);
  assert.equal(at({}), null);
});

test("why there are no words or no sound is said", () => {
  const ended = recorded([]);
  assert.deepEqual(remarks(track(), ended), []);
  assert.deepEqual(remarks(track({ lines: [] }), ended), ["call.words_empty"]);
  assert.deepEqual(remarks(track({ words: "none", lines: [] }), ended), ["call.words_waiting"]);
  assert.deepEqual(remarks(track({ words: "none", lines: [] }), recorded([], { why_no_words: "off" })), ["call.words_off"]);
  assert.deepEqual(remarks(track({ words: "none", lines: [], sound: "gone" }), ended), ["call.words_gone"], "nobody transcribes it any more");
  assert.deepEqual(remarks(track({ words: "live" }), ended), ["call.words_live"]);
  assert.deepEqual(remarks(track({ words: "live", sound: "none" }), recorded([], { ended_at: null })), []);
  assert.deepEqual(["there", "gone", "none"].map((sound) => whyNoSound(track({ sound: /** @type {any} */ (sound) }), ended)), ["", "call.sound_gone", "call.sound_none"]);
  assert.equal(whyNoSound(track({ sound: "none" }), recorded([], { ended_at: null })), "call.sound_live");
  assert.deepEqual(remarks(track({ lines: [line("both", ["好", 0, 1])] }), ended), ["call.mono"]);
  assert.equal(whyNothing(ended), "call.no_recording");
  assert.equal(whyNothing(recorded([], { ended_at: null })), "call.words_not_yet");
  assert.equal(whyNothing(recorded([], { ended_at: null, why_no_words: "language" })), "call.words_language");
});

test("Chinese is written without blanks, other words with one", () => {
  assert.deepEqual([isApart("", "OK"), isApart("WiFi", "6"), isApart("装", "WiFi"), isApart("WiFi", "坏了"), isApart("138", "***")], [false, true, false, false, true]);
});

// The lists

test("what was found is marked, capitals or not; in stars there is nothing to mark", () => {
  assert.deepEqual(marked("路灯坏了，路灯不亮", "路灯"), [{ text: "路灯", hit: true }, { text: "坏了，", hit: false }, { text: "路灯", hit: true }, { text: "不亮", hit: false }]);
  assert.deepEqual(marked("我家wifi坏了", " WiFi "), [{ text: "我家", hit: false }, { text: "wifi", hit: true }, { text: "坏了", hit: false }]);
  assert.deepEqual(marked("打138********", "13800001234"), [{ text: "打138********", hit: false }]);
  assert.deepEqual(marked("好", ""), [{ text: "好", hit: false }]);
  assert.deepEqual(marked("İ灯", "灯"), [{ text: "İ灯", hit: false }], "its small form is longer");
});

test("older lines come after those before, each once", () => {
  const hit = (/** @type {number} */ n) => /** @type {any} */ ({ call_id: "c1", segment: "1", n });
  assert.deepEqual(joined([hit(2), hit(1)], [hit(1), hit(0)]).map((one) => one.n), [2, 1, 0]);
});

test("talks by finding and agent", () => {
  const talk = (/** @type {string} */ agent, /** @type {string[]} */ ...kinds) => /** @type {any} */ ({ agent, findings: kinds.map((kind) => ({ kind, what: "", at_s: 0 })) });
  const talks = [talk("a1", "silence", "silence"), talk("a2", "missing"), talk("a1", "missing")];
  assert.equal(picked(talks, "missing", "").length, 2);
  assert.deepEqual(picked(talks, "missing", "a1"), [talks[2]]);
  assert.equal(picked(talks, "", "").length, 3);
  assert.deepEqual([counts(talks).get("silence"), counts(talks).get("missing"), counts(talks).get("speed")], [1, 2, 0]);
});

test("a finding is heard from a moment before it; what is missing at the end, from before the end", () => {
  const at = (/** @type {number} */ at_s) => listenFrom({ kind: "silence", what: "16", at_s }, 120);
  assert.deepEqual([at(30.26), at(1), at(120)], [28.2, 0, 100]);
  assert.equal(listenFrom({ kind: "missing", what: "goodbye", at_s: 12 }, 12), 0);
  const named = (/** @type {string} */ name) => (name === "goodbye" ? "结束语" : name);
  assert.deepEqual(findingText({ kind: "missing", what: "goodbye", at_s: 0 }, named), { key: "finding.missing", values: { what: "结束语" } });
  assert.deepEqual(findingText({ kind: "share", what: "0.92", at_s: 0 }, named).values, { what: "92%" });
  assert.deepEqual([percent(0.29), percent(0.999), percent(null), decimal(3), decimal(null)], ["29%", "99%", "—", "3.0", "—"]);
});

test("days are the city's, whatever the browser's clock says", () => {
  const at = Date.parse("2026-11-21T16:30:05Z") / 1000; // half past midnight there
  assert.equal(dayOf(at), "2026-11-22");
  assert.equal(timeOf(at), "00:30:05");
  assert.equal(spanOf("2026-11-22").from, Date.parse("2026-11-21T16:00:00Z") / 1000);
  assert.equal(dayBeside("2026-12-31", 1), "2027-01-01");
  assert.equal(moment(at, "zh", at + 60), "00:30:05");
  assert.equal(moment(at, "zh", at + 86_400), "11-22 周日 00:30:05");
  assert.equal(moment(at, "en", at + 86_400), "Sun 22 Nov 00:30:05");
  assert.equal(moment(at, "zh", at + 100 * 86_400), "2026-11-22 周日 00:30:05");
});

test("a place survives its address", () => {
  for (const place of /** @type {import("../../cti/web/pages/records/types.js").Place[]} */ ([
    { view: "search", q: "路灯 & 井盖" },
    { view: "search", q: "" },
    { view: "quality", day: "2026-11-22", kind: "silence", agent: "a1" },
    { view: "call", call: "n1-1763700000.12", segment: "p1", line: 3, at: null, when: 1763700009.5 },
    { view: "call", call: "n1-1.1", segment: "1", line: null, at: 12.5, when: null },
  ])) assert.deepEqual(placeFrom(placeText(place)), place);
  assert.deepEqual(placeFrom("#nonsense/x"), { view: "search", q: "" });
  assert.deepEqual(placeFrom("#quality?day=yesterday"), { view: "quality", day: "", kind: "", agent: "" });
  assert.deepEqual(placeFrom("#call/%zz?t=-1&n=x"), callPlace("%zz"));
  assert.equal(afterLogIn({ ...callPlace("n1-1.1"), segment: "1", at: 3 }), "/records?call=n1-1.1");
  assert.equal(afterLogIn(callPlace("a&b=c")), "/records");
});
