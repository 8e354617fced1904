// A flow drawn: boxes by kind, ways between them, what a walk has come through. Boxes are walked by arrow keys.
import { make } from "/pages/shared/dom.js";
import { BOX, layout, neighbour } from "./flow_logic.js";
import { skillWord } from "./parts.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./types.js").Picture} Picture */
/** @typedef {import("./types.js").FlowNode} FlowNode */

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...(Node | string)} children @returns {SVGElement} */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** `chosen`: the node that is pointed out; `path`: nodes of a walk, the last is where it is; `faulty`: by node; `zoom` 0: all of
 * it in the `room` there is.
 * @param {Office} office @param {Picture} picture
 * @param {{chosen: string, path: string[], faulty: Map<string, "error" | "warning">, zoom: number, room: {width: number, height: number}, choose: (node: FlowNode) => void}} state @returns {HTMLElement} */
export function drawPicture(office, picture, state) {
  const { boxes, ways, width, height, starts, lost } = layout(picture);
  const passed = new Set(state.path);
  const steps = new Set(state.path.slice(1).map((name, n) => `${state.path[n]}>${name}`));
  const zoom = state.zoom || Math.min(1, state.room.width / width, state.room.height / height);
  const drawing = svg("svg", { width: Math.floor(width * zoom), height: Math.floor(height * zoom), viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": office.say("flow.picture", { n: boxes.length }) },
    svg("defs", {}, svg("marker", { id: "head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, orient: "auto", markerUnits: "userSpaceOnUse" }, svg("path", { d: "M0,0 L8,4 L0,8 z", class: "head" }))));
  for (const { to, y } of starts) {
    const box = boxes.find((one) => one.node.name === to);
    if (box) drawing.append(svg("path", { d: `M${box.x - 26},${y} L${box.x - 2},${y}`, class: "way start", "marker-end": "url(#head)" }), svg("circle", { cx: box.x - 30, cy: y, r: 4, class: "begin" }));
  }
  for (const way of ways) {
    const isOn = way.from === state.chosen || way.to === state.chosen;
    const classes = ["way", way.by.replace(/\s/g, "-"), steps.has(`${way.from}>${way.to}`) ? "walked" : "", isOn ? "near" : "", state.chosen && !isOn ? "far" : ""].join(" ");
    drawing.append(svg("path", { d: way.path, class: classes, "marker-end": "url(#head)" }, svg("title", {}, wayText(office, way))));
  }
  const tabStop = boxes.some((box) => box.node.name === state.chosen) ? state.chosen : boxes[0]?.node.name;
  for (const box of boxes) {
    const { node } = box;
    const at = state.path.at(-1) === node.name;
    const fault = state.faulty.get(node.name);
    const [title, does] = [short(node.name, 17), short(whatText(office, node), 14)];
    const name = `${title} ${does}${fault ? `, ${office.say(`problems.has_${fault}`)}` : ""}`;
    const one = svg("g", { class: ["node", node.type, passed.has(node.name) ? "passed" : "", at ? "here" : "", node.name === state.chosen ? "chosen" : "", fault ?? ""].join(" "),
      transform: `translate(${box.x},${box.y})`, role: "button", tabindex: node.name === tabStop ? 0 : -1, "aria-label": name, "aria-pressed": String(node.name === state.chosen), "data-key": `node-${node.name}` },
      svg("rect", { width: BOX.width, height: BOX.height, rx: node.type === "route" || node.type === "transfer" ? 20 : node.type === "hangup" ? 4 : 8 }),
      svg("text", { x: 10, y: 17, class: "name" }, title), " ",
      svg("text", { x: 10, y: 32, class: "what" }, does),
      svg("title", {}, `${node.name}: ${whatText(office, node)}`));
    if (fault) one.append(svg("text", { x: BOX.width - 16, y: 18, class: "flag" }, fault === "error" ? "●" : "▲"));
    one.addEventListener("click", () => state.choose(node));
    one.addEventListener("keydown", (event) => {
      const { key } = /** @type {KeyboardEvent} */ (event);
      if (key === "Enter" || key === " ") {
        event.preventDefault();
        state.choose(node);
        return;
      }
      const next = neighbour(boxes, node.name, key);
      if (!next) return;
      event.preventDefault();
      const other = /** @type {SVGElement | null} */ (drawing.querySelector(`[data-key="node-${next}"]`));
      one.setAttribute("tabindex", "-1");
      other?.setAttribute("tabindex", "0");
      other?.focus();
      other?.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
    drawing.append(one);
  }
  // Words on the ways of the chosen box alone: on all of them nobody could read any.
  for (const way of ways.filter((one) => one.from === state.chosen)) {
    drawing.append(svg("text", { x: way.x, y: way.y, class: "way-text", "text-anchor": "end" }, short(wayText(office, way), 18)));
  }
  const told = lost.length ? make("p", { class: "alert bad" }, office.say("flow.lost", { ways: office.list(lost.map((way) => `${way.from} → ${way.to}`)) })) : null;
  return make("div", { class: "picture" }, told, make("div", { class: "scroll", "data-scroll": "picture" }, drawing));
}

/** What leads along a way. @param {Office} office @param {{by: string, labels: string[]}} way @returns {string} */
export function wayText(office, way) {
  const labels = way.labels.map((label) => {
    const key = `way.${label.replace(/^\d: /, "").replace(/[ ,]+/g, "_")}`;
    return office.dictionary.all[office.dictionary.lang][key] === undefined ? label : office.say(key);
  });
  return office.list(labels) || office.say("way.then");
}

/** What a node does, in a few words. @param {Office} office @param {FlowNode} node @returns {string} */
export function whatText(office, node) {
  const kind = office.say(`node.${node.type}`);
  const more = node.queue ? skillWord(office, node.queue) : node.target ?? node.language ?? (node.hours?.length ? node.hours.join(" ") : node.days?.length ? node.days.join(" ") : "");
  if (more) return `${kind} ${more}`;
  const said = node.prompts[0] ? office.prompts.find((one) => one.id === node.prompts[0])?.texts[office.dictionary.lang === "zh" ? "zh-CN" : "en"]?.text : "";
  return said ? `${kind} ${said.replace("{city}", "○○")}` : kind;
}

/** @param {string} text @param {number} wide in Chinese characters or so @returns {string} */
function short(text, wide) {
  let used = 0;
  let out = "";
  for (const char of text) {
    used += /[\u2e80-\uffef]/.test(char) ? 1.6 : 1;
    if (used > wide * 1.15) return `${out}…`;
    out += char;
  }
  return out;
}
