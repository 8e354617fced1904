// A call as a player needs it: its recordings in order, each with its words; where bars stand; which words are spoken now.

/** @typedef {import("./types.js").Line} Line */
/** @typedef {import("./types.js").Track} Track */
/** @typedef {import("./types.js").Side} Side */

/** Below it a word is pale. */
export const UNSURE = 0.5;
export const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
/** A word stays lit for so long after its end, so that nothing flickers between two. */
const HOLD_S = 0.15;
/** Whoever goes back within so long of a line's beginning means the line before it. */
const AGAIN_S = 1.5;
/** No word is longer. */
const LONGEST_S = 30;

/** The recordings of a call with their words. What was heard live belongs to the recording in whose time it was said, until that has
 * words of its own; what was said in none is a track without sound.
 * @param {import("./types.js").Recorded} recorded @param {import("./types.js").Transcript} transcript @returns {Track[]} */
export function tracksOf(recorded, transcript) {
  const own = new Map(transcript.segments.filter((one) => one.segment !== "live").map((one) => [one.segment, one]));
  /** @type {Track[]} */
  const tracks = recorded.recordings.map((one) => {
    const words = own.get(one.segment);
    own.delete(one.segment);
    return {
      segment: one.segment, beganAt: one.began_at, seconds: words?.seconds || one.seconds, kind: one.kind, who: one.who, name: one.name ?? null,
      sound: one.there ? "there" : "gone", words: words ? "recording" : "none", lines: words?.lines ?? [],
    };
  });
  for (const one of own.values()) {
    tracks.push({ segment: one.segment, beganAt: one.began_at, seconds: one.seconds, kind: one.segment === "message" ? "message" : "agent", who: "", name: null, sound: "gone", words: "recording", lines: one.lines });
  }
  /** @type {Line[]} */
  const left = [];
  const live = transcript.segments.find((one) => one.segment === "live");
  for (const line of live?.lines ?? []) {
    const at = (live?.began_at ?? 0) + line.start_s;
    const track = tracks.find((one) => one.beganAt <= at && at < one.beganAt + one.seconds);
    if (!track) left.push(line);
    else if (track.words !== "recording") {
      track.words = "live";
      track.lines = [...track.lines, moved(line, (live?.began_at ?? 0) - track.beganAt)];
    }
  }
  // What was said before the first recording began (in the menu, while he waited) stands before it.
  if (live && (left.length || !tracks.length)) {
    tracks.push({ segment: "live", beganAt: live.began_at, seconds: live.seconds, kind: "live", who: "", name: null, sound: "none", words: "live", lines: left });
  }
  return tracks.sort((a, b) => a.beganAt - b.beganAt);
}

/** @param {Line} line @param {number} by seconds @returns {Line} */
function moved(line, by) {
  return { ...line, start_s: line.start_s + by, end_s: line.end_s + by, words: line.words.map(([text, from, to, sure]) => [text, from + by, to + by, sure]) };
}

/** Where a place of the address is in the recordings; the words may have become others since it was written.
 * @param {Track[]} tracks @param {import("./types.js").CallPlace} place @returns {{segment: string, at: number} | null} null: nowhere */
export function spotOf(tracks, { segment, line, at, when }) {
  const track = tracks.find((one) => one.segment === segment);
  const from = at ?? (line === null ? undefined : track?.lines[line]?.start_s);
  if (track && (from !== undefined || when === null)) return { segment, at: from ?? 0 };
  const then = when === null ? undefined : tracks.find((one) => one.beganAt <= when && when <= one.beganAt + one.seconds);
  return then && when !== null ? { segment: then.segment, at: when - then.beganAt } : null;
}

/** How long a track is; never shorter than its words. @param {Track} track @returns {number} */
export function lengthOf(track) {
  return Math.max(track.seconds, ...track.lines.map((line) => line.end_s), 0);
}

/** A bar for each line, in parts of the whole. @param {Track} track @param {number} length seconds
 * @returns {{side: Side, from: number, width: number}[]} */
export function bars(track, length) {
  if (!length) return [];
  return track.lines.map((line) => {
    const from = within(line.start_s, 0, length);
    return { side: line.side, from: from / length, width: (within(line.end_s, from, length) - from) / length };
  });
}

/** The words of a track in the order in which they begin, to be found by time.
 * @param {Line[]} lines @returns {{line: number, word: number, side: Side, from: number, to: number}[]} */
export function wordsOf(lines) {
  return lines.flatMap((line, n) => line.words.map(([, from, to], word) => ({ line: n, word, side: line.side, from, to })))
    .sort((a, b) => a.from - b.from);
}

/** What is spoken at a second: of each side one word at most, as places in `words`.
 * @param {ReturnType<typeof wordsOf>} words @param {number} at @returns {number[]} */
export function spokenAt(words, at) {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle]?.from ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  /** @type {Map<Side, number>} */
  const lit = new Map();
  /** @type {Set<Side>} */
  const seen = new Set();
  for (let n = low - 1; n >= 0; n--) {
    const word = words[n];
    if (!word || word.from < at - LONGEST_S) break;
    if (seen.has(word.side)) continue; // only the last one of a side: the next has begun
    seen.add(word.side);
    if (at < word.to + HOLD_S) lit.set(word.side, n);
  }
  return [...lit.values()].sort((a, b) => a - b);
}

/** The line that is spoken, or was last; -1 before the first. @param {Line[]} lines in the order in which they begin @param {number} at */
export function lineAt(lines, at) {
  return lines.findLastIndex((line) => line.start_s <= at + 0.01);
}

/** Where the line before or after begins. @param {Line[]} lines @param {number} at @param {-1 | 1} step @returns {number | null} null: there is none */
export function lineBeside(lines, at, step) {
  const here = lineAt(lines, at);
  if (step > 0) return lines[here + 1]?.start_s ?? null;
  const began = lines[here]?.start_s;
  if (began === undefined) return null;
  return at - began > AGAIN_S ? began : lines[here - 1]?.start_s ?? began;
}

/** @param {number} speed @param {-1 | 1} step @returns {number} */
export function speedBeside(speed, step) {
  const at = SPEEDS.indexOf(speed);
  return SPEEDS[within(at + step, 0, SPEEDS.length - 1)] ?? 1;
}

/** Whether there is a blank between two words: Chinese is written without. @param {string} before @param {string} after */
export function isApart(before, after) {
  return /[a-z0-9]$/i.test(before) && /^[\x21-\x7e]/.test(after);
}

/** Why there are no words, or which these are. @param {Track} track @param {import("./types.js").Recorded} recorded
 * @returns {string[]} keys of texts, the most important first */
export function remarks(track, recorded) {
  const found = [];
  if (track.words === "none") found.push(track.sound === "gone" ? "call.words_gone" : recorded.why_no_words ? `call.words_${recorded.why_no_words}` : "call.words_waiting");
  else if (!track.lines.length) found.push(track.words === "live" ? "call.words_not_yet" : "call.words_empty");
  else if (track.words === "live" && track.sound === "there") found.push("call.words_live");
  if (track.lines.some((line) => line.side === "both")) found.push("call.mono");
  return found;
}

/** Why there is no sound of a track. @param {Track} track @param {import("./types.js").Recorded} recorded @returns {string} the key of a text; "": there is */
export function whyNoSound(track, recorded) {
  if (track.sound === "there") return "";
  if (track.sound === "gone") return "call.sound_gone";
  return recorded.ended_at === null ? "call.sound_live" : "call.sound_none";
}

/** Why a call has nothing to show at all. @param {import("./types.js").Recorded} recorded @returns {string} the key of a text */
export function whyNothing(recorded) {
  if (recorded.ended_at !== null) return "call.no_recording";
  return recorded.why_no_words ? `call.words_${recorded.why_no_words}` : "call.words_not_yet";
}

/** @param {number} value @param {number} least @param {number} most */
export function within(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
