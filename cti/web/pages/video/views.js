// Which view is which; each is a function of the visit and the words.
import { check, refused } from "./view_check.js";
import { chooseView, noSeat, noSign } from "./view_choose.js";
import { code, consent } from "./view_consent.js";
import { ended, rating, thanks } from "./view_end.js";
import { message, sent } from "./view_message.js";
import { problem } from "./view_problem.js";
import { talk } from "./view_talk.js";
import { waiting } from "./view_waiting.js";

/** @typedef {import("./visit.js").Visit} Visit */
/** @typedef {import("./visit_logic.js").View} View */
/** @typedef {import("/pages/shared/words.js").Dictionary} Dictionary */
/** @typedef {(visit: Visit, words: Dictionary) => import("./main.js").Mounted} ViewOf */

/** @type {Record<View, ViewOf>} */
export const VIEWS = {
  consent,
  code,
  check,
  refused,
  choose: chooseView,
  no_sign: noSign,
  no_seat: noSeat,
  message,
  sent,
  waiting,
  talk,
  rating,
  thanks,
  ended,
  expired: problem("expired"),
  taken: problem("taken"),
  busy: problem("busy"),
  often: problem("often"),
  invitation_needed: problem("invitation_needed"),
  too_old: problem("too_old"),
};
