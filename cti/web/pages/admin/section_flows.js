// 流程: the picture beside the text it is drawn from, what is wrong with it, and a call walked through it.
import { make } from "/pages/shared/dom.js";
import { problemList } from "./editor.js";
import { locked } from "./fields.js";
import { drawPicture, whatText } from "./flow_picture.js";
import { Walk } from "./flow_walk.js";
import { newThing } from "./new_thing.js";
import { nothing } from "./parts.js";
import { redraw } from "./redraw.js";

/** @typedef {import("./office.js").Office} Office */

/** 0: all of it, however small. */
const ZOOMS = [0, 0.8, 1, 1.25];

/** @param {Office} office @returns {string[]} */
const names = (office) => office.rows.filter((row) => row.id.startsWith("flow.")).map((row) => row.id.slice(5));
/** @param {Office} office */
const chosen = (office) => (office.doc?.id ?? "").slice(5) || office.place.item;

const state = { chosen: "", zoom: 2, of: "", here: "" };
/** @type {Walk | null} */
let walk = null;

/** @type {import("./sections.js").Section} */
export const flows = {
  items: (office, search) => {
    const numbers = office.said("numbers")?.data?.did ?? [];
    return names(office).filter((name) => name.includes(search.trim().toLowerCase())).map((name) => {
      const row = office.rows.find((one) => one.id === `flow.${name}`);
      const used = numbers.filter((/** @type {any} */ did) => did.flow === name).map((/** @type {any} */ did) => did.number);
      return { id: name, title: name, side: row?.version.n ? `v${row.version.n}` : office.say("version.shipped_short"), sub: used.length ? office.list(used) : office.say("flow.no_number"), tone: row?.version.good === false ? "bad" : "" };
    });
  },
  chosen,
  title: (office) => office.say("doc.flow", { name: chosen(office) }),
  signature: () => "",
  form: () => [],
  add: (office) => newThing(office, {
    label: office.say("flow.new"), placeholder: "night_line", button: office.say("flow.add"),
    fault: (id) => (!/^[a-z][a-z0-9_]{0,39}$/.test(id) ? "queues.id_form" : names(office).includes(id) ? "queues.id_taken" : ""),
    make: async (id) => {
      const doc = await office.load(`flow.${id}`).catch((error) => office.failed(error));
      if (!doc) return;
      office.typed(doc.id, `${doc.text}# ${office.say("flow.new_comment")}\n`);
      await office.save(doc.id);
      await office.poll();
      office.go({ item: id });
    },
  }),
  whole: (body, office, editor) => {
    const doc = office.doc;
    const say = office.say.bind(office);
    if (!doc) return void redraw(body, "none", () => [nothing(say("flows.empty"))]);
    if (!office.docs.has("numbers")) void office.load("numbers").then(() => office.draw(), () => null);
    if (!office.prompts.length) void office.readPrompts();
    const said = office.place.view === "live" ? doc : office.said(doc.id);
    if (!said) return;
    if (state.of !== doc.id) {
      Object.assign(state, { of: doc.id, chosen: "" });
      walk = null;
    }
    walk ??= new Walk(office, () => ({ name: doc.id.slice(5), text: editor.text }), () => office.draw());
    const walker = walk;
    redraw(body, `flow|${doc.id}|${office.place.view}|${office.dictionary.lang}`, () => [
      make("div", { class: "drawing" }), make("div", { class: "source" }, editor.element), make("div", { class: "beneath" }), make("div", { class: "walks" }, walker.element)]);
    editor.show(doc.id, said.text, said.problems, office.title(doc.id));
    const [drawing, beneath] = [body.querySelector(".drawing"), body.querySelector(".beneath")];
    /** @type {Map<string, "error" | "warning">} */
    const faulty = new Map();
    for (const one of said.problems) if (one.node && faulty.get(one.node) !== "error") faulty.set(one.node, one.level);
    const toNode = (/** @type {import("./types.js").FlowNode} */ node) => {
      state.chosen = node.name;
      office.draw();
    };
    const picture = said.picture;
    if (drawing) {
      redraw(drawing, JSON.stringify([office.dictionary.lang, picture, [...faulty], state, walker.path, office.words.skills, office.prompts.length]), () => {
        if (!picture) return [nothing(say("flow.no_picture"))];
        const node = picture.nodes.find((one) => one.name === state.chosen);
        const zoom = (/** @type {number} */ by, /** @type {string} */ sign, /** @type {string} */ key) => make("button", { type: "button", class: "button", "data-key": key, "aria-label": say(key), disabled: !ZOOMS[state.zoom + by], onclick: () => {
          state.zoom += by;
          office.draw();
        } }, sign);
        return [
          make("div", { class: "line" }, make("h3", {}, say("flow.drawn", { n: picture.nodes.length })),
            node ? make("p", { class: "picked" }, make("code", {}, node.name), ` ${whatText(office, node)} `, make("button", { type: "button", class: "link", "data-key": "to-line", onclick: () => editor.goTo(node.line) }, say("flow.to_line", { n: node.line }))) : make("p", { class: "hint" }, say("flow.pick")),
            make("span", { class: "zoom" }, zoom(-1, "−", "flow.smaller"), zoom(1, "+", "flow.larger"),
            make("button", { type: "button", class: "button", "data-key": "all", "aria-pressed": String(state.zoom === 0), onclick: () => {
              state.zoom = state.zoom === 0 ? 2 : 0;
              office.draw();
            } }, say("flow.all")))),
          drawPicture(office, picture, { chosen: state.chosen, path: walker.path, faulty, zoom: ZOOMS[state.zoom] ?? 1, choose: toNode,
            room: { width: drawing.clientWidth - 4, height: drawing.clientHeight - 40 } }),
        ];
      });
      const here = walker.path.at(-1) ?? "";
      if (state.here !== here) {
        state.here = here;
        drawing.querySelector(".node.here")?.scrollIntoView({ block: "nearest", inline: "center" });
      }
    }
    if (beneath) {
      redraw(beneath, JSON.stringify([office.dictionary.lang, said.problems]), () => [
        make("h3", {}, said.problems.length ? say("problems.count", { n: said.problems.length }) : say("problems.title")),
        problemList(office, said.problems, (one) => {
          if (one.node) state.chosen = one.node;
          editor.goTo(one.line);
          office.draw();
        })]);
    }
    walker.draw();
    editor.element.classList.toggle("locked", locked(office));
  },
};
