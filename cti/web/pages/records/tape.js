// What is played: one recording of a call after the other. The sound is fetched when somebody plays it and not before, as every
// listening is noted.
import { SPEEDS, lengthOf, within } from "./player_logic.js";

/** @typedef {import("./types.js").Track} Track */

export class Tape {
  /** @param {(segment: string) => string} addressOf @param {() => void} changed @param {() => void} moved as time passes */
  constructor(addressOf, changed, moved) {
    this.addressOf = addressOf;
    this.changed = changed;
    this.moved = moved;
    /** @type {Track[]} */
    this.tracks = [];
    this.segment = "";
    this.speed = 1;
    /** The status of the server's refusal; 0: it was not reached; null: none. @type {number | null} */
    this.refused = null;
    this.audio = new Audio();
    this.audio.preload = "none";
    /** Where to begin once the sound is there. */
    this.from = 0;
    this.wants = false;
    this.running = false;
    // The keyboard's own keys for sound play and pause too. An event may come when it is true no more.
    for (const name of ["play", "pause"]) this.audio.addEventListener(name, () => {
      if (!this.audio.ended) this.wants = !this.audio.paused;
      this.changed();
    });
    for (const name of ["loadedmetadata", "playing", "seeked"]) this.audio.addEventListener(name, () => this.changed());
    this.audio.addEventListener("timeupdate", () => this.moved());
    this.audio.addEventListener("playing", () => this.#run(true));
    this.audio.addEventListener("ended", () => this.#next());
    this.audio.addEventListener("error", () => void this.#failed());
  }

  /** The recordings as they are now; what is played goes on. @param {Track[]} tracks */
  put(tracks) {
    this.tracks = tracks;
    if (!this.track) this.segment = (tracks.find((one) => one.sound === "there") ?? tracks[0])?.segment ?? "";
  }

  /** @returns {Track | undefined} */
  get track() {
    return this.tracks.find((one) => one.segment === this.segment);
  }

  /** Seconds in the recording. */
  get at() {
    return this.#isLoaded ? this.audio.currentTime : this.from;
  }

  get seconds() {
    const { duration } = this.audio;
    return this.#isLoaded && Number.isFinite(duration) ? duration : this.track ? lengthOf(this.track) : 0;
  }

  get playing() {
    return this.wants && !this.audio.ended;
  }

  get canPlay() {
    return this.track?.sound === "there";
  }

  /** @param {string} segment @param {number} at */
  go(segment, at) {
    if (segment !== this.segment) {
      this.#unload();
      this.segment = segment;
    }
    this.from = within(at, 0, this.seconds);
    if (this.audio.src) this.audio.currentTime = this.from;
    this.changed();
    this.moved();
  }

  /** @param {number} seconds */
  by(seconds) {
    this.go(this.segment, this.at + seconds);
  }

  /** @param {string} [segment] @param {number} [at] */
  async play(segment, at) {
    if (segment !== undefined && at !== undefined) this.go(segment, at);
    if (!this.canPlay) return;
    this.wants = true;
    this.refused = null;
    if (!this.audio.src) {
      this.audio.src = this.addressOf(this.segment);
      this.audio.currentTime = this.from;
    } else if (this.at >= this.seconds) this.audio.currentTime = 0;
    this.audio.defaultPlaybackRate = this.audio.playbackRate = this.speed;
    try {
      await this.audio.play();
    } catch {
      // stopped again meanwhile, or refused: `error` says which
    }
    this.changed();
  }

  pause() {
    this.wants = false;
    this.audio.pause();
    this.changed();
  }

  toggle() {
    if (this.playing) this.pause();
    else void this.play();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    if (!SPEEDS.includes(speed)) return;
    this.speed = speed;
    this.audio.defaultPlaybackRate = this.audio.playbackRate = speed;
    this.changed();
  }

  /** Nothing is played or fetched any more. */
  stop() {
    this.#unload();
    this.tracks = [];
    this.segment = "";
    this.from = 0;
  }

  get #isLoaded() {
    return this.audio.src !== "" && this.audio.readyState > 0;
  }

  #unload() {
    this.wants = false;
    this.refused = null;
    if (!this.audio.src) return;
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  /** At every picture while it plays: words light up when they are spoken, not a quarter of a second later. */
  #run(begins = false) {
    if (begins && this.running) return;
    this.running = !this.audio.paused && !this.audio.ended;
    if (!this.running) return;
    this.moved();
    requestAnimationFrame(() => this.#run());
  }

  #next() {
    const here = this.tracks.findIndex((one) => one.segment === this.segment);
    const next = this.tracks.slice(here + 1).find((one) => one.sound === "there");
    this.wants = false;
    if (next) void this.play(next.segment, 0);
    else this.changed();
  }

  /** The sound itself does not say why it does not come. */
  async #failed() {
    if (!this.audio.src) return;
    const { at } = this;
    const answer = await fetch(this.addressOf(this.segment), { method: "HEAD", cache: "no-store" }).catch(() => null);
    this.#unload();
    this.from = at;
    this.refused = answer ? answer.status : 0;
    this.changed();
  }
}
