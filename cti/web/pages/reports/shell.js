// The frame: a bar with who is here, what is asked for, the headline, the table, and beside it the list of lost calls.
import { make, setText } from "/pages/shared/dom.js";
import { mountAsking } from "./asking.js";
import { mountHeadline } from "./headline.js";
import { mountLosses } from "./losses_view.js";
import { mountTable } from "./table_view.js";

/** @typedef {import("./reports.js").Reports} Reports */

/** @param {HTMLElement} app @param {Reports} reports */
export function mountShell(app, reports) {
  const [bar, main] = [make("header", { class: "bar" }), make("main", { id: "main", class: "report", tabindex: "-1" })];
  const skip = make("a", { class: "skip", href: "#main", onclick: (/** @type {Event} */ event) => (event.preventDefault(), main.focus()) });
  const [asking, headline, table] = [make("section", { class: "asking-for" }), make("section", { class: "headline" }), make("section", { class: "table panel" })];
  const losses = make("aside", { class: "losses panel" });
  main.append(asking, make("div", { class: "found-beside" }, make("div", { class: "found-report" }, headline, table), losses));
  app.append(skip, bar, main);
  mountBar(bar, reports);
  mountAsking(asking, reports);
  mountHeadline(headline, reports);
  mountTable(table, reports);
  mountLosses(losses, reports);
  reports.onDraw(() => {
    setText(skip, reports.say("skip"));
    document.title = `${reports.report ? `${reports.report.period} · ` : ""}${reports.say("title")}`;
    main.setAttribute("aria-busy", String(reports.reading));
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && reports.place.open) reports.closeLosses();
    if (event.target instanceof HTMLElement && event.target.matches("input, textarea, select")) return;
    if (event.key === "[" || event.key === "]") asking.querySelector(event.key === "[" ? ".earlier" : ".later")?.dispatchEvent(new MouseEvent("click"));
  });
}

/** @param {HTMLElement} bar @param {Reports} reports */
function mountBar(bar, reports) {
  const { dictionary, api, user } = reports;
  const [brand, who] = [make("span"), make("span", { class: "who" })];
  const records = make("a", { class: "out", href: "/records", hidden: !reports.mayRead });
  const languages = /** @type {const} */ (["zh", "en"]).map((lang) => ({ lang, button: make("button", { type: "button", onclick: () => dictionary.use(lang) }) }));
  const language = make("span", { class: "languages", role: "group" }, ...languages.map(({ button }) => button));
  const out = make("button", { type: "button", class: "out", onclick: async () => {
    await api.post("/api/logout").catch(() => null);
    location.assign("/login");
  } });
  bar.append(make("h1", {}, make("i", { "aria-hidden": "true" }, "呼"), brand), make("span", { class: "gap" }), records, language, who, out);
  reports.onDraw(() => {
    setText(brand, reports.say("title"));
    setText(records, reports.say("to_records"));
    for (const { lang, button } of languages) {
      setText(button, reports.say(`language.${lang}`));
      button.setAttribute("aria-pressed", String(dictionary.lang === lang));
    }
    language.setAttribute("aria-label", reports.say("language.name"));
    const role = ["supervisor", "administrator", "auditor"].find((one) => user.roles.includes(one)) ?? "auditor";
    setText(who, `${user.name} · ${reports.say(`role.${role}`)}`);
    setText(out, reports.say("log_out"));
  });
}
