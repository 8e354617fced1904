// The headline: the rate that the hotline is judged by, with its formula, its fraction and its losses; and what is not known.
import { make } from "/pages/shared/dom.js";
import { redraw } from "../admin/redraw.js";
import { differenceText, fractionText, judged, lostCount, momentText, valueText, worstPlaces } from "./figures_logic.js";

/** @typedef {import("./reports.js").Reports} Reports */

/** @param {HTMLElement} view @param {Reports} reports */
export function mountHeadline(view, reports) {
  const say = reports.say.bind(reports);
  reports.onDraw(() => {
    const { report } = reports;
    const lang = reports.dictionary.lang;
    redraw(view, JSON.stringify([lang, report, reports.fault]), () => {
      if (!report) return [];
      const column = report.columns.find(({ code }) => code === "connection_rate") ?? report.columns[0];
      const rate = column && report.total.rates[column.code];
      if (!column || !rate) return [];
      const lost = lostCount(report.total.lost);
      const facts = [
        say("made_at", { at: momentText(report.made_at, report.timezone) }),
        report.open ? say("open", { n: report.open }) : null,
        report.incomplete ? say("incomplete", { n: report.incomplete }) : null,
        report.estimated ? say("estimated", { n: report.estimated }) : null,
      ];
      return [
        make("div", { class: "rate" },
          make("h2", {}, column[lang]),
          make("p", { class: "big" }, valueText(rate, column), column.unit === "s" && rate.value !== null ? make("small", {}, say("seconds")) : null),
          make("p", { class: "of" }, fractionText(rate)),
          make("p", { class: "formula" }, column.formula[lang]),
          rate.unknown ? make("p", { class: "why-unknown" }, say(`unknown.${rate.unknown}`)) : null,
          ...report.compared_with.map((one) => make("p", { class: `difference ${judged(rate.difference[one.code], column.less_is_better)}` },
            `${one[lang]} `, differenceText(rate.difference[one.code]), ` ${say(column.unit === "share" ? "points" : "seconds")}`))),
        report.by.code === "agent" ? null : make("div", { class: "lost" },
          make("h2", {}, say("lost")),
          make("button", { type: "button", class: "link-big", "data-key": "lost-all", disabled: !lost, onclick: () => reports.openLosses(null, "") }, String(lost), make("small", {}, say("calls"))),
          make("ul", { class: "places" }, ...worstPlaces(report.total.lost).map(([place, n]) => make("li", {},
            make("button", { type: "button", class: "place", "data-key": `lost-${place}`, onclick: () => reports.openLosses(null, place) }, report.places[place]?.[lang] ?? place, make("b", {}, String(n))))))),
        make("ul", { class: "facts" }, ...facts.filter(Boolean).map((fact) => make("li", {}, fact)),
          ...report.gaps.map((gap) => make("li", { class: "gap-fact" }, say("gap", { since: momentText(gap.since, report.timezone), until: momentText(gap.until, report.timezone) })))),
      ].filter((one) => one !== null);
    });
  });
}
