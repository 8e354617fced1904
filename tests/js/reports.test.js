// Reports: addresses, the days beside one another, and figures that never look better than they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { differenceText, fractionText, judged, lostCount, momentText, rowName, shownColumns, valueText, waitText, worstPlaces } from "../../cti/web/pages/reports/figures_logic.js";
import { asKind, beside, changed, comparable, kindOf, placeFrom, placeText, reportQuery } from "../../cti/web/pages/reports/places_logic.js";

const EMPTY = { span: "", by: "", compare: [], rank: "", statistics: "", row: null, place: "", open: false };
const share = (/** @type {number} */ numerator, /** @type {number} */ denominator) =>
  ({ value: denominator ? numerator / denominator : null, unknown: denominator ? null : "nothing", numerator, denominator, difference: {} });

test("an address says everything and comes back the same", () => {
  const full = { ...EMPTY, span: "2026-11-21", by: "queue", compare: ["before", "year"], rank: "asa", statistics: "12345", row: "", place: "queue", open: true };
  assert.equal(placeText(full), "#2026-11-21?by=queue&compare=before%2Cyear&rank=asa&n=12345&losses=1&row=&place=queue");
  assert.deepEqual(placeFrom(placeText(full)), full);
  assert.deepEqual(placeFrom(""), EMPTY);
  assert.deepEqual(placeFrom("#2026-13?by=moon&compare=decade&rank=a%20b&losses=yes"), EMPTY);
  assert.equal(reportQuery(full).get("statistics"), "12345");
  assert.equal(reportQuery(full).get("row"), null);
});

test("all lost calls are not those of the row without a name", () => {
  assert.equal(placeFrom("#2026-11-21?losses=1").row, null);
  assert.equal(placeFrom("#2026-11-21?losses=1&row=").row, "");
});

test("days, weeks and months beside one another, over years", () => {
  assert.equal(beside("2026-12-31", 1), "2027-01-01");
  assert.equal(beside("2028-02-28", 1), "2028-02-29");
  assert.equal(beside("2026-W53", 1), "2027-W01");
  assert.equal(beside("2027-W01", -1), "2026-W53");
  assert.equal(beside("2026-01", -1), "2025-12");
  assert.deepEqual(["2026-02-30x", "2026-1-1", "2026-00", ""].map(kindOf), [null, null, null, null]);
});

test("another kind is the one with the first day", () => {
  assert.equal(asKind("2026-11-22", "week"), "2026-W47");
  assert.equal(asKind("2026-W47", "day"), "2026-11-16");
  assert.equal(asKind("2026-W47", "month"), "2026-11");
  assert.equal(asKind("2026-11", "week"), "2026-W44");
  assert.equal(asKind("2027-01-01", "week"), "2026-W53");
});

test("what does not fit the new report is left out", () => {
  const day = { ...EMPTY, span: "2026-11-21", by: "half_hour", compare: ["before", "week"], rank: "asa", statistics: "12333", row: "x", open: true };
  const month = changed(day, { span: "2026-11" }, ["asa"]);
  assert.deepEqual([month.by, month.compare, month.rank, month.open, month.row], ["", ["before"], "asa", false, null]);
  const agents = changed(day, { by: "agent" }, ["asa"]);
  assert.deepEqual([agents.statistics, agents.rank, agents.compare], ["", "", ["before", "week"]]);
  assert.equal(changed(day, { rank: "occupancy" }, ["asa"]).rank, "");
  assert.deepEqual(comparable("week"), ["before", "year"]);
});

test("a share never looks better than it is, and unknown is not zero", () => {
  const [up, down] = [{ unit: "share", less_is_better: false }, { unit: "share", less_is_better: true }].map((one) => /** @type {any} */ (one));
  assert.equal(valueText(share(89_999, 100_000), up), "89.99%");
  assert.equal(valueText(share(9, 10), up), "90.00%");
  assert.equal(valueText(share(57, 100), up), "57.00%");
  assert.equal(valueText(share(1, 100_000), down), "0.01%");
  assert.equal(valueText(share(0, 7), up), "0.00%");
  assert.equal(valueText(share(0, 0), up), "—");
  assert.equal(valueText({ ...share(28, 2), value: 14 }, /** @type {any} */ ({ unit: "s", less_is_better: true })), "14.0");
  assert.equal(fractionText(share(12_345, 20_000)), "12,345 / 20,000");
});

test("a difference says its direction without colour, and whether it is good", () => {
  assert.deepEqual([1.204, -0.5, 0.001, null].map(differenceText), ["▲ +1.20", "▼ −0.50", "＝ 0.00", "—"]);
  assert.deepEqual([judged(1, false), judged(1, true), judged(-1, true), judged(0.001, false), judged(null, false)], ["better", "worse", "better", "", ""]);
});

test("places of loss are counted together, the worst first", () => {
  const columns = ["connection_rate", "loss_at_menu", "asa"].map((code) => /** @type {any} */ ({ code }));
  assert.deepEqual(shownColumns(columns).map(({ code }) => code), ["connection_rate", "asa"]);
  assert.equal(lostCount({ menu: 2, queue: 3 }), 5);
  assert.deepEqual(worstPlaces({ menu: 2, queue: 3, ringing: 2 }), [["queue", 3], ["menu", 2], ["ringing", 2]]);
});

test("half hours of a day have no date, of an hour that comes twice the offset stays", () => {
  const day = /** @type {any} */ ({ kind: "day", period: "2026-11-20", by: { code: "half_hour" } });
  assert.equal(rowName(day, "2026-11-20 09:30"), "09:30");
  assert.equal(rowName({ ...day, by: { code: "day" } }, "2026-11-20"), "2026-11-20");
});

test("waits and moments", () => {
  assert.deepEqual([null, 3, 59.96, 61, 3725].map((one) => waitText(one, "s")), ["—", "3.0 s", "1:00", "1:01", "1:02:05"]);
  assert.equal(momentText(1_795_329_065, "Asia/Shanghai"), "2026-11-22 14:31:05");
});
