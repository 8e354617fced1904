// Small things about texts: numbers of lines, where a line begins, times and figures as people read them.

/** The offset at which a line begins, and where it ends. @param {string} text @param {number} line from 1
 * @returns {{from: number, to: number}} */
export function lineSpan(text, line) {
  let from = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf("\n", from);
    if (end < 0) return { from: text.length, to: text.length };
    from = end + 1;
  }
  const to = text.indexOf("\n", from);
  return { from, to: to < 0 ? text.length : to };
}

/** @param {string} text @returns {number} */
export function lineCount(text) {
  return text.split("\n").length;
}

/** 11-21 周五 10:20, or the time alone on the day of `now`. @param {number} at seconds @param {"zh" | "en"} lang @param {number} now seconds
 * @returns {string} */
export function moment(at, lang, now) {
  if (!at) return "—";
  const [when, today] = [new Date(at * 1000), new Date(now * 1000)];
  const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(when);
  if (when.toDateString() === today.toDateString()) return time;
  const year = when.getFullYear() === today.getFullYear() ? "" : `${when.getFullYear()}-`;
  const date = `${year}${String(when.getMonth() + 1).padStart(2, "0")}-${String(when.getDate()).padStart(2, "0")}`;
  const weekday = new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", { weekday: "short" }).format(when);
  return lang === "zh" ? `${date} ${weekday} ${time.slice(0, 5)}` : `${weekday} ${date} ${time.slice(0, 5)}`;
}

/** 12,345; from 100,000 on 12.3 万 or 123k. @param {number} n @param {"zh" | "en"} lang @returns {string} */
export function count(n, lang) {
  if (n < 100_000) return new Intl.NumberFormat("en-US").format(n);
  return lang === "zh" ? `${(Math.floor(n / 1000) / 10).toFixed(1)} 万` : `${Math.floor(n / 1000)}k`;
}

/** 2.1 s @param {number | null} seconds @returns {string} */
export function seconds(seconds) {
  return seconds === null ? "—" : seconds.toFixed(1);
}
