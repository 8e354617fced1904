// The rows of the table of queues: always the same ones in the same order; what finds no room is one row together.

/** @typedef {import("./types.js").Queue} Queue */
/** @typedef {{code: string, queue: Queue, more: number}} Row more: so many queues are in this one row */

/** @param {Record<string, Queue>} queues @param {number} most @returns {Row[]} */
export function rows(queues, most) {
  const ordered = Object.entries(queues).sort(([, a], [, b]) => a.order - b.order);
  if (ordered.length <= most) return ordered.map(([code, queue]) => ({ code, queue, more: 0 }));
  const rest = ordered.slice(most - 1).map(([, queue]) => queue);
  const since = rest.flatMap((queue) => (queue.longest_since === null ? [] : [queue.longest_since]));
  const sum = (/** @type {"waiting" | "talking"} */ key) => rest.reduce((n, queue) => n + queue[key], 0);
  const together = {
    zh: "", en: "", order: most, waiting: sum("waiting"), talking: sum("talking"),
    // Who can serve several of them would be counted several times.
    ready: Math.max(0, ...rest.map((queue) => queue.ready)),
    longest_since: since.length ? Math.min(...since) : null,
  };
  return [...ordered.slice(0, most - 1).map(([code, queue]) => ({ code, queue, more: 0 })), { code: "", queue: together, more: rest.length }];
}
