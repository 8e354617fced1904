// The citizens' page: its frame, which view is shown, and what is the same in all of them.
import { Api } from "/pages/shared/api.js";
import { make, setText } from "/pages/shared/dom.js";
import { Dictionary } from "/pages/shared/words.js";
import { mountStrip } from "./strip.js";
import { followSize, followTheme, nextTextSize } from "./look.js";
import { VIEWS } from "./views.js";
import { Visit } from "./visit.js";

/** @typedef {import("./visit_logic.js").View} View */
/** What a view gives back: `draw` whenever something may have changed, `leave` when another takes its place.
 * @typedef {{element: HTMLElement, draw: () => void, leave?: () => void}} Mounted */

followTheme();
followSize();
const api = new Api();
const [words, page] = await Promise.all([Dictionary.load("/pages/video"), api.get("/api/video-page")]);
const visit = new Visit(api, page, new URLSearchParams(location.search).get("i") ?? "");

/** Texts of the frame, by their words. @type {[HTMLElement, string][]} */
const said = [];
const app = /** @type {HTMLElement} */ (document.getElementById("app"));
const title = make("h1", {});
const bigger = make("button", { class: "tool", onclick: nextTextSize });
const language = make("button", { class: "tool", onclick: () => words.use(words.lang === "zh" ? "en" : "zh") });
const main = make("main", { id: "view", tabindex: "-1" });
const strip = mountStrip(visit, words);
app.append(make("header", { class: "top" }, title, bigger, language), strip.element, main, emergency());

/** @type {View | null} */
let shown = null;
/** @type {Mounted | null} */
let mounted = null;

function draw() {
  const view = visit.view;
  if (view !== shown) {
    mounted?.leave?.();
    shown = view;
    mounted = VIEWS[view](visit, words);
    main.replaceChildren(mounted.element);
    document.body.dataset["view"] = view;
    main.scrollTop = 0;
    if (document.activeElement === document.body || document.activeElement === null) main.focus({ preventScroll: true });
  }
  frame();
  strip.draw();
  mounted?.draw();
}

function frame() {
  setText(title, words.say("title", { city: page.city }));
  document.title = title.textContent ?? "";
  setText(bigger, words.say("bigger"));
  setText(language, words.say("other_language"));
  language.lang = words.lang === "zh" ? "en" : "zh-CN";
  for (const [element, key] of said) setText(element, words.say(key));
}

/** Numbers that help when nothing here does. */
function emergency() {
  const number = (/** @type {string} */ digits) => make("a", { href: `tel:${digits}` }, digits);
  const [before, sms] = [make("span", {}), make("a", { href: "sms:12110" })];
  said.push([before, "emergency"], [sms, "emergency.sms"]);
  return make("footer", { class: "emergency" }, before, number("110"), number("119"), number("120"), sms);
}

visit.onChange(draw);
words.onChange(() => {
  shown = null;
  draw();
});
setInterval(() => {
  strip.draw();
  mounted?.draw();
}, 1000);
await visit.open();
