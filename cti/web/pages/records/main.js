// Call records: who is logged in, the controller, the frame and its three views.
import { Api } from "/pages/shared/api.js";
import { Dictionary } from "/pages/shared/words.js";
import { useTheme } from "../agent/status_menu.js";
import { afterLogIn, callPlace, placeFrom, placeText } from "./places_logic.js";
import { Reading } from "./reading.js";
import { mountShell } from "./shell.js";

useTheme();
// A link that came through the log-in has its call in the query.
const call = new URLSearchParams(location.search).get("call");
if (call) history.replaceState(null, "", `/records${placeText(callPlace(call))}`);
const api = new Api();
const [me, dictionary] = await Promise.all([api.me(), Dictionary.load("/pages/records")]);
const may = me?.user.agent || me?.user.roles.some((role) => role === "supervisor" || role === "auditor");
if (me && may) {
  const reading = new Reading(dictionary, api, me.user);
  mountShell(/** @type {HTMLElement} */ (document.getElementById("app")), reading);
  await reading.start();
} else {
  const next = encodeURIComponent(afterLogIn(placeFrom(location.hash)));
  location.replace(`/login?next=${next}${me ? "&why=not_your_role" : ""}`);
}
