// The desk page: who is logged in, the controller, the shell, and the three panels of the writing half.
import "./steady_timers.js";
import { Api } from "/pages/shared/api.js";
import { make } from "/pages/shared/dom.js";
import { Dictionary } from "/pages/shared/words.js";
import { mountAudioStrip } from "./audio_strip.js";
import { mountCallBar } from "./callbar.js";
import { mountCover } from "./cover.js";
import { Desk } from "./desk.js";
import { mountFootBar } from "./footbar.js";
import { listenToKeys } from "./keys.js";
import { mountRinging } from "./ringing.js";
import { useTheme } from "./status_menu.js";
import { listenToSupervisors } from "./supervisors.js";
import { mountTopBar } from "./topbar.js";
import { mountWatch } from "./watch.js";
import { mountVideo } from "./video/video.js";
import { mountDraft } from "./work/draft.js";
import { mountStory } from "./work/story.js";
import { mountTranscript } from "./work/transcript.js";

useTheme();
const api = new Api();
const [me, dictionary] = await Promise.all([api.me(), Dictionary.load("/pages/agent", "/pages/agent/work", "/pages/agent/video")]);
if (me?.user.agent) begin(new Desk(dictionary, api, me.user));
else location.replace("/login");

/** @param {Desk} desk */
function begin(desk) {
  desk.start();
  const skip = make("a", { class: "skip", href: "#draft" });
  const [top, call, foot] = [make("header", { class: "top" }), make("section", { class: "call" }), make("footer", { class: "statusline" })];
  const [story, strip] = [make("section", { class: "panel", id: "story", tabindex: "-1" }), make("div", { class: "panel strip" })];
  const [transcript, draft] = [make("section", { class: "panel", id: "transcript", tabindex: "-1" }), make("section", { class: "panel", id: "draft", tabindex: "-1" })];
  const video = make("section", { class: "panel", id: "video", hidden: true });
  const app = /** @type {HTMLElement} */ (document.getElementById("app"));
  app.append(skip, top, call, make("main", {}, story, make("div", { class: "middle" }, strip, video, transcript), draft), foot);

  const { openStatus } = mountTopBar(top, desk);
  const acts = mountCallBar(call, desk);
  const { openKeys } = mountFootBar(foot, desk);
  mountAudioStrip(strip, desk);
  mountCover(app, desk);
  mountRinging(desk);
  mountWatch(desk);
  listenToSupervisors(desk);
  mountStory(story, desk);
  mountVideo(video, desk);
  mountTranscript(transcript, desk);
  mountDraft(draft, desk);
  desk.onDraw(() => (skip.textContent = desk.dictionary.say("skip")));

  // Below 1280 the story is a drawer.
  const search = () => {
    const drawn = getComputedStyle(story).position === "fixed";
    if (drawn) document.body.classList.toggle("drawer");
    if (!drawn || document.body.classList.contains("drawer")) desk.press("search", new KeyboardEvent("keydown", { key: "F3" }));
  };
  story.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.body.classList.remove("drawer");
  });
  listenToKeys(desk, draft, { ...acts, status: openStatus, help: openKeys, search });
}
