// What the server says, as the page's modules take it. Types only.

/** [text, from, to, how sure] in seconds of its recording. @typedef {[string, number, number, number]} Word */
/** @typedef {"citizen" | "agent" | "both"} Side */
/** @typedef {{side: Side, start_s: number, end_s: number, text: string, words: Word[]}} Line */
/** @typedef {{segment: string, source: "live" | "recording", began_at: number, seconds: number, model: string, lines: Line[]}} Segment */
/** Of somebody in the directory. @typedef {{zh: string, en: string}} Name */
/** @typedef {{call_id: string, masked: boolean, segments: Segment[]}} Transcript */
/** @typedef {{segment: string, began_at: number, seconds: number, kind: string, who: string, name?: Name | null, there: boolean}} Recording */
/** @typedef {{call_id: string, began_at: number, ended_at: number | null, why_no_words: "" | "off" | "language", recordings: Recording[]}} Recorded */
/** @typedef {{kind: "forbidden" | "missing" | "silence" | "overlap" | "share" | "speed", what: string, at_s: number}} Finding */
/** @typedef {{call_id: string, segment: string, began_at: number, agent: string, agent_share: number | null, seconds: number, agent_s: number,
 *   citizen_s: number, silence_s: number, longest_silence_s: number, overlap_s: number, agent_speed: number | null, findings: Finding[]}} Talk */
/** @typedef {{call_id: string, segment: string, n: number, at: number, side: Side, text: string}} Hit */

/** One recording of a call with its words, or words without one. `beganAt`: UTC seconds of its zero. `words`: of the recording; live:
 * heard in the talk, their times are not exact; none: there are none.
 * @typedef {{segment: string, beganAt: number, seconds: number, kind: string, who: string, name: Name | null, sound: "there" | "gone" | "none",
 *   words: "recording" | "live" | "none", lines: Line[]}} Track */

/** Where on the page. A place in the call is `segment` with `line` or `at`, or else the moment `when` (UTC seconds).
 * @typedef {{view: "search", q: string}} SearchPlace */
/** @typedef {{view: "quality", day: string, kind: string, agent: string}} QualityPlace */
/** @typedef {{view: "call", call: string, segment: string, line: number | null, at: number | null, when: number | null}} CallPlace */
/** @typedef {SearchPlace | QualityPlace | CallPlace} Place */

export {};
