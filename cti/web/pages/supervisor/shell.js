// The frame of the desk: bar, filters and alerts, queues and map, the chosen seat, status line.
import { make, setText } from "/pages/shared/dom.js";
import { mountAlerts } from "./alerts.js";
import { mountDetail } from "./detail.js";
import { mountFilters } from "./filters.js";
import { mountFootBar } from "./footbar.js";
import { listenToKeys } from "./keys.js";
import { mountMap } from "./map.js";
import { mountQueues } from "./queues.js";
import { mountTopBar } from "./topbar.js";

/** @param {HTMLElement} app @param {import("./floor.js").Floor} floor */
export function mountShell(app, floor) {
  const skip = make("a", { class: "skip", href: "#map" });
  const [top, foot] = [make("header", { class: "top" }), make("footer", { class: "statusline" })];
  const panel = (/** @type {string} */ id) => make("section", { class: "panel", id });
  const [filters, alerts, queues, map, detail] = [panel("filters"), panel("alerts"), panel("queues"), panel("map"), panel("detail")];
  map.tabIndex = detail.tabIndex = -1;
  app.append(skip, top, make("main", {}, make("div", { class: "left" }, filters, alerts), make("div", { class: "middle" }, queues, map), detail), foot);
  const { search } = mountTopBar(top, floor);
  const seats = mountMap(map, floor, () => detail.focus());
  skip.addEventListener("click", (event) => (event.preventDefault(), seats.focus()));
  mountFilters(filters, floor);
  const { focusAlerts } = mountAlerts(alerts, floor);
  mountQueues(queues, floor);
  const acts = mountDetail(detail, floor, seats.focus);
  const opens = mountFootBar(foot, floor);
  listenToKeys({ map, detail }, { ...acts, ...opens, ...seats.acts, alerts: focusAlerts, search: () => (search.focus(), search.select()) }, seats.focus);
  const said = document.getElementById("say");
  floor.onDraw(() => {
    setText(skip, floor.say("skip"));
    document.title = floor.say("page");
    if (said) setText(said, floor.note.text);
  });
}
