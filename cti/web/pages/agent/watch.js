// What has to be looked after by the clock: the second's tick, the network that changes, a wrap-up that ends too early, a hold that
// lasts too long, and what is said when the daemon is back.
import { clock } from "./format_logic.js";

/** @typedef {import("./desk.js").Desk} Desk */

const PING_EVERY_S = 20;
const HOLD_LONG_S = 60;

/** @param {Desk} desk */
export function mountWatch(desk) {
  let turn = 0;
  setInterval(() => {
    desk.tick();
    if (turn++ % PING_EVERY_S === 0 && !desk.phone.quality) void desk.ping();
    wrapUp(desk);
    hold(desk);
  }, 1000);

  const another = () => {
    desk.phone.reconnect();
    desk.link.again();
  };
  window.addEventListener("online", another);
  /** @type {any} */ (navigator).connection?.addEventListener?.("change", () => {
    // Said of every wobble of the bandwidth too; only a silent connection is worth a new one.
    if (desk.age > 3) another();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && desk.changed(true));

  let lost = false;
  desk.on("link", ({ state }) => (lost ||= state === "lost"));
  desk.on("desk", (picture) => {
    if (!lost) return;
    lost = false;
    const since = picture.call?.answered_at;
    const text = since && picture.desk.state !== "offered"
      ? { key: "note.back_talk", values: { t: clock(desk.serverNow() - since) } } : { key: "note.back" };
    desk.messages.tell("back", { text, tone: "plain", seconds: 5 });
    desk.say(text.key, "polite", text.values);
  });
  desk.sound.onBlocked = () => {
    if (desk.sound.blocked) desk.messages.tell("blocked", { text: { key: "note.blocked" }, tone: "warn" });
    else desk.messages.takeBack("blocked");
  };
  if ("Notification" in window && Notification.permission === "default")
    document.addEventListener("pointerdown", () => void Notification.requestPermission(), { once: true });
}

let extendedFor = 0;

/** A wrap-up that would end before the ticket is whole is made longer once, by itself. @param {Desk} desk */
function wrapUp(desk) {
  const wrap = desk.state?.desk.state === "wrap_up" ? desk.state.desk.wrap_up : null;
  if (!wrap?.until || wrap.kind !== "extendable" || desk.draft.missing === 0 || extendedFor === desk.state?.desk.state_since) return;
  if (wrap.until - desk.serverNow() > 1.5) return;
  extendedFor = desk.state?.desk.state_since ?? 0;
  const { missing } = desk.draft;
  void desk.extend().then((done) => {
    if (!done) return;
    desk.messages.tell("extended", { text: { key: "note.extended", values: { n: missing } }, tone: "warn", seconds: 10 });
    desk.say("note.extended", "polite", { n: missing });
  });
}

/** @param {Desk} desk */
function hold(desk) {
  const since = desk.call?.held_since;
  const long = desk.view().state === "held" && since && desk.serverNow() - since >= HOLD_LONG_S;
  if (long) {
    const minutes = Math.floor((desk.serverNow() - since) / 60);
    const text = { key: "note.hold_long", values: { n: minutes } };
    if (desk.messages.first?.message.text.values?.["n"] !== minutes) desk.messages.tell("hold", { text, tone: "warn" });
  } else desk.messages.takeBack("hold");
}
