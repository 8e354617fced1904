// Reports: who is logged in, the controller, the frame with its table and its list of lost calls.
import { Api } from "/pages/shared/api.js";
import { Dictionary } from "/pages/shared/words.js";
import { useTheme } from "../agent/status_menu.js";
import { Reports } from "./reports.js";
import { mountShell } from "./shell.js";

useTheme();
const api = new Api();
const [me, dictionary] = await Promise.all([api.me(), Dictionary.load("/pages/reports")]);
if (me?.user.roles.some((role) => ["supervisor", "administrator", "auditor"].includes(role))) {
  const reports = new Reports(dictionary, api, me.user);
  mountShell(/** @type {HTMLElement} */ (document.getElementById("app")), reports);
  await reports.start();
} else location.replace(`/login?next=%2Freports${me ? "&why=not_your_role" : ""}`);
