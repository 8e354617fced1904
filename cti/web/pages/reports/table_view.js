// The table: a row for each time, queue, agent …; above each column its formula, below each value what was divided.
import { make } from "/pages/shared/dom.js";
import { redraw } from "../admin/redraw.js";
import { differenceText, fractionText, judged, lostCount, rowName, shownColumns, valueText, worstPlaces } from "./figures_logic.js";

/** @typedef {import("./reports.js").Reports} Reports */
/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Report} Report */

/** @param {HTMLElement} view @param {Reports} reports */
export function mountTable(view, reports) {
  const say = reports.say.bind(reports);

  /** @param {Report} report @param {Omit<Row, "zh" | "en">} row @param {string} name @param {boolean} isTotal */
  function line(report, row, name, isTotal) {
    const lang = reports.dictionary.lang;
    const lost = lostCount(row.lost);
    const places = worstPlaces(row.lost).map(([place, n]) => `${report.places[place]?.[lang] ?? place} ${n}`).join(say("comma"));
    const label = isTotal ? null : row.label;
    // Nothing came: a line of dashes is enough.
    const none = !isTotal && Object.values(row.rates).every((rate) => rate.unknown === "nothing");
    return make("tr", { class: isTotal ? "total" : none ? "none" : "" },
      make("th", { scope: "row" }, name),
      report.ranked_by ? make("td", { class: "rank" }, isTotal || row.rank === null ? "" : `${row.tied ? say("tied") : ""}${row.rank}`) : null,
      report.by.code === "agent" ? null : make("td", { class: "lost" }, lost
        ? make("button", { type: "button", class: "drill", "data-key": `row-${isTotal ? "total" : `=${row.label}`}`, title: places, "aria-label": say("lost.of", { name, n: lost, places }), onclick: () => reports.openLosses(label, "") }, String(lost))
        : "0"),
      ...shownColumns(report.columns).map((column) => {
        const rate = /** @type {import("./types.js").Rate} */ (row.rates[column.code]);
        return make("td", { title: rate.unknown ? say(`unknown.${rate.unknown}`) : null },
          make("span", { class: rate.unknown === "gap" ? "value is-gap" : "value" }, rate.unknown === "gap" ? say("unknown") : valueText(rate, column)),
          make("small", {}, fractionText(rate)),
          ...report.compared_with.map((one) => make("small", { class: `difference ${judged(rate.difference[one.code], column.less_is_better)}`, title: one[lang] }, differenceText(rate.difference[one.code]))));
      }));
  }

  reports.onDraw(() => {
    const { report } = reports;
    const lang = reports.dictionary.lang;
    view.classList.toggle("is-old", reports.reading);
    redraw(view, JSON.stringify([lang, report, reports.fault]), () => {
      if (reports.fault) return [make("div", { class: "nothing", role: "alert" }, make("p", {}, reports.fault),
        make("button", { type: "button", class: "button", "data-key": "again", onclick: () => reports.again() }, say("again")))];
      if (!report) return [make("div", { class: "nothing" }, make("p", {}, say("reading")))];
      const columns = shownColumns(report.columns);
      const head = make("thead", {}, make("tr", {},
        make("th", { scope: "col" }, report.by[lang]),
        report.ranked_by ? make("th", { scope: "col", class: "rank" }, say("rank")) : null,
        report.by.code === "agent" ? null : make("th", { scope: "col" }, say("lost"), make("small", {}, say("lost.hint"))),
        ...columns.map((column) => make("th", { scope: "col", class: column.formula[lang].length > (lang === "zh" ? 26 : 64) ? "wide" : "", "aria-sort": column.code === report.ranked_by ? (column.less_is_better ? "ascending" : "descending") : null,
          title: [column.remark[lang], column.source[lang]].filter(Boolean).join("\n") },
          `${column[lang]}${column.unit === "s" ? say("in_seconds") : ""}`, make("small", {}, column.formula[lang])))));
      const rows = report.rows.map((row) => line(report, row, rowName(report, row[lang]), false));
      return [make("div", { class: "scroll", "data-scroll": "table", tabindex: "0", role: "region", "aria-label": say("title") },
        make("table", {}, head, make("tbody", {}, ...rows), make("tfoot", {}, line(report, { ...report.total }, say("total"), true))),
        report.rows.length ? null : make("p", { class: "hint none" }, say("no_rows")))];
    });
  });
  view.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || !(event.target instanceof HTMLElement) || !event.target.matches(".drill")) return;
    const all = /** @type {HTMLElement[]} */ ([...view.querySelectorAll(".drill")]);
    const next = all[all.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
