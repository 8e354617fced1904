// What is asked for: a day, week or month, its rows, what it is compared with and ranked by; and its files.
import { make, setText } from "/pages/shared/dom.js";
import { redraw } from "../admin/redraw.js";
import { shownColumns } from "./figures_logic.js";
import { asKind, beside, BYS, comparable, kindOf } from "./places_logic.js";

/** @typedef {import("./reports.js").Reports} Reports */

const KINDS = /** @type {const} */ (["day", "week", "month"]);
const FIELD = { day: "date", week: "week", month: "month" };

/** @param {HTMLElement} view @param {Reports} reports */
export function mountAsking(view, reports) {
  const say = reports.say.bind(reports);
  const [time, choices, files] = [make("div", { class: "time" }), make("div", { class: "choices" }), make("div", { class: "files" })];
  view.append(time, choices, files);

  /** @param {string} name @param {HTMLElement} field */
  const labelled = (name, field) => make("label", { class: "labelled" }, make("span", {}, say(name)), field);

  reports.onDraw(() => {
    const { place, report } = reports;
    const span = place.span || report?.period || "";
    const kind = kindOf(span) ?? "day";
    const columns = report ? shownColumns(report.columns) : [];
    const signature = JSON.stringify([reports.dictionary.lang, place.by, place.compare, place.rank, place.statistics, span, columns.map(({ code }) => code), report?.by.code]);
    redraw(time, signature, () => {
      const field = make("input", { class: "field span", type: FIELD[kind], value: span, "data-key": "span", "aria-label": say(`kind.${kind}`),
        onchange: (/** @type {Event} */ event) => {
          const chosen = /** @type {HTMLInputElement} */ (event.target).value;
          if (kindOf(chosen)) reports.go({ span: chosen });
        } });
      return [
        make("div", { class: "kinds", role: "group", "aria-label": say("span") }, ...KINDS.map((one) => make("button", { type: "button", class: "kind", "data-key": one,
          "aria-pressed": String(one === kind), onclick: () => span && reports.go({ span: asKind(span, one) }) }, say(`kind.${one}`)))),
        make("div", { class: "days" },
          make("button", { type: "button", class: "button step earlier", "data-key": "earlier", "aria-label": say("earlier"), title: `${say("earlier")} [`, onclick: () => span && reports.go({ span: beside(span, -1) }) }, "‹"),
          field,
          make("button", { type: "button", class: "button step later", "data-key": "later", "aria-label": say("later"), title: `${say("later")} ]`, onclick: () => span && reports.go({ span: beside(span, 1) }) }, "›")),
      ];
    });
    redraw(choices, signature, () => {
      const by = make("select", { class: "field", "data-key": "by", onchange: (/** @type {Event} */ event) => reports.go({ by: /** @type {HTMLSelectElement} */ (event.target).value }) },
        ...BYS.map((one) => make("option", { value: one, selected: one === (place.by || report?.by.code) }, say(`by.${one}`))));
      const rank = make("select", { class: "field", "data-key": "rank", onchange: (/** @type {Event} */ event) => reports.go({ rank: /** @type {HTMLSelectElement} */ (event.target).value }) },
        make("option", { value: "" }, say("rank.none")),
        ...columns.map((column) => make("option", { value: column.code, selected: column.code === place.rank }, column[reports.dictionary.lang])));
      const number = make("input", { class: "field number", "data-key": "number", value: place.statistics, maxlength: "20", inputmode: "numeric", autocomplete: "off", placeholder: say("statistics.all"),
        disabled: place.by === "agent", onchange: (/** @type {Event} */ event) => reports.go({ statistics: /** @type {HTMLInputElement} */ (event.target).value.trim() }) });
      const compare = make("div", { class: "compare", role: "group", "aria-label": say("compare") }, make("span", { "aria-hidden": "true" }, say("compare")), ...comparable(kind).map((one) => {
        const box = make("input", { type: "checkbox", "data-key": `compare-${one}`, checked: place.compare.includes(one),
          onchange: (/** @type {Event} */ event) => {
            const on = /** @type {HTMLInputElement} */ (event.target).checked;
            reports.go({ compare: on ? [...place.compare, one] : place.compare.filter((other) => other !== one) });
          } });
        return make("label", {}, box, say(`compare.${kind}.${one}`));
      }));
      return [labelled("by", by), labelled("rank", rank), labelled("statistics", number), compare];
    });
    redraw(files, JSON.stringify([signature, report?.period]), () => /** @type {const} */ (["csv", "xlsx"]).map((kindOfFile) =>
      make("a", { class: "button", href: reports.fileAddress(kindOfFile), download: "", "data-key": kindOfFile, title: say(`file.${kindOfFile}`) }, `↓ ${kindOfFile.toUpperCase()}`)));
    setText(view.appendChild(view.querySelector(".state") ?? make("p", { class: "state", role: "status" })), reports.reading ? say("reading") : "");
  });
}
