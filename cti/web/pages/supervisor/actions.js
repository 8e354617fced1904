// Listen, whisper, barge in, take over: each says who hears it. What the citizen hears or what cuts the agent off is asked for twice.
import { make, setText } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { togglePopover } from "../agent/popover.js";
import { keyText } from "./keys_logic.js";
import { reasonForm } from "./reason_form.js";
import { TWICE, whyNot } from "./supervise_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

const ACTS = /** @type {const} */ (["listen", "whisper", "barge", "take_over"]);

/** @param {HTMLElement} place @param {Floor} floor @returns {Record<string, () => void>} acts by name of the key */
export function mountActions(place, floor) {
  const { supervising } = floor;
  const buttons = ACTS.map((act) => {
    const [word, hears] = [make("b"), make("small")];
    const button = make("button", { type: "button", class: TWICE.has(act) ? "act danger" : "act", "data-act": act, onclick: () => press(act) },
      make("span", {}, word, make("kbd", {}, keyText(act))), hears);
    return { act, button, word, hears };
  });
  const state = make("span", { role: "status" });
  const time = make("span", { class: "time", role: "timer" });
  const end = make("button", { type: "button", class: "button small", onclick: () => void supervising.end() });
  const running = make("p", { class: "running" }, state, time, end);
  const label = make("label", { for: "via" });
  const via = make("input", { class: "field", id: "via", autocomplete: "off", maxlength: "40", onchange: () => supervising.use(via.value.trim()) });
  const here = make("input", { type: "checkbox", onchange: () => {
    via.disabled = here.checked;
    if (here.checked) supervising.use("");
    else via.focus();
  } });
  const hereText = make("span");
  const choice = make("label", { class: "tick" }, here, hereText);
  place.append(running, make("div", { class: "acts" }, ...buttons.map(({ button }) => button)), make("div", { class: "via" }, label, choice, via));

  /** @param {typeof ACTS[number]} act */
  function press(act) {
    const { seat } = floor;
    const no = whyNot(seat, supervising.mine, floor.user.id, supervising.may)[act];
    if (no || !seat) return floor.tell(floor.say(`why_not.${no || "no_seat"}`), "bad");
    const run = (/** @type {string} */ why) => (act === "take_over" ? supervising.takeOver(why) : supervising.begin(seat.id, act, why));
    if (!TWICE.has(act)) return void run("");
    const button = buttons.find((one) => one.act === act)?.button;
    if (!button) return;
    togglePopover(`twice-${act}`, { anchor: button, label: () => floor.say(`act.${act}`), class: "ask" }, (close) =>
      reasonForm(floor, { text: floor.say(`twice.${act}`, { who: floor.person(seat.id) }), label: floor.say("why.label"), button: floor.say(`act.${act}`), needed: true, danger: true,
        go: async (why) => {
          if (await run(why)) close();
        } }));
  }

  /** @param {import("./types.js").Supervision} mine @param {boolean} isHere his seat is the chosen one */
  function inWords({ mode, agent, state: now }, isHere) {
    const values = { mode: floor.say(`act.${mode}`), state: floor.sayCode("supervision.state", now) };
    return isHere ? floor.say("supervision.here", values) : floor.say("supervision.mine", { ...values, who: floor.person(agent) });
  }

  function paint() {
    const { mine } = supervising;
    setText(time, mine?.since ? clock(floor.now - mine.since) : "");
  }
  floor.onDraw(() => {
    const { mine, ear } = supervising;
    const no = whyNot(floor.seat, mine, floor.user.id, supervising.may);
    const isHere = mine !== null && mine.agent === floor.chosen;
    for (const { act, button, word, hears } of buttons) {
      setText(word, floor.say(`act.${act}`));
      setText(hears, floor.say(`hears.${act}`));
      const why = no[act];
      button.setAttribute("aria-disabled", String(why !== ""));
      button.title = why ? floor.say(`why_not.${why}`) : "";
      if (act !== "take_over") button.setAttribute("aria-pressed", String(isHere && mine.mode === act));
    }
    running.dataset["mode"] = mine?.mode ?? (ear.talks ? "barge" : "");
    setText(state, mine ? inWords(mine, isHere) : floor.say(ear.talks ? "supervision.taken" : "supervision.none"));
    end.hidden = !mine && !ear.talks;
    end.replaceChildren(floor.say("supervision.end"), " ", make("kbd", {}, keyText("end")));
    setText(label, floor.say("via.label"));
    setText(hereText, floor.say("via.here"));
    via.placeholder = floor.say("via.placeholder");
    if (document.activeElement !== via) {
      here.checked = via.disabled = supervising.telephone === "";
      via.value = supervising.telephone;
    }
    paint();
  });
  floor.onTick(paint);
  return { ...Object.fromEntries(ACTS.map((act) => [act, () => press(act)])), end: () => void supervising.end() };
}
