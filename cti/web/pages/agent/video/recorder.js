// The picture of the talk as a film: the citizen, the agent small beside him, and the sound of both; each second of it goes to the
// daemon at once. A page that is loaded anew begins a new part.
import { ChunkQueue, fit, retryS } from "./video_logic.js";

const [WIDTH, HEIGHT, FRAMES, BITS_PER_S] = [640, 480, 15, 700_000];
const MOST_WAITING = 60;
const TYPES = ["video/webm;codecs=vp8,opus", "video/webm"];

export class Recorder {
  #canvas = document.createElement("canvas");
  /** @type {MediaRecorder | null} */
  #recorder = null;
  /** @type {AudioContext | null} */
  #audio = null;
  #timer = 0;
  #part = 0;
  #queue = new ChunkQueue(MOST_WAITING);
  #sending = false;
  #tries = 0;

  /** @param {{callId: string, csrf: () => string, remote: HTMLVideoElement, own: HTMLVideoElement, sounds: () => MediaStream[],
   *   changed: () => void}} given */
  constructor(given) {
    this.given = given;
    /** @type {"starting" | "on" | "ended"} */
    this.state = "starting";
    /** Why it ended before its time: a word of `video.why`. */
    this.why = "";
    Object.assign(this.#canvas, { width: WIDTH, height: HEIGHT });
  }

  async start() {
    const answer = await this.#post("", null);
    if (!answer?.ok) return this.#end(answer ? "" : "offline");
    this.#part = (await answer.json()).part;
    const stream = this.#canvas.captureStream(FRAMES);
    for (const track of this.#mixed()) stream.addTrack(track);
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
    const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: BITS_PER_S });
    this.#recorder = recorder;
    // A piece that was on its way when it was stopped comes before the last one, and finds it stopped already.
    recorder.ondataavailable = ({ data }) => data.size && this.#made(data, false);
    recorder.onstop = () => this.#made(null, true);
    this.#timer = setInterval(() => this.#draw(), 1000 / FRAMES);
    this.#draw();
    recorder.start(1000);
    this.state = "on";
    this.given.changed();
  }

  /** The talk is over. */
  stop() {
    clearInterval(this.#timer);
    if (this.#recorder && this.#recorder.state !== "inactive") this.#recorder.stop();
    void this.#audio?.close();
    if (this.state !== "ended") this.#end("");
  }

  /** The sound of all lines as one track. @returns {MediaStreamTrack[]} */
  #mixed() {
    this.#audio = new AudioContext();
    const into = this.#audio.createMediaStreamDestination();
    for (const stream of this.given.sounds()) if (stream.getAudioTracks().length) this.#audio.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(into);
    return into.stream.getAudioTracks();
  }

  #draw() {
    const context = this.#canvas.getContext("2d", { alpha: false });
    if (!context) return;
    const { remote, own } = this.given;
    context.fillStyle = "#10161d";
    context.fillRect(0, 0, WIDTH, HEIGHT);
    this.#put(context, remote, { x: 0, y: 0, width: WIDTH - 160, height: HEIGHT });
    this.#put(context, own, { x: WIDTH - 160, y: HEIGHT - 214, width: 160, height: 214 });
  }

  /** @param {CanvasRenderingContext2D} context @param {HTMLVideoElement} video @param {{x: number, y: number, width: number, height: number}} into */
  #put(context, video, into) {
    if (video.hidden || video.readyState < 2) return;
    const at = fit(video.videoWidth, video.videoHeight, into.width, into.height);
    context.drawImage(video, into.x + at.x, into.y + at.y, at.width, at.height);
  }

  /** @param {Blob | null} data @param {boolean} last */
  #made(data, last) {
    if (!this.#queue.add(data, last)) {
      this.stop();
      this.why = "offline";
    }
    void this.#send();
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    for (let one = this.#queue.first; one; one = this.#queue.first) {
      const answer = await this.#post(`/${this.#part}?chunk=${one.chunk}&last=${one.last ? 1 : 0}`, one.data);
      if (answer?.ok) {
        this.#tries = 0;
        this.#queue.arrived(one.chunk + 1);
      } else if (answer && answer.status !== 503 && answer.status !== 500) {
        const body = await answer.json().catch(() => ({}));
        if (answer.status === 409 && typeof body.next === "number" && body.next !== one.chunk) this.#queue.arrived(body.next);
        if (answer.status !== 409) {
          this.#queue = new ChunkQueue(0);
          clearInterval(this.#timer);
          if (this.#recorder?.state !== "inactive") this.#recorder?.stop();
          this.#end(body.error ?? "");
        }
        if (this.#queue.first === one) break;
      } else {
        this.#tries += 1;
        await new Promise((done) => setTimeout(done, retryS(this.#tries) * 1000));
      }
    }
    this.#sending = false;
  }

  /** @param {string} rest @param {Blob | null} body @returns {Promise<Response | null>} null: the daemon was not reached */
  #post(rest, body) {
    const headers = { "X-CSRF-Token": this.given.csrf(), "Content-Type": "application/octet-stream" };
    return fetch(`/api/calls/${encodeURIComponent(this.given.callId)}/video-recording${rest}`, { method: "POST", headers, body, credentials: "same-origin" })
      .catch(() => null);
  }

  /** @param {string} why */
  #end(why) {
    this.state = "ended";
    this.why = ["too_large", "disk_full", "offline"].includes(why) ? why : "";
    this.given.changed();
  }
}
