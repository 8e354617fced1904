// Which mode of its flow answers a number: as it is set up, or as a supervisor has switched it, for a while or until he takes it back.
import { make } from "/pages/shared/dom.js";
import { timeOfDay } from "../agent/format_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {{number: string, flow: string, modes: string[], usual: string | null, mode: string | null, until: number | null, by: string | null}} Row */

const MINUTES = [30, 60, 120, 480];

/** @param {HTMLElement} place @param {Floor} floor */
export async function fillModes(place, floor) {
  const title = make("h3", {}, floor.say("modes.title"));
  place.replaceChildren(title, make("p", { class: "hint" }, floor.say("reading")));
  const read = async () => {
    /** @type {Row[] | null} */
    const rows = await floor.api.get("/api/flow-modes").catch(() => null);
    const switchable = rows?.filter(({ modes }) => modes.length > 0) ?? [];
    place.replaceChildren(title, switchable.length ? make("ul", { class: "up" }, ...switchable.map(line)) : make("p", { class: "hint" }, floor.say(rows ? "modes.none" : "unknown")));
  };
  const line = (/** @type {Row} */ row) => {
    const named = (/** @type {string | null} */ mode) => (mode ? floor.sayCode("mode", mode) : floor.say("modes.usual"));
    const until = row.mode === null ? "" : row.until ? floor.say("modes.until", { at: timeOfDay(row.until).slice(0, 5) }) : floor.say("modes.for_good");
    // Offered first is what he does not have already.
    const other = row.modes.find((one) => one !== row.usual);
    const mode = make("select", { class: "field", "aria-label": floor.say("modes.mode_of", { number: row.number }) },
      ...row.modes.map((one) => make("option", { value: one, selected: one === other }, named(one))));
    const minutes = make("select", { class: "field", "aria-label": floor.say("modes.minutes_of", { number: row.number }) },
      ...MINUTES.map((n) => make("option", { value: n, selected: n === 60 }, floor.say("notices.n_minutes", { n }))), make("option", { value: "" }, floor.say("modes.for_good")));
    const go = make("button", { type: "button", class: "button small", onclick: async () => {
      const body = { mode: mode.value, minutes: minutes.value ? Number(minutes.value) : null };
      if (!(await floor.attempt(floor.api.put(`/api/flow-modes/${encodeURIComponent(row.number)}`, body)))) return;
      floor.did("", floor.say("did.mode", { number: row.number, mode: named(mode.value) }));
      await read();
    } }, floor.say("modes.switch"));
    const back = make("button", { type: "button", class: "button small", onclick: async () => {
      if (!(await floor.attempt(floor.api.delete(`/api/flow-modes/${encodeURIComponent(row.number)}`)))) return;
      floor.did("", floor.say("did.mode_back", { number: row.number }));
      await read();
    } }, floor.say("modes.back"));
    const now = [named(row.mode ?? row.usual), until, row.by ? floor.person(row.by) : ""].filter(Boolean).join(" · ");
    return make("li", { class: row.mode ? "switched" : "" }, make("span", {}, make("b", {}, row.number), make("small", {}, now)),
      ...(row.mode ? [back] : [mode, minutes, go]));
  };
  await read();
}
