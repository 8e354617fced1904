// The end of what has been said in a call.

/** @param {any} transcript GET /api/calls/{id}/transcript; null: there is none @param {number} most
 * @returns {{side: "citizen" | "agent" | "both", text: string}[]} in the order of speaking */
export function lastWords(transcript, most) {
  const lines = (transcript?.segments ?? []).flatMap((/** @type {any} */ segment) =>
    segment.lines.map((/** @type {any} */ line) => ({ at: segment.began_at + line.start_s, side: line.side, text: line.text })));
  lines.sort((/** @type {any} */ a, /** @type {any} */ b) => a.at - b.at);
  return lines.slice(-most).map((/** @type {any} */ { side, text }) => ({ side, text }));
}
