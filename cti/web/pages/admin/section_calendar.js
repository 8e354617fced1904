// 日历: the year with the city's own days over the national ones, and the week's shifts.
import { make } from "/pages/shared/dom.js";
import { moved, monthsOf, switched } from "./calendar_logic.js";
import { keyOf, locked } from "./fields.js";
import { group, nothing } from "./parts.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./calendar_logic.js").Day} Day */

const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/** National calendars by year. @type {Map<number, {days: string, provisional: boolean}>} */
const national = new Map();
let focused = "";

/** @param {Office} office */
const chosen = (office) => office.place.item || String(new Date().getFullYear());

/** @type {import("./sections.js").Section} */
export const calendar = {
  items: (office) => {
    const now = new Date().getFullYear();
    const listed = [...(office.data("calendar").off_days ?? []), ...(office.data("calendar").work_days ?? [])].map(String);
    return [
      { id: "=days", title: office.say("calendar.days"), heading: true },
      ...[now, now + 1].map((year) => ({ id: String(year), title: String(year), sub: office.say("calendar.own_days", { n: listed.filter((day) => day.startsWith(String(year))).length }) })),
      { id: "=shifts", title: office.say("calendar.shifts"), heading: true },
      { id: "week", title: office.say("calendar.week"), sub: office.say("calendar.week_sub", { n: Object.keys(office.data("schedule").shift ?? {}).length }) },
    ];
  },
  chosen,
  title: (office) => (chosen(office) === "week" ? office.say("calendar.week") : office.say("calendar.year", { year: chosen(office) })),
  signature: (office) => JSON.stringify([office.data("calendar"), office.data("schedule"), office.data("roster"), chosen(office), [...national]]),
  form: (office) => (chosen(office) === "week" ? week(office) : year(office, Number(chosen(office)))),
};

/** @param {Office} office @param {number} of @returns {Node[]} */
function year(office, of) {
  const say = office.say.bind(office);
  const base = national.get(of);
  if (!base) {
    national.set(of, { days: "", provisional: false });
    void office.api.get(`/api/calendar?year=${of}`).then((found) => {
      national.set(of, found);
      office.draw();
    }, (error) => office.failed(error));
  }
  const off = (office.data("calendar").off_days ?? []).map(String);
  const work = (office.data("calendar").work_days ?? []).map(String);
  const months = monthsOf(of, base?.days ?? "", off, work);
  const days = months.flatMap((month) => month.days);
  if (!focused.startsWith(String(of))) focused = `${of}-01-01`;
  const toggle = async (/** @type {Day} */ day) => {
    const next = switched(day, off, work);
    await office.change("calendar", [{ at: ["off_days"], value: next.off }, { at: ["work_days"], value: next.work }]);
  };
  const onkeydown = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, PageUp: -28, PageDown: 28 }[event.key];
    if (by === undefined) return;
    const to = moved(focused, by);
    const button = /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="day-${to}"]`));
    if (!button) return;
    event.preventDefault();
    document.querySelector(`[data-key="day-${focused}"]`)?.setAttribute("tabindex", "-1");
    focused = to;
    button.setAttribute("tabindex", "0");
    button.focus();
  };
  const month = (/** @type {typeof months[0]} */ { month: n, first, days: here }) => make("section", { class: "month" },
    make("h3", {}, new Intl.DateTimeFormat(office.dictionary.lang === "zh" ? "zh-CN" : "en", { month: "long" }).format(new Date(of, n))),
    make("div", { class: "grid" }, ...WEEK.map((name) => make("span", { class: "dow", "aria-hidden": "true" }, say(`weekday.${name}`))),
      ...Array.from({ length: first }, () => make("span")),
      ...here.map((day) => make("button", {
        type: "button", class: `day ${day.kind} ${day.own ? "own" : ""}`, "data-key": `day-${day.date}`, tabindex: day.date === focused ? "0" : "-1", "aria-disabled": locked(office) ? "true" : null,
        "aria-label": `${day.day}, ${day.date}, ${say(`day.${day.kind}`)}${day.own ? `, ${say("calendar.own")}` : ""}`, title: day.own ? say("calendar.own_title", { base: say(`day.${day.base}`) }) : say(`day.${day.kind}`),
        onclick: () => {
          focused = day.date;
          if (!locked(office)) void toggle(day);
        },
        onkeydown,
      }, String(day.day)))));
  const legend = make("p", { class: "legend" }, ...["work", "weekend", "holiday"].map((kind) => make("span", {}, make("i", { class: `day ${kind}` }), say(`day.${kind}`))),
    make("span", {}, make("i", { class: "day holiday own" }), say("calendar.own")),
    make("span", { class: "hint" }, say(locked(office) ? "calendar.look" : "calendar.keys")));
  return [
    base?.provisional ? make("p", { class: "alert warn" }, say("calendar.provisional", { year: of })) : make("span"),
    legend, make("div", { class: "year", role: "group", "aria-label": say("calendar.year", { year: of }) }, ...months.map(month)),
    make("p", { class: "hint" }, say("calendar.sum", { off: days.filter((day) => day.own && day.kind !== "work").length, work: days.filter((day) => day.own && day.kind === "work").length })),
  ];
}

/** @param {Office} office @returns {Node[]} */
function week(office) {
  const say = office.say.bind(office);
  const data = office.data("schedule");
  const shifts = Object.entries(data.shift ?? {});
  if (!shifts.length) {
    return [nothing(say("calendar.no_shifts"), locked(office) ? null : make("button", { type: "button", class: "button primary", "data-key": "first-shift", onclick: () => void office.change("schedule", [
      { at: ["shift", "day"], value: { name: say("calendar.day_shift"), hours: "08:00-17:00", lines: 1 } }]) }, say("calendar.first_shift")))];
  }
  const cell = (/** @type {string} */ day, /** @type {string} */ shift, /** @type {string} */ label) => {
    const names = (data.week?.[day]?.[shift] ?? []).map(String);
    const shown = names.join(" ");
    return make("td", {}, make("textarea", { class: "field", rows: "2", "data-key": keyOf("schedule", ["week", day, shift]), "data-shown": shown, disabled: locked(office), "aria-label": label, spellcheck: "false",
      onchange: (/** @type {Event} */ event) => {
        const typed = /** @type {HTMLTextAreaElement} */ (event.target).value.split(/[\s,，、;；]+/).filter(Boolean);
        if (typed.join(" ") !== shown) void office.change("schedule", [{ at: ["week", day, shift], value: typed.length ? typed : null }]);
      } }, shown));
  };
  const heads = /** @type {[string, any][]} */ ([...shifts, ["standby", { name: say("calendar.standby"), hours: "" }]]);
  const table = make("table", { class: "week" },
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, say("calendar.shift")), ...WEEK.map((day) => make("th", { scope: "col" }, say("calendar.on_day", { day: say(`weekday.${day}`) }))))),
    make("tbody", {}, ...heads.map(([id, shift]) => make("tr", {}, make("th", { scope: "row" }, String(shift?.name ?? id), make("small", {}, shift?.hours ? `${shift.hours} · ${say("calendar.lines", { n: shift.lines ?? 0 })}` : "")),
      ...WEEK.map((day) => cell(day, id, `${shift?.name ?? id}, ${say(`weekday.${day}`)}`))))));
  const dates = Object.keys(data.date ?? {});
  return [group(say("calendar.week"), make("p", { class: "hint" }, say("calendar.week_hint")), make("div", { class: "scroll", "data-scroll": "week" }, table),
    make("p", { class: "hint" }, dates.length ? say("calendar.dates", { n: dates.length, dates: office.list(dates.slice(0, 6)) }) : say("calendar.no_dates")))];
}
