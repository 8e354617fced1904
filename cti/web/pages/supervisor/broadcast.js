// A message to agents, and who has read the last ones. What is typed stays when the panel is closed.
import { make } from "/pages/shared/dom.js";
import { timeOfDay } from "../agent/format_logic.js";
import { isOpen, togglePopover } from "../agent/popover.js";
import { addressed, receiptsOf } from "./broadcast_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

const EVERY_MS = 3000;
const MOST_NAMES = 12;
/** Not sent yet. */
const typed = { text: "", urgent: false, kind: /** @type {"all" | "skills" | "agents"} */ ("all"), skills: /** @type {Set<string>} */ (new Set()) };

/** @param {Floor} floor @param {HTMLElement} anchor */
export function openBroadcast(floor, anchor) {
  let watch = 0;
  togglePopover("broadcast", { anchor, label: () => floor.say("broadcast.title"), class: "broadcast", onClose: () => clearInterval(watch) }, (close) => {
    // Who is meant is settled when the panel opens: seats change while somebody types.
    const found = () => Object.values(floor.seats).filter((seat) => floor.isWanted(seat, floor.seatName(seat.id))).map(({ id }) => id);
    const agents = floor.isNarrowed ? found() : floor.chosen ? [floor.chosen] : [];
    if (typed.kind === "agents" && !agents.length) typed.kind = "all";
    const text = make("textarea", { class: "field", id: "message", maxlength: "500", rows: "3", "data-first": true, oninput: () => (typed.text = text.value) });
    text.value = typed.text;
    const urgent = make("input", { type: "checkbox", checked: typed.urgent, onchange: () => (typed.urgent = urgent.checked) });
    const skills = make("div", { class: "chips", role: "group", "aria-label": floor.say("broadcast.skills") }, ...floor.words.skills.map(({ id }) => {
      const box = make("input", { type: "checkbox", checked: typed.skills.has(id), onchange: () => (box.checked ? typed.skills.add(id) : typed.skills.delete(id)) });
      return make("label", { class: "tick" }, box, floor.skill(id));
    }));
    skills.hidden = typed.kind !== "skills";
    const chosen = floor.isNarrowed ? floor.say("broadcast.to_found", { n: agents.length }) : floor.say("broadcast.to_chosen", { who: agents[0] ? floor.person(agents[0]) : "—" });
    const ways = /** @type {const} */ ([["all", floor.say("broadcast.to_all")], ["skills", floor.say("broadcast.to_skills")], ["agents", chosen]]).map(([kind, word]) => make("label", { class: "tick" },
      make("input", { type: "radio", name: "to", checked: typed.kind === kind, disabled: kind === "agents" && !agents.length, onchange: () => {
        typed.kind = kind;
        skills.hidden = kind !== "skills";
      } }), word));
    const error = make("p", { class: "error", role: "alert" });
    const sent = make("ul", { class: "sent", tabindex: "0", "aria-label": floor.say("broadcast.sent") });
    const form = make("form", { onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      const to = addressed({ kind: typed.kind, skills: [...typed.skills], agents });
      error.textContent = !text.value.trim() ? floor.say("broadcast.needed") : to ? "" : floor.say("broadcast.nobody");
      if (error.textContent) return text.focus();
      const answer = await floor.attempt(floor.api.post("/api/broadcast", { text: text.value.trim(), to, urgent: typed.urgent }));
      if (!answer) return void (error.textContent = floor.note.text);
      typed.text = text.value = "";
      floor.did("", floor.say("did.broadcast", { n: answer.agents?.length ?? "—" }));
      await read();
    } }, make("label", { for: "message" }, floor.say("broadcast.text")), text, make("div", { class: "chips", role: "radiogroup", "aria-label": floor.say("broadcast.to") }, ...ways), skills,
    error, make("div", { class: "foot" }, make("label", { class: "tick" }, urgent, floor.say("broadcast.urgent")),
      make("button", { type: "submit", class: "button primary" }, floor.say("broadcast.send"), make("kbd", {}, "Ctrl ↵"))));
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    const read = async () => {
      const messages = await floor.api.get("/api/broadcasts").catch(() => null);
      sent.replaceChildren(...(messages?.length ? messages.map((/** @type {any} */ one) => row(one)) : [make("li", { class: "none" }, floor.say(messages ? "broadcast.none" : "broadcast.unknown"))]));
    };
    const row = (/** @type {any} */ message) => {
      const { seen, all, missing } = receiptsOf(message);
      const names = missing.slice(0, MOST_NAMES).map((id) => floor.person(id)).join("，") + (missing.length > MOST_NAMES ? " …" : "");
      const head = make("p", { class: "head" }, make("time", {}, timeOfDay(message.at)), ` ${floor.person(message.by)}`, make("b", {}, floor.say("broadcast.read", { seen, all })));
      return make("li", { class: message.urgent ? "urgent" : "" }, head, make("p", {}, message.urgent ? `▲ ${floor.say("broadcast.urgent_short")} · ` : "", message.text),
        missing.length ? make("p", { class: "missing" }, floor.say("broadcast.missing", { names })) : null);
    };
    void read();
    watch = setInterval(() => (isOpen("broadcast") ? void read() : close()), EVERY_MS);
    return make("div", {}, make("h2", {}, floor.say("broadcast.title")), form, make("h3", {}, floor.say("broadcast.sent")), sent);
  });
}
