// Log in; who is an agent sees on the same screen that headset, network and telephone work, and enters on a break.
import "../agent/steady_timers.js";
import { Api, ApiError } from "/pages/shared/api.js";
import { make, setText } from "/pages/shared/dom.js";
import { Dictionary } from "/pages/shared/words.js";
import { devicePanel } from "../agent/device_check.js";
import { Phone } from "../agent/phone.js";
import { Sound } from "../agent/sound.js";
import { useTheme } from "../agent/status_menu.js";
import { allFine, pageOf, refusalText } from "./login_logic.js";

/** @typedef {import("/pages/shared/api.js").User} User */

const SEAT = "yihu.seat";
const asked = new URLSearchParams(location.search);

useTheme();
const api = new Api();
const [me, dictionary] = await Promise.all([api.me().catch(() => null), Dictionary.load("/pages/agent", "/pages/login")]);
// Who was just sent here from his page is not sent back to it.
const target = me && !asked.has("why") ? pageOf(me.user, asked.get("next")) : null;
if (target) location.replace(target);
else begin(/** @type {HTMLElement} */ (document.getElementById("app")));

/** @param {HTMLElement} app */
function begin(app) {
  const say = (/** @type {string} */ key, values = {}) => dictionary.say(key, values);
  /** @type {(() => void)[]} */
  const words = [];
  const text = (/** @type {Element} */ element, /** @type {string} */ key, /** @type {() => Record<string, string | number>} */ values = () => ({})) => {
    words.push(() => setText(element, say(key, values())));
    return element;
  };
  const field = (/** @type {string} */ name, /** @type {Record<string, unknown>} */ more) => {
    const input = make("input", { class: "field", id: name, name, ...more });
    return { input, row: make("div", { class: "row" }, text(make("label", { for: name }), `login.${name}`), input) };
  };
  const user = field("user", { autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true, maxlength: 64 });
  const password = field("password", { type: "password", autocomplete: "current-password", required: true, maxlength: 200 });
  const seat = field("seat", { autocomplete: "off", maxlength: 40, value: localStorage.getItem(SEAT) ?? "" });
  const error = make("p", { class: "error", role: "alert" });
  const force = make("button", { type: "button", class: "button", hidden: true, onclick: () => void logIn(true) });
  text(force, "login.force");
  const button = make("button", { type: "submit", class: "button primary" });
  text(button, "login.go");
  const form = make("form", { novalidate: true }, user.row, password.row, seat.row, error, force, button);
  const devices = make("section", { class: "devices", hidden: true });
  const languages = /** @type {const} */ (["zh", "en"]).map((lang) => {
    const one = make("button", { type: "button", onclick: () => dictionary.use(lang) });
    words.push(() => {
      setText(one, say(`language.${lang}`));
      one.setAttribute("aria-pressed", String(dictionary.lang === lang));
    });
    return one;
  });
  const language = make("span", { class: "languages", role: "group" }, ...languages);
  words.push(() => language.setAttribute("aria-label", say("language.name")));
  app.append(make("div", { class: "panel card" },
    make("header", {}, make("i", { "aria-hidden": "true" }, "呼"), text(make("h1"), "login.title"), language), form, devices,
    make("footer", {}, text(make("span"), "login.staff_only"))));

  /** @type {import("./login_logic.js").Text | null} */
  let refused = asked.get("why") === "logged_out" ? whyOut() : null;
  const draw = () => {
    for (const one of words) one();
    document.title = say("login.page");
    setText(error, refused ? say(refused.key, refused.values) : "");
  };
  dictionary.onChange(draw);
  draw();
  (user.input.value ? password.input : user.input).focus();

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void logIn(false);
  });

  /** @param {boolean} forced */
  async function logIn(forced) {
    refused = null;
    force.hidden = true;
    const empty = [user.input, password.input].find((input) => !input.value.trim());
    for (const input of [user.input, password.input]) input.setAttribute("aria-invalid", String(!input.value.trim()));
    if (empty) {
      refused = { key: "login.needed" };
      draw();
      return empty.focus();
    }
    localStorage.setItem(SEAT, seat.input.value.trim());
    button.disabled = true;
    draw();
    try {
      const body = { user: user.input.value.trim(), password: password.input.value, seat: seat.input.value.trim(), ...(forced && { force: true }) };
      const answer = /** @type {{user: User, csrf: string}} */ (await api.post("/api/login", body));
      api.csrf = answer.csrf;
      password.input.value = "";
      entered(answer.user);
    } catch (fault) {
      if (!(fault instanceof ApiError)) throw fault;
      refused = refusalText(fault);
      force.hidden = fault.code !== "logged_in_elsewhere";
      button.disabled = false;
      draw();
      if (force.hidden) {
        password.input.select();
        password.input.focus();
      } else force.focus();
    }
  }

  /** @param {User} who */
  function entered(who) {
    const page = pageOf(who, asked.get("next"));
    if (page === null) {
      refused = { key: "login.no_page" };
      draw();
    } else if (page !== "/agent") location.assign(page);
    else check(who);
  }

  /** Headset, network and telephone, on the same screen. @param {User} who */
  function check(who) {
    form.hidden = true;
    devices.hidden = false;
    const path = `/api/agents/${encodeURIComponent(who.id)}`;
    const sound = new Sound();
    const phone = new Phone({ account: () => api.post(`${path}/softphone`), ticket: () => api.socketTicket(), sound, changed: () => {} });
    phone.start();
    const enter = make("button", { type: "button", class: "button primary big", onclick: () => void leave() });
    text(enter, "login.enter");
    const skip = make("button", { type: "button", class: "plain", onclick: () => void leave() });
    text(skip, "login.enter_anyway");
    let panel = devicePanel({ dictionary, sound, phone }, ready);
    const box = make("div", {}, panel.element);
    const welcome = text(make("h2"), "login.welcome", () => ({ name: who.name }));
    devices.append(welcome, box, make("div", { class: "go" }, enter, skip));
    dictionary.onChange(() => {
      panel.stop();
      panel = devicePanel({ dictionary, sound, phone }, ready);
      box.replaceChildren(panel.element);
    });
    ready({ all: "wait" });
    draw();

    /** @param {Record<string, "wait" | "ok" | "bad">} results */
    function ready(results) {
      const fine = allFine(results);
      if (fine && enter.disabled) setTimeout(() => enter.focus());
      enter.disabled = !fine;
      skip.hidden = fine;
    }

    async function leave() {
      if ("Notification" in window && Notification.permission === "default") await Notification.requestPermission();
      panel.stop();
      phone.stop();
      location.assign("/agent");
    }
  }
}

/** Of who was logged out: by himself or by time, or by a supervisor, whose words the agent's page has left here. */
function whyOut() {
  const forced = sessionStorage.getItem("yihu.forced");
  sessionStorage.removeItem("yihu.forced");
  return forced ? { key: "login.forced", values: JSON.parse(forced) } : { key: "login.logged_out" };
}
