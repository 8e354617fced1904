// What a supervisor may do with a seat at this moment, and the word for why not.
import { kindOf } from "./seats_logic.js";

/** @typedef {import("./types.js").Seat} Seat */
/** @typedef {import("./types.js").Supervision} Supervision */
/** @typedef {import("./types.js").Mode} Mode */

export const MODES = /** @type {const} */ (["listen", "whisper", "barge"]);
/** These are heard by the citizen or cut the agent off: they are asked for twice. */
export const TWICE = new Set(["barge", "take_over"]);

/** "": it can be done; else the key of the reason. @param {Seat | null} seat @param {Supervision | null} mine the one that I am in
 * @param {string} me @param {boolean} may his role lets him @returns {Record<"listen" | "whisper" | "barge" | "take_over", string>} */
export function whyNot(seat, mine, me, may) {
  const talks = seat !== null && ["talking", "held"].includes(kindOf(seat)) && seat.call_id !== null;
  const why = !may ? "not_your_role" : !seat ? "no_seat" : seat.id === me ? "yourself" : !talks ? "no_talk" : "";
  const takeOver = why || (mine?.agent === seat?.id && mine?.state === "on" ? "" : "listen_first");
  return { listen: why, whisper: why, barge: why, take_over: takeOver };
}

/** What has to be asked of the server for this mode: a running one is changed, one with another agent is ended first.
 * @param {Supervision | null} mine @param {string} agent @param {Mode} mode @returns {("end" | "start" | "change")[]} */
export function stepsTo(mine, agent, mode) {
  if (!mine) return ["start"];
  if (mine.agent !== agent) return ["end", "start"];
  return mine.mode === mode ? [] : ["change"];
}

/** Which statuses he can be put into. @param {Seat | null} seat @returns {Record<"ready" | "break" | "offline", boolean>} */
export function forces(seat) {
  const status = seat?.status ?? "offline";
  const there = seat !== null && status !== "offline";
  return { ready: there && (status !== "ready" || kindOf(seat) === "fault" || kindOf(seat) === "wrap_up"), break: there && status !== "break", offline: there };
}

/** Whether the call in his hand goes on all the same. @param {Seat} seat */
export function isInCall(seat) {
  return ["talking", "held", "offered"].includes(kindOf(seat));
}
