// Who is to hear of what, and when it is painted: what every panel of the desk knows of its controller.

/** @typedef {import("./types.js").DeskEvents} DeskEvents */
/** @typedef {import("./view_logic.js").View} View */

const DRAW_EVERY_MS = 100;

export class Panels {
  /** @type {Map<string, Set<(value: any) => void>>} */
  #listeners = new Map();
  /** @type {Set<(view: View) => void>} */
  #draws = new Set();
  #frame = 0;
  #timer = 0;
  #drawnAt = -Infinity;

  /** What is to be drawn. @returns {View} */
  view() {
    throw new Error("the desk says what is seen");
  }

  /** It stands in the page, not yet on the screen. @param {View} _view */
  drawn(_view) {}

  /** `listener` hears of every message of this kind, in order; the result takes it away again.
   * @template {keyof DeskEvents} Kind
   * @param {Kind} kind @param {(value: DeskEvents[Kind]) => void} listener @returns {() => void} */
  on(kind, listener) {
    const heard = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, heard.add(listener));
    return () => heard.delete(listener);
  }

  /** @template {keyof DeskEvents} Kind @param {Kind} kind @param {DeskEvents[Kind]} value */
  emit(kind, value) {
    for (const listener of this.#listeners.get(kind) ?? []) listener(value);
  }

  /** A named key goes to the panels. @param {string} name @param {KeyboardEvent} event @returns {boolean} whether one took it */
  press(name, event) {
    const press = { name, event, taken: false, take: () => void (press.taken = true) };
    for (const listener of this.#listeners.get("key") ?? []) if (!press.taken) listener(press);
    return press.taken;
  }

  /** `draw` paints what is to be seen: with the next frame after something changed, at most ten times a second, never while
   * the page is hidden. @param {(view: View) => void} draw @returns {() => void} */
  onDraw(draw) {
    this.#draws.add(draw);
    this.changed();
    return () => this.#draws.delete(draw);
  }

  /** Something that is drawn is not as it was. @param {boolean} [urgent] with the very next frame */
  changed(urgent = false) {
    if (this.#frame) return;
    const wait = urgent ? 0 : this.#drawnAt + DRAW_EVERY_MS - performance.now();
    if (wait <= 0) {
      clearTimeout(this.#timer);
      this.#timer = 0;
      this.#frame = requestAnimationFrame(() => this.#draw());
    } else if (!this.#timer) {
      this.#timer = setTimeout(() => {
        this.#timer = 0;
        this.changed(true);
      }, wait);
    }
  }

  #draw() {
    this.#frame = 0;
    this.#drawnAt = performance.now();
    const view = this.view();
    for (const draw of this.#draws) draw(view);
    this.drawn(view);
  }
}
