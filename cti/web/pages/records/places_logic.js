// The address of a place on the page: #search?q=…, #quality?day=…&kind=…&agent=…, #call/<id>?s=<segment> with &n=<line> or
// &t=<second>, and &w=<UTC seconds>.

/** @typedef {import("./types.js").Place} Place */

/** @param {string} hash @returns {Place} an empty search for one that is none of ours */
export function placeFrom(hash) {
  const [path = "", query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  const [view = "", rest = ""] = path.split(/\/(.*)/s);
  const asked = new URLSearchParams(query);
  const text = (/** @type {string} */ name) => asked.get(name) ?? "";
  if (view === "quality") return { view, day: /^\d{4}-\d\d-\d\d$/.test(text("day")) ? text("day") : "", kind: text("kind"), agent: text("agent") };
  if (view === "call" && rest) return { view, call: decoded(rest), segment: text("s"), line: number(asked.get("n")), at: number(asked.get("t")), when: number(asked.get("w")) };
  return { view: "search", q: text("q") };
}

/** @param {Place} place @returns {string} with the # */
export function placeText(place) {
  const asked = new URLSearchParams();
  const put = (/** @type {string} */ name, /** @type {string | number | null} */ value) => value !== "" && value !== null && asked.set(name, String(value));
  let path = place.view === "call" ? `call/${encodeURIComponent(place.call)}` : place.view;
  if (place.view === "search") put("q", place.q);
  else if (place.view === "quality") for (const name of /** @type {const} */ (["day", "kind", "agent"])) put(name, place[name]);
  else {
    put("s", place.segment);
    put("n", place.line);
    put("t", place.at);
    put("w", place.when);
  }
  return `#${path}${asked.size ? `?${asked}` : ""}`;
}

/** A call from its beginning. @param {string} call @returns {import("./types.js").CallPlace} */
export function callPlace(call) {
  return { view: "call", call, segment: "", line: null, at: null, when: null };
}

/** As the log-in leads back to: a hash does not survive it. @param {Place} place @returns {string} */
export function afterLogIn(place) {
  return place.view === "call" && /^[\w.-]+$/.test(place.call) ? `/records?call=${place.call}` : "/records";
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string | null} text @returns {number | null} */
function number(text) {
  const value = text === null || text === "" ? NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}
