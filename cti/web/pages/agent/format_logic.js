// Numbers, times and telephone numbers as they are shown.

/** @typedef {import("/pages/shared/words.js").Lang} Lang */

/** `04:12`, from an hour on `1:04:12`. @param {number} seconds @returns {string} */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** A telephone number in groups, for the agent on the call. @param {string} number @returns {string} */
export function phone(number) {
  const plain = number.replace(/[\s-]/g, "");
  if (/^1\d{10}$/.test(plain)) return `${plain.slice(0, 3)} ${plain.slice(3, 7)} ${plain.slice(7)}`;
  if (/^0(10|2\d)\d{8}$/.test(plain)) return `${plain.slice(0, 3)} ${plain.slice(3, 7)} ${plain.slice(7)}`;
  if (/^0\d{10,11}$/.test(plain)) return `${plain.slice(0, 4)} ${plain.slice(4, plain.length - 4)} ${plain.slice(-4)}`;
  if (/^\d{8}$/.test(plain)) return `${plain.slice(0, 4)} ${plain.slice(4)}`;
  return plain;
}

/** For whoever is not on the call. @param {string} number @returns {string} */
export function masked(number) {
  const plain = number.replace(/\s/g, "");
  return plain.length < 8 ? plain : `${plain.slice(0, 3)}${"*".repeat(plain.length - 7)}${plain.slice(-4)}`;
}

/** With thousands, from 100,000 on in short. @param {number} n @param {Lang} lang @returns {string} */
export function count(n, lang) {
  if (Math.abs(n) < 100_000) return n.toLocaleString("en-US");
  return lang === "zh" ? `${(n / 10_000).toFixed(1)} 万` : `${Math.round(n / 1000)}k`;
}

/** A rate is never rounded up across a target: 89.96 is 89.9. @param {number} part @param {number} whole @returns {string} */
export function percent(part, whole) {
  return whole ? (Math.floor((part / whole) * 1000 + 1e-9) / 10).toFixed(1) : "—";
}

/** `14:29:05` where the city is. @param {number} at UTC seconds @returns {string} */
export function timeOfDay(at) {
  return new Date(at * 1000).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false });
}
