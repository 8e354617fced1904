// The header: whose hotline, how old the data is, what the city does against a rush, date and time.
import { make, setText } from "/pages/shared/dom.js";
import { clock } from "../agent/format_logic.js";

/** @param {HTMLElement} header @param {import("./wall.js").Wall} wall */
export function mountHeader(header, wall) {
  const title = make("h1");
  const age = make("span", { class: "age", role: "timer", "aria-live": "off" });
  const again = make("a", { class: "again", href: `/login?next=${encodeURIComponent(`/wallboard${location.search}`)}`, hidden: true });
  const rungs = make("span", { class: "rungs" });
  const speech = make("span", { class: "speech" });
  const stopped = make("span", { class: "stopped" });
  const [date, time] = [make("span", { class: "date" }), make("time", { class: "clock" })];
  header.append(title, age, again, make("span", { class: "space" }), stopped, speech, rungs, date, time);

  const say = wall.say.bind(wall);
  wall.onPaint(() => {
    const city = wall.state.city?.["city"];
    setText(title, say("title", { city: city?.name ?? "" }).trim());
    document.title = `${title.textContent} · ${say("page")}`;
    const ladder = Object.entries(wall.state.surge ?? {}).sort(([, a], [, b]) => a.order - b.order);
    const on = ladder.filter(([, rung]) => rung.on);
    setText(rungs, ladder.length ? say("surge", { on: on.length, all: ladder.length }) : say("surge.unknown"));
    rungs.classList.toggle("on", on.length > 0);
    rungs.title = on.map(([name]) => say(`rung.${name}`)).join(say("and"));
    setText(speech, city && city.speech !== "ok" ? say(`speech.${city.speech}`) : "");
    speech.hidden = !speech.textContent;
  });
  wall.onTick(() => {
    const zone = wall.state.city?.["city"]?.zone ?? "Asia/Shanghai";
    const locale = wall.lang === "zh" ? "zh-CN" : "en-GB";
    const timeAt = (/** @type {number} */ at) => new Date(at * 1000).toLocaleTimeString("en-GB", { timeZone: zone, hour12: false });
    const now = new Date(wall.clock * 1000);
    setText(time, timeAt(wall.clock));
    const day = now.toLocaleDateString(locale, { timeZone: zone, month: wall.lang === "zh" ? "long" : "short", day: "numeric" });
    setText(date, `${day} ${now.toLocaleDateString(locale, { timeZone: zone, weekday: "short" })}`);
    const freshness = wall.freshness;
    const since = wall.ageS < 60 ? say("seconds", { n: Math.floor(wall.ageS) }) : clock(wall.ageS);
    const words = {
      none: () => say("age.none"),
      fresh: () => say("age.fresh", { n: wall.ageS.toFixed(1) }),
      late: () => say("age.late", { n: Math.floor(wall.ageS) }),
      stale: () => say("age.stale", { at: timeAt(wall.saidAt), since }),
      gone: () => say("age.gone"),
    };
    setText(age, words[freshness]());
    setText(stopped, wall.isStale ? say("stopped") : "");
    again.hidden = freshness !== "gone";
    setText(again, say("log_in_again"));
    speech.classList.toggle("away", wall.isStale);
    rungs.hidden = date.hidden = wall.isStale;
  });
}
