// The WebSocket to the daemon. It lives in the page itself, not in a worker: the answer to a ping then proves that this page's
// script runs. What a hidden tab would put to sleep are timers, and those come from a worker (steady_timers.js); messages wake
// a hidden page at once.
import { backoff } from "./clock_logic.js";

/** @typedef {import("./types.js").LinkState} LinkState */

/** Without a word for so long the connection is taken for dead: the daemon pings every 2 s. */
const SILENT_MS = 7000;
const TAKEN_OVER = 4000;
const LOGGED_OUT = 4001;
/** Nobody who may come in. */
const NOT_LET_IN = 1008;

export class Link {
  /** @type {WebSocket | null} */
  #socket = null;
  #timer = 0;
  #generation = 0;

  /** @param {string} path @param {() => Promise<string>} ticket one-time, for each connection
   * @param {(message: any) => void} heard @param {(state: LinkState) => void} changed */
  constructor(path, ticket, heard, changed) {
    this.path = path;
    this.ticket = ticket;
    this.heard = heard;
    this.changed = changed;
    /** @type {LinkState} */
    this.state = "connecting";
    this.since = performance.now();
    /** Connections that failed in a row. */
    this.tries = 0;
    /** When the daemon was last heard, by `performance.now()`; 0: never. */
    this.heardAt = 0;
  }

  open() {
    this.#to("connecting");
    void this.#connect();
  }

  /** Ends it for good, as `state` says why. @param {"taken_over" | "logged_out"} state */
  close(state) {
    this.#drop();
    this.#to(state);
  }

  /** The network is another one: what stands is not to be trusted, and waiting is of no use. */
  again() {
    if (this.state === "taken_over" || this.state === "logged_out") return;
    this.tries = 0;
    this.#lost();
  }

  /** To be called about once a second. */
  tick() {
    const silent = performance.now() - Math.max(this.heardAt, this.since);
    if ((this.state === "live" || this.#socket) && silent > SILENT_MS) this.#lost();
  }

  async #connect() {
    this.#drop();
    const mine = this.#generation;
    let ticket;
    try {
      ticket = await this.ticket();
    } catch (error) {
      if (mine !== this.#generation) return;
      if (/** @type {any} */ (error).status === 401) this.close("logged_out");
      else this.#lost();
      return;
    }
    if (mine !== this.#generation) return;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${this.path}`);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ ticket }));
    socket.onmessage = ({ data }) => {
      if (mine !== this.#generation) return;
      this.heardAt = performance.now();
      const message = JSON.parse(data);
      if (message.type === "ping") socket.send('{"type":"here"}');
      else if (message.type === "taken_over" || message.type === "logged_out") {
        this.heard(message);
        return this.close(message.type);
      }
      if (message.type === "desk") {
        this.tries = 0;
        this.#to("live");
      }
      this.heard(message);
    };
    socket.onclose = ({ code }) => {
      if (mine !== this.#generation) return;
      if (code === TAKEN_OVER) this.close("taken_over");
      else if (code === LOGGED_OUT || code === NOT_LET_IN) this.close("logged_out");
      else this.#lost();
    };
  }

  #lost() {
    this.#drop();
    this.#to(this.heardAt ? "lost" : "connecting");
    this.#timer = setTimeout(() => void this.#connect(), backoff(this.tries, Math.random()));
    this.tries += 1;
  }

  #drop() {
    this.#generation += 1;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  /** @param {LinkState} state */
  #to(state) {
    if (this.state === state) return;
    this.state = state;
    this.since = performance.now();
    this.changed(state);
  }
}
