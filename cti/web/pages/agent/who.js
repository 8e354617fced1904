// The middle of the call bar, three lines: who it is; how he came here; others in the talk, or what the agent is to know now.
import { make, setText } from "/pages/shared/dom.js";
import { clock, phone } from "./format_logic.js";
import { partyChips } from "./party_chips.js";
import { choiceText } from "./topbar.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./view_logic.js").View} View */
/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./types.js").Pop} Pop */

/** @param {HTMLElement} zone @param {Desk} desk */
export function mountWho(zone, desk) {
  const say = (/** @type {string} */ key, values = {}) => desk.dictionary.say(key, values);
  const number = make("span", { class: "number" });
  const name = make("span", { class: "name", lang: "zh-CN" });
  const tags = make("span", { class: "tags" });
  const facts = make("div", { class: "facts" });
  const why = make("span", { class: "why" });
  const message = make("span", { class: "message" });
  const act = make("button", { type: "button", class: "link" });
  const chips = make("div", { class: "parties" });
  zone.append(make("div", { class: "line who-line" }, number, name, tags), facts, make("div", { class: "line third" }, message, act, chips, why));

  /** @type {{callId: string, story: Story} | null} */
  let known = null;
  desk.on("story", ({ call_id: callId, story }) => {
    known = { callId, story };
    desk.changed();
  });
  let run = () => {};
  act.addEventListener("click", () => run());
  partyChips(chips, desk);

  desk.onDraw((view) => {
    const call = view.withCall ? desk.call : null;
    zone.classList.toggle("no-call", !call);
    if (call) withCall(call, view);
    else alone(view);
    const shown = desk.messages.first;
    const text = shown ? say(shown.message.text.key, shown.message.text.values) : "";
    setText(message, text);
    message.title = text;
    message.className = `message ${shown?.message.tone ?? ""}`;
    const action = shown?.message.action;
    act.hidden = !action;
    setText(act, action ? say(action.text.key, action.text.values) : "");
    const free = call && !shown && (desk.others.length === 0 || view.state === "wrap_up");
    const reason = !free ? "" : view.state === "wrap_up" ? `\t${say("alone.wrap_up_hint")}` : `${say("who.why")}\t${desk.dictionary.pick(call.why)}`;
    fill(why, reason.endsWith("\t") ? [] : [reason], (row) => {
      const [label = "", value = ""] = row.split("\t");
      return make("span", { title: `${label}${value}` }, label, label ? make("b", {}, value) : value);
    });
    run = () => {
      if (!shown || !action) return;
      desk.messages.takeBack(shown.id);
      action.run();
    };
  });

  /** @param {Pop} call @param {View} view */
  function withCall(call, view) {
    const story = known?.callId === call.call_id ? known.story : null;
    setText(number, call.pii_caller ? phone(call.pii_caller) : say("who.withheld"));
    setText(name, story?.name ?? "");
    /** @type {[string, string][]} */
    const list = [];
    if (call.direction === "callback") list.push(["warn", say("who.callback")]);
    if (call.medium === "video") list.push(["info", say("who.video")]);
    if (call.agent && call.agent !== desk.user.id) list.push(["info", say("who.helping", { agent: call.agent })]);
    if (call.language && !call.language.startsWith("zh-CN")) list.push(["info", languageName(desk, call.language)]);
    for (const tag of story?.tags ?? []) list.push(["", desk.dictionary.pick(tag)]);
    if (story && story.repeat_7d > 1) list.push(["warn", say("who.repeat", { n: story.repeat_7d })]);
    fill(tags, list.map(([tone, text]) => `${tone}\t${text}`), (line) => {
      const [tone = "", text = ""] = line.split("\t");
      return make("span", { class: `tag ${tone}`, title: text }, text);
    });
    const until = call.answered_at ?? Math.min(desk.serverNow(), call.answer_by ?? Infinity);
    const path = desk.dictionary.pick(call.path);
    const rows = [
      `${say("who.dialled")}\t${call.original || call.dialled}\t`,
      path ? `${say("who.path")}\t${path}\t` : "",
      call.queued_at ? `${say("who.wait")}\t${clock(until - call.queued_at)}\t${say("who.greeting", { t: clock(until - call.arrived_at) })}` : "",
    ].filter(Boolean);
    fill(facts, rows, (row) => {
      const [label = "", value = "", after = ""] = row.split("\t");
      return make("span", { class: "fact", title: `${label} ${value}` }, `${label} `, make("b", {}, value), after);
    });
    zone.title = "";
  }

  /** @param {View} view */
  function alone(view) {
    const { state } = desk;
    setText(name, "");
    fill(tags, [], () => "");
    if (!state) {
      setText(number, say("alone.connecting"));
      fill(facts, [say("alone.connecting_hint")], text);
      return;
    }
    const line = state.queue;
    const heading = view.state === "idle"
      ? (line ? say(line.waiting ? "alone.queue" : "alone.nobody", { n: line.waiting }) : say("alone.idle"))
      : view.state === "break" ? choiceText(desk, state.desk) : say(`state.${view.state}`);
    setText(number, heading);
    fill(facts, [hint(view, state.desk)], text);
  }

  /** @param {View} view @param {import("./types.js").DeskRow} row */
  function hint(view, row) {
    if (view.state === "away") {
      const cause = ["phone_away", "page_away", "elsewhere", "no_answer"].find((one) => row.held_back.includes(one)) ?? "phone_away";
      return say(`away.${cause}`);
    }
    if (view.state === "break" && row.reason === "logged_in") return say("alone.logged_in");
    return say(`alone.${["idle", "pausing", "wrap_up"].includes(view.state) ? `${view.state}_hint` : "break"}`);
  }
}

/** @param {string} line */
const text = (line) => make("span", { class: "fact", title: line }, line);

/** Makes the children anew only if they are others. @param {HTMLElement} box @param {string[]} rows @param {(row: string) => Node | string} one */
function fill(box, rows, one) {
  const mark = rows.join("\n");
  if (box.dataset["rows"] === mark) return;
  box.dataset["rows"] = mark;
  box.replaceChildren(...rows.map(one));
}

/** @param {Desk} desk @param {string} code */
function languageName(desk, code) {
  const key = `language_of.${code.split("-")[0]}`;
  return key in desk.dictionary.all.zh ? desk.dictionary.say(key) : code;
}
