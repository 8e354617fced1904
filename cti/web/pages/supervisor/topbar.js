// The bar on top: how the day is going in three figures, the search, and the ways out.
import { make, setText } from "/pages/shared/dom.js";
import { clock, count, percent, timeOfDay } from "../agent/format_logic.js";
import { gapsOf } from "./staffing_logic.js";
import { formulaOf, rateToday } from "./wall_logic.js";
import { WaitLevel } from "./wait_logic.js";

/** @typedef {import("./floor.js").Floor} Floor */

/** @param {HTMLElement} top @param {Floor} floor @returns {{search: HTMLInputElement}} */
export function mountTopBar(top, floor) {
  const { dictionary, api, user } = floor;
  const brand = make("span");
  const figure = (/** @type {string} */ name) => {
    const [label, value, more] = [make("span"), make("b"), make("small")];
    return { element: make("p", { class: "figure", "data-figure": name }, label, value, more), label, value, more };
  };
  const [rate, waiting, seats] = [figure("rate"), figure("waiting"), figure("seats")];
  const stopped = make("p", { class: "stopped", role: "alert" });
  const search = make("input", { class: "search", type: "search", autocomplete: "off", spellcheck: "false", oninput: () => floor.look({ text: search.value }) });
  const languages = /** @type {const} */ (["zh", "en"]).map((lang) => ({ lang, button: make("button", { type: "button", onclick: () => dictionary.use(lang) }) }));
  const language = make("span", { class: "languages", role: "group" }, ...languages.map(({ button }) => button));
  const isAdministrator = user.roles.includes("administrator");
  const ways = [{ key: "to_wall", href: "/wallboard" }, { key: "to_records", href: "/records" }, ...(isAdministrator ? [{ key: "to_admin", href: "/admin" }] : [])]
    .map(({ key, href }) => ({ key, link: make("a", { class: "out", href }) }));
  const who = make("span", { class: "who" });
  const out = make("button", { type: "button", class: "out", onclick: async () => {
    await api.post("/api/logout").catch(() => null);
    location.assign("/login");
  } });
  top.append(make("h1", {}, make("i", { "aria-hidden": "true" }, "呼"), brand), make("div", { class: "figures" }, rate.element, waiting.element, seats.element, stopped), search,
    make("nav", { class: "ways" }, ...ways.map(({ link }) => link)), language, who, out);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const found = floor.layout.flatMap(({ seats: row }) => row).find((id) => id && floor.seats[id] && floor.isWanted(floor.seats[id], floor.seatName(id)));
    if (!found) return;
    event.preventDefault();
    floor.choose(found);
    document.getElementById("detail")?.focus();
  });

  const level = new WaitLevel();
  function paint() {
    const stale = floor.freshness === "stale";
    setText(stopped, stale ? floor.say("data.stopped", { at: timeOfDay(floor.now), age: Math.floor(floor.age) }) : "");
    const known = rateToday(floor.wall);
    setText(rate.label, floor.say("figure.rate"));
    setText(rate.value, known ? (known.of < 30 ? `${known.part} / ${known.of}` : `${percent(known.part, known.of)}%`) : "—");
    setText(rate.more, known ? (known.of < 30 ? floor.say("figure.few") : `${count(known.part, floor.lang)} / ${count(known.of, floor.lang)}`) : "");
    rate.element.dataset["level"] = known && known.target !== null && known.of >= 30 && known.part / known.of < known.target ? "warn" : "";
    rate.element.title = floor.dictionary.pick(formulaOf(floor.wall));
    const queues = Object.values(floor.queues);
    const longest = Math.min(...queues.map(({ longest_since }) => longest_since || Infinity));
    const wait = longest === Infinity ? null : Math.max(0, floor.now - longest);
    const colour = level.take(wait, floor.now);
    waiting.element.dataset["level"] = colour;
    setText(waiting.label, floor.say("figure.waiting"));
    setText(waiting.value, floor.isKnown ? `${queues.reduce((sum, queue) => sum + queue.waiting, 0)}${colour ? " ▲" : ""}` : "—");
    setText(waiting.more, wait === null ? "" : floor.say(stale ? "queue.at_least" : "queue.longest", { time: clock(wait) }));
    const { now, next } = gapsOf(floor.staffing);
    const short = now?.short ?? 0;
    seats.element.dataset["level"] = short > 0 ? "warn" : "";
    setText(seats.label, floor.say("figure.seats"));
    setText(seats.value, now?.there === null || !now ? "—" : String(now.there));
    const need = !now || now.needed === null ? floor.say("figure.need_unknown") : floor.say(short > 0 ? "figure.short" : "figure.need", { needed: now.needed, short });
    setText(seats.more, need);
    const later = next && { at: timeOfDay(next.at).slice(0, 5), needed: next.needed ?? "—", there: next.there ?? "—", short: next.short ?? "—" };
    seats.element.title = later ? floor.say("figure.next", later) : floor.say("figure.need_unknown");
  }
  floor.onTick(paint);
  floor.onDraw(() => {
    setText(brand, floor.say("title"));
    search.placeholder = floor.say("search.placeholder");
    search.setAttribute("aria-label", floor.say("search.label"));
    if (search.value !== floor.wanted.text) search.value = floor.wanted.text;
    for (const { key, link } of ways) setText(link, floor.say(key));
    for (const { lang, button } of languages) {
      setText(button, floor.say(`language.${lang}`));
      button.setAttribute("aria-pressed", String(dictionary.lang === lang));
    }
    language.setAttribute("aria-label", floor.say("language.name"));
    setText(who, `${user.name} · ${floor.say(user.roles.includes("supervisor") ? "role.supervisor" : "role.administrator")}`);
    setText(out, floor.say("log_out"));
    top.querySelector("nav")?.setAttribute("aria-label", floor.say("ways"));
    paint();
  });
  return { search };
}
