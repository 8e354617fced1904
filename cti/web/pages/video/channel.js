// The WebSocket to the daemon: it says where the visit is and what the agent writes.

/** Without a word for so long the connection is taken for dead: the daemon pings every 2 s. */
const SILENT_MS = 7000;
const TAKEN_OVER = 4000;
const OVER = 4001;

export class Channel {
  /** @type {WebSocket | null} */
  #socket = null;
  #generation = 0;
  #timer = 0;
  #tries = 0;
  #heardAt = 0;

  /** @param {() => Promise<string>} ticket one-time, for each connection @param {(message: any) => void} heard
   * @param {(state: "live" | "lost" | "taken" | "over") => void} changed */
  constructor(ticket, heard, changed) {
    this.ticket = ticket;
    this.heard = heard;
    this.changed = changed;
    this.open_ = false;
    setInterval(() => this.#look(), 1000);
  }

  open() {
    this.open_ = true;
    this.#tries = 0;
    void this.#connect();
  }

  close() {
    this.open_ = false;
    this.#drop();
  }

  /** The network is another one: what stands is not to be trusted, and waiting is of no use. */
  again() {
    if (this.open_) this.open();
  }

  async #connect() {
    this.#drop();
    const mine = this.#generation;
    let ticket;
    try {
      ticket = await this.ticket();
    } catch (error) {
      if (mine !== this.#generation) return;
      const status = /** @type {any} */ (error).status;
      if (status === 401 || status === 410) this.#end("over");
      else this.#lost();
      return;
    }
    if (mine !== this.#generation) return;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/visit/channel`);
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.onopen = () => socket.send(JSON.stringify({ ticket }));
    socket.onmessage = ({ data }) => {
      if (mine !== this.#generation) return;
      this.#heardAt = performance.now();
      const message = JSON.parse(data);
      if (message.type === "ping") socket.send('{"type":"here"}');
      else if (message.type === "visit") {
        this.#tries = 0;
        this.changed("live");
      }
      this.heard(message);
    };
    socket.onclose = ({ code }) => {
      if (mine !== this.#generation) return;
      if (code === TAKEN_OVER) this.#end("taken");
      else if (code === OVER) this.#end("over");
      else this.#lost();
    };
  }

  /** @param {"taken" | "over"} how */
  #end(how) {
    this.close();
    this.changed(how);
  }

  #look() {
    if (this.#socket && performance.now() - this.#heardAt > SILENT_MS) this.#lost();
  }

  #lost() {
    this.#drop();
    this.changed("lost");
    this.#timer = setTimeout(() => void this.#connect(), Math.min(4000, 250 * 2 ** this.#tries) * (0.5 + Math.random() / 2));
    this.#tries = Math.min(this.#tries + 1, 6);
  }

  #drop() {
    this.#generation += 1;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }
}
