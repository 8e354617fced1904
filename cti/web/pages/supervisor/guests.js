// Guests who listen (领导旁听): by whom, from when to when, on which telephone. They hear one call at a time and are heard by nobody.
import { make } from "/pages/shared/dom.js";
import { masked } from "../agent/format_logic.js";
import { togglePopover } from "../agent/popover.js";
import { fieldOf, secondsOf, wrongWith } from "./guests_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

const USUAL_S = 1800;

/** @param {Floor} floor @param {HTMLElement} anchor */
export function openGuests(floor, anchor) {
  togglePopover("guests", { anchor, label: () => floor.say("guests.title"), class: "guests" }, () => {
    const list = make("ul", { class: "up" });
    const field = (/** @type {string} */ name, /** @type {HTMLElement} */ input) => make("div", {}, make("label", { for: `guest-${name}` }, floor.say(`guests.${name}`)), input);
    const text = (/** @type {string} */ name, /** @type {Record<string, unknown>} */ more) => make("input", { class: "field", id: `guest-${name}`, autocomplete: "off", ...more });
    const begin = Math.ceil(floor.now / 900) * 900;
    const [name, number] = [text("name", { maxlength: "40", "data-first": true }), text("number", { inputmode: "tel", maxlength: "21" })];
    const [from, until] = [text("from", { type: "datetime-local", value: fieldOf(begin) }), text("until", { type: "datetime-local", value: fieldOf(begin + USUAL_S) })];
    const queue = make("select", { class: "field", id: "guest-queue" }, make("option", { value: "" }, floor.say("guests.any_queue")),
      ...Object.keys(floor.queues).map((id) => make("option", { value: id }, floor.skill(id))));
    const error = make("p", { class: "error", role: "alert" });

    const day = new Intl.DateTimeFormat(floor.lang === "zh" ? "zh-CN" : "en-GB", { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
    const inWords = (/** @type {any} */ plan) => [masked(plan.number), `${day.format(plan.from * 1000)} – ${day.format(plan.until * 1000)}`,
      plan.queue ? floor.skill(plan.queue) : floor.say("guests.any_queue"), floor.sayCode("guests.state", plan.state)].join(" · ");
    const row = (/** @type {any} */ plan) =>
      make("li", { class: plan.state }, make("span", {}, make("b", {}, plan.name), make("small", {}, inWords(plan))),
        make("button", { type: "button", class: "button small", onclick: async () => {
          if (!(await floor.attempt(floor.api.delete(`/api/guest-listens/${plan.id}`)))) return;
          floor.did("", floor.say("did.guest_off", { name: plan.name }));
          await read();
        } }, floor.say("guests.cancel")));
    const read = async () => {
      const plans = await floor.api.get("/api/guest-listens").catch(() => null);
      list.replaceChildren(...(plans?.length ? plans.map(row) : [make("li", { class: "none" }, floor.say(plans ? "guests.none" : "unknown"))]));
    };
    void read();
    const form = make("form", { class: "line", onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      const plan = { name: name.value.trim(), number: number.value.replace(/[\s-]/g, ""), from: secondsOf(from.value), until: secondsOf(until.value), ...(queue.value && { queue: queue.value }) };
      const wrong = wrongWith(plan, floor.now);
      error.textContent = wrong ? floor.say(wrong) : "";
      if (wrong) return;
      if (!(await floor.attempt(floor.api.post("/api/guest-listens", plan)))) return void (error.textContent = floor.note.text);
      name.value = number.value = "";
      floor.did("", floor.say("did.guest_on", { name: plan.name }));
      await read();
    } }, field("name", name), field("number", number), field("from", from), field("until", until), field("queue", queue), make("button", { type: "submit", class: "button primary" }, floor.say("guests.plan")));
    return make("div", {}, make("h2", {}, floor.say("guests.title")), make("p", { class: "hint" }, floor.say("guests.hint")), list, form, error);
  });
}
