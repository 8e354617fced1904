// Where everybody sits: zones of rows of twenty seats. A seat has a name of its zone's letter and its number in it, as B33.

/** `note`: what people call the zone. A seat is an agent's id, or nobody's.
 * @typedef {{note: string, seats: (string | null)[]}} Zone */
/** @typedef {readonly Zone[]} Layout */
/** @typedef {{zone: number, seat: number}} Place */

export const COLUMNS = 20;
const SIZE = 3 * COLUMNS;
const MOST_ZONES = 60;

/** What was kept; an empty layout for what is none. @param {string | null} text @returns {Layout} */
export function readLayout(text) {
  try {
    const kept = JSON.parse(text ?? "[]");
    if (!Array.isArray(kept) || kept.length > MOST_ZONES) return [];
    return kept.map(({ note, seats }) => ({ note: String(note), seats: filled(seats.map((/** @type {unknown} */ id) => (typeof id === "string" ? id : null))) }));
  } catch {
    return [];
  }
}

/** Whole rows, at least one zone's. @param {(string | null)[]} seats */
function filled(seats) {
  const size = Math.max(SIZE, Math.ceil(seats.length / COLUMNS) * COLUMNS);
  return [...seats, ...Array(size - seats.length).fill(null)];
}

/** Everybody has a seat: who has none yet takes the first free one, then one of somebody who is not there any more, then one in a
 * new zone. The same layout if nothing changes. @param {Layout} layout @param {readonly string[]} ids @returns {Layout} */
export function seated(layout, ids) {
  const here = new Set(ids);
  const placed = new Set(layout.flatMap(({ seats }) => seats));
  const without = ids.filter((id) => !placed.has(id));
  if (!without.length) return layout;
  const zones = layout.map((zone) => ({ ...zone, seats: [...zone.seats] }));
  for (const isFree of [(/** @type {string | null} */ id) => id === null, (/** @type {string | null} */ id) => id !== null && !here.has(id)]) {
    for (const zone of zones) {
      for (let at = 0; at < zone.seats.length && without.length; at++) {
        if (isFree(zone.seats[at] ?? null)) zone.seats[at] = /** @type {string} */ (without.shift());
      }
    }
  }
  while (without.length) zones.push({ note: "", seats: filled(without.splice(0, SIZE)) });
  return zones;
}

/** @param {Layout} layout @param {string} id @returns {Place | null} */
export function placeOf(layout, id) {
  for (const [zone, { seats }] of layout.entries()) {
    const seat = seats.indexOf(id);
    if (seat >= 0) return { zone, seat };
  }
  return null;
}

/** He sits there now, and who sat there has his seat. @param {Layout} layout @param {string} id @param {Place} to @returns {Layout} */
export function moved(layout, id, to) {
  const from = placeOf(layout, id);
  if (!from || layout[to.zone]?.seats[to.seat] === undefined) return layout;
  const other = layout[to.zone]?.seats[to.seat] ?? null;
  return layout.map((zone, z) => ({ ...zone, seats: zone.seats.map((one, s) => (z === to.zone && s === to.seat ? id : z === from.zone && s === from.seat ? other : one)) }));
}

/** @param {Layout} layout @param {number} zone @param {string} note @returns {Layout} */
export function noted(layout, zone, note) {
  return layout.map((one, at) => (at === zone ? { ...one, note } : one));
}

/** With one more zone, empty. @param {Layout} layout @returns {Layout} */
export function widened(layout) {
  return layout.length >= MOST_ZONES ? layout : [...layout, { note: "", seats: filled([]) }];
}

/** Without the zones at the end in which nobody sits. @param {Layout} layout @returns {Layout} */
export function trimmed(layout) {
  const last = layout.findLastIndex(({ seats }) => seats.some((id) => id !== null));
  return layout.slice(0, last + 1);
}

/** A to Z, AA, AB… @param {number} zone @returns {string} */
export function letterOf(zone) {
  return (zone >= 26 ? letterOf(Math.floor(zone / 26) - 1) : "") + String.fromCharCode(65 + (zone % 26));
}

/** @param {Place} place @returns {string} */
export function seatName({ zone, seat }) {
  return letterOf(zone) + String(seat + 1).padStart(2, "0");
}

/** Where an arrow key leads; null: nowhere. Only seats for which `may` holds. Left and right go along all seats, up and down to the
 * nearest in the next row that has one.
 * @param {Layout} layout @param {Place} from @param {string} key @param {(id: string | null) => boolean} may @returns {Place | null} */
export function beside(layout, from, key, may) {
  const all = layout.flatMap(({ seats }, zone) => seats.map((id, seat) => ({ id, zone, seat })));
  const at = all.findIndex(({ zone, seat }) => zone === from.zone && seat === from.seat);
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[key];
  if (key === "Home") return all.find(({ id }) => may(id)) ?? null;
  if (key === "End") return all.findLast(({ id }) => may(id)) ?? null;
  if (step === undefined || at < 0) return null;
  if (Math.abs(step) === 1) {
    for (let to = at + step; to >= 0 && to < all.length; to += step) if (may(all[to]?.id ?? null)) return all[to] ?? null;
    return null;
  }
  const column = from.seat % COLUMNS;
  for (let row = Math.floor(at / COLUMNS) + Math.sign(step); row >= 0 && row * COLUMNS < all.length; row += Math.sign(step)) {
    const there = all.slice(row * COLUMNS, (row + 1) * COLUMNS).filter(({ id }) => may(id));
    const nearest = there.sort((a, b) => Math.abs((a.seat % COLUMNS) - column) - Math.abs((b.seat % COLUMNS) - column))[0];
    if (nearest) return nearest;
  }
  return null;
}
