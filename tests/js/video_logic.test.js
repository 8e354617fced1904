// What the citizens' page shows, dials and says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { aboutPicture, choices, clock, LineWatch, nextSize, phoneOf, stripOf, toDial, viewOf, waitingWords } from "../../cti/web/pages/video/visit_logic.js";

/** @typedef {import("../../cti/web/pages/video/visit_logic.js").Picture} Picture */

/** @param {Partial<Picture>} some @returns {Picture} */
const picture = (some) => ({ id: "v", state: "ready", choice: null, invited: false, place: null, minutes: null, since: null, answered_at: null,
  agent: null, records: true, camera: true, agents_camera: true, seats: { sign: true, video: true, text: true }, scale: 3, score: null, until: 0, ...some });
/** @param {Partial<import("../../cti/web/pages/video/visit_logic.js").Here>} some */
const view = (some) => viewOf({ problem: null, step: "choose", picture: null, ...some });

test("a visit begins with the consent, and nothing of the daemon's is shown before it", () => {
  assert.equal(view({ step: "choose" }), "consent");
  assert.equal(view({ step: "code" }), "code");
});

test("after a reload he is where his call is", () => {
  for (const [state, expected] of /** @type {const} */ ([["waiting", "waiting"], ["ringing", "waiting"], ["again", "waiting"], ["talk", "talk"], ["held", "talk"], ["rating", "rating"], ["no_seat", "no_seat"], ["ended", "ended"]]))
    assert.equal(view({ step: "check", picture: picture({ state, choice: "video" }) }), expected, state);
});

test("an invitation to a voice call is talked in already, and begins with the check all the same", () => {
  const invited = picture({ state: "talk", invited: true });
  assert.equal(view({ step: "check", picture: invited }), "check");
  assert.equal(view({ step: "refused", picture: invited }), "refused");
  assert.equal(view({ step: "choose", picture: invited }), "talk");
});

test("who waits for sign language while nobody signs is offered to write or to leave a message", () => {
  const alone = picture({ state: "waiting", choice: "sign", seats: { sign: false, video: true, text: true } });
  assert.equal(view({ picture: alone }), "no_sign");
  assert.equal(view({ step: "message", picture: alone }), "message");
  assert.equal(view({ picture: { ...alone, state: "ringing" } }), "waiting", "an agent who has just come rings");
  assert.equal(view({ picture: { ...alone, choice: "video" } }), "waiting");
});

test("who found nobody is offered what is left", () => {
  const nobody = (/** @type {boolean} */ text, /** @type {"sign" | "video"} */ choice) => view({ picture: picture({ state: "no_seat", choice, seats: { sign: false, video: text, text } }) });
  assert.equal(nobody(true, "sign"), "no_sign");
  assert.equal(nobody(false, "sign"), "no_seat");
  assert.equal(nobody(true, "video"), "no_seat");
});

test("the end asks how it was, and thanks who said it", () => {
  assert.equal(view({ picture: picture({ state: "closing", score: 2 }) }), "thanks");
  assert.equal(view({ picture: picture({ state: "ended", score: 2 }) }), "thanks");
  assert.equal(view({ step: "sent", picture: picture({ state: "ended" }) }), "sent");
});

test("what went wrong is over everything", () => assert.equal(view({ problem: "taken", picture: picture({ state: "talk" }) }), "taken"));

test("signing needs a camera, speaking a microphone, writing nothing", () => {
  const open = (/** @type {boolean} */ camera, /** @type {boolean} */ microphone) => choices(picture({}), { camera, microphone }).filter((one) => one.open).map((one) => one.choice);
  assert.deepEqual(open(true, true), ["sign", "video", "text"]);
  assert.deepEqual(open(true, false), ["sign", "text"]);
  assert.deepEqual(open(false, true), ["video", "text"]);
  assert.deepEqual(open(false, false), ["text"]);
});

test("the place and the minutes are said as far as they are known", () => {
  const said = (/** @type {Partial<Picture>} */ some) => waitingWords(picture({ state: "waiting", ...some }));
  assert.deepEqual(said({ place: 3, minutes: 1 }), { key: "waiting.place", values: { ahead: 2, minutes: 1 } });
  assert.deepEqual(said({ place: 1, minutes: 2 }), { key: "waiting.next", values: { ahead: 0, minutes: 2 } });
  assert.deepEqual(said({ place: 3 }), { key: "waiting.place_only", values: { ahead: 2 } });
  assert.deepEqual(said({ place: 1 }), { key: "waiting.next_only", values: { ahead: 0 } });
  assert.deepEqual(said({}), { key: "waiting.first" });
  assert.deepEqual(said({ state: "ringing", place: 1 }), { key: "waiting.ringing" });
});

test("the line over everything says what matters most", () => {
  const talk = picture({ state: "talk", choice: "sign", answered_at: 100, agent: "a1032" });
  assert.deepEqual(stripOf(talk, "up", true, 172.9).said, { key: "strip.talk_agent", values: { time: "01:12", agent: "1032" } });
  assert.equal(stripOf(talk, "lost", true, 172).said.key, "strip.lost");
  assert.equal(stripOf(talk, "up", false, 172).said.key, "strip.offline");
  assert.equal(stripOf({ ...talk, choice: "text" }, "none", true, 172).said.key, "strip.talk_agent", "who only writes loses no picture");
  assert.equal(stripOf({ ...talk, state: "held" }, "up", true, 172).said.key, "strip.held");
  assert.equal(stripOf({ ...talk, invited: true }, "up", true, 172).said.key, "strip.phone");
});

test("a page without a line dials the second one, but only when somebody is there", () => {
  assert.equal(toDial(picture({ state: "talk", choice: "video" }), "none"), "beside");
  assert.equal(toDial(picture({ state: "held", choice: "sign" }), "none"), "beside");
  assert.equal(toDial(picture({ state: "talk", choice: "video" }), "calling"), null);
  assert.equal(toDial(picture({ state: "talk", choice: "video" }), "up"), null);
  assert.equal(toDial(picture({ state: "waiting", choice: "video" }), "none"), null);
  assert.equal(toDial(picture({ state: "talk", choice: "text" }), "none"), null);
});

test("a picture that stops while sound comes gets a line of its own, for as long as it is needed", () => {
  const talk = picture({ state: "talk", choice: "sign" });
  const phone = { state: "up", frozen: true, pictures: "none" };
  assert.equal(aboutPicture(talk, phone), "dial");
  assert.equal(aboutPicture(talk, { ...phone, frozen: false }), null);
  assert.equal(aboutPicture(talk, { ...phone, pictures: "calling" }), null);
  assert.equal(aboutPicture(talk, { ...phone, pictures: "up" }), null);
  assert.equal(aboutPicture(talk, { ...phone, frozen: false, pictures: "up" }), "end");
  assert.equal(aboutPicture({ ...talk, state: "held" }, phone), null, "music, and the agent is aside");
  assert.equal(aboutPicture({ ...talk, state: "held" }, { ...phone, pictures: "up" }), "end");
  assert.equal(aboutPicture({ ...talk, choice: "text" }, phone), null);
  assert.equal(aboutPicture({ ...talk, invited: true }, phone), null);
});

test("a line through which nothing comes for four seconds is dead, and lives again with the next packet", () => {
  const watch = new LineWatch();
  assert.equal(watch.heard(10, 0), false);
  assert.equal(watch.heard(10, 3.9), false);
  assert.equal(watch.heard(10, 4), true);
  assert.equal(watch.heard(11, 5), false);
});

test("text grows in steps from 18 to 30 and begins anew", () => {
  assert.deepEqual([18, 22, 26, 30].map(nextSize), [22, 26, 30, 18]);
});

test("a number is taken as people write it", () => {
  assert.equal(phoneOf("138 0000-1234"), "13800001234");
  assert.equal(phoneOf("＋86 13800001234"), "+8613800001234");
  assert.equal(phoneOf(""), "");
  assert.equal(phoneOf("call me"), null);
});

test("time", () => {
  assert.equal(clock(72.9), "01:12");
  assert.equal(clock(3661), "1:01:01");
  assert.equal(clock(-1), "00:00");
});
