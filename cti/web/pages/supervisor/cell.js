// One seat of the map: a button that is written to only where it changes.
import { make, setText } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { seatName } from "./layout_logic.js";
import { barOf, isOver, kindOf, lasted } from "./seats_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {import("./layout_logic.js").Place} Place */
/** @typedef {import("./types.js").Seat} Seat */

export class Cell {
  /** @type {Seat | undefined} */
  #seat = undefined;
  #lang = "";
  #class = "";
  #step = -1;
  #over = false;
  #drags = false;
  #time = "";

  /** @param {Place} place */
  constructor(place) {
    this.place = place;
    this.name = seatName(place);
    this.letter = make("b", {});
    this.bar = make("i", {});
    this.element = make("button", { type: "button", class: "cell", role: "gridcell", tabindex: "-1", "data-seat": this.name }, this.letter,
      make("span", {}, String(place.seat + 1).padStart(2, "0")), this.bar);
    /** Who sits here. @type {string | null} */
    this.id = null;
  }

  /** @param {Floor} floor @param {string | null} id @param {boolean} carried he is being moved to another seat */
  paint(floor, id, carried) {
    const seat = id ? floor.seats[id] : undefined;
    const kind = seat ? kindOf(seat) : "empty";
    const dim = seat && floor.isNarrowed && !floor.isWanted(seat, this.name);
    const name = `cell ${kind}${dim ? " dim" : ""}${seat && id === floor.chosen ? " chosen" : ""}${carried ? " carried" : ""}`;
    if (name !== this.#class) this.element.className = this.#class = name;
    const drags = floor.arranging && seat !== undefined;
    if (drags !== this.#drags) this.element.draggable = this.#drags = drags;
    if (seat === this.#seat && this.#lang === floor.lang && id === this.id) return;
    this.#seat = seat;
    this.#lang = floor.lang;
    this.id = seat ? id : null;
    setText(this.letter, seat && kind !== "empty" ? floor.say(`letter.${kind}`) : "");
    this.element.setAttribute("aria-label", this.#label(floor, seat));
    this.tick(floor.now, this.#time !== "");
  }

  /** @param {Floor} floor @param {Seat | undefined} seat */
  #label(floor, seat) {
    if (!seat) return floor.say("cell.empty", { seat: this.name });
    const kind = kindOf(seat);
    return floor.say("cell.label", { letter: floor.say(`letter.${kind}`), number: this.name.slice(-2), seat: this.name, who: floor.person(seat.id), state: floor.say(`kind.${kind}`) });
  }

  /** Time goes on. @param {number} now @param {boolean} wide there is room for the time itself */
  tick(now, wide) {
    const kind = this.#seat ? kindOf(this.#seat) : "offline";
    const seconds = this.#seat ? lasted(this.#seat, now) : null;
    const step = barOf(kind, seconds);
    if (step !== this.#step) this.bar.style.transform = `scaleX(${(this.#step = step) / 20})`;
    const over = isOver(kind, seconds);
    if (over !== this.#over) this.element.toggleAttribute("data-over", (this.#over = over));
    const time = wide && seconds !== null ? clock(seconds) : "";
    if (time !== this.#time) this.element.dataset["time"] = this.#time = time;
  }
}
