// How the day goes, half hour by half hour, beside yesterday and the same day of last week.
import { make, setText } from "/pages/shared/dom.js";
import { init } from "/vendor/echarts.js";
import { course, holes, line, SLOTS, timeOf } from "./course_logic.js";
import { head } from "./frame.js";
import { timeText } from "./hero.js";
import { targetText } from "./rate_logic.js";

/** @typedef {import("./wall.js").Wall} Wall */

/** The chart is a picture of minutes, not of moments. */
const DRAW_MS = 5000;

/** @param {HTMLElement} tile @param {Wall} wall */
export function mountCourse(tile, wall) {
  const say = wall.say.bind(wall);
  const [name, beside] = head(tile);
  const keys = /** @type {const} */ (["today", "yesterday", "last_week"]).map((key) => ({ key, item: make("span", { class: `key ${key}` }) }));
  const below = make("span", { class: "key below" });
  beside.append(...keys.map(({ item }) => item), below);
  const box = make("div", { class: "chart", role: "img" });
  tile.append(box);
  const chart = init(box, null, { renderer: "canvas", useDirtyRect: true });
  let drawnAt = -Infinity;
  let frame = "";
  let isEmpty = true;
  /** What each series was drawn from. @type {Map<string, string>} */
  const drawn = new Map();

  // Only what has changed is given to the chart: drawing all of it anew holds up the numbers.
  const draw = () => {
    const { series, ...others } = optionOf(wall);
    const changed = series.filter((one) => drawn.get(one.id) !== JSON.stringify(one));
    const isFirst = frame !== JSON.stringify(others);
    drawnAt = performance.now();
    if (isFirst) chart.setOption(/** @type {any} */ ({ ...others, series }), { notMerge: true, lazyUpdate: true });
    else if (changed.length) chart.setOption(/** @type {any} */ ({ series: changed }), { lazyUpdate: true });
    frame = JSON.stringify(others);
    for (const one of series) drawn.set(one.id, JSON.stringify(one));
  };
  new ResizeObserver(() => {
    chart.resize();
    draw();
  }).observe(box);
  wall.onTick(() => {
    if (performance.now() - drawnAt >= DRAW_MS) draw();
  });
  wall.onPaint(() => {
    setText(name, say("course"));
    const found = courseOf(wall);
    const target = wall.state.definitions?.["connection_rate"]?.target ?? null;
    for (const { key, item } of keys) setText(item, say(`course.${key}`, { day: weekday(wall) }));
    setText(below, target === null ? "" : say("course.below", { target: targetText(target), n: found.below.length }));
    below.classList.toggle("some", found.below.length > 0);
    const worst = found.worst ? say("course.worst", { at: timeOf(found.worst.slot), n: found.worst.value.toFixed(1) }) : say("unknown.nothing");
    box.setAttribute("aria-label", `${say("course")} ${worst}`);
    if (isEmpty && wall.state.city) {
      isEmpty = false;
      draw();
    }
  });
}

/** @param {Wall} wall */
function courseOf(wall) {
  const { today = {}, yesterday = {}, last_week = {}, city = {}, definitions = {} } = wall.state;
  const running = city["city"] ? timeText(wall, city["city"].half_hour) : timeOf(SLOTS - 1);
  const target = definitions["connection_rate"]?.target ?? null;
  return course(today, [yesterday, last_week], running, target === null ? null : target * 100);
}

/** Of today a week ago. @param {Wall} wall @returns {string} */
function weekday(wall) {
  const date = wall.state.city?.["city"]?.date;
  if (!date) return "";
  return new Date(`${date}T12:00:00Z`).toLocaleDateString(wall.lang === "zh" ? "zh-CN" : "en-GB", { weekday: "short", timeZone: "UTC" });
}

/** @param {Wall} wall */
function optionOf(wall) {
  const { yesterday = {}, last_week = {}, gaps = {}, definitions = {}, city = {} } = wall.state;
  const found = courseOf(wall);
  const style = getComputedStyle(document.documentElement);
  const rem = parseFloat(style.fontSize);
  const colour = (/** @type {string} */ token) => style.getPropertyValue(token).trim();
  const target = definitions["connection_rate"]?.target ?? null;
  const label = { fontSize: 1.5 * rem, fontFamily: style.getPropertyValue("--font"), color: colour("--text3") };
  const usual = { type: "line", symbol: "none", connectNulls: false, silent: true, animation: false };
  const midnight = city["city"] ? midnightOf(city["city"]) : 0;
  const areas = [
    ...(target === null ? [] : [[{ yAxis: target * 100, itemStyle: { color: colour("--ok"), opacity: 0.09 } }, { yAxis: 100 }]]),
    ...holes(Object.values(gaps), midnight).map(([from, to]) => [
      { xAxis: Math.floor(from), itemStyle: { color: colour("--text3"), opacity: 0.3 } }, { xAxis: Math.min(SLOTS - 1, Math.ceil(to)) },
    ]),
  ];
  const triangles = Array.from({ length: SLOTS }, (_, slot) => (found.below.includes(slot) ? found.floor : null));
  const tag = (/** @type {number} */ slot, /** @type {number} */ value, /** @type {any} */ more) =>
    Array.from({ length: SLOTS }, (_, n) => (n === slot ? { value, ...more } : null));
  return {
    animation: false,
    grid: { left: 4.2 * rem, right: 1.2 * rem, top: 1.2 * rem, bottom: 2.6 * rem },
    xAxis: {
      type: "category", boundaryGap: false, data: Array.from({ length: SLOTS }, (_, slot) => timeOf(slot).slice(0, 2)),
      axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...label, interval: (/** @type {number} */ n) => n % 6 === 0, margin: 1.1 * rem },
    },
    yAxis: {
      type: "value", min: found.floor, max: 100, interval: found.step, axisLabel: { ...label, margin: 0.8 * rem },
      splitLine: { lineStyle: { color: colour("--line"), width: 0.1 * rem } },
    },
    series: [
      { ...usual, id: "last_week", data: line(last_week), lineStyle: { color: colour("--edge"), width: 0.17 * rem, type: [0.15 * rem, 0.45 * rem], cap: "round" } },
      { ...usual, id: "yesterday", data: line(yesterday), lineStyle: { color: colour("--text3"), width: 0.17 * rem } },
      {
        ...usual, id: "today", data: found.done, lineStyle: { color: colour("--accent"), width: 0.32 * rem, join: "round" },
        // A half hour that stands alone would be no line.
        showSymbol: true, symbol: "circle", symbolSize: (/** @type {any} */ value, /** @type {any} */ at) => (isAlone(found.done, at.dataIndex) ? 0.6 * rem : 0),
        itemStyle: { color: colour("--accent") },
        markArea: { silent: true, data: areas },
        markLine: target === null ? undefined : {
          silent: true, symbol: "none", data: [{ yAxis: target * 100 }], label: { show: false },
          lineStyle: { color: colour("--ok"), width: 0.17 * rem, type: [0.55 * rem, 0.45 * rem] },
        },
      },
      { ...usual, id: "running", data: found.running, lineStyle: { color: colour("--accent"), width: 0.32 * rem, type: [0.3 * rem, 0.4 * rem] } },
      {
        type: "scatter", id: "now", silent: true, symbol: "circle", symbolSize: rem, z: 5,
        itemStyle: { color: colour("--surface"), borderColor: colour("--accent"), borderWidth: 0.26 * rem, opacity: 1 },
        data: found.now === null ? [] : tag(found.runningSlot, found.now, {}),
        label: {
          show: true, ...label, color: colour("--accent"), fontWeight: 600, distance: 0.6 * rem, offset: [0, -1.2 * rem],
          backgroundColor: colour("--surface"), padding: [0.1 * rem, 0.4 * rem],
          position: found.runningSlot > SLOTS - 8 ? "left" : "right",
          formatter: found.now === null ? "" : wall.say("course.now", { n: found.now.toFixed(1) }),
        },
      },
      {
        type: "scatter", id: "worst", silent: true, symbol: "circle", symbolSize: 1, z: 4, itemStyle: { color: "transparent" },
        data: found.worst ? tag(found.worst.slot, found.worst.value, {}) : [],
        label: {
          show: true, ...label, color: colour("--text"), fontWeight: 600, backgroundColor: colour("--surface"), padding: [0.1 * rem, 0.4 * rem],
          position: "bottom", distance: 0.5 * rem,
          formatter: found.worst ? found.worst.value.toFixed(1) : "",
        },
      },
      {
        type: "scatter", id: "below", silent: true, symbol: "triangle", symbolSize: 0.9 * rem, symbolOffset: [0, -0.6 * rem],
        itemStyle: { color: colour("--bad"), opacity: 1 }, data: triangles,
      },
    ],
  };
}

/** @param {(number | null)[]} values @param {number} n */
function isAlone(values, n) {
  return (values[n - 1] ?? null) === null && (values[n + 1] ?? null) === null;
}

/** UTC seconds. @param {import("./types.js").City} city */
function midnightOf(city) {
  const time = new Date(city.half_hour * 1000).toLocaleTimeString("en-GB", { timeZone: city.zone, hour12: false });
  const [h = 0, m = 0] = time.split(":").map(Number);
  return city.half_hour - h * 3600 - m * 60;
}
