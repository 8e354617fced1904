// The video seat: the citizen's picture, one's own small beside it, what both write, and the recording. Takes the upper part of
// the transcript's place while a call has a picture; of a voice call it is one button that invites to show one.
import { make, setText } from "/pages/shared/dom.js";
import { Beside } from "./beside.js";
import { mountInvite } from "./invite.js";
import { mountLines } from "./lines.js";
import { Recorder } from "./recorder.js";
import { insteadOf, placeOf, toRecord } from "./video_logic.js";

/** @typedef {import("../desk.js").Desk} Desk */
/** @typedef {import("./video_logic.js").Visit} Visit */

const AGAIN_MS = 2000;
const MOST_BITS_PER_S = 1_200_000;

/** @param {HTMLElement} el @param {Desk} desk */
export function mountVideo(el, desk) {
  const seat = new VideoSeat(el, desk);
  seat.start();
}

class VideoSeat {
  /** @type {Visit | null} */
  #visit = null;
  #call = "";
  /** @type {Recorder | null} */
  #recorder = null;
  #recordAgainAt = 0;
  #camera = true;
  #large = false;
  /** @type {Promise<any> | null} */
  #form = null;
  /** @type {RTCPeerConnection | null} */
  #tuned = null;

  /** @param {HTMLElement} el @param {Desk} desk */
  constructor(el, desk) {
    this.el = el;
    this.desk = desk;
    this.beside = new Beside(desk, () => desk.changed());
    this.remote = player("v-remote");
    this.own = player("v-own");
    this.instead = make("p", { class: "v-instead", role: "status" });
    this.title = make("h2");
    this.about = make("span", { class: "v-about" });
    this.recording = make("span", { class: "v-recording" });
    this.camera = make("button", { class: "button", type: "button", onclick: () => void this.#switchCamera() });
    this.size = make("button", { class: "button", type: "button", onclick: () => this.#resize() });
    this.lines = mountLines(desk, () => this.#call, () => (this.#form ??= desk.api.get("/api/video-form")));
    this.invite = mountInvite(desk);
    this.panel = make("div", { class: "v-panel" },
      make("header", { class: "v-head" }, this.title, this.about, this.recording, make("span", { class: "v-gap" }), this.camera, this.size),
      make("div", { class: "v-stage" }, make("div", { class: "v-picture" }, this.remote, this.instead), make("div", { class: "v-side" }, this.own, this.lines.list)),
      this.lines.bar);
    el.append(this.panel, this.invite.element);
  }

  start() {
    const { desk } = this;
    desk.on("video", (visit) => {
      if (visit.call_id !== this.#call) return;
      if (!this.#visit && desk.call?.medium !== "video") void this.#load(this.#call); // he has come to a voice call
      this.#visit = visit;
      desk.changed();
    });
    for (const kind of /** @type {const} */ (["chat", "card"])) desk.on(kind, (line) => this.#heard(/** @type {any} */ (line)));
    desk.on("desk", () => this.#follow());
    desk.onDraw(({ state }) => this.#draw(state));
  }

  /** Another call, or the first picture after the page was loaded. */
  #follow() {
    const { call } = this.desk;
    const id = call?.call_id ?? "";
    if (id === this.#call) return;
    this.#call = id;
    this.#visit = null;
    this.#camera = true;
    this.#stopRecording();
    this.lines.begin();
    this.invite.forget();
    if (call?.medium === "video") void this.#load(id);
  }

  /** @param {string} id */
  async #load(id) {
    try {
      const { visit, lines } = await this.desk.api.get(`/api/calls/${id}/video`);
      if (id !== this.#call) return;
      this.#visit = visit ? { ...visit, call_id: id } : null;
      this.lines.fill(lines);
    } catch {
      if (id === this.#call && this.desk.call?.medium === "video") setTimeout(() => id === this.#call && void this.#load(id), AGAIN_MS);
    }
    this.desk.changed();
  }

  /** @param {import("./lines.js").Line} line */
  #heard(line) {
    if (line.call_id !== this.#call) return;
    this.lines.add(line);
    if (line.side === "citizen") {
      this.panel.classList.remove("news");
      void this.panel.offsetWidth; // begins the change anew
      this.panel.classList.add("news");
    }
    this.desk.changed();
  }

  /** @param {string} state of the desk */
  #draw(state) {
    const { desk, beside } = this;
    const { call, phone } = desk;
    const place = placeOf({ call, visit: this.#visit, seesVideo: phone.account?.video === true });
    this.el.hidden = place === "hidden";
    this.panel.hidden = place !== "panel";
    if (this.el.parentElement) this.el.parentElement.dataset["video"] = place;
    document.body.classList.toggle("video-large", place === "panel" && this.#large);
    this.invite.draw(place === "invite" ? call : null);
    if (place !== "panel") return this.#stopRecording();

    const say = (/** @type {string} */ key, values = {}) => desk.dictionary.say(key, values);
    const talks = call?.phase === "talk" && phone.view.session === "talking";
    const second = beside.isUp;
    const media = second ? beside.media : phone.media;
    const own = second ? beside.own : phone.own;
    const voice = this.#visit?.beside === "reload";
    beside.follow({ voice, muted: phone.view.muted, held: phone.view.held, camera: this.#camera });
    if (second && voice) desk.sound.hear(beside.media);
    for (const track of phone.own?.getVideoTracks() ?? []) track.enabled = this.#camera && !phone.view.held;
    show(this.remote, media);
    show(this.own, own);
    this.own.hidden = !own?.getVideoTracks().length;
    const has = media?.getVideoTracks().some((track) => track.readyState === "live" && !track.muted) ?? false;
    const instead = insteadOf(state, this.#visit, { has, line: talks && !this.#visit?.invited }, desk.serverNow());
    this.remote.hidden = instead !== null;
    this.instead.hidden = instead === null;
    setText(this.instead, instead ? say(instead.key, instead.values) : "");

    setText(this.title, say("video.title"));
    const choice = this.#visit?.invited ? "upgrade" : this.#visit?.choice;
    setText(this.about, choice ? say(`video.choice.${choice}`) : "");
    setText(this.camera, say(this.#camera ? "video.camera_off" : "video.camera_on"));
    this.camera.setAttribute("aria-pressed", String(!this.#camera));
    this.camera.disabled = this.own.hidden;
    setText(this.size, say(this.#large ? "video.smaller" : "video.larger"));
    this.remote.setAttribute("aria-label", say("video.remote"));
    this.own.setAttribute("aria-label", say("video.own"));
    this.lines.draw();
    this.#record(talks, has, media, own);
    this.#sendWell(second ? beside.connection : phone.connection);
  }

  /** @param {boolean} talks @param {boolean} has @param {MediaStream | null} media @param {MediaStream | null} own */
  #record(talks, has, media, own) {
    const wanted = toRecord(this.#visit, { talks: talks || this.beside.isUp, has });
    const state = this.#recorder?.state;
    if (wanted && (!this.#recorder || (state === "ended" && !this.#recorder.why && performance.now() > this.#recordAgainAt))) {
      this.#recordAgainAt = performance.now() + AGAIN_MS;
      const sounds = () => /** @type {MediaStream[]} */ ([this.desk.phone.media, media, own ?? this.desk.phone.own].filter((one, at, all) => one && all.indexOf(one) === at));
      this.#recorder = new Recorder({ callId: this.#call, csrf: () => this.desk.api.csrf, remote: this.remote, own: this.own, sounds, changed: () => this.desk.changed() });
      void this.#recorder.start();
    } else if (!talks && !this.beside.isUp) this.#stopRecording();
    const say = (/** @type {string} */ key, values = {}) => this.desk.dictionary.say(key, values);
    const why = this.#recorder?.why;
    const refuses = this.#visit?.records === false && this.#visit.choice !== "text";
    this.recording.dataset["state"] = why ? "failed" : state === "on" ? "on" : "off";
    setText(this.recording, why ? say("video.recording_failed", { why: say(`video.why.${why}`) }) : state === "on" ? say("video.recording") : refuses ? say("video.not_agreed") : "");
  }

  #stopRecording() {
    this.#recorder?.stop();
    this.#recorder = null;
  }

  /** Hands that move: rather a smaller picture than fewer of them. @param {RTCPeerConnection | null} connection */
  #sendWell(connection) {
    if (!connection || connection === this.#tuned || connection.connectionState !== "connected") return;
    const sender = connection.getSenders().find((one) => one.track?.kind === "video");
    if (!sender?.track) return;
    this.#tuned = connection;
    sender.track.contentHint = "motion";
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings ?? []) encoding.maxBitrate = MOST_BITS_PER_S;
    parameters.degradationPreference = "maintain-framerate";
    sender.setParameters(parameters).catch(() => {});
  }

  async #switchCamera() {
    this.#camera = !this.#camera;
    this.desk.changed();
    await this.desk.api.post(`/api/calls/${this.#call}/camera`, { on: this.#camera }).catch(() => {});
  }

  #resize() {
    this.#large = !this.#large;
    this.desk.changed();
  }
}

/** @param {string} className */
function player(className) {
  const video = make("video", { class: className, playsinline: true, autoplay: true });
  video.muted = true; // what is heard goes to the headset that the agent chose
  return video;
}

/** @param {HTMLVideoElement} video @param {MediaStream | null} stream */
function show(video, stream) {
  if (video.srcObject !== stream) video.srcObject = stream;
  if (stream && video.paused) void video.play().catch(() => {});
}
