// The frame: a bar with the lists and who is here, and one view at a time.
import { make, setText } from "/pages/shared/dom.js";
import { mountCall } from "./call_view.js";
import { mountQuality } from "./quality_view.js";
import { mountSearch } from "./search_view.js";

/** @typedef {import("./reading.js").Reading} Reading */

/** @param {HTMLElement} app @param {Reading} reading */
export function mountShell(app, reading) {
  const bar = make("header", { class: "bar" });
  const main = make("main", { id: "main", tabindex: "-1" });
  const skip = make("a", { class: "skip", href: "#main", onclick: (/** @type {Event} */ event) => (event.preventDefault(), main.focus()) });
  const views = { search: make("section", { class: "view search" }), quality: make("section", { class: "view quality" }), call: make("section", { class: "view call" }) };
  main.append(...Object.values(views));
  app.append(skip, bar, main);
  reading.onDraw(() => {
    for (const [name, view] of Object.entries(views)) view.hidden = name !== reading.place.view;
    setText(skip, reading.say("skip"));
    document.title = `${reading.say(`view.${reading.place.view}`)} · ${reading.say("title")}`;
  });
  mountBar(bar, reading);
  const search = mountSearch(views.search, reading);
  mountQuality(views.quality, reading);
  mountCall(views.call, reading);
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
    const inField = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (event.key === "/" && !inField) {
      event.preventDefault();
      if (reading.place.view !== "search") reading.go(reading.list.view === "search" ? reading.list : { view: "search", q: "" });
      // The hash changes a moment later, and a hidden field takes no focus.
      setTimeout(() => (search.focus(), search.select()));
    } else if (event.key === "Escape" && reading.place.view === "call") reading.go(reading.list);
  });
}

/** @param {HTMLElement} bar @param {Reading} reading */
function mountBar(bar, reading) {
  const { dictionary, api, user } = reading;
  const say = reading.say.bind(reading);
  const [brand, who] = [make("span"), make("span", { class: "who" })];
  const tabs = /** @type {const} */ (["search", "quality"]).map((view) => ({ view, link: make("a", { class: "tab" }) }));
  const nav = make("nav", {}, ...tabs.map(({ link }) => link));
  nav.hidden = !reading.mayInspect;
  const toFloor = make("a", { class: "out", href: "/supervisor", hidden: !user.roles.includes("supervisor") });
  const toAdmin = make("a", { class: "out", href: "/admin", hidden: !user.roles.some((role) => role === "administrator" || role === "auditor") });
  const languages = /** @type {const} */ (["zh", "en"]).map((lang) => ({ lang, button: make("button", { type: "button", onclick: () => dictionary.use(lang) }) }));
  const language = make("span", { class: "languages", role: "group" }, ...languages.map(({ button }) => button));
  const out = make("button", { type: "button", class: "out", onclick: async () => {
    await api.post("/api/logout").catch(() => null);
    location.assign("/login");
  } });
  bar.append(make("h1", {}, make("i", { "aria-hidden": "true" }, "呼"), brand), nav, make("span", { class: "gap" }), toFloor, toAdmin, language, who, out);
  /** Where each list was left. @type {Record<string, string>} */
  const left = { search: "#search", quality: "#quality" };
  reading.onDraw(() => {
    setText(brand, say("title"));
    nav.setAttribute("aria-label", say("views"));
    if (reading.place.view !== "call") left[reading.place.view] = location.hash || "#search";
    for (const { view, link } of tabs) {
      setText(link, say(`view.${view}`));
      link.setAttribute("href", left[view] ?? "#search");
      if (reading.list.view === view) link.setAttribute("aria-current", reading.place.view === view ? "page" : "true");
      else link.removeAttribute("aria-current");
    }
    setText(toFloor, say("to_floor"));
    setText(toAdmin, say("to_admin"));
    for (const { lang, button } of languages) {
      setText(button, say(`language.${lang}`));
      button.setAttribute("aria-pressed", String(dictionary.lang === lang));
    }
    language.setAttribute("aria-label", say("language.name"));
    const role = ["supervisor", "auditor"].find((one) => user.roles.includes(one)) ?? "agent";
    setText(who, `${user.name} · ${say(`role.${role}`)}`);
    setText(out, say("log_out"));
  });
}
