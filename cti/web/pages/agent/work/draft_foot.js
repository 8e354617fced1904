// The foot of the draft: how far it is, and the ways to finish it. Every finish code has a key in the list of them.
import { icon, make, setText } from "/pages/shared/dom.js";
import { keyText } from "../keys_logic.js";
import { progress } from "./check_logic.js";
import { DOWN } from "./icons.js";

/** @typedef {import("./draft_logic.js").Draft} Draft */
/** @typedef {import("./types.js").Choice} Choice */
/** @typedef {import("./types.js").Finish} Finish */
/** @typedef {import("./work.js").Work} Work */

/** The marks of the fields that are counted. @type {Record<string, string>} */
const SIGNS = { confirmed: "✓", check: "↵", ask: "?" };
const KEYS = "123456789ABCDEFGHIJKLM";

export class DraftFoot {
  /** @param {Work} work @param {(finish: Finish, reason: string | null) => void} submit */
  constructor(work, submit) {
    this.work = work;
    this.submit = submit;
    const { spec } = work.form;
    this.sending = work.form.sending;
    this.quick = spec.finishes.find((one) => one.then === "closed" && !one.reasons.length);
    this.counts = ["confirmed", "check", "ask"].map((kind) => ({ kind, n: make("b"), text: make("span") }));
    this.other = make("button", { class: "button", type: "button", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => this.#list(spec.finishes) });
    this.direct = make("button", { class: "button", type: "button", onclick: () => this.quick && submit(this.quick, null) });
    this.send = make("button", { class: "button primary", type: "button", onclick: () => this.sending && submit(this.sending, null) });
    this.menu = make("div", { class: "d-menu", role: "menu", popover: "auto", hidden: true, onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      ontoggle: (/** @type {ToggleEvent} */ event) => {
        this.other.setAttribute("aria-expanded", String(event.newState === "open"));
        this.menu.hidden = event.newState !== "open";
      } });
    this.el = make("div", { class: "d-foot" },
      make("div", { class: "d-progress" }, ...this.counts.map(({ kind, n, text }) => make("span", {}, make("i", { class: `d-swatch d-${kind}`, "aria-hidden": "true" }, SIGNS[kind] ?? ""), text, n))),
      make("span", { class: "d-gap" }), this.other, this.direct, this.send, this.menu);
  }

  /** @param {Draft} draft @param {boolean} busy */
  paint(draft, busy) {
    const { work } = this;
    const counts = progress(draft, work.form);
    for (const { kind, n, text } of this.counts) {
      setText(text, work.say(`progress.${kind}`));
      setText(n, String(counts[/** @type {keyof typeof counts} */ (kind)]));
    }
    if (this.send.dataset.lang !== work.lang) {
      this.send.dataset.lang = work.lang;
      this.other.replaceChildren(work.say("draft.other_finish"), icon(DOWN));
      this.direct.replaceChildren(work.pick(this.quick));
      this.send.replaceChildren(work.say("draft.submit", { finish: work.pick(this.sending) }), make("kbd", {}, keyText("submit")));
    }
    for (const button of [this.other, this.direct, this.send]) button.disabled = busy || draft.ticket.state !== "draft";
  }

  /** The list of finish codes; each with reasons opens them. @param {(Finish | Choice)[]} items @param {Finish} [of] */
  #list(items, of) {
    const { menu, work } = this;
    const title = of ? work.say("draft.reason_of", { finish: work.pick(of) }) : work.say("draft.finish_how");
    menu.setAttribute("aria-label", title);
    menu.replaceChildren(make("p", { class: "d-menu-title", role: "presentation" }, title), ...items.map((item, n) =>
      make("button", { class: "d-menu-item", type: "button", role: "menuitem", tabindex: "-1", "data-key": KEYS[n], onclick: () => this.#chose(item, of) },
        make("kbd", { "aria-hidden": "true" }, KEYS[n] ?? ""), make("span", {}, work.pick(item)), "reasons" in item && item.reasons.length ? make("span", { class: "d-more", "aria-hidden": "true" }, "›") : null)));
    menu.hidden = false;
    if (!menu.matches(":popover-open")) menu.showPopover();
    const box = this.other.getBoundingClientRect();
    menu.style.right = `${window.innerWidth - box.right}px`;
    menu.style.bottom = `${window.innerHeight - box.top + 4}px`;
    /** @type {HTMLElement | null} */ (menu.querySelector("button"))?.focus();
  }

  /** @param {Finish | Choice} item @param {Finish} [of] */
  #chose(item, of) {
    if ("reasons" in item && item.reasons.length) return this.#list(item.reasons, /** @type {Finish} */ (item));
    this.menu.hidePopover();
    this.other.focus();
    if (of) this.submit(of, item.id);
    else this.submit(/** @type {Finish} */ (item), null);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = /** @type {HTMLElement[]} */ ([...this.menu.querySelectorAll("button")]);
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const keyed = items.find((item) => item.dataset.key === event.key.toUpperCase());
    if (step) items[(at + step + items.length) % items.length]?.focus();
    else if (keyed && !event.ctrlKey && !event.altKey && !event.metaKey) keyed.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Opens the list of finish codes by key. */
  openList() {
    if (!this.other.disabled) this.#list(this.work.form.spec.finishes);
  }

  escape() {
    if (!this.menu.matches(":popover-open")) return false;
    this.menu.hidePopover();
    this.other.focus();
    return true;
  }
}
