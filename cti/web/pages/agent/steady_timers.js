// Timers that do not fall asleep. A browser wakes the timers of a hidden page once a minute; an agent's page is hidden for hours
// and has to reconnect, answer and autosave in time, and so have the libraries it uses. So the page's own timer functions are
// replaced by ones that a worker rings: messages wake a hidden page at once. Imported before everything else.

const worker = new Worker("/pages/agent/timer_worker.js", { type: "module" });
const native = { clearTimeout: globalThis.clearTimeout.bind(globalThis) };

/** Ours count from here, the browser's own from 1. */
const FIRST = 1_000_000_000;
let last = FIRST;
/** @type {Map<number, {run: () => void, again: boolean}>} */
const running = new Map();

worker.onmessage = ({ data }) => {
  const timer = running.get(data);
  if (!timer) return;
  if (!timer.again) running.delete(data);
  timer.run();
};

/** @param {boolean} again */
const starter = (again) => (/** @type {TimerHandler} */ handler, /** @type {number} */ ms = 0, /** @type {any[]} */ ...values) => {
  if (typeof handler !== "function") throw new TypeError("a timer runs a function");
  const id = (last += 1);
  running.set(id, { run: () => handler(...values), again });
  worker.postMessage({ id, ms, again });
  return id;
};

const stop = (/** @type {number | undefined} */ id) => {
  if (!id || id < FIRST) return native.clearTimeout(id);
  if (running.delete(id)) worker.postMessage({ id, ms: null });
};

Object.assign(globalThis, { setTimeout: starter(false), setInterval: starter(true), clearTimeout: stop, clearInterval: stop });

// A browser may also freeze a hidden page altogether; not one that holds a lock.
void navigator.locks?.request("yihu-desk-awake", { mode: "shared" }, () => new Promise(() => {}));

export {};
