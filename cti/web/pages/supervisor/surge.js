// The surge ladder: each rung is on, off, or follows the forecast.
import { make } from "/pages/shared/dom.js";
import { clock, timeOfDay } from "../agent/format_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

const MODES = /** @type {const} */ (["auto", "on", "off"]);
/** `by` of a rung that no person has switched. */
const RULE = "rule";

/** @param {HTMLElement} place @param {Floor} floor */
export async function fillSurge(place, floor) {
  const title = make("h3", {}, floor.say("surge.title"));
  place.replaceChildren(title, make("p", { class: "hint" }, floor.say("reading")));
  const show = (/** @type {any} */ view) => {
    if (!view) return place.replaceChildren(title, make("p", { class: "hint" }, floor.say("unknown")));
    place.replaceChildren(title, make("p", { class: "hint" }, floor.say("surge.forecast", { wait: clock(view.wait_s), share: Math.round(view.saturation * 100) })),
      make("ul", { class: "rungs" }, ...view.rungs.map((/** @type {any} */ rung) => row(rung))));
  };
  const row = (/** @type {any} */ rung) => {
    const mode = rung.by === RULE ? "auto" : rung.on ? "on" : "off";
    const name = floor.sayCode("rung", rung.rung);
    const since = rung.since ? floor.say("surge.since", { at: timeOfDay(rung.since).slice(0, 5), by: rung.by === RULE ? floor.say("surge.rule") : floor.person(rung.by) }) : "";
    const set = async (/** @type {string} */ one) => {
      const answer = await floor.attempt(floor.api.post(`/api/surge/${rung.rung}`, { mode: one }));
      if (!answer) return;
      show(answer);
      floor.did("", floor.say("did.rung", { rung: name, mode: floor.say(`surge.mode_${one}`) }));
      /** @type {HTMLElement | null} */ (place.querySelector(`[data-rung="${rung.rung}"] [data-mode="${one}"]`))?.focus();
    };
    const now = `${floor.say(rung.on ? "surge.on" : "surge.off")}${since && ` · ${since}`}`;
    return make("li", { class: rung.on ? "on" : "", "data-rung": rung.rung }, make("span", { class: "glyph", "aria-hidden": "true" }, rung.on ? "●" : "○"),
      make("span", {}, make("b", {}, name), make("small", {}, now)),
      make("span", { class: "modes", role: "radiogroup", "aria-label": name }, ...MODES.map((one) => make("button", { type: "button", role: "radio",
        "data-mode": one, "aria-checked": String(one === mode), onclick: () => void set(one) }, floor.say(`surge.mode_${one}`)))));
  };
  show(await floor.api.get("/api/surge").catch(() => null));
}
