// What the page shows, from what the daemon says of the visit and what this page knows of its own devices and lines. Pure.

/** @typedef {"video" | "sign" | "text"} Choice */
/** As cti/video/view.py tells it.
 * @typedef {object} Picture
 * @property {string} id
 * @property {"ready" | "waiting" | "ringing" | "talk" | "held" | "again" | "rating" | "closing" | "no_seat" | "ended"} state
 * @property {Choice | null} choice
 * @property {boolean} invited  to a voice call that he has by telephone
 * @property {number | null} place
 * @property {number | null} minutes
 * @property {number | null} since
 * @property {number | null} answered_at
 * @property {string | null} agent
 * @property {boolean} records
 * @property {boolean} camera
 * @property {boolean} agents_camera
 * @property {Record<Choice, boolean>} seats
 * @property {number} scale
 * @property {number | null} score
 * @property {number} until */
/** What went wrong before a visit could begin, or ends it. @typedef {"expired" | "taken" | "busy" | "often" | "invitation_needed" | "too_old"} Problem */
/** Where he is on his own way through the page. @typedef {"consent" | "code" | "check" | "refused" | "choose" | "no_sign" | "message" | "sent"} Step */
/** @typedef {Step | Problem | "waiting" | "talk" | "rating" | "thanks" | "ended" | "no_seat"} View */
/** @typedef {{problem: Problem | null, step: Step, picture: Picture | null}} Here */
/** `null`: not asked yet. @typedef {{camera: boolean | null, microphone: boolean | null}} Devices */
/** A word of the dictionary with its values. @typedef {{key: string, values?: Record<string, string | number>}} Said */

/** @param {Here} here @returns {View} */
export function viewOf({ problem, step, picture }) {
  if (problem) return problem;
  if (!picture) return step === "code" ? "code" : "consent";
  const before = step === "check" || step === "refused";
  switch (picture.state) {
    case "talk":
    case "held":
      return picture.invited && before ? step : "talk";
    case "waiting":
    case "ringing":
    case "again":
      return step === "message" ? step : lacksSigner(picture) ? "no_sign" : "waiting";
    case "rating":
      return "rating";
    case "closing":
      return picture.score === null ? "ended" : "thanks";
    case "ended":
      return step === "sent" ? "sent" : picture.score === null ? "ended" : "thanks";
    case "no_seat":
      return step === "message" || step === "sent" ? step : picture.choice === "sign" && picture.seats.text ? "no_sign" : "no_seat";
    default:
      return step === "consent" || step === "code" ? "check" : step;
  }
}

/** Whether he waits for sign language and nobody who signs is at work. @param {Picture} picture */
function lacksSigner(picture) {
  return picture.choice === "sign" && !picture.seats.sign && picture.state !== "ringing";
}

/** Which ways of talking are open to him, and what closes the others.
 * @param {Picture} picture @param {Devices} devices @returns {{choice: Choice, open: boolean, help: string}[]} */
export function choices(picture, devices) {
  return [
    { choice: "sign", open: devices.camera === true, help: devices.camera ? (picture.seats.sign ? "choose.sign_help" : "no_sign") : "choose.sign_camera" },
    { choice: "video", open: devices.microphone === true, help: devices.microphone ? (picture.seats.video ? "choose.video_help" : "choose.none") : "choose.video_microphone" },
    { choice: "text", open: true, help: picture.seats.text ? "choose.text_help" : "choose.none" },
  ];
}

/** @param {Picture} picture @returns {Said} */
export function waitingWords({ state, place, minutes }) {
  if (state === "ringing") return { key: "waiting.ringing" };
  if (state === "again") return { key: "waiting.again" };
  if (!place) return { key: "waiting.first" };
  const ahead = place - 1;
  const words = ahead ? "waiting.place" : "waiting.next";
  return minutes === null ? { key: `${words}_only`, values: { ahead } } : { key: words, values: { ahead, minutes } };
}

/** The line that is always there while a call lives: his state in words and a colour that says the same.
 * @typedef {{said: Said, tone: "calm" | "good" | "warn" | "bad"}} Strip */

/** `line`: of the picture and sound; `online`: of the page's own connection to the daemon.
 * @param {Picture} picture @param {"none" | "calling" | "up" | "lost"} line @param {boolean} online @param {number} now UTC seconds
 * @returns {Strip} */
export function stripOf(picture, line, online, now) {
  if (!online) return { said: { key: "strip.offline" }, tone: "bad" };
  const talks = picture.state === "talk" || picture.state === "held";
  if (talks && line !== "up" && picture.choice !== "text") return { said: { key: "strip.lost" }, tone: "warn" };
  if (picture.state === "held") return { said: { key: "strip.held" }, tone: "warn" };
  if (picture.state === "talk") {
    if (picture.invited) return { said: { key: "strip.phone" }, tone: "good" };
    const time = clock(now - (picture.answered_at ?? now));
    const agent = picture.agent?.replace(/^\D+/, "");
    return { said: agent ? { key: "strip.talk_agent", values: { time, agent } } : { key: "strip.talk", values: { time } }, tone: "good" };
  }
  if (picture.state === "ringing") return { said: { key: "strip.ringing" }, tone: "good" };
  if (picture.state === "waiting" || picture.state === "again") return { said: { key: "strip.waiting" }, tone: "calm" };
  return { said: { key: "strip.rating" }, tone: "calm" };
}

/** What the page dials now; null: nothing. A call that lives while this page has no line is gone on with by a second one, once
 * the agent is there.
 * @param {Picture} picture @param {"none" | "calling" | "up" | "lost"} line @returns {"beside" | null} */
export function toDial(picture, line) {
  return (picture.state === "talk" || picture.state === "held") && line === "none" && picture.choice !== "text" ? "beside" : null;
}

/** What to do about a picture that has stopped though sound comes: where several talk only their sound is mixed, and a second line
 * brings the picture of the agent; once the first one has it again, that ends.
 * @param {Picture} picture @param {{state: string, frozen: boolean, pictures: string}} phone @returns {"dial" | "end" | null} */
export function aboutPicture(picture, { state, frozen, pictures }) {
  const wanted = picture.state === "talk" && !picture.invited && (picture.choice === "sign" || picture.choice === "video");
  if (pictures === "up" && (!wanted || !frozen)) return "end";
  return wanted && state === "up" && frozen && pictures === "none" ? "dial" : null;
}

/** `01:12`, from an hour on `1:01:12`. @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const text = parts.map((part) => String(part).padStart(2, "0"));
  return parts[0] ? `${parts[0]}:${text[1]}:${text[2]}` : `${text[1]}:${text[2]}`;
}

/** Whether nothing comes through any more: so many seconds without a packet. */
const DEAD_S = 4;

export class LineWatch {
  #packets = -1;
  #since = 0;

  /** @param {number} packets received so far @param {number} now seconds @returns {boolean} whether the line is dead */
  heard(packets, now) {
    if (packets !== this.#packets) {
      this.#packets = packets;
      this.#since = now;
    }
    return now - this.#since >= DEAD_S;
  }
}

/** The sizes of text, in pixels: the smallest is what a page for everybody has, the largest what the rule asks to reach. */
export const SIZES = [18, 22, 26, 30];

/** @param {number} size */
export function nextSize(size) {
  return SIZES[(SIZES.indexOf(size) + 1) % SIZES.length] ?? 18;
}

/** A mobile number as people write it. @param {string} text @returns {string | null} null: it cannot be one */
export function phoneOf(text) {
  const digits = text.replace(/[\s\-()（）]/g, "").replace(/^＋/, "+");
  return digits === "" || /^\+?[0-9]{5,20}$/.test(digits) ? digits : null;
}
