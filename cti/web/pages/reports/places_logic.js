// The address of a report: #2026-11-21?by=queue&compare=before,week&rank=asa&n=12345, and &losses=1&row=general&place=queue
// for the list of lost calls; and the days, weeks and months beside one another.

/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("./types.js").Kind} Kind */

const DAY_MS = 86_400_000;
export const BYS = ["half_hour", "day", "week", "month", "shift", "agent", "queue", "number", "city"];
export const AGAINST = ["before", "week", "year"];

/** @param {string} hash @returns {Place} today's for one that is none of ours */
export function placeFrom(hash) {
  const [span = "", query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  const asked = new URLSearchParams(query);
  const one = (/** @type {string} */ name, /** @type {string[]} */ of) => (of.includes(asked.get(name) ?? "") ? asked.get(name) ?? "" : "");
  return {
    span: kindOf(span) ? span : "",
    by: one("by", BYS),
    compare: AGAINST.filter((against) => (asked.get("compare") ?? "").split(",").includes(against)),
    rank: /^\w+$/.test(asked.get("rank") ?? "") ? asked.get("rank") ?? "" : "",
    statistics: asked.get("n") ?? "",
    row: asked.get("row"),
    place: /^\w+$/.test(asked.get("place") ?? "") ? asked.get("place") ?? "" : "",
    open: asked.get("losses") === "1",
  };
}

/** @param {Place} place @returns {string} with the # */
export function placeText(place) {
  const asked = reportQuery(place);
  if (place.statistics) {
    asked.delete("statistics");
    asked.set("n", place.statistics);
  }
  if (place.open) {
    asked.set("losses", "1");
    if (place.row !== null) asked.set("row", place.row);
    if (place.place) asked.set("place", place.place);
  }
  return `#${place.span}${asked.size ? `?${asked}` : ""}`;
}

/** What the server is asked for. @param {Place} place @returns {URLSearchParams} */
export function reportQuery(place) {
  const asked = new URLSearchParams();
  if (place.by) asked.set("by", place.by);
  if (place.compare.length) asked.set("compare", place.compare.join(","));
  if (place.rank) asked.set("rank", place.rank);
  if (place.statistics) asked.set("statistics", place.statistics);
  return asked;
}

/** @param {string} span @returns {Kind | null} null: it is none */
export function kindOf(span) {
  if (/^\d{4}-\d\d-\d\d$/.test(span)) return Number.isNaN(Date.parse(span)) ? null : "day";
  if (/^\d{4}-W\d\d$/.test(span)) return "week";
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(span) ? "month" : null;
}

/** The one so many after it, or before. @param {string} span @param {number} by @returns {string} */
export function beside(span, by) {
  const first = firstDay(span);
  if (kindOf(span) === "month") return iso(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + by, 1)).slice(0, 7);
  const moved = first.getTime() + by * DAY_MS * (kindOf(span) === "week" ? 7 : 1);
  return kindOf(span) === "week" ? weekOf(moved) : iso(moved);
}

/** The day, week or month with the first day of this one. @param {string} span @param {Kind} kind @returns {string} */
export function asKind(span, kind) {
  const first = firstDay(span).getTime();
  return kind === "day" ? iso(first) : kind === "week" ? weekOf(first) : iso(first).slice(0, 7);
}

/** What it can be compared with. @param {Kind} kind @returns {string[]} */
export function comparable(kind) {
  return kind === "day" ? AGAINST : ["before", "year"];
}

/** The same report of another time or by something else, without what does not fit it.
 * @param {Place} place @param {Partial<Place>} change @param {string[]} columns codes of it, as far as known @returns {Place} */
export function changed(place, change, columns) {
  const next = { ...place, row: null, place: "", open: false, ...change };
  const kind = kindOf(next.span);
  if (kind) next.compare = next.compare.filter((against) => comparable(kind).includes(against));
  // Rows of half hours are of a day; of a month there would be too many to read.
  if (kind && kind !== kindOf(place.span) && ["half_hour", "day", "week", "month"].includes(next.by)) next.by = "";
  if (next.by === "agent") next.statistics = "";
  if ((next.by === "agent") !== (place.by === "agent") || !columns.includes(next.rank)) next.rank = "";
  return next;
}

/** @param {string} span @returns {Date} */
function firstDay(span) {
  const week = /^(\d{4})-W(\d\d)$/.exec(span);
  if (!week) return new Date(`${span.length === 7 ? `${span}-01` : span}T00:00:00Z`);
  const fourth = Date.UTC(Number(week[1]), 0, 4);
  return new Date(fourth - weekday(fourth) * DAY_MS + (Number(week[2]) - 1) * 7 * DAY_MS);
}

/** By ISO 8601. @param {number} at @returns {string} */
function weekOf(at) {
  const thursday = at + (3 - weekday(at)) * DAY_MS;
  const year = new Date(thursday).getUTCFullYear();
  return `${year}-W${String(1 + Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * DAY_MS))).padStart(2, "0")}`;
}

/** 0: Monday. @param {number} at */
function weekday(at) {
  return (new Date(at).getUTCDay() + 6) % 7;
}

/** @param {number} at */
function iso(at) {
  return new Date(at).toISOString().slice(0, 10);
}
