// The seat map: zones of rows of seats. Arrow keys go from seat to seat, a click or Enter shows one at the side.
import { make, setText } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { Carrying } from "./carrying.js";
import { Cell } from "./cell.js";
import { beside, COLUMNS, letterOf, placeOf } from "./layout_logic.js";
import { countsOf, isOver, kindOf, lasted, LIMITS } from "./seats_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {import("./layout_logic.js").Place} Place */

/** From this width of the window on a seat shows its time. */
const WIDE = matchMedia("(min-width: 1700px)");

/** @param {HTMLElement} panel @param {Floor} floor @param {() => void} toDetail
 * @returns {{focus: () => void, acts: Record<string, () => void>}} */
export function mountMap(panel, floor, toDetail) {
  const [title, legend, found, clear] = [make("span"), make("small"), make("small", { class: "found", role: "status" }),
    make("button", { type: "button", class: "link", onclick: () => floor.look({ text: "", kinds: new Set(), skill: "" }) })];
  const arrange = make("button", { type: "button", class: "button small", onclick: () => floor.arrange(!floor.arranging) });
  const more = make("button", { type: "button", class: "button small", onclick: () => floor.addZone() });
  const [zones, tip, first] = [make("div", { class: "zones" }), make("div", { class: "tip", "aria-hidden": "true", hidden: true }), make("p", { class: "first" })];
  panel.append(make("h2", {}, title, found, clear, legend, more, arrange), first, zones, tip);
  /** @type {{cells: Cell[], rows: HTMLElement[], head: HTMLElement, note: HTMLInputElement, text: HTMLElement, sums: HTMLElement, grid: HTMLElement}[]} */
  let drawn = [];
  /** Where the focus is, or would come to. @type {Place} */
  let at = { zone: 0, seat: 0 };
  const carrying = new Carrying(floor, zones);

  const cellAt = (/** @type {Place} */ { zone, seat }) => drawn[zone]?.cells[seat];
  /** @param {EventTarget | null} target @returns {Cell | undefined} */
  const cellOf = (target) => {
    const element = target instanceof Element ? target.closest(".cell") : null;
    return element ? drawn.flatMap(({ cells }) => cells).find((cell) => cell.element === element) : undefined;
  };
  const stand = (/** @type {Place} */ place) => {
    cellAt(at)?.element.setAttribute("tabindex", "-1");
    at = place;
    cellAt(at)?.element.setAttribute("tabindex", "0");
  };
  const focus = () => {
    const place = (floor.chosen && placeOf(floor.layout, floor.chosen)) || at;
    stand(place);
    cellAt(place)?.element.focus({ preventScroll: false });
  };

  function build() {
    zones.replaceChildren();
    drawn = floor.layout.map((zone, z) => {
      const cells = zone.seats.map((_, seat) => new Cell({ zone: z, seat }));
      const rows = [];
      for (let from = 0; from < cells.length; from += COLUMNS) rows.push(make("div", { class: "row", role: "row" }, ...cells.slice(from, from + COLUMNS).map(({ element }) => element)));
      const [head, text, sums, grid] = [make("b"), make("span"), make("em"), make("div", { role: "grid" }, ...rows)];
      const note = make("input", { class: "field", maxlength: "40", autocomplete: "off", value: zone.note, onchange: () => floor.rename(z, note.value.trim()) });
      zones.append(make("section", { class: "zone" }, make("h3", {}, head, text, note, sums), grid));
      return { cells, rows, head, note, text, sums, grid };
    });
    stand(at);
  }

  floor.onDraw(() => {
    setText(title, floor.say("map.title"));
    setText(first, floor.say("map.first"));
    first.hidden = floor.isKnown;
    if (drawn.length !== floor.layout.length || drawn.some(({ cells }, z) => cells.length !== floor.layout[z]?.seats.length)) build();
    panel.classList.toggle("arranging", floor.arranging);
    let shown = 0;
    for (const [z, { cells, rows, head, note, text, sums, grid }] of drawn.entries()) {
      const zone = floor.layout[z];
      if (!zone) continue;
      for (const [s, cell] of cells.entries()) {
        const id = zone.seats[s] ?? null;
        cell.paint(floor, id, id !== null && id === carrying.id);
        if (cell.id && !cell.element.classList.contains("dim")) shown += 1;
      }
      rows.forEach((row, r) => (row.hidden = !floor.arranging && !cells.slice(r * COLUMNS, (r + 1) * COLUMNS).some(({ id }) => id)));
      setText(head, floor.say("zone.name", { letter: letterOf(z) }));
      setText(text, zone.note);
      grid.setAttribute("aria-label", floor.say("zone.name", { letter: letterOf(z) }));
      note.hidden = !floor.arranging;
      note.placeholder = floor.say("zone.note");
      note.setAttribute("aria-label", floor.say("zone.note_of", { letter: letterOf(z) }));
      const counts = countsOf(cells.flatMap(({ id }) => (id && floor.seats[id]) || []));
      setText(sums, floor.say("zone.sums", { talking: counts.talking + counts.held, ready: counts.ready, wrap_up: counts.wrap_up }));
    }
    const place = cellAt(at);
    if (place && !place.id && !floor.arranging) stand(beside(floor.layout, at, "Home", (id) => id !== null && id in floor.seats) ?? at);
    setText(found, !floor.isNarrowed ? "" : floor.say(shown ? "found.some" : "found.none", { n: shown }));
    clear.hidden = !floor.isNarrowed;
    setText(clear, floor.say("found.clear"));
    arrange.setAttribute("aria-pressed", String(floor.arranging));
    arrange.replaceChildren(floor.say(floor.arranging ? "arrange.done" : "arrange.begin"), " ", make("kbd", {}, "F9"));
    more.hidden = !floor.arranging;
    setText(more, floor.say("arrange.zone"));
    sayLegend();
  });

  function sayLegend() {
    if (floor.arranging) return setText(legend, floor.say(carrying.id ? "arrange.carrying" : "arrange.hint", { who: floor.person(carrying.id ?? "") }));
    const over = Object.values(floor.seats).filter((seat) => isOver(kindOf(seat), lasted(seat, floor.now))).length;
    setText(legend, floor.isNarrowed ? "" : floor.say("map.legend", { n: over }));
    legend.title = floor.say("map.limits", Object.fromEntries(Object.entries(LIMITS).map(([kind, seconds]) => [kind, clock(seconds)])));
  }

  floor.onTick((now) => {
    for (const { cells } of drawn) for (const cell of cells) if (cell.id) cell.tick(now, WIDE.matches);
    sayLegend();
    if (!tip.hidden) showTip(pointed);
  });

  // The words of the seat under the pointer, or with the focus

  /** @type {Cell | undefined} */
  let pointed;
  function showTip(/** @type {Cell | undefined} */ cell) {
    pointed = cell;
    const seat = cell?.id ? floor.seats[cell.id] : undefined;
    tip.hidden = !seat || floor.arranging;
    if (!cell || !seat || tip.hidden) return;
    const seconds = lasted(seat, floor.now);
    setText(tip, floor.say("cell.tip", { seat: cell.name, who: floor.person(seat.id), state: floor.say(`kind.${kindOf(seat)}`), time: seconds === null ? "" : clock(seconds) }));
    const [box, own] = [cell.element.getBoundingClientRect(), tip.getBoundingClientRect()];
    const below = box.bottom + 6;
    tip.style.top = `${below + own.height > innerHeight ? box.top - own.height - 6 : below}px`;
    tip.style.left = `${Math.max(8, Math.min(box.left + box.width / 2 - own.width / 2, innerWidth - own.width - 8))}px`;
  }
  zones.addEventListener("pointerover", ({ target }) => showTip(cellOf(target)));
  zones.addEventListener("pointerleave", () => showTip(undefined));
  zones.addEventListener("scroll", () => showTip(undefined));
  zones.addEventListener("focusin", ({ target }) => {
    const cell = cellOf(target);
    if (!cell) return;
    stand(cell.place);
    if (cell.element.matches(":focus-visible")) showTip(cell);
  });
  zones.addEventListener("focusout", () => showTip(undefined));

  // Mouse and keys

  zones.addEventListener("click", ({ target }) => {
    const cell = cellOf(target);
    if (!cell) return;
    if (floor.arranging) carrying.touch(cell);
    else if (cell.id) floor.choose(cell.id);
  });
  zones.addEventListener("keydown", (event) => {
    const cell = cellOf(event.target);
    if (!cell || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && carrying.id) {
      event.stopPropagation();
      return carrying.put(null);
    }
    if (event.key === "Enter" && !floor.arranging && cell.id) {
      event.preventDefault();
      floor.choose(cell.id);
      return toDetail();
    }
    const to = beside(floor.layout, cell.place, event.key, (id) => floor.arranging || (id !== null && id in floor.seats && !cellDim(id)));
    if (!to) return;
    event.preventDefault();
    stand(to);
    cellAt(to)?.element.focus();
  });
  const cellDim = (/** @type {string} */ id) => {
    const place = placeOf(floor.layout, id);
    return place !== null && cellAt(place)?.element.classList.contains("dim") === true;
  };
  carrying.listen((target) => cellOf(target));

  return { focus, acts: { arrange: () => floor.arrange(!floor.arranging) } };
}
