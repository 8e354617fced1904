// The drawings of the shell, on a grid of 20.
import { icon } from "/pages/shared/dom.js";

const PATHS = {
  pause: "M7 4v12M13 4v12",
  play: "M6 4l10 6-10 6z",
  micOff: "M10 2.5A2.5 2.5 0 0 1 12.5 5v4a2.5 2.5 0 0 1-5 0V5A2.5 2.5 0 0 1 10 2.5zM4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v2.5M3 3l14 14",
  mic: "M10 2.5A2.5 2.5 0 0 1 12.5 5v4a2.5 2.5 0 0 1-5 0V5A2.5 2.5 0 0 1 10 2.5zM4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v2.5",
  pad: "M5 4h.01M10 4h.01M15 4h.01M5 9h.01M10 9h.01M15 9h.01M5 14h.01M10 14h.01M15 14h.01",
  move: "M3 7h13l-3.5-3.5M17 13H4l3.5 3.5",
  emergency: "M10 3 2.5 16.5h15zM10 8.5v3.5M10 14.3v.01",
  end: "M2.5 11.5c4-4.600 11-4.600 15 0l-2.200 2.3-3-1.5v-2.100a9 9 0 0 0-4.600 0v2.100l-3 1.5z",
  phone: "M4 3h3l1.5 4-2 1.5a9 9 0 0 0 5 5l1.5-2 4 1.5v3c-7 1-14-6-13-13z",
  check: "m4 10.5 4 4 8-9",
  clock: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM10 6.5V10l2.5 1.8",
  headset: "M3.5 13v-3a6.5 6.5 0 0 1 13 0v3M3.5 11.5h2.5v4.5H4.5a1 1 0 0 1-1-1zM16.5 11.5H14v4.5h1.5a1 1 0 0 0 1-1zM16.5 15.5c0 1.5-2 2-4 2",
  people: "M7 9.3a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM2 16c.4-3 2.3-4.5 5-4.5s4.600 1.5 5 4.5M14 10a2.200 2.200 0 1 0 0-4.400M13.5 12.200c2.200-.4 3.900.8 4.3 3.3",
  close: "m5 5 10 10M15 5 5 15",
  leave: "M8 4H4v12h4M12.5 6.5 16 10l-3.5 3.5M16 10H8",
};

/** @param {keyof typeof PATHS} name @returns {SVGSVGElement} */
export function draw(name) {
  const svg = icon(PATHS[name]);
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.classList.add("icon");
  if (name === "pad") svg.firstElementChild?.setAttribute("stroke-width", "2.6");
  return svg;
}
