// The recording as a picture: a lane for each side with a bar for each line, what the inspection found, and where it plays. It is a
// slider too.
import { make } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { redraw } from "../admin/redraw.js";
import { sayFinding, saySide } from "./parts.js";
import { bars, within } from "./player_logic.js";
import { isOfTheWhole } from "./quality_logic.js";

/** @typedef {import("./types.js").Finding} Finding */

/** About so far apart stand the times beneath. */
const TICK_PX = 110;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];

/** @param {import("./reading.js").Reading} reading @param {import("./tape.js").Tape} tape @param {(at: number) => void} go */
export function makeTimeline(reading, tape, go) {
  const names = make("div", { class: "names", "aria-hidden": "true" });
  const [lanes, marks] = [make("div", { class: "lanes" }), make("div", { class: "marks" })];
  const head = make("i", { class: "head" });
  const slider = make("div", { class: "track", role: "slider", tabindex: "0", "aria-valuemin": "0" }, lanes, marks, head);
  const scale = make("div", { class: "scale", "aria-hidden": "true" });
  const element = make("div", { class: "timeline" }, names, slider, scale);
  let held = false;
  const seek = (/** @type {PointerEvent} */ event) => {
    const box = slider.getBoundingClientRect();
    go(within((event.clientX - box.left) / box.width, 0, 1) * tape.seconds);
  };
  slider.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = true;
    slider.setPointerCapture(event.pointerId);
    seek(event);
  });
  slider.addEventListener("pointermove", (event) => held && seek(event));
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) slider.addEventListener(name, () => (held = false));
  slider.addEventListener("keydown", (event) => {
    const to = { Home: 0, End: tape.seconds, PageUp: tape.at - 30, PageDown: tape.at + 30 }[event.key];
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    go(to);
  });
  new ResizeObserver(() => paintScale()).observe(slider);

  function paintScale() {
    const { seconds } = tape;
    const most = Math.max(1, slider.clientWidth / TICK_PX);
    const step = STEPS_S.find((one) => seconds / one <= most) ?? 7200;
    const ticks = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, n) => n * step);
    redraw(scale, JSON.stringify([ticks, seconds]), () => ticks.map((at) => placed(make("span", {}, clock(at)), "left", seconds ? at / seconds : 0)));
  }

  return {
    element,
    /** @param {Finding[]} findings */
    paint(findings) {
      const { track, seconds } = tape;
      const shown = track ? bars(track, seconds) : [];
      const apart = !shown.some((bar) => bar.side === "both");
      const sides = /** @type {import("./types.js").Side[]} */ (apart ? ["citizen", "agent"] : ["both"]);
      slider.setAttribute("aria-label", reading.say("call.timeline"));
      slider.setAttribute("aria-valuemax", String(Math.round(seconds)));
      const kind = track?.kind ?? "";
      redraw(names, JSON.stringify([reading.lang, sides, kind]), () => sides.map((side) => make("span", {}, saySide(reading, side, kind))));
      redraw(lanes, JSON.stringify(shown), () => sides.map((side) => make("div", { class: `lane ${side}` }, ...shown.filter((bar) => bar.side === side || sides.length === 1).map((bar) =>
        placed(placed(make("i", { class: `bar ${bar.side}` }), "left", bar.from), "width", bar.width)))));
      redraw(marks, JSON.stringify([reading.lang, findings, seconds]), () => findings.filter((one) => !isOfTheWhole(one)).map((one) =>
        placed(make("i", { class: "found-at", title: `${clock(one.at_s)} ${sayFinding(reading, one)}` }), "left", seconds ? within(one.at_s / seconds, 0, 1) : 0)));
      paintScale();
      this.move();
    },
    move() {
      const { at, seconds } = tape;
      head.style.left = `${seconds ? (100 * at) / seconds : 0}%`;
      const now = String(Math.round(at));
      if (slider.getAttribute("aria-valuenow") === now) return;
      slider.setAttribute("aria-valuenow", now);
      slider.setAttribute("aria-valuetext", reading.say("call.at_of", { at: clock(at), of: clock(seconds) }));
    },
  };
}

/** The page's policy lets styles in by code alone. @template {HTMLElement} T @param {T} element @param {"left" | "width"} what @param {number} part of the whole */
function placed(element, what, part) {
  element.style[what] = `${100 * part}%`;
  return element;
}
