// Notices: a recording that everybody who waits hears once. Up for a time, for some queues or all.
import { make } from "/pages/shared/dom.js";
import { timeOfDay } from "../agent/format_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

const MINUTES = [30, 60, 120, 480];

/** @param {HTMLElement} place @param {Floor} floor */
export async function fillNotices(place, floor) {
  const title = make("h3", {}, floor.say("notices.title"));
  place.replaceChildren(title, make("p", { class: "hint" }, floor.say("reading")));
  const show = (/** @type {any[] | null} */ rows) => {
    if (!rows) return place.replaceChildren(title, make("p", { class: "hint" }, floor.say("unknown")));
    place.replaceChildren(title, make("ul", { class: "up" }, ...(rows.length ? rows.map(row) : [make("li", { class: "none" }, floor.say("notices.none"))])), form());
  };
  const row = (/** @type {any} */ one) => make("li", {}, make("span", {}, make("b", {}, one.name), make("small", {}, floor.say("notices.row", { prompt: one.prompt,
    queues: one.queues.length ? one.queues.map((/** @type {string} */ id) => floor.skill(id)).join("、") : floor.say("notices.all"), until: timeOfDay(one.until).slice(0, 5) }))),
  make("button", { type: "button", class: "button small", onclick: async () => {
    const left = await floor.attempt(floor.api.delete(`/api/notices/${one.name}`));
    if (left) (show(left), floor.did("", floor.say("did.notice_off", { name: one.name })));
  } }, floor.say("notices.take_down")));
  const form = () => {
    const field = (/** @type {string} */ name, /** @type {HTMLElement} */ input) => make("div", {}, make("label", { for: `notice-${name}` }, floor.say(`notices.${name}`)), input);
    const name = make("input", { class: "field", id: "notice-name", pattern: "[a-z][a-z0-9_]{0,39}", required: true, autocomplete: "off", placeholder: "water_main" });
    const prompt = make("input", { class: "field", id: "notice-prompt", required: true, autocomplete: "off", placeholder: "notice_water" });
    const queue = make("select", { class: "field", id: "notice-queue" }, make("option", { value: "" }, floor.say("notices.all")),
      ...Object.keys(floor.queues).map((id) => make("option", { value: id }, floor.skill(id))));
    const minutes = make("select", { class: "field", id: "notice-minutes" }, ...MINUTES.map((n) => make("option", { value: n, selected: n === 120 }, floor.say("notices.n_minutes", { n }))));
    return make("form", { class: "line", onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      const rows = await floor.attempt(floor.api.put(`/api/notices/${name.value}`, { prompt: prompt.value, queues: queue.value ? [queue.value] : [], minutes: Number(minutes.value) }));
      if (rows) (show(rows), floor.did("", floor.say("did.notice_on", { name: name.value })));
    } }, field("name", name), field("prompt", prompt), field("queue", queue), field("minutes", minutes), make("button", { type: "submit", class: "button" }, floor.say("notices.put_up")));
  };
  show(await floor.api.get("/api/notices").catch(() => null));
}
