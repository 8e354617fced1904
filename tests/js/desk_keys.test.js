// Keys, the telephone's rules, who can be called, the log-in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findKeys, keyOf, KEYS, keyText, Throttle } from "../../cti/web/pages/agent/keys_logic.js";
import { reachable, search } from "../../cti/web/pages/agent/moving_logic.js";
import { lossBetween, offersVideo, onInvite, readingOf, SilenceWatch, withoutBandwidthEstimates } from "../../cti/web/pages/agent/phone_logic.js";
import { plannedS, reasonKey } from "../../cti/web/pages/agent/status_logic.js";
import { allFine, minutes, pageOf, refusalText } from "../../cti/web/pages/login/login_logic.js";

const press = (key, more = {}) => ({ key, keyCode: 0, isComposing: false, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
const name = (event, inDraft = false) => keyOf(event, inDraft)?.name ?? null;

test("function keys act wherever the caret is", () => {
  assert.equal(name(press("F2")), "answer");
  assert.equal(name(press("F2", { shiftKey: true }), true), "end");
  assert.equal(name(press("F9", { shiftKey: true })), "keypad");
  assert.equal(name(press("F2", { ctrlKey: true })), null);
});

test("Enter confirms only in the draft, and never while an input method needs it", () => {
  assert.equal(name(press("Enter")), null);
  assert.equal(name(press("Enter"), true), "confirm");
  assert.equal(name(press("Enter", { isComposing: true }), true), null);
  assert.equal(name(press("Enter", { keyCode: 229 }), true), null);
  assert.equal(name(press("Enter", { ctrlKey: true })), "submit");
  assert.equal(name(press("z", { metaKey: true }), true), "undo");
});

test("no key that makes a character is taken", () => {
  for (const { keys } of KEYS) assert.match(keys, /^(Shift\+)?F\d+$|Arrow|Enter|Escape|^Ctrl\+Z$/);
  assert.equal(new Set(KEYS.map(({ keys }) => keys)).size, KEYS.length);
});

test("the sheet finds a key by its name or by what it does", () => {
  assert.deepEqual(findKeys("shift f2", (one) => one).map((key) => key.name), ["end"]);
  assert.deepEqual(findKeys("保持", (one) => (one === "hold" ? "保持" : "")).map((key) => key.name), ["hold"]);
  assert.equal(findKeys("", (one) => one).length, KEYS.length);
  assert.equal(keyText("submit"), "Ctrl ↵");
});

test("a second hang-up within the second is none", () => {
  const throttle = new Throttle(1000);
  assert.deepEqual([0, 500, 1001, 1500].map((now) => throttle.passes(now)), [true, false, true, false]);
});

const line = (state, callId = null) => ({ state, callId });

test("what an INVITE does", () => {
  const act = (leg, callId, now, wanted = null, shown = callId) => onInvite(leg, callId, now, wanted, shown);
  assert.equal(act("offer", "c1", line("none")), "ring");
  assert.equal(act(undefined, undefined, line("none")), "ring");
  assert.equal(act("offer", "c1", line("none"), "c1"), "answer");
  assert.equal(act("offer", "c2", line("talking", "c1"), null, "c1"), "busy");
  assert.equal(act("reattach", "c1", line("none")), "answer");
  assert.equal(act("reattach", "c1", line("talking", "c1")), "replace");
  assert.equal(act("consult", "c1", line("talking", "c1")), "beside");
  assert.equal(act("consult", "c1", line("ringing", "c1")), "busy");
  assert.equal(act("party", "c3", line("none")), "ring");
});

test("a talk that is over by the server's word stands in no call's way", () => {
  assert.equal(onInvite("offer", "c2", line("talking", "c1"), null, "c2"), "ring_instead");
  assert.equal(onInvite("offer", "c2", line("talking", "c1"), "c2", "c2"), "replace");
  assert.equal(onInvite("offer", "c2", line("talking", "c1"), null, null), "busy");
});

test("neither side hears of bandwidth estimates", () => {
  const sdp = "v=0\r\na=rtcp-fb:* transport-cc\r\na=extmap:3 http://x/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\na=extmap:2 http://x/abs-send-time\r\nm=video 9 x 96\r\n";
  assert.equal(withoutBandwidthEstimates(sdp), "v=0\r\nm=video 9 x 96\r\n");
  assert.ok(offersVideo(sdp));
  assert.ok(!offersVideo("m=video 0 x 96\r\nm=audio 9 x 8"));
});

test("quality from the browser's figures", () => {
  const reading = readingOf([
    ["1", { type: "inbound-rtp", kind: "audio", packetsReceived: 95, packetsLost: 5, audioLevel: 0.2 }],
    ["2", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.038 }],
    ["3", { type: "media-source", kind: "audio", totalAudioEnergy: 1, totalSamplesDuration: 2, audioLevel: 0.4 }],
  ]);
  assert.equal(reading.rttS, 0.038);
  assert.equal(lossBetween({ ...reading, received: 0, lost: 0 }, reading), 0.05);
  assert.equal(lossBetween(null, reading), 0);
});

test("a microphone that gives nothing for 5 s is noticed; who listens in a quiet room is not", () => {
  const at = (energy, duration) => ({ received: 0, lost: 0, rttS: null, level: 0, heard: 0, energy, duration });
  const hears = (energy, open = true) => {
    const watch = new SilenceWatch();
    return [0, 1, 2, 3, 4, 5, 6].map((second) => watch.hear(second ? at(energy * (second - 1), second - 1) : null, at(energy * second, second), second, open));
  };
  assert.deepEqual(hears(0), [false, false, false, false, false, true, true]);
  assert.ok(!hears(1e-6).some(Boolean)); // -60 dB, a quiet room
  assert.ok(!hears(0, false).some(Boolean)); // muted or on hold
});

const entries = [
  { id: "tax", kind: "department", zh: "税务热线", en: "Taxes", note: "12366", modes: ["conference"], state: "open", skills: ["general"] },
  { id: "hr", kind: "department", zh: "人社热线", en: "HR", note: "", modes: [], state: "closed", skills: ["social_security"] },
  { id: "1041", kind: "agent", zh: "周敏", en: "周敏", note: "", modes: [], state: "idle" },
  { id: "1032", kind: "agent", zh: "李静", en: "李静", note: "", modes: [], state: "talking" },
  { id: "queue:general", kind: "queue", zh: "综合", en: "general", note: "", modes: ["blind"], state: "open" },
];
const ids = (asked, queue = null) => search(entries, asked, "1032", queue).map(({ id }) => id);

test("whom to call: found by any word, free ones first, never oneself", () => {
  assert.deepEqual(ids(""), ["tax", "hr", "queue:general", "1041"]);
  assert.deepEqual(ids("", "social_security"), ["hr", "tax", "queue:general", "1041"]);
  assert.deepEqual(ids("热线 123"), ["tax"]);
  assert.deepEqual(ids("李静"), []);
  assert.deepEqual(entries.map(reachable), [true, false, true, false, true]);
});

test("breaks have plans, and reasons have words or stand for themselves", () => {
  assert.equal(plannedS("meal"), 1800);
  assert.equal(plannedS("logged_in"), null);
  assert.equal(reasonKey("meal"), "reason.meal");
  assert.equal(reasonKey("dentist"), null);
});

test("a refused log-in is said in words that help", () => {
  assert.deepEqual(refusalText({ status: 401, code: "wrong_password", body: { tries_left: 3 } }), { key: "login.wrong", values: { n: 3 } });
  assert.deepEqual(refusalText({ status: 429, code: "locked", body: { seconds: 541 } }), { key: "login.locked", values: { t: 10 } });
  assert.deepEqual(refusalText({ status: 409, code: "logged_in_elsewhere", body: { seat: "A-032" } }), { key: "login.elsewhere", values: { seat: "A-032" } });
  assert.deepEqual(refusalText({ status: 0, code: "network", body: null }), { key: "error.network" });
  assert.equal(refusalText({ status: 500, code: "", body: null }).values?.code, "500");
  assert.equal(minutes(1), 1);
});

test("after the log-in everybody comes to his page, and to no other house", () => {
  assert.equal(pageOf({ agent: true, roles: ["agent"] }, null), "/agent");
  assert.equal(pageOf({ agent: false, roles: ["administrator"] }, null), "/admin");
  assert.equal(pageOf({ agent: false, roles: ["supervisor"] }, null), "/supervisor");
  assert.equal(pageOf({ agent: true, roles: ["agent"] }, "/wallboard?theme=light"), "/wallboard?theme=light");
  assert.equal(pageOf({ agent: true, roles: ["agent"] }, "/records?call=n1-1763700000.12"), "/records?call=n1-1763700000.12");
  for (const bad of ["//evil.example", "https://evil.example", "/\\evil", "/login", "javascript:x"])
    assert.equal(pageOf({ agent: true, roles: ["agent"] }, bad), "/agent");
  assert.equal(pageOf({ agent: false, roles: ["screen"] }, null), "/wallboard");
  assert.equal(pageOf({ agent: false, roles: [] }, null), null);
  assert.ok(allFine({ a: "ok" }) && !allFine({ a: "ok", b: "wait" }));
});
