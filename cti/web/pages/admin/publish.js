// Before publishing: what is different, what is wrong, what it would have touched yesterday, and why.
import { make } from "/pages/shared/dom.js";
import { problemList } from "./editor.js";
import { difference, group, nothing, reason, touchedBox } from "./parts.js";
import { redraw } from "./redraw.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./types.js").Doc} Doc */
/** @typedef {{lines: import("./types.js").DiffLine[] | null, touched: import("./types.js").Touched | null, why: string}} Seen */

/** @param {Office} office @returns {(body: HTMLElement, drafts: Doc[]) => void} */
export function mountPublish(office) {
  const say = office.say.bind(office);
  /** @type {Map<string, Seen>} */
  const seen = new Map();

  /** @param {Doc} doc @param {string} key */
  async function look(doc, key) {
    const found = { lines: null, touched: null, why: "" };
    seen.set(key, found);
    const said = { lines: office.api.get(`/api/config/${doc.id}/diff`), touched: office.api.get(`/api/config/${doc.id}/touched`) };
    try {
      found.lines = (await said.lines).lines;
    } catch (error) {
      office.failed(error);
    }
    office.draw();
    try {
      found.touched = await said.touched;
    } catch (error) {
      found.why = office.why(error);
    }
    office.draw();
  }

  return (body, drafts) => {
    const keys = drafts.map((doc) => `${doc.id}@${doc.version.n}@${doc.draft?.at}`);
    drafts.forEach((doc, n) => {
      const key = keys[n] ?? "";
      if (!seen.has(key)) void look(doc, key);
    });
    const faults = drafts.flatMap((doc) => (doc.draft?.problems ?? []).filter((one) => one.level === "error"));
    const behind = drafts.filter((doc) => doc.draft && doc.draft.base !== doc.version.n);
    redraw(body, JSON.stringify(["publish", office.dictionary.lang, keys, keys.map((key) => seen.get(key)), faults.length, behind.length]), () => {
      if (!drafts.length) return [nothing(say("publish.nothing"), make("button", { type: "button", class: "button", "data-key": "to-edit", onclick: () => office.go({ view: "edit" }) }, say("publish.back")))];
      const parts = drafts.map((doc, n) => {
        const now = seen.get(keys[n] ?? "");
        const problems = doc.draft?.problems ?? [];
        return group(drafts.length > 1 ? say("publish.of", { doc: office.title(doc.id), n: doc.version.n + 1 }) : say("publish.changes", { n: doc.version.n + 1 }),
          now?.lines ? difference(office, now.lines, `diff-${doc.id}`) : make("p", { class: "none" }, say("history.reading")),
          problems.length ? problemList(office, problems, (one) => office.go({ view: "edit", mode: "text", doc: doc.id, item: office.place.item || one.node })) : null,
          make("h4", {}, say("touched.title")),
          now?.why ? make("p", { class: "touched waiting" }, now.why) : touchedBox(office, now?.touched ?? null));
      });
      const blocked = faults.length ? say("publish.faulty", { n: faults.length }) : behind.length ? say("publish.behind") : "";
      return [
        make("div", { class: "preview", "data-scroll": "preview", tabindex: "0", role: "region", "aria-label": say("publish.preview") }, ...parts),
        make("div", { class: "last" }, blocked ? make("p", { class: "alert warn" }, blocked) : null, reason(office, {
          label: say("publish.why"), placeholder: say("publish.why_example"), button: say("publish.go"), needed: true, key: "publish", disabled: Boolean(blocked),
          act: async (why) => {
            for (const doc of drafts) if (!(await office.publish(doc.id, why))) return;
            office.go({ view: "edit" });
            office.tell(say("note.published_all", { docs: office.list(drafts.map((doc) => `${office.title(doc.id)} v${office.docs.get(doc.id)?.version.n}`)) }), "ok");
            office.draw();
          },
        })),
      ];
    });
  };
}
