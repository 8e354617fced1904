// The telephone's place at Asterisk: its account, its connection, its registration, and all of them again when one is lost.
import JsSIP from "/vendor/jssip.js";
import { SipSocket } from "./sip_socket.js";

/** @typedef {import("/vendor/jssip.js").UA} UA */
/** @typedef {import("./phone_line.js").Session} Session */
/** @typedef {import("./view_logic.js").PhoneView["registration"]} State */
/** @typedef {{uri: string, user: string, password: string, realm: string, socket: string, expires_s: number, video: boolean}} Account */
/** `account`: what to register with; `ticket`: one-time, for each connection; `invited`: somebody rings; `isBusy`: there is a talk,
 * which must not be cut off.
 * @typedef {{account: () => Promise<Account>, ticket: () => Promise<string>, invited: (session: Session, request: any) => void,
 *   isBusy: () => boolean, registered: () => void, changed: () => void}} Given */

const AGAIN_MS = 2000;
const RECLAIM_MS = 4000;
/** Close codes: the connection is another page's now, or nobody's any more. */
const TAKEN = new Set([4000, 4001]);

export class Registration {
  /** @type {UA | null} */
  #ua = null;
  /** @type {SipSocket | null} */
  #socket = null;
  #retry = 0;
  #takenAt = 0;
  #stopped = true;

  /** @param {Given} given */
  constructor(given) {
    this.given = given;
    /** @type {Account | null} */
    this.account = null;
    /** @type {State} */
    this.state = "off";
    /** Something can be said to Asterisk. */
    this.isConnected = false;
  }

  /** For calls that go out. */
  get ua() {
    return this.#ua;
  }

  start() {
    if (!this.#stopped) return;
    this.#stopped = false;
    void this.#open();
  }

  /** No word leaves here any more: a talk that goes on elsewhere is not said goodbye to. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#close();
    this.#to("off", false);
  }

  /** It is somebody else's though this page is the agent's: after a while, in which that may turn out to be otherwise, it is taken
   * back. */
  reclaim() {
    if (!this.#stopped && this.state === "off" && performance.now() - this.#takenAt > RECLAIM_MS) this.#reopen();
  }

  /** The network is another one. */
  reconnect() {
    this.#socket?.drop();
  }

  async #open() {
    this.#to("connecting", false);
    try {
      this.account = await this.given.account();
    } catch {
      this.#to("failed", false);
      return this.#later(() => void this.#open());
    }
    if (this.#stopped) return;
    const { uri, user, password, socket, expires_s } = this.account;
    this.#socket = new SipSocket(socket, this.given.ticket);
    const ua = new JsSIP.UA({ sockets: [this.#socket], uri, authorization_user: user, password, register_expires: expires_s,
      session_timers: false, connection_recovery_min_interval: 1, connection_recovery_max_interval: 4, no_answer_timeout: 120 });
    this.#ua = ua;
    const mine = (/** @type {(...values: any[]) => void} */ act) => (/** @type {any[]} */ ...values) => this.#ua === ua && act(...values);
    ua.on("connected", mine(() => this.#to(this.state, true)));
    ua.on("disconnected", mine(({ code }) => this.#disconnected(code)));
    ua.on("registered", mine(() => {
      this.#to("registered", true);
      this.given.registered();
    }));
    ua.on("unregistered", mine(() => this.#to("connecting", this.isConnected)));
    ua.on("registrationFailed", mine(({ response }) => this.#refused(response?.status_code)));
    ua.on("newRTCSession", mine(({ originator, session, request }) => originator === "remote" && this.given.invited(session, request)));
    ua.start();
  }

  #close() {
    const ua = this.#ua;
    this.#ua = null;
    this.#socket?.silence();
    ua?.stop();
  }

  #reopen() {
    this.#close();
    void this.#open();
  }

  /** @param {number | undefined} code */
  #disconnected(code) {
    if (code === undefined || !TAKEN.has(code)) return this.#to("connecting", false);
    this.#socket?.silence();
    this.#takenAt = performance.now();
    this.#to("off", false);
  }

  /** @param {number | undefined} status */
  #refused(status) {
    this.#to("failed", this.isConnected);
    // A password that is none any more: there is a new one.
    const stale = status !== undefined && [401, 403, 404, 407].includes(status);
    this.#later(() => (stale && !this.given.isBusy() ? this.#reopen() : this.#ua?.register()));
  }

  /** @param {() => void} act */
  #later(act) {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => !this.#stopped && act(), AGAIN_MS);
  }

  /** @param {State} state @param {boolean} isConnected */
  #to(state, isConnected) {
    this.state = state;
    this.isConnected = isConnected;
    this.given.changed();
  }
}
