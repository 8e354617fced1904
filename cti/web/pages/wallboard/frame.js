// The frame: a header and six tiles that never move.
import { make } from "/pages/shared/dom.js";
import { mountCourse } from "./course.js";
import { mountHeader } from "./header.js";
import { mountHero } from "./hero.js";
import { mountLosses } from "./losses.js";
import { mountSeats } from "./seats.js";
import { mountSurvey } from "./survey.js";
import { mountWaiting } from "./waiting.js";

/** @param {HTMLElement} app @param {import("./wall.js").Wall} wall */
export function mountFrame(app, wall) {
  const header = make("header");
  const tile = (/** @type {string} */ name) => make("section", { class: `tile ${name}` });
  const [hero, waiting, seats, course, losses, survey] = ["hero", "waiting", "seats", "course", "losses", "survey"].map(tile);
  app.append(
    header,
    make("main", {}, make("div", { class: "row above" }, hero, waiting, seats),
      make("div", { class: "row below" }, course, make("div", { class: "column" }, losses, survey))),
  );
  mountHeader(header, wall);
  mountHero(/** @type {HTMLElement} */ (hero), wall);
  mountWaiting(/** @type {HTMLElement} */ (waiting), wall);
  mountSeats(/** @type {HTMLElement} */ (seats), wall);
  mountCourse(/** @type {HTMLElement} */ (course), wall);
  mountLosses(/** @type {HTMLElement} */ (losses), wall);
  mountSurvey(/** @type {HTMLElement} */ (survey), wall);
}

/** The head of a tile: what it is, and what is said beside it. @param {HTMLElement} tile @returns {[HTMLElement, HTMLElement]} */
export function head(tile) {
  const [name, beside] = [make("span"), make("small")];
  tile.append(make("h2", {}, name, beside));
  return [name, beside];
}
