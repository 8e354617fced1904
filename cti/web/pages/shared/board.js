// The channel of live pages to the daemon: it connects, folds what comes into the state of each topic, and comes back by itself.
import { Api, ApiError } from "./api.js";
import { backoff, freshness, ServerClock } from "../agent/clock_logic.js";
import { Topics } from "./board_logic.js";

/** @typedef {import("./board_logic.js").State} State */
/** @typedef {"live" | "stale" | "gone"} BoardState stale: nothing heard for ten seconds; gone: one has to log in again */
/** @typedef {{
 *   topics: string[],
 *   onChange: (topic: string, state: State, at: number) => void,
 *   onState?: (state: BoardState) => void,
 *   api?: Api,
 * }} BoardOptions */

const LOGGED_OUT = 4001;
const SILENT_MS = 4000;
const HERE_MS = 30000;
const LOOK_MS = 250;

export class Board {
  /** @type {WebSocket | null} */
  #socket = null;
  #generation = 0;
  #tries = 0;
  #heardAt = 0;
  #hereAt = 0;
  /** @type {number | undefined} */
  #again = undefined;
  #clock = new ServerClock();
  #topics = new Topics();
  /** @type {BoardState | "connecting"} */
  state = "connecting";
  /** When the server last said anything, by its clock in s since 1970; 0: never. */
  saidAt = 0;

  /** @param {BoardOptions} options */
  constructor({ topics, onChange, onState = () => {}, api = new Api() }) {
    this.names = topics;
    this.onChange = onChange;
    this.onState = onState;
    this.api = api;
    this.watch = setInterval(() => this.#look(), LOOK_MS);
    window.addEventListener("online", () => this.#lost(0));
    void this.#connect();
  }

  /** How old what is shown is, in s; Infinity: nothing was ever heard. */
  get ageS() {
    return this.saidAt ? Math.max(0, this.serverNow - this.saidAt) : Infinity;
  }

  /** The server's clock, in s since 1970. */
  get serverNow() {
    return this.#clock.now(performance.now());
  }

  /** @param {string} topic @returns {State} */
  of(topic) {
    return this.#topics.state(topic);
  }

  close() {
    clearInterval(this.watch);
    this.#drop();
    this.#to("gone");
  }

  async #connect() {
    this.#drop();
    const mine = this.#generation;
    let ticket;
    try {
      if (!this.api.csrf && !(await this.api.me())) throw new ApiError(401, "not_logged_in", null);
      ticket = await this.api.socketTicket();
    } catch (error) {
      if (mine !== this.#generation) return;
      const status = error instanceof ApiError ? error.status : 0;
      if (status === 401 || status === 403) return this.close();
      return this.#lost();
    }
    if (mine !== this.#generation) return;
    const [scheme, query] = [location.protocol === "https:" ? "wss" : "ws", new URLSearchParams({ ticket, topics: this.names.join(",") })];
    const socket = new WebSocket(`${scheme}://${location.host}/api/board?${query}`);
    this.#socket = socket;
    this.#heardAt = performance.now();
    this.#topics = new Topics();
    socket.onmessage = ({ data }) => {
      if (mine === this.#generation) this.#heard(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      if (mine !== this.#generation) return;
      if (code === LOGGED_OUT) this.close();
      else this.#lost();
    };
  }

  /** @param {import("./board_logic.js").Message} message */
  #heard(message) {
    this.#heardAt = performance.now();
    this.#tries = 0;
    if (!this.#topics.take(message)) return this.#lost(0);
    this.#clock.heard(message.at, performance.now());
    this.saidAt = message.at;
    this.#look();
    if (message.topic) this.onChange(message.topic, this.#topics.state(message.topic), message.at);
  }

  #look() {
    const now = performance.now();
    if (this.state !== "gone" && this.saidAt) this.#to(freshness(this.ageS) === "stale" ? "stale" : "live");
    if (!this.#socket) return;
    if (now - this.#heardAt > SILENT_MS) return this.#lost();
    if (this.#socket.readyState === WebSocket.OPEN && now - this.#hereAt > HERE_MS) {
      this.#hereAt = now;
      this.#socket.send("here");
    }
  }

  /** @param {number} [afterMs] */
  #lost(afterMs) {
    if (this.state === "gone") return;
    this.#drop();
    this.#again = setTimeout(() => void this.#connect(), afterMs ?? backoff(this.#tries, Math.random()));
    this.#tries += 1;
  }

  #drop() {
    this.#generation += 1;
    clearTimeout(this.#again);
    this.#socket?.close();
    this.#socket = null;
  }

  /** @param {BoardState} state */
  #to(state) {
    if (this.state === state) return;
    this.state = state;
    this.onState(state);
  }
}

/** @param {BoardOptions} options @returns {Board} */
export function openBoard(options) {
  return new Board(options);
}
