// What is written, newest down, cards among it; and the line to write in.
import { make, setText } from "/pages/shared/dom.js";
import { drawing } from "./parts.js";

/** @typedef {import("./visit.js").Visit} Visit */
/** @typedef {import("./visit.js").Line} Line */
/** @typedef {import("./visit.js").Card} Card */
/** @typedef {import("/pages/shared/words.js").Dictionary} Dictionary */

const DRAWN = {
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.700-5.700l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.700 5.700l1-1",
  appointment: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
  list: "M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01",
};

/** `show`: a card is a line with one button at first, which shows it whole and calls this.
 * @param {Visit} visit @param {Dictionary} words @param {{live?: boolean, show?: (whole: boolean) => void}} [how] */
export function mountLines(visit, words, { live = true, show } = {}) {
  const list = make("div", { class: "lines", role: "log", "aria-live": live ? "polite" : "off", "aria-label": words.say("talk.chat"), tabindex: "0" });
  /** @type {Set<number>} */
  const shown = new Set();
  const draw = () => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    let added = false;
    for (const line of visit.lines) {
      if (shown.has(line.id)) continue;
      shown.add(line.id);
      list.append(!line.card ? bubble(line, words) : show ? folded(line.card, words, show) : cardOf(line.card, words));
      added = true;
    }
    if (added && atEnd) list.scrollTop = list.scrollHeight;
  };
  return { element: list, draw };
}

/** @param {Line} line @param {Dictionary} words */
function bubble(line, words) {
  const agent = line.side === "agent";
  return make("p", { class: `bubble ${line.side}`, lang: "zh-CN" },
    make("span", { class: "visually-hidden" }, words.say(agent ? "talk.agent" : "talk.me"), words.lang === "zh" ? "：" : ": "), line.text);
}

/** @param {Card} card @param {Dictionary} words */
function linkTo(card, words) {
  return make("a", { class: "big primary", href: card.link, target: "_blank", rel: "noopener noreferrer" }, make("span", { class: "word" }, card.button || words.say("card.open")));
}

/** @param {Card} card @param {Dictionary} words @param {boolean} [headed] */
function cardOf(card, words, headed = true) {
  return make("article", { class: "card", lang: "zh-CN" },
    headed && make("p", { class: "card-kind", lang: words.lang === "zh" ? "zh-CN" : "en" }, drawing(DRAWN[card.kind], 24), words.say(`card.${card.kind}`)),
    headed && make("h3", {}, card.title),
    card.text && make("p", { class: "card-text" }, card.text),
    card.items.length > 0 && make("ul", {}, ...card.items.map((item) => make("li", {}, item))),
    card.link && linkTo(card, words),
  );
}

/** @param {Card} card @param {Dictionary} words @param {(whole: boolean) => void} show */
function folded(card, words, show) {
  const head = make("p", { class: "folded-head" }, make("span", { class: "card-kind" }, drawing(DRAWN[card.kind], 24), words.say(`card.${card.kind}`)), make("b", { lang: "zh-CN" }, card.title));
  if (card.link) {
    head.append(linkTo(card, words));
    return make("div", { class: "folded" }, head);
  }
  const whole = cardOf(card, words, false);
  const word = make("span", { class: "word" }, words.say("card.show"));
  const button = make("button", { class: "big primary", type: "button", "aria-expanded": "false", onclick: () => {
    const open = Boolean(whole.hidden);
    whole.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    setText(word, words.say(open ? "card.hide" : "card.show"));
    show(open);
    element.scrollIntoView({ block: open ? "start" : "end" });
  } }, word);
  whole.hidden = true;
  head.append(button);
  const element = make("div", { class: "folded" }, head, whole);
  return element;
}

/** @param {Visit} visit @param {Dictionary} words @param {() => void} [away] closes it; without: it stays */
export function mountInput(visit, words, away) {
  const input = make("textarea", { rows: "1", maxlength: "500", "aria-label": words.say("talk.write"), placeholder: words.say("talk.write"), enterkeyhint: "send" });
  const wrong = make("p", { class: "wrong", role: "alert" });
  const send = async () => {
    const text = input.value.trim();
    if (!text) return input.focus();
    input.value = "";
    if (!(await visit.say(text))) {
      if (!input.value) input.value = text;
      setText(wrong, words.say("talk.not_sent"));
    } else setText(wrong, "");
    input.focus();
  };
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    void send();
  });
  const element = make("form", { class: "write", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void send()) },
    wrong,
    away ? make("button", { class: "big plain", type: "button", onclick: away }, make("span", { class: "word" }, words.say("talk.type_away"))) : null,
    input,
    make("button", { class: "big primary" }, make("span", { class: "word" }, words.say("talk.send"))),
  );
  return { element, input };
}
