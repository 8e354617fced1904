// Talks to listen to: those of a day in which the inspection found something.
import { make, setText } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { redraw } from "../admin/redraw.js";
import { along, findingLink, nothing } from "./parts.js";
import { callPlace, placeText } from "./places_logic.js";
import { counts, decimal, KINDS, percent, picked } from "./quality_logic.js";
import { dayBeside, dayOf, moment, spanOf, timeOf } from "./when_logic.js";

/** @typedef {import("./reading.js").Reading} Reading */
/** @typedef {import("./types.js").Talk} Talk */

/** The columns with figures. */
const FIGURES = /** @type {const} */ (["length", "share", "speed", "silence", "overlap"]);

/** @param {HTMLElement} view @param {Reading} reading */
export function mountQuality(view, reading) {
  const say = reading.say.bind(reading);
  /** @type {{day: string, talks: Talk[], from: number, reading: boolean, fault: string}} */
  const state = { day: "", talks: [], from: 0, reading: false, fault: "" };
  const day = make("input", { class: "field", type: "date", id: "day", onchange: () => day.value && pick({ day: day.value }) });
  const dayLabel = make("label", { for: "day" });
  const [before, after] = /** @type {const} */ ([-1, 1]).map((by) => make("button", { type: "button", class: "button step", onclick: () => pick({ day: dayBeside(state.day, by) }) }, by < 0 ? "‹" : "›"));
  const agent = make("select", { class: "field", id: "by-agent", onchange: () => pick({ agent: agent.value }) });
  const agentLabel = make("label", { for: "by-agent" });
  const kinds = make("div", { class: "kinds", role: "group" });
  const [title, honest, status, list] = [make("h2"), make("p", { class: "honest" }), make("p", { class: "status", role: "status" }), make("div", { class: "talks panel" })];
  view.append(make("div", { class: "over" }, title, honest), make("div", { class: "asking" }, make("span", { class: "days" }, dayLabel, before ?? "", day, after ?? ""), agentLabel, agent, kinds), status, list);
  list.addEventListener("keydown", (event) => along(event, list, "td.at a"));

  /** @param {Partial<import("./types.js").QualityPlace>} change */
  function pick(change) {
    const { place } = reading;
    if (place.view === "quality") reading.go({ ...place, ...change }, true);
  }

  /** @param {string} wanted @param {number | null} until null: the whole day */
  async function look(wanted, until) {
    const span = spanOf(wanted);
    Object.assign(state, { day: wanted, reading: true, fault: "", ...(until === null ? { talks: [], from: 0 } : {}) });
    reading.draw();
    try {
      const query = new URLSearchParams({ from: String(span.from), until: String(until ?? span.until) });
      const answer = /** @type {{looked_from: number, talks: Talk[]}} */ (await reading.api.get(`/api/quality?${query}`));
      if (state.day !== wanted) return;
      Object.assign(state, { talks: [...state.talks, ...answer.talks], from: answer.looked_from });
    } catch (fault) {
      if (state.day === wanted) state.fault = reading.why(fault);
    }
    state.reading = false;
    reading.draw();
  }

  /** @param {Talk} talk */
  function row(talk) {
    const spoken = { agent: Math.round(talk.agent_s), both: Math.round(talk.agent_s + talk.citizen_s) };
    /** @type {Record<typeof FIGURES[number], [string, string]>} */
    const figures = {
      length: [clock(talk.seconds), ""],
      share: [percent(talk.agent_share), say("quality.share_of", spoken)],
      speed: [decimal(talk.agent_speed), ""],
      silence: [decimal(talk.longest_silence_s), ""],
      overlap: [decimal(talk.overlap_s), ""],
    };
    return make("tr", {},
      make("td", { class: "at" }, make("a", { href: placeText({ ...callPlace(talk.call_id), segment: talk.segment }), "data-key": `${talk.call_id} ${talk.segment}`,
        "aria-label": say("quality.open", { at: timeOf(talk.began_at) }) }, timeOf(talk.began_at))),
      make("td", { class: "who", title: reading.nameOf(talk.agent) }, reading.nameOf(talk.agent)),
      ...FIGURES.map((name) => make("td", { class: "figure", title: figures[name][1] || null }, figures[name][0])),
      make("td", {}, make("div", { class: "findings" }, ...talk.findings.map((one, n) => findingLink(reading, talk, one, { "data-key": `${talk.call_id} ${talk.segment} ${n}` })))));
  }

  reading.onDraw(() => {
    const { place } = reading;
    if (place.view !== "quality") return;
    const wanted = place.day || dayOf(Date.now() / 1000);
    if (wanted !== state.day) {
      void look(wanted, null);
      return;
    }
    const today = dayOf(Date.now() / 1000);
    setText(title, say("view.quality"));
    setText(honest, say("quality.honest"));
    setText(dayLabel, say("quality.day"));
    setText(agentLabel, say("quality.agent"));
    kinds.setAttribute("aria-label", say("quality.kinds"));
    day.max = today;
    if (day.value !== state.day) day.value = state.day;
    before?.setAttribute("aria-label", say("quality.day_before"));
    after?.setAttribute("aria-label", say("quality.day_after"));
    if (after) after.disabled = state.day >= today;
    const agents = [...new Set([...state.talks.map((talk) => talk.agent), place.agent])].filter(Boolean).sort();
    redraw(agent, JSON.stringify([reading.lang, agents, place.agent, reading.names.size]), () => [
      make("option", { value: "" }, say("quality.all_agents")),
      ...agents.map((id) => make("option", { value: id, selected: id === place.agent }, reading.nameOf(id)))]);
    const per = counts(picked(state.talks, "", place.agent));
    redraw(kinds, JSON.stringify([reading.lang, [...per], place.kind, place.agent]), () => ["", ...KINDS].map((kind) =>
      make("button", { type: "button", class: "kind", "data-key": `kind-${kind}`, "aria-pressed": String(place.kind === kind), onclick: () => pick({ kind }) },
        say(kind ? `kind.${kind}` : "kind.all"), make("b", {}, String(kind ? per.get(kind) ?? 0 : picked(state.talks, "", place.agent).length)))));
    const shown = picked(state.talks, place.kind, place.agent);
    const reachesBack = state.from > spanOf(state.day).from;
    setText(status, state.reading ? say("quality.reading") : state.fault ? "" : say(shown.length ? "quality.found" : "quality.found_none", { n: shown.length }));
    redraw(list, JSON.stringify([reading.lang, state, place.kind, place.agent, reading.names.size]), () => {
      if (state.fault) return [nothing(state.fault, make("button", { type: "button", class: "button", onclick: () => void look(state.day, null) }, say("again")))];
      const further = reachesBack ? [make("div", { class: "further" }, make("button", { type: "button", class: "button", "data-key": "further", disabled: state.reading, onclick: () => void look(state.day, state.from) }, say("quality.further")),
        make("span", { class: "hint" }, say("quality.since", { since: moment(state.from, reading.lang, Date.now() / 1000) })))] : [];
      if (!shown.length) return [state.reading ? nothing(say("quality.reading")) : nothing(say(state.talks.length ? "quality.no_match" : "quality.empty"), state.talks.length ? null : make("p", { class: "hint" }, say("quality.needs"))), ...further];
      return [
        make("div", { class: "scroll", "data-scroll": "talks", tabindex: "0", role: "region", "aria-label": say("view.quality") }, make("table", {},
          make("thead", {}, make("tr", {}, make("th", { scope: "col" }, say("quality.at")), make("th", { scope: "col" }, say("quality.who")),
            ...FIGURES.map((name) => make("th", { scope: "col", class: "figure", title: say(`quality.${name}_why`) }, say(`quality.${name}`), make("small", {}, say(`quality.${name}_unit`)))),
            make("th", { scope: "col" }, say("quality.findings")))),
          make("tbody", {}, ...shown.map(row)))),
        ...further,
      ];
    });
  });
}
