// The right side: which version is live, since when and by whom; the draft; what publishing would change; how to go back.
import { make, setText } from "/pages/shared/dom.js";
import { Editor, problemList } from "./editor.js";
import { mountHistory } from "./history.js";
import { mountPublish } from "./publish.js";
import { forget, redraw } from "./redraw.js";
import { sectionOf } from "./sections.js";
import { moment } from "./text_logic.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./types.js").Doc} Doc */

/** @param {HTMLElement} place @param {Office} office */
export function mountDesk(place, office) {
  const say = office.say.bind(office);
  const [head, banner, body, foot] = [make("div", { class: "head" }), make("div", { class: "banner" }), make("div", { class: "body" }), make("div", { class: "foot" })];
  // What others have done is told beneath: nothing that he is looking at moves.
  place.append(head, body, banner, foot);
  const editor = new Editor(office);
  const drawHistory = mountHistory(office);
  const drawPublish = mountPublish(office);
  let shown = "";

  office.onDraw(() => {
    const { place: at } = office;
    const section = sectionOf(at.section);
    const docs = office.here;
    const doc = office.doc;
    const drafts = docs.filter((one) => one.draft !== null || office.unsent.has(one.id));
    redraw(head, JSON.stringify([office.dictionary.lang, at, docs.map((one) => [one.id, one.version, one.live, one.draft?.at, one.draft?.base, one.drafts]), office.user.id, Math.floor(Date.now() / 60000)]),
      () => drawHead(office, docs, drafts));
    redraw(banner, JSON.stringify([office.dictionary.lang, at.view, docs.map((one) => [one.id, one.version.n, one.version.good, one.live.n, one.draft?.base, one.drafts])]),
      () => docs.flatMap((one) => banners(office, one)));

    const name = `${at.section}|${at.view}|${at.mode}|${at.view === "edit" || at.view === "live" ? (at.mode === "text" ? doc?.id : at.item) : doc?.id}`;
    if (name !== shown) {
      shown = name;
      forget(body);
      body.className = `body ${at.section} ${at.view} ${at.mode}`;
      body.scrollTop = 0;
    }
    if (at.view === "history") drawHistory(body, doc);
    else if (at.view === "publish") drawPublish(body, drafts);
    else if (section.whole && !(section.modes && at.mode === "text")) section.whole(body, office, editor);
    else if (at.mode === "text") drawText(body, office, editor, doc);
    else redraw(body, `${office.dictionary.lang}|${office.mayChange}|${name}|${section.signature(office)}`, () => section.form(office));
    drawFoot(foot, office, docs, drafts);
  });
}

/** @param {Office} office @param {Doc[]} docs @param {Doc[]} drafts @returns {Node[]} */
function drawHead(office, docs, drafts) {
  const say = office.say.bind(office);
  const { place: at } = office;
  const section = sectionOf(at.section);
  if (!docs.length) return [make("h2", {}, section.title(office))];
  const lang = office.dictionary.lang;
  const now = Date.now() / 1000;
  const state = docs.map((doc) => make("p", { class: "version" },
    docs.length > 1 ? make("b", {}, office.shortTitle(doc.id)) : null,
    make("span", { class: "chip live" }, doc.live.n ? say("version.live", { n: doc.live.n }) : say("version.shipped")),
    doc.live.n ? make("span", { class: "since" }, say("version.since", { at: moment(doc.live.at, lang, now), who: whoText(office, doc.live) })) : null,
    doc.live.why ? make("span", { class: "why", title: doc.live.why }, doc.live.why) : null,
    doc.draft ? make("span", { class: "chip draft" }, say("version.draft", { n: doc.draft.base })) : null,
    ...doc.drafts.filter((one) => one.who !== office.user.id).map((one) => make("span", { class: "chip other" }, say("version.other_draft", { who: one.who })))));
  /** @type {(view: import("./types.js").Place["view"], key: string, enabled?: boolean) => HTMLElement} */
  const tab = (view, key, enabled = true) => make("button", { type: "button", class: "tab", "data-key": `view-${view}`, "aria-pressed": String(at.view === view), disabled: !enabled,
    onclick: () => office.go({ view }) }, say(key, { n: docs.length === 1 ? docs[0]?.live.n ?? 0 : "" }));
  /** @type {(mode: "form" | "text", id?: string) => HTMLElement} */
  const how = (mode, id = "") => make("button", { type: "button", class: "tab", "data-key": `mode-${mode}-${id}`,
    "aria-pressed": String(at.mode === mode && (mode === "form" || (office.doc?.id ?? "") === id)), onclick: () => office.go({ mode, doc: id }) },
    mode === "form" ? say("mode.form") : docs.length > 1 ? say("mode.text_of", { doc: office.shortTitle(id) }) : say("mode.text"));
  const showsText = (!section.whole || section.modes === true) && (at.view === "edit" || at.view === "live");
  const picksDoc = at.view === "history" && docs.length > 1;
  return [
    make("div", { class: "line" }, make("h2", {}, section.title(office)),
      make("div", { class: "tabs", role: "group", "aria-label": say("views") },
        tab("edit", office.mayChange ? (drafts.length ? "view.draft" : "view.edit") : "view.look"), tab("live", docs.length === 1 && docs[0]?.live.n ? "view.live" : "view.live_many"), tab("history", "view.history"))),
    make("div", { class: "line under" }, make("div", { class: `versions ${docs.length > 2 ? "many" : ""}` }, ...state),
      showsText ? make("div", { class: "tabs small", role: "group", "aria-label": say("modes") }, how("form"), ...docs.map((doc) => how("text", doc.id))) : null,
      picksDoc ? make("div", { class: "tabs small", role: "group", "aria-label": say("modes") }, ...docs.map((doc) =>
        make("button", { type: "button", class: "tab", "data-key": `doc-${doc.id}`, "aria-pressed": String(office.doc?.id === doc.id), onclick: () => office.go({ doc: doc.id }) }, office.shortTitle(doc.id)))) : null),
  ];
}

/** @param {Office} office @param {import("./types.js").Version} version @returns {string} */
export function whoText(office, version) {
  return version.who || (version.how === "shipped" ? office.say("how.shipped") : office.say("by_hand"));
}

/** What has to be said before anything else. @param {Office} office @param {Doc} doc @returns {Node[]} */
function banners(office, doc) {
  const say = office.say.bind(office);
  const found = [];
  if (!doc.version.good) {
    found.push(make("p", { class: "alert bad" }, say("banner.faulty", { doc: office.title(doc.id), n: doc.version.n, live: doc.live.n })));
  }
  if (doc.draft && doc.draft.base !== doc.version.n) {
    found.push(make("p", { class: "alert warn" },
      make("span", {}, say("banner.behind", { doc: office.title(doc.id), who: whoText(office, doc.version), n: doc.version.n, base: doc.draft.base })),
      make("button", { type: "button", class: "button", "data-key": `merge-${doc.id}`, onclick: () => office.merge(doc.id) }, say("banner.merge")),
      make("button", { type: "button", class: "button", "data-key": `behind-${doc.id}`, onclick: () => office.go({ view: "history", doc: doc.id }) }, say("banner.look"))));
  }
  return found;
}

/** @param {HTMLElement} body @param {Office} office @param {Editor} editor @param {Doc | undefined} doc */
function drawText(body, office, editor, doc) {
  if (!doc) return;
  const said = office.place.view === "live" ? doc : office.said(doc.id);
  if (!said) return;
  const problems = make("div", { class: "beneath" });
  redraw(body, `text|${doc.id}|${office.place.view}`, () => [editor.element, problems]);
  editor.show(`${doc.id}`, said.text, said.problems, office.title(doc.id));
  const beneath = body.querySelector(".beneath");
  if (beneath) redraw(beneath, JSON.stringify([office.dictionary.lang, said.problems]), () => [problemList(office, said.problems, (one) => editor.goTo(one.line))]);
}

/** @param {HTMLElement} foot @param {Office} office @param {Doc[]} docs @param {Doc[]} drafts */
function drawFoot(foot, office, docs, drafts) {
  const say = office.say.bind(office);
  const problems = drafts.flatMap((doc) => doc.draft?.problems ?? []);
  const errors = problems.filter((one) => one.level === "error").length;
  const { place: at } = office;
  foot.hidden = !docs.length || !office.mayChange || sectionOf(at.section).noFoot === true;
  redraw(foot, JSON.stringify([office.dictionary.lang, at.view, drafts.map((doc) => doc.id), problems.length, errors, office.saving, office.savedAt, office.unsent.size]), () => {
    const saved = office.unsent.size && office.saving !== "kept" ? say("saving.saving")
      : office.saving === "kept" ? say("saving.kept")
      : office.savedAt ? say("saving.saved", { at: moment(office.savedAt / 1000, office.dictionary.lang, Date.now() / 1000) }) : "";
    const publish = async () => {
      await office.saveAll();
      office.go({ view: "publish" });
    };
    /** @type {HTMLElement[]} */
    const buttons = [];
    if (at.view === "publish") buttons.push(make("button", { type: "button", class: "button", "data-key": "back", onclick: () => office.go({ view: "edit" }) }, say("publish.back"), make("kbd", {}, "Esc")));
    if (drafts.length) buttons.push(make("button", { type: "button", class: "button", "data-key": "drop", onclick: () => void drop(office, drafts) }, say("draft.drop")));
    if (at.view !== "publish") buttons.push(make("button", { type: "button", class: "button primary", "data-key": "publish", disabled: !drafts.length, onclick: () => void publish() }, say("publish.open")));
    return [
      make("p", { class: `checked ${errors ? "bad" : problems.length ? "warn" : "ok"}` },
        drafts.length ? errors ? `● ${say("problems.errors", { n: errors })}` : problems.length ? `▲ ${say("problems.warnings", { n: problems.length })}` : `✓ ${say("problems.none")}` : say("foot.no_draft")),
      make("p", { class: `saved ${office.saving === "kept" ? "warn" : ""}` }, saved),
      ...buttons,
    ];
  });
}

/** @param {Office} office @param {Doc[]} drafts */
async function drop(office, drafts) {
  for (const doc of drafts) await office.dropDraft(doc.id);
  office.go({ view: "edit" });
}
