// A call comes: the ringer sounds, the desktop says it, the tab's title too; and what is said to screen readers. None of it
// moves the focus.
import { phone as phoneText } from "./format_logic.js";
import { reasonKey } from "./status_logic.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./view_logic.js").PageState} PageState */

const FLASH_MS = 1000;
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
  notes(desk, reasonKey);
}

/** What the daemon tells once. @param {Desk} desk @param {(reason: string) => string | null} reasonOf */
function notes(desk, reasonOf) {
  desk.on("note", ({ code, data }) => {
    switch (code) {
      case "missed": {
        const onBreak = desk.state?.desk.status !== "ready";
        desk.messages.tell("missed", { text: { key: onBreak ? "note.missed_break" : "note.missed" }, tone: "warn",
          action: onBreak ? { text: { key: "note.become_ready" }, run: () => void desk.choose("ready", "") } : { text: { key: "note.seen" }, run: () => {} } });
        desk.say(onBreak ? "note.missed_break" : "note.missed", "assertive");
        break;
      }
      case "caller_gone":
        desk.messages.tell("caller_gone", { text: { key: "note.caller_gone" }, tone: "plain", seconds: 15 });
        desk.say("note.caller_gone");
        break;
      default: {
        const key = `note.${code}`;
        if (!(key in desk.dictionary.all.zh)) return;
        const reason = typeof data?.["outcome"] === "string" ? (reasonOf(data["outcome"]) ?? null) : null;
        const name = data?.["name"] && typeof data["name"] === "object" ? desk.dictionary.pick(data["name"]) : String(data?.["name"] ?? data?.["target"] ?? "");
        desk.messages.tell(code, { text: { key, values: { name, outcome: reason ? desk.dictionary.say(reason) : "" } }, tone: code.endsWith("failed") ? "warn" : "plain", seconds: 10 });
        desk.say(key, "polite", { name, outcome: "" });
      }
    }
  });
  // What was not told while the connection was away shows in what he is now.
  desk.on("desk", ({ desk: row }) => {
    const missed = row.status === "break" && ["no_answer", "rejected", "unreachable", "agent_lost"].includes(row.reason);
    if (missed && row.state === "not_ready" && desk.messages.first?.id !== "missed")
      desk.messages.tell("missed", { text: { key: "note.missed_break" }, tone: "warn", action: { text: { key: "note.become_ready" }, run: () => void desk.choose("ready", "") } });
    else if (row.status === "ready") desk.messages.takeBack("missed");
  });
}
