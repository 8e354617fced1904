// Every version of a document: who, when, why; what it changed; and the way back to it.
import { make } from "/pages/shared/dom.js";
import { whoText } from "./desk.js";
import { difference, nothing, reason } from "./parts.js";
import { redraw } from "./redraw.js";
import { moment } from "./text_logic.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./types.js").Doc} Doc */
/** @typedef {import("./types.js").Version} Version */
/** @typedef {import("./types.js").DiffLine} DiffLine */

/** @param {Office} office @returns {(body: HTMLElement, doc: Doc | undefined) => void} */
export function mountHistory(office) {
  const say = office.say.bind(office);
  let [of, chosen, against] = ["", 0, "before"];
  /** @type {Version[] | null} */
  let versions = null;
  /** @type {DiffLine[] | null} */
  let lines = null;

  /** @param {Doc} doc @param {number} n */
  async function choose(doc, n) {
    chosen = n;
    lines = null;
    office.draw();
    const [from, to] = against === "before" ? [Math.max(0, n - 1), n] : [doc.version.n, n];
    try {
      const hasBefore = against !== "before" || n > 0;
      lines = hasBefore ? (await office.api.get(`/api/config/${doc.id}/diff?from=${from}&to=${to}`)).lines : [];
    } catch (error) {
      // The first version of a file that was never shipped has none before it.
      lines = [];
      if (n > 1) office.failed(error);
    }
    office.draw();
  }

  /** @param {Doc} doc */
  async function read(doc) {
    of = `${doc.id}@${doc.version.n}`;
    versions = lines = null;
    try {
      versions = await office.api.get(`/api/config/${doc.id}/history`);
    } catch (error) {
      return office.failed(error);
    }
    await choose(doc, doc.version.n);
  }

  return (body, doc) => {
    if (!doc) return;
    if (of !== `${doc.id}@${doc.version.n}`) void read(doc);
    const { lang } = office.dictionary;
    const now = Date.now() / 1000;
    redraw(body, JSON.stringify(["history", lang, doc.id, versions, chosen, against, lines, office.mayChange]), () => {
      if (!versions) return [nothing(say("history.reading"))];
      if (!versions.length) return [nothing(say("history.empty"))];
      const picked = versions.find((one) => one.n === chosen);
      const rows = versions.map((one) => make("li", {}, make("button", { type: "button", class: "entry", "data-key": `version-${one.n}`, "aria-pressed": String(one.n === chosen), onclick: () => void choose(doc, one.n) },
        make("b", {}, one.n ? `v${one.n}` : say("version.shipped")),
        one.n === doc.live.n ? make("span", { class: "chip live" }, say("history.live")) : !one.good ? make("span", { class: "chip bad" }, say("history.faulty")) : null,
        make("span", { class: "when" }, moment(one.at, lang, now)),
        make("span", { class: "who" }, one.n ? whoText(office, one) : ""),
        make("span", { class: "reason" }, howText(office, one)))));
      return [
        make("ul", { class: "versions-list", "data-scroll": "versions" }, ...rows),
        make("div", { class: "old" },
          make("div", { class: "line" }, make("h3", {}, say("history.change", { n: chosen })),
            make("div", { class: "tabs small", role: "group", "aria-label": say("history.compare") }, ...["before", "now"].map((one) =>
              make("button", { type: "button", class: "tab", "data-key": `against-${one}`, "aria-pressed": String(against === one), onclick: () => {
                against = one;
                void choose(doc, chosen);
              } }, say(`history.against_${one}`))))),
          lines === null ? make("p", { class: "none" }, say("history.reading")) : difference(office, lines, `diff-${chosen}`),
          office.mayChange && picked && picked.n !== doc.version.n ? reason(office, {
            label: say("history.roll_back_why", { n: picked.n ? `v${picked.n}` : say("version.shipped") }), placeholder: say("history.roll_back_example"),
            button: say("history.roll_back"), needed: true, key: `roll-${doc.id}`, act: (why) => office.rollBack(doc.id, picked.n, why),
          }) : null),
      ];
    });
  };
}

/** @param {Office} office @param {Version} version @returns {string} */
function howText(office, version) {
  if (version.how === "rolled_back") return office.say("how.rolled_back", { n: version.of ? `v${version.of}` : office.say("version.shipped"), why: version.why });
  return version.why || (version.how === "published" ? "" : office.say(`how.${version.how}`));
}
