// What several views are made of.
import { make } from "/pages/shared/dom.js";

/** A large button with a line of help under its word.
 * @param {string} text @param {() => unknown} press @param {{tone?: "primary" | "danger" | "plain", help?: string, disabled?: boolean}} [how]
 * @returns {HTMLButtonElement} */
export function big(text, press, { tone = "plain", help = "", disabled = false } = {}) {
  return make("button", { class: `big ${tone}`, type: "button", disabled, onclick: press },
    make("span", { class: "word" }, text), help && make("span", { class: "help" }, help));
}

/** A telephone number as a large button. @param {string} text @param {string} digits @param {"primary" | "plain"} [tone] */
export function callButton(text, digits, tone = "plain") {
  return make("a", { class: `big ${tone}`, href: `tel:${digits}` }, make("span", { class: "word" }, text));
}

/** One drawing. @param {string} path on a 24 grid @param {number} [size] @returns {SVGSVGElement} */
export function drawing(path, size = 28) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", fill: "none",
    stroke: "currentColor", "stroke-width": "1.7", "stroke-linecap": "round", "stroke-linejoin": "round" })) svg.setAttribute(name, String(value));
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** A picture that plays what `stream` has. @param {string} className @param {boolean} muted @returns {HTMLVideoElement} */
export function player(className, muted) {
  const video = make("video", { class: className, playsinline: true, autoplay: true });
  video.muted = muted;
  video.playsInline = true;
  return video;
}

/** Plays this stream from now on, if it does not already. @param {HTMLVideoElement} video @param {MediaStream | null} stream */
export function play(video, stream) {
  if (video.srcObject !== stream) video.srcObject = stream;
  if (stream && video.paused) void video.play().catch(() => {});
}
