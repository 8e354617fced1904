// The chosen seat: who, what and for how long; his call and what is said in it; what can be done; how his day has been.
import { make, setText } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";
import { mountActions } from "./actions.js";
import { mountDone } from "./done.js";
import { mountForcing } from "./forcing.js";
import { mountSaid } from "./said.js";
import { faultOf, isOver, kindOf, lasted, LIMITS, skillsText } from "./seats_logic.js";
import { mountTimes } from "./times.js";

/** @typedef {import("./floor.js").Floor} Floor */

/** @param {HTMLElement} panel @param {Floor} floor @param {() => void} toMap @returns {Record<string, () => void>} acts by name of the key */
export function mountDetail(panel, floor, toMap) {
  const [place, number] = [make("span"), make("small")];
  const [letter, name, time, state] = [make("b"), make("span", { class: "name" }), make("span", { class: "time", role: "timer" }), make("p", { class: "state" })];
  const tile = make("span", { class: "cell key", "aria-hidden": "true" }, letter);
  const facts = /** @type {const} */ (["call", "skills", "today"]).map((key) => ({ key, label: make("dt"), value: make("dd") }));
  const [call, skills, today] = facts.map(({ value }) => value);
  const record = make("a", { class: "link", target: "_blank", rel: "noopener", hidden: true });
  const caller = make("span");
  call?.append(caller, record);
  const back = make("button", { type: "button", class: "link", hidden: true, onclick: () => void takeBack() });
  const empty = make("p", { class: "nothing" });
  const said = make("div", { class: "said", tabindex: "0" });
  const [actions, forcing, times, done] = [make("div", { class: "actions" }), make("div", { class: "forcing" }), make("section", { class: "times" }), make("section", { class: "done" })];
  const body = make("div", { class: "body" }, make("div", { class: "head" }, tile, make("div", {}, make("p", { class: "who" }, name, time), state)),
    make("dl", { class: "facts" }, ...facts.flatMap(({ label, value }) => [label, value])), back, said, actions, forcing, times, done);
  panel.append(make("h2", {}, place, number), empty, body);
  const acts = mountActions(actions, floor);
  mountSaid(said, floor);
  mountForcing(forcing, floor);
  const ofDay = mountTimes(times, floor, (text) => today && setText(today, text));
  mountDone(done, floor);

  async function takeBack() {
    const id = floor.chosen;
    if (id && (await floor.attempt(floor.api.delete(`/api/agents/${id}/skills-today`)))) floor.did(id, floor.say("did.skills_back", { who: floor.person(id) }));
  }

  /** @param {import("./types.js").Seat} seat @param {boolean} isForced the reason is told beside it */
  function breakText({ status, reason }, isForced) {
    if (status !== "break") return floor.sayCode("status", status);
    return reason && !isForced ? floor.say("state.break", { reason: floor.sayCode("reason", reason) }) : floor.say("kind.break");
  }

  function paint() {
    const { seat } = floor;
    if (!seat) return;
    const kind = kindOf(seat);
    const seconds = lasted(seat, floor.now);
    setText(time, seconds === null ? "" : clock(seconds));
    const over = isOver(kind, seconds);
    const fault = faultOf(seat);
    const forced = seat.forced && seat.status === seat.forced.status ? floor.say("state.forced", { by: floor.person(seat.forced.by), why: seat.forced.why }) : "";
    const words = fault ? floor.say(`fault.${fault}`) : over ? floor.say("state.over", { state: floor.say(`kind.${kind}`), limit: clock(LIMITS[kind] ?? 0) })
      : kind === "break" ? breakText(seat, forced !== "") : floor.say(`kind.${kind}`);
    setText(state, forced ? `${words} · ${forced}` : words);
    state.classList.toggle("over", over || fault !== "");
  }

  floor.onDraw(() => {
    const { seat } = floor;
    empty.hidden = seat !== null;
    body.hidden = seat === null;
    setText(empty, floor.say(floor.chosen && floor.isKnown ? "detail.gone" : "detail.none"));
    setText(place, seat ? floor.seatName(seat.id) : floor.say("detail.title"));
    setText(number, seat ? floor.say("detail.number", { id: seat.id }) : "");
    panel.setAttribute("aria-label", seat ? floor.person(seat.id) : floor.say("detail.title"));
    if (!seat) return;
    const kind = kindOf(seat);
    tile.className = `cell key ${kind}`;
    setText(letter, floor.say(`letter.${kind}`));
    setText(name, seat.name);
    for (const { key, label } of facts) setText(label, floor.say(`facts.${key}`));
    const talk = seat.talk;
    setText(caller, talk ? [talk.number || floor.say("facts.withheld"), talk.queue ? floor.skill(talk.queue) : ""].filter(Boolean).join("，") : floor.say("facts.no_call"));
    record.hidden = !talk || !floor.user.roles.includes("supervisor");
    setText(record, floor.say("facts.record"));
    if (talk) record.href = `/records?call=${encodeURIComponent(talk.call_id)}`;
    if (skills) {
      setText(skills, skillsText(seat.skills, (id) => floor.skill(id)));
      skills.title = skills.textContent ?? "";
    }
    back.hidden = !seat.skills_today;
    setText(back, floor.say("skills.take_back", { by: seat.skills_today?.by ?? "" }));
    ofDay();
    paint();
  });
  floor.onTick(paint);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" && document.activeElement === panel) toMap();
  });
  return acts;
}
