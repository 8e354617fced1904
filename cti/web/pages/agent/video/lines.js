// What is written with the citizen, newest down; the line to write in, phrases and cards.
import { make, setText } from "/pages/shared/dom.js";
import { togglePopover } from "../popover.js";
import { together } from "./video_logic.js";

/** @typedef {import("../desk.js").Desk} Desk */
/** @typedef {{type: "chat" | "card", call_id: string, id: number, at: number, side: "citizen" | "agent", text?: string,
 *   card?: {kind: "link" | "appointment" | "list", title: string}}} Line */
/** @typedef {import("../types.js").Both} Both */
/** @typedef {{phrases: Both[], cards: {id: string, kind: string, name: Both, ask: Record<string, Both>}[], most_chars: number}} Form */

/** @param {Desk} desk @param {() => string} callId @param {() => Promise<Form>} form */
export function mountLines(desk, callId, form) {
  const say = (/** @type {string} */ key, values = {}) => desk.dictionary.say(key, values);
  const list = make("div", { class: "v-lines", role: "log", "aria-live": "polite", tabindex: "0" });
  const input = make("textarea", { class: "field", rows: "1", maxlength: "500" });
  const send = make("button", { class: "button primary", type: "submit" });
  const wrong = make("p", { class: "error", role: "alert" });
  const phrases = make("button", { class: "button", type: "button", "aria-haspopup": "menu", onclick: () => void choosePhrase() });
  const cards = make("button", { class: "button", type: "button", "aria-haspopup": "menu", onclick: () => void chooseCard() });
  const bar = make("form", { class: "v-write", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void write()) },
    wrong, make("div", { class: "v-row" }, phrases, cards, input, send));
  /** @type {Map<number, HTMLElement>} */
  const shown = new Map();
  let lang = desk.dictionary.lang;
  /** @type {Line[]} */
  let lines = [];

  const write = async () => {
    const text = input.value.trim();
    if (!text) return input.focus();
    input.value = "";
    try {
      await desk.api.post(`/api/calls/${callId()}/chat`, { text });
      setText(wrong, "");
    } catch {
      if (!input.value) input.value = text;
      setText(wrong, say("video.not_sent"));
    }
  };
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    void write();
  });

  const choosePhrase = async () => {
    const { phrases: all } = await form();
    togglePopover("phrases", { anchor: phrases, label: () => say("video.phrases"), role: "menu", class: "menu v-menu" }, (close) =>
      make("div", {}, ...all.map((phrase, number) => make("button", { class: "item", role: "menuitem", type: "button", "data-first": number === 0, onclick: () => {
        close();
        input.value = phrase.zh; // as the citizen reads it
        input.focus();
      } }, make("span", { class: "text" }, phrase.zh, desk.dictionary.lang === "en" ? make("small", {}, ` ${phrase.en}`) : null)))));
  };

  const chooseCard = async () => {
    const { cards: all, most_chars: most } = await form();
    togglePopover("cards", { anchor: cards, label: () => say("video.cards"), class: "v-cards" }, (close) => {
      const place = make("div", {});
      const tabs = make("div", { class: "v-kinds", role: "group" }, ...all.map((card) => make("button", { class: "button", type: "button", onclick: () => open(card) }, desk.dictionary.pick(card.name))));
      const open = (/** @type {Form["cards"][number]} */ card) => {
        for (const [number, tab] of [...tabs.children].entries()) tab.setAttribute("aria-pressed", String(all[number] === card));
        place.replaceChildren(cardForm(card, most, close));
      };
      if (all[0]) open(all[0]);
      return make("div", {}, tabs, place);
    });
  };

  /** @param {Form["cards"][number]} card @param {number} most @param {() => void} close */
  const cardForm = (card, most, close) => {
    const fault = make("p", { class: "error", role: "alert" });
    const fields = Object.entries(card.ask).map(([name, label], number) => {
      const field = make("textarea", { class: "field", id: `v-${card.id}-${name}`, rows: name === "papers" ? "4" : "1", maxlength: String(most), "data-first": number === 0 });
      return { name, label: desk.dictionary.pick(label), field };
    });
    const push = async () => {
      const missing = fields.find(({ field }) => !field.value.trim());
      if (missing) {
        setText(fault, say("video.card_missing", { field: missing.label }));
        return missing.field.focus();
      }
      const values = Object.fromEntries(fields.map(({ name, field }) => [name, field.value.trim()]));
      try {
        await desk.api.post(`/api/calls/${callId()}/cards`, { card: card.id, values });
        close();
      } catch (error) {
        setText(fault, say(/** @type {any} */ (error).code === "bad_link" ? "video.card_bad_link" : "video.not_sent"));
      }
    };
    return make("form", { class: "v-card-form", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void push()) },
      ...fields.flatMap(({ label, field }) => [make("label", { for: field.id }, label), field]),
      fault, make("button", { class: "button primary", type: "submit" }, say("video.card_send")));
  };

  const draw = () => {
    setText(send, say("video.send"));
    setText(phrases, say("video.phrases"));
    setText(cards, say("video.cards"));
    input.placeholder = say("video.write");
    input.setAttribute("aria-label", say("video.write"));
    list.setAttribute("aria-label", say("video.chat"));
    if (lang !== desk.dictionary.lang) {
      lang = desk.dictionary.lang;
      shown.clear();
      list.replaceChildren();
    }
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
    let added = false;
    for (const line of lines) {
      if (shown.has(line.id)) continue;
      const element = bubble(line);
      shown.set(line.id, element);
      list.append(element);
      added = true;
    }
    if (added && atEnd) list.scrollTop = list.scrollHeight;
  };

  const bubble = (/** @type {Line} */ line) => make("p", { class: `v-bubble ${line.side}` },
    make("span", { class: "visually-hidden" }, say(line.side === "agent" ? "video.me" : "video.citizen"), " "),
    line.card ? make("span", { class: "v-card" }, make("b", {}, say(`video.card_kind.${line.card.kind}`)), " ", line.card.title) : line.text);

  return {
    list, bar, draw,
    /** Of another call. */
    begin() {
      lines = [];
      shown.clear();
      list.replaceChildren();
      input.value = "";
      setText(wrong, "");
      draw();
    },
    /** From its beginning; what was told while this was fetched stays. @param {Line[]} fetched */
    fill(fetched) {
      lines = together(fetched, lines);
      shown.clear();
      list.replaceChildren();
      draw();
    },
    /** @param {Line} line */
    add(line) {
      if (!lines.some((one) => one.id === line.id)) lines.push(line);
      draw();
    },
  };
}
