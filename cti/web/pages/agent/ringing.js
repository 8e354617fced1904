// A call comes: the ringer sounds, the desktop says it, the tab's title too; and what is said to screen readers. None of it
// moves the focus.
import { phone as phoneText } from "./format_logic.js";
import { MISSED, offerEnded } from "./view_logic.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./view_logic.js").PageState} PageState */

const FLASH_MS = 1000;
const SETTLE_MS = 700;
/** The pop is painted first: to start the sound takes the page as long as that. */
const RING_AFTER_MS = 50;

/** @param {Desk} desk */
export function mountRinging(desk) {
  const say = (/** @type {string} */ key, values = {}) => desk.dictionary.say(key, values);
  /** @type {PageState | null} */
  let before = null;
  let rungFor = "";
  let starting = 0;
  let flash = 0;
  /** @type {Notification | null} */
  let notice = null;

  const title = (/** @type {string} */ text) => (document.title = text);
  const quiet = () => {
    clearTimeout(starting);
    desk.sound.ring(false);
    clearInterval(flash);
    flash = 0;
    notice?.close();
    notice = null;
  };

  function rings() {
    const call = desk.call;
    if (!call || rungFor === call.call_id + call.offers) return;
    rungFor = call.call_id + call.offers;
    desk.messages.takeBack("caller_gone");
    desk.say("say.offered", "assertive", { queue: queueName() });
    starting = setTimeout(() => alarm(call), RING_AFTER_MS);
  }

  /** @param {import("./types.js").Pop} call */
  function alarm(call) {
    const text = say("say.offered", { queue: queueName() });
    if (call.auto_answer_s !== 0 && !isAnswered()) desk.sound.ring(true);
    let on = false;
    const swap = () => title((on = !on) ? `● ${text}` : say("title", { state: say("state.offered") }));
    swap();
    flash = setInterval(swap, FLASH_MS);
    if (document.visibilityState === "hidden" && "Notification" in window && Notification.permission === "granted") {
      notice = new Notification(text, { body: call.pii_caller ? phoneText(call.pii_caller) : say("who.withheld"), tag: "yihu-call", requireInteraction: true });
      notice.onclick = () => window.focus();
    }
  }

  const isAnswered = () => ["answering", "talking"].includes(desk.phone.view.session);
  /** Where the way through the menu ended. */
  const queueName = () => desk.dictionary.pick(desk.call?.path).split(" → ").at(-1) ?? "";

  const look = () => {
    const view = desk.view();
    const { state } = view;
    if (state === "offered") {
      if (before !== "offered") rings();
      if (isAnswered()) desk.sound.ring(false);
    } else if (before === "offered") quiet();
    if (state !== before) {
      if (before !== null && before !== "connecting" && state !== "offered") desk.say("say.state", "polite", { state: say(`state.${state}`) });
      if (state !== "offered") title(say("title", { state: say(`state.${state}`) }));
      before = state;
    }
  };
  desk.on("desk", look);
  desk.on("phone", look);
  desk.on("link", ({ state }) => {
    if (state === "taken_over" || state === "logged_out") quiet();
    look();
  });
  desk.dictionary.onChange(() => title(say("title", { state: say(`state.${desk.view().state}`) })));
  notes(desk);
}

/** What the daemon tells once, and what has to be concluded. @param {Desk} desk */
function notes(desk) {
  const missed = () => {
    const onBreak = desk.state?.desk.status !== "ready";
    const text = { key: onBreak ? "note.missed_break" : "note.missed" };
    const act = onBreak ? { key: "note.become_ready", run: () => void desk.choose("ready", "") } : { key: "note.seen", run: () => {} };
    desk.messages.tell("missed", { text, tone: "warn", action: { text: { key: act.key }, run: act.run } });
    desk.say(text.key, "assertive");
  };
  const gone = (/** @type {string} */ key) => {
    desk.messages.tell("caller_gone", { text: { key }, tone: "plain", seconds: 15 });
    desk.say(key);
  };
  desk.on("note", ({ code, data }) => {
    const key = `note.${code}`;
    if (code === "missed") missed();
    else if (code === "caller_gone") gone(key);
    else if (key in desk.dictionary.all.zh) {
      const name = typeof data?.["name"] === "object" ? desk.dictionary.pick(data["name"]) : String(data?.["name"] ?? data?.["target"] ?? "");
      desk.messages.tell(code, { text: { key, values: { name } }, tone: code.endsWith("failed") ? "warn" : "plain", seconds: 10 });
      desk.say(key, "polite", { name });
    }
  });

  /** @type {import("./types.js").Picture | null} */
  let before = null;
  let settling = 0;
  desk.on("desk", (picture) => {
    const last = before;
    before = picture;
    if (picture.desk.status === "ready" && picture.desk.state !== "not_answering") desk.messages.takeBack("missed");
    if (last?.desk.state !== "offered" || picture.desk.state === "offered") return;
    const rejected = last.call?.call_id === desk.rejected;
    // That he missed it is said a moment after that it is gone.
    clearTimeout(settling);
    settling = setTimeout(() => {
      const ended = desk.state && offerEnded(last.desk, desk.state.desk, rejected);
      if (ended === "missed") missed();
      else if (ended === "caller_left") gone("note.caller_left");
    }, SETTLE_MS);
  });
  // Who loads the page again after he missed calls is told too.
  const first = desk.on("desk", ({ desk: row }) => {
    first();
    if (row.status === "break" && MISSED.has(row.reason)) missed();
  });
}
