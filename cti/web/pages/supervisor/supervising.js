// Listening, whispering, barging in, taking over: the one supervision that this supervisor is in, and with which telephone.
import { Ear } from "./ear.js";
import { stepsTo } from "./supervise_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {import("./types.js").Mode} Mode */
/** @typedef {import("./types.js").Supervision} Supervision */

const VIA = "yihu.supervise_by";
const HERE = "softphone";
const LOOK_MS = 2000;

export class Supervising {
  #watch = 0;

  /** @param {Floor} floor */
  constructor(floor) {
    this.floor = floor;
    /** @type {Supervision | null} */
    this.mine = null;
    /** The telephone on his desk, by its name in the settings; "": he listens with this page. */
    this.telephone = localStorage.getItem(VIA) ?? "";
    this.ear = new Ear(floor);
  }

  /** Listening is for supervisors alone. */
  get may() {
    return this.floor.user.roles.includes("supervisor");
  }

  /** What a page that was loaded again was in. */
  async start() {
    if (this.may) await this.#look();
  }

  /** @param {string} telephone */
  use(telephone) {
    this.telephone = telephone;
    localStorage.setItem(VIA, telephone);
    this.floor.draw();
  }

  /** With this agent, in this mode. @param {string} agent @param {Mode} mode @param {string} why @returns {Promise<boolean>} */
  async begin(agent, mode, why) {
    const { floor } = this;
    for (const step of stepsTo(this.mine, agent, mode)) {
      if (step === "end") await this.end();
      else if (step === "start") {
        if (!this.telephone && !(await this.ear.ready())) return false;
        this.#take(await floor.attempt(floor.api.post("/api/supervision", { agent, mode, via: this.telephone || HERE, why })));
      } else {
        const row = await floor.attempt(floor.api.patch(`/api/supervision/${this.mine?.id}`, { mode, why }));
        if (!row) return false;
        this.#take(row);
      }
    }
    if (this.mine?.agent !== agent || this.mine.mode !== mode) return false;
    floor.did(agent, floor.say(`did.${mode}`, { who: floor.person(agent) }));
    return true;
  }

  /** The agent is cut off, and the citizen speaks with the supervisor. @param {string} why @returns {Promise<boolean>} */
  async takeOver(why) {
    const { mine, floor } = this;
    if (!mine || !(await floor.attempt(floor.api.post(`/api/supervision/${mine.id}/take-over`, { why })))) return false;
    this.#take(null);
    floor.did(mine.agent, floor.say("did.take_over", { who: floor.person(mine.agent) }));
    return true;
  }

  /** Of a talk that he has taken over too. */
  async end() {
    const { mine, floor } = this;
    if (!mine) return this.ear.hangUp();
    if (!(await floor.attempt(floor.api.delete(`/api/supervision/${mine.id}`)))) return;
    this.#take(null);
    this.ear.hangUp();
    floor.did(mine.agent, floor.say("did.end", { who: floor.person(mine.agent) }));
  }

  /** @param {Supervision | null} row null: refused, or over */
  #take(row) {
    this.mine = row;
    clearInterval(this.#watch);
    if (row) this.#watch = setInterval(() => void this.#look(), LOOK_MS);
    this.floor.draw();
  }

  /** What the server knows of it: it ends when the call does, or when his telephone is hung up. */
  async #look() {
    const before = this.mine;
    /** @type {Supervision[] | null} */
    const rows = await this.floor.api.get("/api/supervision").catch(() => null);
    if (!rows || this.mine !== before) return;
    const [row] = rows;
    if (row && before) this.mine = row;
    else if (row) this.#take(row);
    else if (before) {
      this.#take(null);
      this.floor.tell(this.floor.say("supervision.over", { who: this.floor.person(before.agent) }), "ok");
    }
    this.floor.draw();
  }
}
