// Moving an agent to another seat: dragged with the mouse, or picked up and put down with Enter.

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {import("./cell.js").Cell} Cell */

export class Carrying {
  /** Who is being carried. @type {string | null} */
  id = null;

  /** @param {Floor} floor @param {HTMLElement} zones */
  constructor(floor, zones) {
    this.floor = floor;
    this.zones = zones;
  }

  /** A click or Enter: picks up, or puts down. @param {Cell} cell */
  touch(cell) {
    if (this.id === null) this.#take(cell.id);
    else this.put(cell);
  }

  /** @param {string | null} id */
  #take(id) {
    this.id = id;
    if (id) this.floor.tell(this.floor.say("arrange.taken", { who: this.floor.person(id) }), "ok");
    this.floor.draw();
  }

  /** @param {Cell | null | undefined} cell null: he stays where he was */
  put(cell) {
    const { id, floor } = this;
    this.id = null;
    if (id && cell) {
      floor.move(id, cell.place);
      floor.tell(floor.say("arrange.put", { who: floor.person(id), seat: cell.name }), "ok");
    }
    floor.draw();
  }

  /** @param {(target: EventTarget | null) => Cell | undefined} cellOf */
  listen(cellOf) {
    this.zones.addEventListener("dragstart", (event) => {
      const cell = cellOf(event.target);
      if (!this.floor.arranging || !cell?.id) return event.preventDefault();
      event.dataTransfer?.setData("text/plain", cell.id);
      this.#take(cell.id);
    });
    this.zones.addEventListener("dragover", (event) => {
      if (this.id && cellOf(event.target)) event.preventDefault();
    });
    this.zones.addEventListener("drop", (event) => {
      event.preventDefault();
      this.put(cellOf(event.target));
    });
    this.zones.addEventListener("dragend", () => this.put(null));
  }
}
