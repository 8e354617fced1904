// The log-in's rules without a page.

/** @typedef {{status: number, code: string, body: any}} Refusal */
/** @typedef {{key: string, values?: Record<string, string | number>}} Text */

/** What is said of a refused log-in. @param {Refusal} refusal @returns {Text} */
export function refusalText({ status, code, body }) {
  switch (code) {
    case "wrong_password":
      return { key: "login.wrong", values: { n: body?.tries_left ?? 0 } };
    case "locked":
    case "address_locked":
      return { key: `login.${code}`, values: { t: minutes(body?.seconds ?? 60) } };
    case "logged_in_elsewhere":
      return body?.seat ? { key: "login.elsewhere", values: { seat: body.seat } } : { key: "login.elsewhere_unknown" };
    case "busy":
      return { key: "login.busy" };
    case "network":
      return { key: "error.network" };
    default:
      return { key: "error.unknown", values: { code: code || String(status) } };
  }
}

/** Whole minutes, never fewer than the wait. @param {number} seconds */
export function minutes(seconds) {
  return Math.max(1, Math.ceil(seconds / 60));
}

/** Where a user belongs after the log-in: where he was going, if that is a page of ours, else the page of his role.
 * @param {{agent: boolean, roles: string[]}} user @param {string | null} next @returns {string | null} null: no page is his */
export function pageOf(user, next) {
  if (next && /^\/[a-z][a-z-]*(\?[\w=&.-]*)?$/.test(next) && next !== "/login") return next;
  if (user.agent) return "/agent";
  if (user.roles.includes("administrator")) return "/admin";
  if (user.roles.includes("supervisor")) return "/supervisor";
  if (user.roles.includes("auditor")) return "/admin";
  if (user.roles.includes("screen")) return "/wallboard";
  return null;
}

/** Whether everything an agent needs was seen to work. @param {Record<string, "wait" | "ok" | "bad">} results */
export function allFine(results) {
  return Object.values(results).every((result) => result === "ok");
}
