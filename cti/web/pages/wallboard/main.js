// The wallboard: who is logged in, the channel, the frame. `?theme=light` for bright rooms, `?lang=en` for English.
import { Api } from "/pages/shared/api.js";
import { Dictionary } from "/pages/shared/words.js";
import { mountFrame } from "./frame.js";
import { Wall } from "./wall.js";

const query = new URLSearchParams(location.search);
document.documentElement.dataset["theme"] = query.get("theme") === "light" ? "light" : "dark";
const api = new Api();
const [me, dictionary] = await Promise.all([api.me(), Dictionary.load("/pages/wallboard")]);
if (me?.user.roles.some((role) => ["supervisor", "administrator", "auditor", "screen"].includes(role))) {
  const wall = new Wall(dictionary, api);
  mountFrame(/** @type {HTMLElement} */ (document.getElementById("app")), wall);
  wall.start();
} else {
  const next = encodeURIComponent(`/wallboard${location.search}`);
  location.replace(`/login?next=${next}${me ? "&why=not_your_role" : ""}`);
}
