// The one controller of the citizen's page: where he is, what was written, his devices and his line. Views get it as `visit`.
import { ApiError } from "/pages/shared/api.js";
import { Channel } from "./channel.js";
import { cameras, openMedia, silence } from "./media.js";
import { GuestPhone } from "./phone.js";
import { aboutPicture, toDial, viewOf } from "./visit_logic.js";

/** @typedef {import("./visit_logic.js").Picture} Picture */
/** @typedef {import("./visit_logic.js").Choice} Choice */
/** @typedef {import("./visit_logic.js").Step} Step */
/** @typedef {import("./visit_logic.js").Problem} Problem */
/** @typedef {{city: string, public: boolean, codecs: string[], frames_per_s: number, scale: number}} Page */
/** @typedef {{kind: "link" | "appointment" | "list", title: string, text: string, items: string[], link: string, button: string}} Card */
/** @typedef {{id: number, at: number, side: "citizen" | "agent", text?: string, card?: Card}} Line */

const AGAIN_MS = 1500;
const PICTURE_AGAIN_MS = 10_000;
/** Kept by this browser: it has a visit to ask for. */
const BEGAN = "yihu.visit";

export class Visit {
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #clockOffset = 0;
  #dialling = false;
  #retry = 0;
  #pictureRetry = 0;

  /** @param {import("/pages/shared/api.js").Api} api @param {Page} page @param {string} invitation of the link; "": none */
  constructor(api, page, invitation) {
    this.api = api;
    this.page = page;
    this.invitation = invitation;
    /** @type {Picture | null} */
    this.picture = null;
    /** @type {Line[]} */
    this.lines = [];
    /** @type {Problem | null} */
    this.problem = null;
    /** Until when it is of no use to try again, in minutes. */
    this.minutes = 1;
    /** @type {Step} */
    this.step = "consent";
    this.online = true;
    /** @type {import("./visit_logic.js").Devices} */
    this.devices = { camera: null, microphone: null };
    /** Own picture and sound. @type {MediaStream | null} */
    this.own = null;
    this.phone = new GuestPhone({
      account: () => api.post("/api/visit/telephone"),
      ticket: () => api.socketTicket(),
      changed: () => this.#changed(),
    });
    this.channel = new Channel(() => api.socketTicket(), (message) => this.#heard(message), (state) => this.#linked(state));
    addEventListener("online", () => this.channel.again());
    setInterval(() => this.#look(), 1000);
  }

  get view() {
    return viewOf(this);
  }

  /** The server's clock, UTC seconds. */
  now() {
    return Date.now() / 1000 + this.#clockOffset;
  }

  /** @param {() => void} listener */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  #changed() {
    for (const listener of this.#listeners) listener();
  }

  // Beginning

  /** Goes on with the visit that this browser has, if it is the one that the link leads to or there is no link. */
  async open() {
    if (typeof RTCPeerConnection === "undefined" || typeof WebSocket === "undefined") return this.#trouble("too_old");
    try {
      if (!this.invitation && localStorage.getItem(BEGAN)) this.#entered(await this.api.get("/api/visit"));
    } catch {
      // none, or one that is over: a new one begins with the consent
    }
    this.#changed();
  }

  /** @param {boolean} records @param {string} [code] @returns {Promise<string>} "" or the code of the refusal */
  async begin(records, code = "") {
    try {
      this.#entered(await this.api.post("/api/visits", { invitation: code ? "" : this.invitation, code, records }));
      history.replaceState(null, "", location.pathname);
    } catch (error) {
      return this.#refused(error);
    }
    this.go("check");
    return "";
  }

  /** @param {unknown} error @returns {string} */
  #refused(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.body?.seconds) this.minutes = Math.ceil(error.body.seconds / 60);
    const problem = /** @type {Record<string, Problem>} */ ({ expired: "expired", too_many: "busy", too_often: "often", invitation_needed: "invitation_needed" })[error.code];
    if (problem && !(this.step === "code" && problem === "often")) this.#trouble(problem);
    return error.code;
  }

  /** @param {{visit: Picture, csrf: string}} answer */
  #entered({ visit, csrf }) {
    this.api.csrf = csrf;
    if (visit.state === "ended") return localStorage.removeItem(BEGAN);
    localStorage.setItem(BEGAN, "1");
    this.picture = visit;
    this.lines = [];
    this.step = "check";
    this.channel.open();
    if (visit.state !== "ready" && !visit.invited) void this.openDevices();
  }

  /** Without the link that is over. */
  beginAnew() {
    this.phone.abandon();
    this.channel.close();
    Object.assign(this, { invitation: "", picture: null, problem: null, lines: [] });
    this.go("consent");
  }

  // What the daemon says

  /** @param {any} message */
  #heard(message) {
    if (typeof message.at === "number" && (message.type === "ping" || message.type === "visit")) this.#clockOffset = message.at - Date.now() / 1000;
    if (message.type === "visit") {
      const before = this.picture?.state;
      this.picture = /** @type {Picture} */ (message.visit);
      if (this.picture.state === "talk" && before !== "talk") this.phone.expect();
      this.#follow();
    } else if ((message.type === "chat" || message.type === "card") && !this.lines.some((line) => line.id === message.id)) {
      this.lines.push(message);
    } else return;
    this.#changed();
  }

  /** @param {"live" | "lost" | "taken" | "over"} state */
  #linked(state) {
    this.online = state === "live" || state === "over";
    if (state === "taken") {
      this.phone.abandon();
      this.#trouble("taken");
    } else if (state === "over") {
      this.phone.abandon();
      if (this.picture && this.picture.state !== "ended") this.#trouble("expired");
    }
    this.#changed();
  }

  /** It was opened elsewhere; here it goes on. */
  takeBack() {
    this.problem = null;
    this.online = true;
    this.channel.open();
    this.#changed();
  }

  #follow() {
    const state = this.picture?.state;
    if (state === "ended" || state === "no_seat") {
      this.phone.abandon();
      if (state === "ended") this.closeDevices();
    }
    this.#look();
  }

  /** A line that is dead is left, and the call is gone on with by another one. */
  #look() {
    const picture = this.picture;
    if (!picture || this.problem || !this.online || this.#dialling) return;
    const talks = picture.state === "talk" || picture.state === "held";
    if (talks && this.phone.state === "lost") this.phone.abandon();
    const about = aboutPicture(picture, this.phone);
    if (about === "end") this.phone.hangUpPictures();
    else if (about === "dial" && performance.now() >= this.#pictureRetry) {
      this.#pictureRetry = performance.now() + PICTURE_AGAIN_MS;
      void this.phone.dialPictures("picture", new MediaStream([...(this.own?.getVideoTracks() ?? []), silence()]));
    }
    const ready = this.own !== null && !(picture.invited && this.step !== "choose");
    if (ready && performance.now() >= this.#retry && toDial(picture, this.phone.state)) void this.#dial("beside");
  }

  // Devices

  /** @param {string} [camera] */
  async openDevices(camera) {
    const opened = await openMedia({ frames: this.page.frames_per_s, ...(camera ? { camera } : {}) });
    if (opened.refused && !opened.devices.camera) {
      this.own = opened.stream;
      this.devices = opened.devices;
      if (this.step === "check") this.step = "refused";
    } else {
      this.closeDevices();
      this.own = opened.stream;
      this.devices = opened.devices;
      if (this.step === "refused") this.step = "check";
      for (const track of opened.stream.getVideoTracks()) {
        track.enabled = this.picture?.camera ?? true;
        if ("contentHint" in track) track.contentHint = "motion";
      }
    }
    this.#look();
    this.#changed();
  }

  closeDevices() {
    this.own?.getTracks().forEach((track) => track.stop());
    this.own = null;
  }

  /** The next of his cameras: the other side of a telephone. */
  async turnCamera() {
    const all = await cameras();
    const now = this.own?.getVideoTracks()[0]?.getSettings().deviceId;
    const next = all[(all.indexOf(now ?? "") + 1) % all.length];
    if (!next || next === now) return;
    const [track] = (await openMedia({ frames: this.page.frames_per_s, camera: next })).stream.getVideoTracks();
    if (!track) return;
    for (const old of this.own?.getVideoTracks() ?? []) {
      old.stop();
      this.own?.removeTrack(old);
    }
    this.own?.addTrack(track);
    await this.phone.replacePicture(track);
    this.#changed();
  }

  /** @param {boolean} on */
  async showCamera(on) {
    for (const track of this.own?.getVideoTracks() ?? []) track.enabled = on;
    if (this.picture) this.picture.camera = on;
    this.#changed();
    await this.api.post("/api/visit/camera", { on }).catch(() => {});
  }

  // The call

  /** @param {Choice} choice */
  async choose(choice) {
    if (choice === "sign" && !this.picture?.seats.sign) return this.go("no_sign");
    if (choice === "text") this.closeDevices();
    if (!(await this.#dial(choice))) this.failed = true;
    this.#changed();
  }

  /** Whether the last try to call came to nothing. */
  failed = false;

  /** @param {string} exten @returns {Promise<boolean>} */
  async #dial(exten) {
    if (this.#dialling) return false;
    this.#dialling = true;
    this.failed = false;
    try {
      const taken = await this.phone.dial(exten, this.#sent(exten));
      if (!taken) this.#retry = performance.now() + AGAIN_MS;
      return taken;
    } finally {
      this.#dialling = false;
    }
  }

  /** What he sends: of an invitation to a voice call the picture alone, for his voice is on the telephone.
   * @param {string} exten @returns {MediaStream} */
  #sent(exten) {
    const pictures = exten === "text" ? [] : (this.own?.getVideoTracks() ?? []);
    const sounds = exten === "text" || this.picture?.invited ? [] : (this.own?.getAudioTracks() ?? []);
    return new MediaStream([...pictures, ...(sounds.length ? sounds : [silence()])]);
  }

  /** The picture of an invitation to a voice call begins. */
  join() {
    this.go("choose");
    this.#look();
  }

  /** From waiting for sign language to writing: the call goes on, in another queue. */
  async typeInstead() {
    const waits = ["waiting", "again"].includes(this.picture?.state ?? "");
    if (waits && (await this.api.post("/api/visit/key", { key: "1" }).then(() => true, () => false))) return;
    // The call has just ended, or is about to: another one can be made as soon as it has.
    for (let tries = 0; tries < 40 && this.picture && !["ready", "no_seat"].includes(this.picture.state); tries += 1) await new Promise((done) => setTimeout(done, 200));
    await this.choose("text");
  }

  /** @param {string} text @returns {Promise<boolean>} */
  async say(text) {
    return this.api.post("/api/visit/chat", { text }).then(() => true, () => false);
  }

  /** @param {number} score */
  async rate(score) {
    await this.api.post("/api/visit/key", { key: String(score) }).catch(() => {});
  }

  async end() {
    const state = this.picture?.state;
    const waits = state !== "talk" && state !== "held";
    if (waits) this.phone.hangUp();
    await this.api.post("/api/visit/end").catch(() => {});
  }

  /** @param {string} text @param {string} phone @returns {Promise<boolean>} */
  async leaveMessage(text, phone) {
    try {
      await this.api.post("/api/visit/message", { text, phone });
    } catch {
      return false;
    }
    this.phone.hangUp();
    this.go("sent");
    return true;
  }

  /** @param {Step} step */
  go(step) {
    this.step = step;
    this.#changed();
  }

  /** @param {Problem} problem */
  #trouble(problem) {
    this.problem = problem;
    this.#changed();
  }
}
