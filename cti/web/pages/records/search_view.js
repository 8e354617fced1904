// What was said: a search in all talks, further and further back, and a way to a call whose number is known.
import { make, setText } from "/pages/shared/dom.js";
import { redraw } from "../admin/redraw.js";
import { along, nothing, sideChip } from "./parts.js";
import { callPlace, placeText } from "./places_logic.js";
import { joined, marked, SHORTEST } from "./search_logic.js";
import { moment } from "./when_logic.js";

/** @typedef {import("./reading.js").Reading} Reading */
/** @typedef {import("./types.js").Hit} Hit */

/** @param {HTMLElement} view @param {Reading} reading @returns {HTMLInputElement} the field */
export function mountSearch(view, reading) {
  const say = reading.say.bind(reading);
  /** `q`: what was searched for; null: nothing yet. @type {{q: string | null, hits: Hit[], from: number, reading: boolean, fault: string}} */
  const state = { q: null, hits: [], from: 0, reading: false, fault: "" };
  const field = make("input", { class: "field", type: "search", name: "q", maxlength: "100", autocomplete: "off", spellcheck: "false" });
  const label = make("label", { for: "q" });
  field.id = "q";
  const button = make("button", { type: "submit", class: "button primary" });
  const error = make("p", { class: "error", role: "alert" });
  const form = make("form", { class: "ask", role: "search", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), ask()) }, label, field, make("kbd", { "aria-hidden": "true" }, "/"), button);
  const callField = make("input", { class: "field", id: "call-id", name: "call", maxlength: "80", autocomplete: "off", spellcheck: "false" });
  const [callLabel, open] = [make("label", { for: "call-id" }), make("button", { type: "submit", class: "button" })];
  const byCall = make("form", { class: "by-call", onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    const call = callField.value.trim();
    if (call) reading.go(callPlace(call));
    else callField.focus();
  } }, callLabel, callField, open);
  const [title, found, status] = [make("h2"), make("div", { class: "found panel" }), make("p", { class: "status", role: "status" })];
  form.hidden = !reading.mayInspect;
  found.hidden = !reading.mayInspect;
  status.hidden = !reading.mayInspect;
  view.append(title, make("div", { class: "asking" }, form, byCall), error, status, found);
  field.addEventListener("keydown", (event) => event.isComposing || along(event, found, "a.hit"));
  found.addEventListener("keydown", (event) => {
    if (event.key === "ArrowUp" && document.activeElement === found.querySelector("a.hit")) {
      event.preventDefault();
      field.focus();
    } else along(event, found, "a.hit");
  });

  function ask() {
    const q = field.value.trim();
    const short = q.length < SHORTEST;
    field.setAttribute("aria-invalid", String(short));
    setText(error, short ? say("search.short") : "");
    if (short) field.focus();
    else if (reading.place.view === "search" && reading.place.q === q) void look(q, null);
    else reading.go({ view: "search", q });
  }

  /** @param {string} q @param {number | null} until null: from now back */
  async function look(q, until) {
    Object.assign(state, { q, reading: true, fault: "", ...(until === null ? { hits: [], from: 0 } : {}) });
    reading.draw();
    try {
      const query = new URLSearchParams({ q, ...(until === null ? {} : { until: String(until) }) });
      const answer = /** @type {{searched_from: number, lines: Hit[]}} */ (await reading.api.get(`/api/transcripts?${query}`));
      if (state.q !== q) return;
      Object.assign(state, { hits: joined(state.hits, answer.lines), from: answer.searched_from });
    } catch (fault) {
      if (state.q === q) state.fault = reading.why(fault);
    }
    state.reading = false;
    reading.draw();
  }

  /** @param {Hit} hit */
  function row(hit) {
    const pieces = marked(hit.text, state.q ?? "");
    return make("li", {}, make("a", { class: "hit", "data-key": `${hit.call_id} ${hit.segment} ${hit.n}`,
      href: placeText({ ...callPlace(hit.call_id), segment: hit.segment, line: hit.n, when: hit.at }) },
      make("time", {}, moment(hit.at, reading.lang, Date.now() / 1000)), sideChip(reading, hit.side),
      make("span", { class: "said", lang: "zh-CN" }, ...pieces.map((piece) => (piece.hit ? make("mark", {}, piece.text) : piece.text))),
      pieces.some((piece) => piece.hit) ? null : make("span", { class: "hint" }, say("search.in_stars")),
      make("span", { class: "of" }, hit.call_id)));
  }

  reading.onDraw(() => {
    setText(title, say(reading.mayInspect ? "view.search" : "open.title"));
    setText(label, say("search.label"));
    setText(button, say("search.go"));
    field.placeholder = say("search.example");
    setText(callLabel, say("open.label"));
    setText(open, say("open.go"));
    callField.placeholder = say("open.example");
    if (reading.place.view !== "search") return;
    if (reading.place.q && reading.place.q !== state.q) {
      field.value = reading.place.q;
      void look(reading.place.q, null);
      return;
    }
    const now = Date.now() / 1000;
    const since = state.from ? moment(state.from, reading.lang, now) : "";
    setText(status, state.reading ? say("search.reading") : state.q !== null && !state.fault ? say(state.hits.length ? "search.found" : "search.none", { n: state.hits.length, since, q: state.q }) : "");
    redraw(found, JSON.stringify([reading.lang, state]), () => {
      if (state.fault) return [nothing(state.fault, make("button", { type: "button", class: "button", onclick: () => void look(state.q ?? "", state.from || null) }, say("again")))];
      if (state.q === null) return [nothing(say("search.begin"), make("p", { class: "hint" }, say("search.noted")))];
      return [
        make("ul", { class: "hits", "data-scroll": "hits" }, ...state.hits.map(row)),
        make("div", { class: "further" }, make("button", { type: "button", class: "button", "data-key": "further", disabled: state.reading, onclick: () => void look(state.q ?? "", state.from) }, say("search.further")),
          make("span", { class: "hint" }, since ? say("search.since", { since }) : "")),
      ];
    });
  });
  return field;
}
