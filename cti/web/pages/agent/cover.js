// What lies over the whole page when the desk is in another tab: one control, and nothing else can be touched.
import { make, setText } from "/pages/shared/dom.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {HTMLElement} app what is covered @param {Desk} desk */
export function mountCover(app, desk) {
  const [title, hint, button] = [make("h2"), make("p"), make("button", { type: "button", class: "button primary" })];
  const cover = make("div", { class: "cover", role: "dialog", "aria-modal": "true", hidden: true }, make("div", { class: "panel box" }, title, hint, button));
  document.body.append(cover);
  const others = "BroadcastChannel" in window ? new BroadcastChannel("yihu-desk") : null;
  const mine = crypto.randomUUID();
  /** In this browser the older tab steps back at once, before the server tells it to. */
  const announce = () => others?.postMessage({ agent: desk.user.id, tab: mine });
  others?.addEventListener("message", ({ data }) => {
    if (data?.agent === desk.user.id && data.tab !== mine && desk.link.state !== "logged_out") desk.link.close("taken_over");
  });
  button.addEventListener("click", () => {
    announce();
    desk.start();
  });
  const draw = () => {
    const covered = desk.link.state === "taken_over";
    if (cover.hidden === covered) {
      cover.hidden = !covered;
      app.inert = covered;
      if (covered) desk.say("cover.title", "assertive");
    }
    setText(title, desk.dictionary.say("cover.title"));
    setText(hint, desk.dictionary.say("cover.hint"));
    setText(button, desk.dictionary.say("cover.here"));
    cover.setAttribute("aria-label", title.textContent ?? "");
  };
  desk.onDraw(draw);
  desk.on("link", ({ state }) => {
    if (state === "logged_out") location.assign("/login?why=logged_out");
  });
  announce();
}
