// The alarm clock of steady_timers.js: a worker's timers run on while its page is hidden.

/** @type {Map<number, number>} */
const running = new Map();

self.onmessage = (/** @type {MessageEvent<{id: number, ms: number, again: boolean} | {id: number, ms: null}>} */ { data }) => {
  if (data.ms === null) {
    const timer = running.get(data.id);
    clearTimeout(timer);
    clearInterval(timer);
    running.delete(data.id);
    return;
  }
  const ring = () => {
    if (!data.again) running.delete(data.id);
    self.postMessage(data.id);
  };
  running.set(data.id, data.again ? setInterval(ring, data.ms) : setTimeout(ring, data.ms));
};

export {};
