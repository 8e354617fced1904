// The supervisor's telephone in this page. It registers when it is needed first and answers by itself: nobody else calls it.
import { Phone } from "../agent/phone.js";
import { Sound } from "../agent/sound.js";

/** @typedef {import("./floor.js").Floor} Floor */

const LIMIT_MS = 6000;
const PATH = "/api/supervision/softphone";

export class Ear {
  /** @type {Phone | null} */
  #phone = null;

  /** @param {Floor} floor */
  constructor(floor) {
    this.floor = floor;
  }

  /** Whether there is a talk on it. */
  get talks() {
    return this.#phone?.view.session === "talking";
  }

  /** Registered, within some seconds; else he is told. @returns {Promise<boolean>} */
  async ready() {
    const { floor } = this;
    if (!(await floor.attempt(floor.api.post(PATH)))) return false;
    if (!this.#phone) {
      const phone = new Phone({ account: () => floor.api.post(PATH), ticket: () => floor.api.socketTicket(), sound: new Sound(), changed: () => floor.draw() });
      // The line is made after this word of it.
      phone.onInvite = (callId) => setTimeout(() => phone.answer(callId ?? ""));
      this.#phone = phone;
    }
    const { registration } = this.#phone;
    this.#phone.start();
    const began = performance.now();
    while (registration.state !== "registered" && performance.now() - began < LIMIT_MS) await new Promise((done) => setTimeout(done, 100));
    if (registration.state === "registered") return true;
    floor.tell(floor.say("via.not_registered"), "bad");
    return false;
  }

  hangUp() {
    this.#phone?.hangUp();
  }
}
