// The text that was found, marked in its line.

export const SHORTEST = 2;

/** A line cut where the text stands in it, capitals or not; one piece when it does not (it is in a number in stars).
 * @param {string} line @param {string} asked @returns {{text: string, hit: boolean}[]} */
export function marked(line, asked) {
  const [all, wanted] = [line.toLowerCase(), asked.trim().toLowerCase()];
  // A letter whose small form is longer would move everything after it.
  if (!wanted || all.length !== line.length) return [{ text: line, hit: false }];
  const pieces = [];
  let at = 0;
  for (let found = all.indexOf(wanted); found >= 0; found = all.indexOf(wanted, at)) {
    if (found > at) pieces.push({ text: line.slice(at, found), hit: false });
    pieces.push({ text: line.slice(found, found + wanted.length), hit: true });
    at = found + wanted.length;
  }
  if (at < line.length) pieces.push({ text: line.slice(at), hit: false });
  return pieces;
}

/** Lines that came before, and older ones; each once. @param {import("./types.js").Hit[]} before @param {import("./types.js").Hit[]} more */
export function joined(before, more) {
  const known = new Set(before.map(idOf));
  return [...before, ...more.filter((hit) => !known.has(idOf(hit)))];
}

/** @param {import("./types.js").Hit} hit */
function idOf(hit) {
  return `${hit.call_id} ${hit.segment} ${hit.n}`;
}
