// The frame of the desk: bar on top, tree, list, and the desk for one thing. It draws; what is in a section draws itself.
import { make, setText } from "/pages/shared/dom.js";
import { mountDesk } from "./desk.js";
import { listenToKeys } from "./keys.js";
import { drafted, SECTIONS } from "./places_logic.js";
import { redraw } from "./redraw.js";
import { sectionOf } from "./sections.js";

/** @typedef {import("./office.js").Office} Office */

/** @param {HTMLElement} app @param {Office} office */
export function mountShell(app, office) {
  const say = office.say.bind(office);
  const [bar, tree, list, desk] = [make("header", { class: "bar" }), make("nav", { class: "tree" }), make("section", { class: "list" }), make("main", { class: "desk", id: "desk", tabindex: "-1" })];
  const skip = make("a", { class: "skip", href: "#desk", onclick: (/** @type {Event} */ event) => (event.preventDefault(), desk.focus()) });
  app.append(skip, bar, tree, list, desk);
  const search = mountList(list, office);
  mountDesk(desk, office);
  listenToKeys(office, search);
  mountBar(bar, office);
  office.onDraw(() => {
    setText(skip, say("skip"));
    document.title = `${say(`section.${office.place.section}`)} · ${say("title")}`;
    tree.setAttribute("aria-label", say("tree"));
    const marks = drafted(office.rows);
    redraw(tree, JSON.stringify([office.dictionary.lang, office.place.section, [...marks]]), () => [
      make("ul", {}, ...SECTIONS.map((section) => make("li", {},
        make("a", { href: `#${section}`, "data-key": section, "aria-current": office.place.section === section ? "page" : null },
          make("span", {}, say(`section.${section}`)),
          marks.has(section) ? make("span", { class: "has-draft", title: say("tree.draft") }, say("tree.draft_short")) : null)))),
      make("p", { class: "keys" }, make("kbd", {}, "/"), ` ${say("keys.search")}`, make("br"), make("kbd", {}, "Ctrl+S"), ` ${say("keys.save")}`),
    ]);
  });
}

/** @param {HTMLElement} bar @param {Office} office */
function mountBar(bar, office) {
  const say = office.say.bind(office);
  const [brand, note, who] = [make("span"), make("p", { class: "note", role: "status" }), make("span", { class: "who" })];
  const languages = /** @type {const} */ (["zh", "en"]).map((lang) => make("button", { type: "button", onclick: () => office.dictionary.use(lang) }));
  const language = make("span", { class: "languages", role: "group" }, ...languages);
  const hears = office.user.roles.some((role) => role === "supervisor" || role === "auditor");
  const records = make("a", { class: "out", href: "/records", hidden: !hears });
  const out = make("button", { type: "button", class: "out", onclick: async () => {
    await office.saveAll();
    await office.api.post("/api/logout").catch(() => null);
    location.assign("/login");
  } });
  bar.append(make("h1", {}, make("i", { "aria-hidden": "true" }, "呼"), brand), note, records, language, who, out);
  office.onDraw(() => {
    setText(brand, say("title"));
    setText(note, office.note.text);
    note.dataset["tone"] = office.note.tone;
    note.title = office.note.text;
    languages.forEach((button, at) => {
      const lang = at ? "en" : "zh";
      setText(button, say(`language.${lang}`));
      button.setAttribute("aria-pressed", String(office.dictionary.lang === lang));
    });
    language.setAttribute("aria-label", say("language.name"));
    const role = office.mayChange ? "role.administrator" : "role.auditor";
    setText(who, `${office.user.name} · ${say(role)}`);
    setText(records, say("to_records"));
    setText(out, say("log_out"));
  });
}

/** The middle: search, what can be made new, everything there is. @param {HTMLElement} place @param {Office} office @returns {HTMLInputElement} */
function mountList(place, office) {
  const say = office.say.bind(office);
  const search = make("input", { class: "field", type: "search", autocomplete: "off", spellcheck: "false", oninput: () => office.draw() });
  const [head, items, foot] = [make("h2"), make("div", { class: "items" }), make("div", { class: "new" })];
  place.append(make("div", { class: "top" }, head, search), items, foot);
  let section = "";
  office.onDraw(() => {
    const here = sectionOf(office.place.section);
    if (section !== office.place.section) {
      section = office.place.section;
      search.value = "";
    }
    setText(head, say(`section.${section}`));
    search.setAttribute("aria-label", say("list.search"));
    search.placeholder = say("list.search");
    const rows = here.items(office, search.value);
    const chosen = here.chosen(office);
    redraw(items, JSON.stringify([office.dictionary.lang, section, rows, chosen, search.value !== ""]), () => rows.length
      ? [make("ul", { "data-scroll": "items" }, ...rows.map((row) => row.heading
        ? make("li", { class: "heading" }, row.title)
        : make("li", {}, make("a", { href: `#${section}/${encodeURIComponent(row.id)}`, "data-key": `item-${row.id}`, "aria-current": chosen === row.id ? "true" : null, onkeydown: along },
          make("span", { class: "title" }, row.title), row.side ? make("span", { class: `side ${row.tone ?? ""}` }, row.side) : null,
          row.sub ? make("span", { class: "sub" }, row.sub) : null))))]
      : [make("p", { class: "none" }, say(search.value ? "list.no_match" : `${section}.empty`))]);
    redraw(foot, JSON.stringify([office.dictionary.lang, section, office.mayChange, here.add ? here.addSignature?.(office) ?? "" : null]),
      () => (here.add && office.mayChange ? here.add(office) : []));
  });
  return search;
}

/** Arrow keys go along the list. @param {KeyboardEvent} event */
function along(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = [...(/** @type {HTMLElement} */ (event.currentTarget).closest("ul")?.querySelectorAll("a") ?? [])];
  const at = links.indexOf(/** @type {HTMLAnchorElement} */ (event.currentTarget));
  const next = links[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}
