// What was said, line by line: a line is replaced while it is heard and stands for good once it is final.

/** @typedef {import("../types.js").Words} Words */
/** @typedef {import("../types.js").Whole} Whole */
/** @typedef {Words["marks"][number]} Mark */

/** The lines after this message; what was said before the talk stands before it, however late it comes. @param {Words[]} lines @param {Words} words @returns {Words[]} */
export function heard(lines, words) {
  const at = lines.findIndex((line) => line.line === words.line);
  const before = lines[at];
  if (!before) {
    const first = words.side === "message" ? lines.findIndex((line) => line.side !== "message") : -1;
    return first < 0 ? [...lines, words] : [...lines.slice(0, first), words, ...lines.slice(first)];
  }
  // A final text is not taken back; marks may come after it.
  if (before.final && (!words.final || words.text !== before.text)) return lines;
  const after = [...lines];
  after[at] = { ...words, at: before.at };
  return after;
}

/** A text cut where marks begin and end; what overlaps goes to the mark that came first.
 * @param {string} text @param {Mark[]} marks @returns {{text: string, kind: string | null}[]} */
export function cut(text, marks) {
  /** @type {{text: string, kind: string | null}[]} */
  const pieces = [];
  let at = 0;
  for (const { from, to, kind } of [...marks].sort((a, b) => a.from - b.from)) {
    const begin = Math.max(from, at);
    const end = Math.min(to, text.length);
    if (begin >= end) continue;
    if (begin > at) pieces.push({ text: text.slice(at, begin), kind: null });
    pieces.push({ text: text.slice(begin, end), kind });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), kind: null });
  return pieces;
}

/** Why there is nothing to be read, or nothing more; null: words come, or may. @param {string | null} language of the call
 * @param {boolean} anyWords of the talk @param {boolean} isTalk @param {Whole["why"] | null} [why] as the daemon says; null: it has said nothing
 * @returns {"words.none" | "words.no_language" | "words.port" | "words.flow" | "words.busy" | "words.lost" | null} */
export function whyNone(language, anyWords, isTalk, why = null) {
  if (!isTalk) return null;
  if (why === "port" || why === "flow" || why === "busy" || why === "lost") return `words.${why}`;
  if (anyWords) return null;
  if (why === "off") return "words.none";
  if (why === "language") return "words.no_language";
  if (why === "") return null;
  return language && !/^(zh-CN|zh|cmn|mandarin)$/i.test(language) ? "words.no_language" : "words.none";
}
