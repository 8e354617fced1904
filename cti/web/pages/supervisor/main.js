// The supervisor's desk: who is logged in, the controller, the shell.
import { Api } from "/pages/shared/api.js";
import { Dictionary } from "/pages/shared/words.js";
import { useTheme } from "../agent/status_menu.js";
import { Floor } from "./floor.js";
import { mountShell } from "./shell.js";

useTheme();
const api = new Api();
const [me, dictionary] = await Promise.all([api.me(), Dictionary.load("/pages/supervisor")]);
const may = me?.user.roles.some((role) => role === "supervisor" || role === "administrator");
if (me && may) {
  const floor = new Floor(dictionary, api, me.user);
  mountShell(/** @type {HTMLElement} */ (document.getElementById("app")), floor);
  await floor.start();
} else {
  location.replace(`/login?next=/supervisor${me ? "&why=not_your_role" : ""}`);
}
