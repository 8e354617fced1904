// The administrator's desk: who is logged in, the controller, the shell.
import { Api } from "/pages/shared/api.js";
import { Dictionary } from "/pages/shared/words.js";
import { useTheme } from "../agent/status_menu.js";
import { Office } from "./office.js";
import { mountShell } from "./shell.js";

useTheme();
const api = new Api();
const [me, dictionary] = await Promise.all([api.me(), Dictionary.load("/pages/admin")]);
const may = me?.user.roles.some((role) => role === "administrator" || role === "auditor");
if (me && may) {
  const office = new Office(dictionary, api, me.user);
  mountShell(/** @type {HTMLElement} */ (document.getElementById("app")), office);
  await office.start();
} else {
  location.replace(`/login?next=/admin${me ? "&why=not_your_role" : ""}`);
}
