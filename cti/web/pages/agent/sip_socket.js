// SIP over a WebSocket of our own address, for JsSIP: each connection needs a new one-time ticket, which its own socket class
// cannot fetch.

/** As JsSIP.Socket is to be. */
export class SipSocket {
  /** @type {WebSocket | null} */
  #socket = null;
  #asking = 0;
  #gone = false;

  /** @param {string} path @param {() => Promise<string>} ticket */
  constructor(path, ticket) {
    this.url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
    this.sip_uri = `sip:${location.host};transport=ws`;
    this.via_transport = location.protocol === "https:" ? "WSS" : "WS";
    this.ticket = ticket;
    this.onconnect = () => {};
    /** @type {(error: boolean, code?: number, reason?: string) => void} */
    this.ondisconnect = () => {};
    /** @type {(data: any) => void} */
    this.ondata = () => {};
  }

  connect() {
    if (this.isConnected() || this.isConnecting() || this.#gone) return;
    const mine = (this.#asking += 1);
    this.ticket().then(
      (ticket) => mine === this.#asking && this.#open(`${this.url}?ticket=${encodeURIComponent(ticket)}`),
      () => mine === this.#asking && this.#ended(true, 0),
    );
  }

  /** @param {string} url */
  #open(url) {
    const socket = new WebSocket(url, "sip");
    this.#socket = socket;
    socket.onopen = () => socket === this.#socket && this.onconnect();
    socket.onmessage = ({ data }) => socket === this.#socket && this.ondata(data);
    socket.onclose = ({ wasClean, code }) => socket === this.#socket && this.#ended(!wasClean, code);
  }

  /** @param {boolean} error @param {number} code */
  #ended(error, code) {
    this.#socket = null;
    this.#asking = 0;
    this.ondisconnect(error, code);
  }

  disconnect() {
    this.#asking = 0;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** The connection is not to be trusted: JsSIP makes another one. */
  drop() {
    if (!this.#socket) return;
    this.disconnect();
    this.ondisconnect(true, 0);
  }

  /** No word leaves here any more, no BYE of a talk that another page goes on with. */
  silence() {
    this.#gone = true;
    this.disconnect();
  }

  /** @param {any} message @returns {boolean} */
  send(message) {
    if (!this.isConnected()) return false;
    this.#socket?.send(message);
    return true;
  }

  isConnected() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  isConnecting() {
    return this.#asking !== 0 && !this.isConnected();
  }
}
