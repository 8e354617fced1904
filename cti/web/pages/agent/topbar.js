// The top bar: who he is, what he is, what he will be after the call, what he did today; and, when the server is lost, that.
import { make, setText } from "/pages/shared/dom.js";
import { clock } from "./format_logic.js";
import { closePopover, isOpen } from "./popover.js";
import { statusMenu } from "./status_menu.js";
import { reasonKey } from "./status_logic.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./view_logic.js").View} View */

/** @param {HTMLElement} bar @param {Desk} desk @returns {{openStatus: () => void}} */
export function mountTopBar(bar, desk) {
  const say = (/** @type {string} */ key, values = {}) => desk.dictionary.say(key, values);
  const brand = make("span");
  const letter = make("span", { class: "letter", "aria-hidden": "true" });
  const word = make("span", { class: "word" });
  const pill = make("button", { class: "state", type: "button", id: "status", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => open(pill) },
    letter, word, make("kbd", {}, "F4"));
  const next = make("button", { class: "next", type: "button", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => open(next) });
  const nextLabel = make("span");
  const nextValue = make("b");
  next.append(nextLabel, nextValue, " ▾");
  const lost = make("p", { class: "lost" });
  /** @param {string} name @param {string} [optional] */
  const figure = (name, optional) => {
    const [label, value] = [make("span"), make("b")];
    return { name, label, value, element: make("span", { class: `figure ${optional ?? ""}` }, label, value) };
  };
  const figures = [figure("answered", "optional"), figure("handling", "optional"), figure("satisfied")];
  const languages = /** @type {const} */ (["zh", "en"]).map((lang) =>
    make("button", { type: "button", onclick: () => desk.dictionary.use(lang) }));
  const language = make("span", { class: "languages", role: "group" }, ...languages);
  const who = make("span", { class: "figure who" });
  bar.append(
    make("h1", { class: "brand" }, make("i", { "aria-hidden": "true" }, "呼"), brand), pill, next, lost,
    make("span", { class: "figures" }, ...figures.map(({ element }) => element)), language, who);

  const open = (/** @type {HTMLElement} */ anchor) => statusMenu(desk, anchor);
  desk.onDraw((view) => {
    const { state } = desk;
    setText(brand, say("brand"));
    document.body.dataset["tone"] = view.tone;
    document.body.dataset["state"] = view.state;
    document.body.dataset["phone"] = desk.phone.view.registration;
    document.body.classList.toggle("unsure", !view.sure && view.state !== "connecting");
    setText(letter, `${say(`letter.${view.state}`)}`);
    setText(word, `${say(`state.${view.state}`)}${view.sure || view.state === "connecting" ? "" : " ?"}`);
    pill.title = say("status.title");
    const inCall = ["offered", "talking", "held"].includes(view.state);
    next.hidden = !inCall;
    setText(nextLabel, say(view.state === "offered" ? "next.label_offered" : "next.label"));
    setText(nextValue, state ? choiceText(desk, state.desk.next_status ?? { status: state.desk.status, reason: state.desk.reason }) : "");
    drawLost(view);
    const today = view.sure ? state?.desk.today : null;
    /** @type {Record<string, string>} */
    const values = {
      answered: today ? String(today.answered) : "—",
      handling: today && today.handling_s !== null ? clock(today.handling_s) : "—",
      satisfied: today ? say("today.rated", { n: today.satisfied, all: today.rated }) : "—",
    };
    for (const { name, label, value } of figures) {
      setText(label, say(`today.${name}`));
      setText(value, values[name] ?? "");
    }
    /** @type {const} */ (["zh", "en"]).forEach((lang, at) => {
      const button = languages[at];
      if (!button) return;
      setText(button, say(`language.${lang}`));
      button.setAttribute("aria-pressed", String(desk.dictionary.lang === lang));
    });
    language.setAttribute("aria-label", say("language.name"));
    setText(who, `${desk.user.id} ${desk.user.name}`);
    who.title = who.textContent ?? "";
  });

  /** @param {View} view */
  function drawLost(view) {
    const { link } = desk;
    const seconds = Math.floor((performance.now() - link.since) / 1000);
    const inTalk = view.state === "talking" || view.state === "held";
    const isLost = link.state === "lost";
    bar.classList.toggle("is-lost", isLost || (!view.sure && link.state === "live"));
    setText(lost, isLost ? say(inTalk ? "lost.talk" : "lost.idle", { s: seconds })
      : link.state === "connecting" && seconds >= 3 ? say("lost.connecting") : "");
    lost.title = lost.textContent ?? "";
  }

  return { openStatus: () => (isOpen("status") ? void closePopover() : open(pill)) };
}

/** @param {Desk} desk @param {{status: string, reason: string}} choice @returns {string} */
export function choiceText(desk, { status, reason }) {
  const named = status === "break" && reason ? reasonKey(reason) : null;
  const word = desk.dictionary.say(`status.${status}`);
  return status === "break" && reason && reason !== "logged_in"
    ? desk.dictionary.say("status.with_reason", { status: word, reason: named ? desk.dictionary.say(named) : reason }) : word;
}
