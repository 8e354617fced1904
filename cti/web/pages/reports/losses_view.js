// The lost calls behind a figure: whom nobody answered, where he was lost, and whether somebody will call him back.
import { make } from "/pages/shared/dom.js";
import { redraw } from "../admin/redraw.js";
import { momentText, waitText } from "./figures_logic.js";

/** @typedef {import("./reports.js").Reports} Reports */
/** @typedef {import("./types.js").Loss} Loss */

/** @param {HTMLElement} view @param {Reports} reports */
export function mountLosses(view, reports) {
  const say = reports.say.bind(reports);
  /** What opened it: there he goes on when he closes it. */
  let opener = "";
  let wasOpen = false;

  /** @param {Loss} loss */
  function task(loss) {
    const lang = reports.dictionary.lang;
    const refused = reports.list.refused.get(loss.call);
    if (loss.task && !["closed", "too_old", "not_reached"].includes(loss.task.state)) return make("span", { class: "task is-made" }, say(`task.${loss.task.state}`));
    const made = make("button", { type: "button", class: "button small", "data-key": `owe-${loss.call}`, onclick: () => void reports.owe(loss), lang: lang === "zh" ? "zh-CN" : "en" }, say("owe"));
    return make("span", { class: "task" }, loss.task ? make("small", {}, say(`task.${loss.task.state}`)) : null,
      reports.mayOwe && loss.caller ? made : make("small", {}, say(loss.caller ? "task.none" : "task.withheld")),
      refused ? make("small", { class: "error", role: "alert" }, refused) : null);
  }

  reports.onDraw(() => {
    const { place, report, list } = reports;
    const lang = reports.dictionary.lang;
    view.hidden = !place.open;
    if (place.open && !wasOpen) opener = document.activeElement?.getAttribute("data-key") ?? "";
    const name = place.row === null ? "" : report?.rows.find(({ label }) => label === place.row)?.[lang] ?? place.row;
    redraw(view, JSON.stringify([lang, place, list.losses, list.more, list.reading, list.fault, [...list.refused], report?.period, name]), () => {
      if (!place.open) return [];
      const of = [report?.period, name, place.place ? report?.places[place.place]?.[lang] : ""].filter(Boolean).join(" · ");
      const title = make("header", {}, make("h2", { tabindex: "-1", "data-key": "losses-title" }, say("losses.title"), make("small", {}, of)),
        make("button", { type: "button", class: "button step", "data-key": "close", "aria-label": say("close"), title: `${say("close")} Esc`, onclick: () => reports.closeLosses() }, "×"));
      if (list.fault) return [title, make("div", { class: "nothing", role: "alert" }, make("p", {}, list.fault), make("button", { type: "button", class: "button", onclick: () => reports.arrive() }, say("again")))];
      const zone = report?.timezone ?? "Asia/Shanghai";
      const rows = list.losses.map((loss) => make("li", { class: "loss" },
        make("div", { class: "what" },
          make("time", {}, momentText(loss.at, zone)),
          make("b", { class: "caller" }, loss.caller ?? say("withheld")),
          make("span", { class: "where" }, report?.places[loss.place]?.[lang] ?? loss.place),
          loss.queue ? make("span", {}, loss.queue[lang]) : null),
        make("div", { class: "waits" },
          make("small", {}, `${say("dialled")} ${loss.number}`),
          make("small", {}, `${say("waited")} ${waitText(loss.wait_total_s, say("seconds"))}`),
          loss.wait_queue_s === null ? null : make("small", {}, `${say("waited.queue")} ${waitText(loss.wait_queue_s, say("seconds"))}`)),
        make("div", { class: "then" }, task(loss),
          reports.mayRead ? make("a", { class: "record", href: `/records#call/${encodeURIComponent(loss.call)}` }, say("record")) : null)));
      return [title,
        make("p", { class: "hint", role: "status" }, list.reading ? say("reading") : say(list.more ? "losses.first" : list.losses.length ? "losses.all" : "losses.none", { n: list.losses.length })),
        make("ul", { class: "list", "data-scroll": "losses" }, ...rows,
          list.more ? make("li", { class: "further" }, make("button", { type: "button", class: "button", "data-key": "further", disabled: list.reading, onclick: () => void reports.further() }, say("losses.further"))) : null)];
    });
    if (place.open && !wasOpen) /** @type {HTMLElement | null} */ (view.querySelector("h2"))?.focus();
    if (!place.open && wasOpen && opener) /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${CSS.escape(opener)}"]`))?.focus();
    wasOpen = place.open;
  });
}
