// When a guest listens: times of the form and times of the server.

/** "2026-11-23T15:30" as UTC seconds, by the clock of the computer that shows the form. @param {string} text @returns {number} NaN: none */
export function secondsOf(text) {
  return new Date(text).getTime() / 1000;
}

/** For a field of date and time. @param {number} at UTC seconds @returns {string} */
export function fieldOf(at) {
  const date = new Date(at * 1000);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Why it cannot be planned so; "": it can. @param {{name: string, number: string, from: number, until: number}} plan @param {number} now @returns {string} key of a word */
export function wrongWith({ name, number, from, until }, now) {
  if (!name) return "guests.needs_name";
  if (!/^\+?[0-9*#]{2,20}$/.test(number)) return "guests.needs_number";
  if (!(until > from)) return "guests.needs_order";
  return until > now ? "" : "guests.needs_future";
}
