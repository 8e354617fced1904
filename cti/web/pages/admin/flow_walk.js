// 试拨: a call through the flow as it stands in the editor, step by step by keys; nothing is kept on the server.
import { make } from "/pages/shared/dom.js";
import { skillWord } from "./parts.js";
import { redraw } from "./redraw.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {{nodes: {node: string, type: string}[], hears: {id: string, text: string}[], does: any[], answer: string | null, waits: string | null}} Turn */
/** @typedef {{turns: Turn[], waits: any, path: string[], language: string, day: string, at: string}} Walked */

export class Walk {
  /** @param {Office} office @param {() => {name: string, text: string}} flow @param {() => void} moved */
  constructor(office, flow, moved) {
    this.office = office;
    this.flow = flow;
    this.moved = moved;
    /** @type {string[]} */
    this.answers = [];
    /** @type {Walked | null} */
    this.walked = null;
    this.fault = "";
    this.dialled = "12345";
    this.at = "";
    this.short = false;
    /** The text that was walked. */
    this.text = "";
    this.element = make("div", { class: "walk" });
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  get path() {
    return this.walked?.path ?? [];
  }

  /** The text is another than that which was walked. */
  get stale() {
    return this.walked !== null && this.text !== this.flow().text;
  }

  stop() {
    this.answers = [];
    this.walked = null;
    this.fault = "";
  }

  /** @param {string[]} answers */
  async go(answers) {
    const { name, text } = this.flow();
    try {
      this.walked = await this.office.api.post(`/api/flows/${name}/walk`, { text, dialled: this.dialled, at: this.at, short: this.short, answers });
      this.answers = answers;
      this.text = text;
      this.fault = "";
    } catch (error) {
      this.fault = this.office.why(error);
    }
    this.moved();
    this.element.querySelector(".turns")?.scrollTo(0, 1e6);
  }

  /** @param {string} answer */
  #answer(answer) {
    void this.go([...this.answers, answer]);
  }

  draw() {
    const { office } = this;
    const say = office.say.bind(office);
    redraw(this.element, JSON.stringify([office.dictionary.lang, this.walked, this.fault, this.answers, this.dialled, this.at, this.short, this.stale]), () => {
      const numbers = (office.said("numbers")?.data?.did ?? []).map((/** @type {any} */ did) => String(did.number));
      const head = make("form", { class: "line", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void this.go([])) },
        make("h3", {}, say("walk.title")),
        make("label", {}, make("span", { class: "visually-hidden" }, say("walk.dialled")), make("input", { class: "field", "data-key": "dialled", "data-shown": this.dialled, value: this.dialled, list: "walk-numbers", inputmode: "tel",
          oninput: (/** @type {Event} */ event) => (this.dialled = /** @type {HTMLInputElement} */ (event.target).value.trim()) })),
        make("datalist", { id: "walk-numbers" }, ...numbers.map((/** @type {string} */ number) => make("option", { value: number }))),
        make("label", {}, make("span", { class: "visually-hidden" }, say("walk.at")), make("input", { class: "field", type: "datetime-local", "data-key": "at", "data-shown": this.at, value: this.at, title: say("walk.at"),
          oninput: (/** @type {Event} */ event) => (this.at = /** @type {HTMLInputElement} */ (event.target).value) })),
        make("label", { class: "tick", title: say("walk.short_title") }, make("input", { type: "checkbox", checked: this.short, "data-key": "short", onchange: (/** @type {Event} */ event) => (this.short = /** @type {HTMLInputElement} */ (event.target).checked) }), say("walk.short")),
        make("button", { type: "submit", class: `button ${this.walked ? "" : "primary"}`, "data-key": "dial" }, say(this.walked ? "walk.again" : "walk.dial")));
      /** @type {HTMLElement[]} */
      const parts = [head];
      if (this.stale) parts.push(make("p", { class: "alert warn" }, say("walk.stale")));
      if (this.fault) parts.push(make("p", { class: "alert bad" }, this.fault));
      if (!this.walked) parts.push(make("p", { class: "none" }, say("walk.empty")));
      else parts.push(make("ol", { class: "turns", "data-scroll": "turns", tabindex: "0", "aria-label": say("walk.turns") }, ...this.walked.turns.map((turn) => this.#turn(turn))), this.#pad(this.walked));
      return parts;
    });
  }

  /** @param {Turn} turn @returns {HTMLElement} */
  #turn(turn) {
    const { office } = this;
    const does = turn.does.filter((one) => ["queue", "transfer", "hangup", "language"].includes(one.kind)).filter((one, n) => one.kind !== "language" || n > 0 || turn.nodes.length === 0);
    return make("li", {}, make("p", { class: "nodes" }, ...turn.nodes.map((one) => make("code", {}, one.node))),
      ...turn.hears.map((one) => make("p", { class: "hears" }, one.text)),
      ...does.map((one) => make("p", { class: "does" }, office.say(`walk.${one.kind}`, {
        queue: one.queue ? skillWord(office, one.queue) : "", target: one.target ?? "", language: one.language ? office.say(`tongue.${one.language}`) : "",
      }))),
      turn.answer === null ? null : make("p", { class: "answer" }, `▸ ${this.#told(turn.answer, turn.waits)}`));
  }

  /** @param {string} answer @param {string | null} waits @returns {string} */
  #told(answer, waits) {
    const { office } = this;
    if (answer.startsWith("say ")) return office.say("walk.said", { text: answer.slice(4) });
    if (/^[0-9*#]+$/.test(answer)) return office.say("walk.pressed", { keys: answer });
    if (!answer && (waits === "play" || waits === "transfer")) return office.say(waits === "play" ? "walk.listen" : "walk.connected");
    return office.say(`walk.did_${answer || "nothing"}`);
  }

  /** What can be answered now. @param {Walked} walked @returns {HTMLElement} */
  #pad(walked) {
    const { office } = this;
    const say = office.say.bind(office);
    const { waits } = walked;
    if (!waits) return make("div", { class: "pad" }, make("p", { class: "ended" }, say("walk.ended")));
    const button = (/** @type {string} */ answer, /** @type {string} */ text, primary = false) =>
      make("button", { type: "button", class: `button ${primary ? "primary" : ""}`, "data-key": `answer-${answer}`, onclick: () => this.#answer(answer) }, text);
    /** @type {(Node | null)[]} */
    const choices = [];
    const nothing = { play: "walk.listen", keys: "walk.silent", survey: "walk.silent", listen: "walk.silent", message: "walk.silent", queue: "walk.agent", transfer: "walk.connected" }[/** @type {"play"} */ (waits.kind)];
    if (nothing) choices.push(button(waits.kind === "queue" ? "agent" : "", say(nothing), true));
    if (waits.kind === "queue") {
      if (waits.no_seat) choices.push(button("no_seat", say("walk.no_seat")));
      if (waits.callback) choices.push(button("callback", say("walk.callback", { key: waits.callback })));
      if (waits.gives_up) choices.push(button("gave_up", say("walk.gave_up")));
    }
    if (waits.kind === "transfer") choices.push(button("failed", say("walk.failed")));
    choices.push(button("hangup", say("walk.hangup")));
    const keys = waits.kind === "queue" || waits.kind === "message" || waits.kind === "play" ? String(waits.keys ?? "") : waits.kind === "survey" ? "123456789".slice(0, waits.scale) : waits.kind === "transfer" ? "" : "123456789*0#";
    const many = waits.kind === "keys" && waits.most > 1;
    const speaks = waits.kind === "listen" || waits.kind === "message" || Boolean(waits.asks);
    const input = make("input", { class: "field", "data-key": "typed", "data-shown": "", "aria-label": say(speaks ? "walk.sentence" : "walk.digits"), placeholder: say(speaks ? "walk.sentence" : "walk.digits"), autocomplete: "off" });
    const typed = speaks || many ? make("form", { class: "line", onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text) this.#answer(many ? text : `say ${text}`);
    } }, input, make("button", { type: "submit", class: "button" }, say("walk.send"))) : null;
    return make("div", { class: "pad", role: "group", "aria-label": say("walk.pad") },
      make("p", { class: "asks" }, say(`walk.waits_${waits.kind}`)),
      keys && !many ? make("div", { class: "keypad" }, ...[...keys].map((key) => make("button", { type: "button", class: "button key", "data-key": `key-${key}`, onclick: () => this.#answer(key) }, key))) : null,
      typed, make("div", { class: "line" }, ...choices, this.answers.length ? make("button", { type: "button", class: "button", "data-key": "undo", onclick: () => void this.go(this.answers.slice(0, -1)) }, `↶ ${say("walk.undo")}`) : null));
  }

  /** The keys of a telephone, while the walk has the focus and nobody types. @param {KeyboardEvent} event */
  #key(event) {
    const waits = this.walked?.waits;
    if (!waits || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target instanceof HTMLElement && event.target.matches("input, textarea, select")) return;
    if (/^[0-9*#]$/.test(event.key) && !(waits.kind === "keys" && waits.most > 1)) {
      event.preventDefault();
      this.#answer(event.key);
    } else if (event.key === "Backspace" && this.answers.length) {
      event.preventDefault();
      void this.go(this.answers.slice(0, -1));
    }
  }
}
