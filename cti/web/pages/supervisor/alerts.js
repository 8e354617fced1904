// Alerts by time, with what is to be done about them. Nothing moves while somebody is in the list.
import { make, setText } from "/pages/shared/dom.js";
import { redraw } from "../admin/redraw.js";
import { timeOfDay } from "../agent/format_logic.js";
import { togglePopover } from "../agent/popover.js";
import { newestFirst, SteadyOrder } from "./alerts_logic.js";
import { reasonForm } from "./reason_form.js";

/** @typedef {import("./floor.js").Floor} Floor */

/** @param {HTMLElement} panel @param {Floor} floor @returns {{focusAlerts: () => void}} */
export function mountAlerts(panel, floor) {
  const [title, hint] = [make("span"), make("small")];
  const more = make("button", { type: "button", class: "more", hidden: true });
  const none = make("p", { class: "none" });
  const list = make("ul", { class: "alert-list", tabindex: "-1" });
  panel.append(make("h2", {}, title, hint), more, none, list);
  const order = new SteadyOrder();
  let inside = false;
  /** Of alerts that have gone while somebody was in the list. @type {Record<string, import("./types.js").Alert>} */
  let kept = {};
  for (const [enter, leave] of /** @type {const} */ ([["pointerenter", "pointerleave"], ["focusin", "focusout"]])) {
    panel.addEventListener(enter, () => (inside = true));
    panel.addEventListener(leave, () => ((inside = panel.matches(":hover") || panel.contains(document.activeElement)), floor.draw()));
  }
  more.addEventListener("click", () => {
    order.show(newestFirst(floor.alerts), floor.now);
    floor.draw();
  });

  function paint() {
    const { shown, waiting } = order.take(newestFirst(floor.alerts), floor.now, inside || list.scrollTop > 0);
    for (const id of shown) if (floor.alerts[id]) kept[id] = floor.alerts[id];
    kept = Object.fromEntries(shown.flatMap((id) => (kept[id] ? [[id, kept[id]]] : [])));
    const open = Object.values(floor.alerts).filter(({ state }) => state === "raised").length;
    setText(title, floor.say("alerts.title"));
    setText(hint, floor.say("alerts.hint", { n: open }));
    more.hidden = waiting === 0;
    setText(more, floor.say("alerts.more", { n: waiting }));
    none.hidden = shown.length > 0;
    setText(none, floor.say("alerts.none"));
    list.hidden = shown.length === 0;
    list.setAttribute("aria-label", floor.say("alerts.title"));
    const rows = shown.map((id) => ({ alert: kept[id], over: !(id in floor.alerts) }));
    redraw(list, JSON.stringify([floor.lang, rows]), () => rows.flatMap(({ alert, over }) => (alert ? [row(alert, over)] : [])));
  }

  /** @param {import("./types.js").Alert} alert @param {boolean} over */
  function row(alert, over) {
    const open = alert.state === "raised" && !over;
    const tone = !open ? "done" : alert.level === "critical" ? "bad" : "warn";
    const text = floor.dictionary.pick(alert.words);
    const show = alert.subject in floor.seats ? () => floor.choose(alert.subject) : alert.subject in floor.queues ? () => floor.look({ skill: alert.subject }) : null;
    const noted = alert.note ? floor.say("alerts.noted", { note: alert.note }) : "";
    const state = over ? floor.say("alerts.over") : open ? "" : floor.say("alerts.acknowledged", { by: floor.person(alert.by ?? "") }) + noted;
    const button = (/** @type {string} */ name, /** @type {string} */ word, /** @type {(event: Event) => void} */ act) => make("button", { type: "button",
      class: "button small", "data-key": `${name}-${alert.id}`, "aria-label": floor.say(`${word}_it`, { text }), onclick: act }, floor.say(word));
    const look = show && button("look", "alerts.look", show);
    const acknowledge = open && button("ack", "alerts.acknowledge", (event) => ask(alert, /** @type {HTMLElement} */ (event.currentTarget)));
    return make("li", { class: tone, "data-alert": alert.id }, make("span", { class: "glyph", "aria-hidden": "true" }, { bad: "!", warn: "▲", done: "✓" }[tone]),
      make("div", { class: "what" }, make("time", {}, timeOfDay(alert.since)), make("p", {}, text), state ? make("small", {}, state) : null),
      make("div", { class: "buttons" }, look, acknowledge));
  }

  /** @param {import("./types.js").Alert} alert @param {HTMLElement} anchor */
  function ask(alert, anchor) {
    togglePopover(`alert-${alert.id}`, { anchor, label: () => floor.say("alerts.acknowledge"), class: "ask" }, (close) =>
      reasonForm(floor, { text: floor.dictionary.pick(alert.words), label: floor.say("alerts.note"), button: floor.say("alerts.acknowledge"), needed: false, danger: false,
        go: async (note) => {
          if (!(await floor.attempt(floor.api.post(`/api/alerts/${encodeURIComponent(alert.id)}/acknowledge`, { note })))) return;
          close();
          floor.did("", floor.say("did.acknowledged", { text: floor.dictionary.pick(alert.words) }));
        } }));
  }

  floor.onDraw(paint);
  floor.onTick(paint);
  return { focusAlerts: () => {
    const first = list.querySelector("button");
    if (first instanceof HTMLElement) first.focus();
    else list.focus();
  } };
}
