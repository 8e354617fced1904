// Microphone, headset and ringer: which devices the agent chose, what they play, and whether the browser lets them.

/** @typedef {"microphone" | "headset" | "ringer"} Role */
/** @typedef {"denied" | "missing" | "busy"} NoMicrophone */

const KEY = "yihu.devices";
/** Two soft notes, then silence, in seconds: audible beside a talk in the room, bearable all day. */
const RING = [[659, 0, 0.35], [523, 0.4, 0.45]];
const RING_EVERY_S = 2.5;
/** Upright, as the citizen's telephone is: head, shoulders and both hands. */
const CAMERA = { width: { ideal: 480 }, height: { ideal: 640 }, frameRate: { ideal: 25, max: 30 } };

/** @param {unknown} error @returns {NoMicrophone} */
export function noMicrophone(error) {
  const name = error instanceof Error ? error.name : "";
  return name === "NotAllowedError" || name === "SecurityError" ? "denied" : name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "busy";
}

export class Sound {
  /** @type {AudioContext | null} */
  #context = null;
  #ringing = 0;

  constructor() {
    /** @type {Record<Role, string>} */
    this.chosen = { microphone: "", headset: "", ringer: "", ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
    this.talk = new Audio();
    this.ringer = new Audio();
    this.talk.autoplay = true;
    /** The browser plays nothing before the agent has touched the page once. */
    this.blocked = false;
    this.onBlocked = () => {};
    for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, () => this.#touched(), { capture: true });
  }

  /** @param {Role} role @param {string} id "" is the system's own choice */
  async choose(role, id) {
    this.chosen[role] = id;
    localStorage.setItem(KEY, JSON.stringify(this.chosen));
    if (role !== "microphone") await this.#direct(role === "headset" ? this.talk : this.ringer, id);
  }

  /** Names come with the permission to use the microphone. @returns {Promise<MediaDeviceInfo[]>} */
  async devices() {
    return (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  }

  /** A chosen microphone that is not plugged in is replaced by the system's. @param {boolean} [video] @returns {Promise<MediaStream>} */
  async microphone(video = false) {
    if (!navigator.mediaDevices) throw new DOMException("a microphone needs https", "SecurityError");
    const rest = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const ask = (/** @type {string} */ id) =>
      navigator.mediaDevices.getUserMedia({ audio: { ...rest, ...(id && { deviceId: { exact: id } }) }, video: video && CAMERA });
    try {
      return await ask(this.chosen.microphone);
    } catch (error) {
      if (!this.chosen.microphone || noMicrophone(error) !== "missing") throw error;
      return ask("");
    }
  }

  /** Whom the agent talks to is heard; null: nobody. @param {MediaStream | null} stream */
  hear(stream) {
    if (this.talk.srcObject === stream) return;
    this.talk.srcObject = stream;
    if (stream) {
      void this.#direct(this.talk, this.chosen.headset);
      void this.#play(this.talk);
    }
  }

  /** @param {boolean} on */
  ring(on) {
    if (on === (this.#ringing !== 0)) return;
    clearInterval(this.#ringing);
    this.#ringing = 0;
    if (!on) {
      this.ringer.pause();
      void this.#context?.suspend();
      return;
    }
    this.#sounding(this.ringer, this.chosen.ringer);
    const notes = () => RING.forEach(([hertz, at, length]) => this.#note(hertz ?? 0, at ?? 0, length ?? 0, 0.3));
    notes();
    this.#ringing = setInterval(notes, RING_EVERY_S * 1000);
  }

  /** A second of sound to try a device. @param {"headset" | "ringer"} role */
  test(role) {
    this.#sounding(this.ringer, this.chosen[role]);
    this.#note(523, 0, 0.5, 0.3);
    this.#note(784, 0.5, 0.6, 0.3);
  }

  /** How loud a stream is, 0..1, until `stop`. @param {MediaStream} stream @returns {{level: () => number, stop: () => void}} */
  meter(stream) {
    const context = this.#audio();
    void context.resume();
    const source = context.createMediaStreamSource(stream);
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    source.connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    const level = () => {
      analyser.getFloatTimeDomainData(wave);
      return Math.sqrt(wave.reduce((sum, sample) => sum + sample * sample, 0) / wave.length);
    };
    return { level, stop: () => source.disconnect() };
  }

  #audio() {
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#out = this.#context.createMediaStreamDestination();
      this.ringer.srcObject = this.#out.stream;
    }
    return this.#context;
  }

  /** @type {MediaStreamAudioDestinationNode | null} */
  #out = null;

  /** @param {HTMLAudioElement} element @param {string} device */
  #sounding(element, device) {
    const context = this.#audio();
    void context.resume();
    void this.#direct(element, device);
    void this.#play(element);
  }

  /** @param {number} hertz @param {number} after @param {number} length @param {number} volume */
  #note(hertz, after, length, volume) {
    const context = this.#audio();
    if (!this.#out) return;
    const [at, tone, loud] = [context.currentTime + after + 0.02, new OscillatorNode(context, { frequency: hertz }), new GainNode(context, { gain: 0 })];
    loud.gain.setTargetAtTime(volume, at, 0.015);
    loud.gain.setTargetAtTime(0, at + length * 0.4, length * 0.25);
    tone.connect(loud).connect(this.#out);
    tone.start(at);
    tone.stop(at + length + 0.3);
  }

  /** @param {HTMLAudioElement} element @param {string} device */
  async #direct(element, device) {
    // A headset that was pulled out is no reason to hear nothing.
    await element.setSinkId?.(device).catch(() => element.setSinkId("").catch(() => {}));
  }

  /** @param {HTMLAudioElement} element */
  async #play(element) {
    try {
      await element.play();
      this.#block(false);
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#block(true);
    }
  }

  #touched() {
    if (!this.blocked) return;
    void this.#context?.resume();
    if (this.talk.srcObject) void this.#play(this.talk);
    if (this.#ringing) void this.#play(this.ringer);
    this.#block(false);
  }

  /** @param {boolean} blocked */
  #block(blocked) {
    if (this.blocked === blocked) return;
    this.blocked = blocked;
    this.onBlocked();
  }
}
