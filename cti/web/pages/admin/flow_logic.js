// A flow laid out from left to right: who comes later in a call stands further right, and ways cross as little as a few
// passes can bring about. Pure: boxes and curves in pixels come out.

/** @typedef {import("./types.js").Picture} Picture */
/** @typedef {import("./types.js").FlowNode} FlowNode */
/** @typedef {{x: number, y: number, node: FlowNode, rank: number}} Box */
/** @typedef {{path: string, from: string, to: string, by: string, labels: string[], x: number, y: number, back: boolean}} Way */
/** @typedef {{boxes: Box[], ways: Way[], width: number, height: number, starts: {to: string, y: number}[], lost: {from: string, to: string}[]}} Layout */

export const BOX = { width: 136, height: 40, gapX: 50, gapY: 14, margin: 20, start: 40, track: 12 };

/** @param {Picture} picture @returns {Layout} */
export function layout(picture) {
  const names = picture.nodes.map((node) => node.name);
  const known = new Set(names);
  const edges = picture.edges.filter((edge) => known.has(edge.to) && edge.to !== edge.from);
  const roots = picture.start.map((rule) => rule.to).filter((name) => known.has(name));
  const back = backEdges(names, edges, roots);
  const forward = edges.filter((edge) => !back.has(edge));
  const rank = ranks(names, forward, roots);
  const columns = ordered(names, forward, rank);

  const nodes = new Map(picture.nodes.map((node) => [node.name, node]));
  const high = (/** @type {string} */ slot) => (nodes.has(slot) ? BOX.height + BOX.gapY : BOX.track);
  const used = columns.map((column) => column.reduce((sum, slot) => sum + high(slot), 0));
  const height = BOX.margin * 2 + Math.max(BOX.height + BOX.gapY, ...used) - BOX.gapY;
  /** @type {Map<string, Box>} */
  const boxes = new Map();
  /** The middle of each slot. @type {Map<string, {x: number, y: number}>} */
  const places = new Map();
  columns.forEach((column, at) => {
    const x = BOX.margin + BOX.start + at * (BOX.width + BOX.gapX);
    let y = (height - (used[at] ?? 0) + BOX.gapY) / 2;
    for (const slot of column) {
      const node = nodes.get(slot);
      if (node) boxes.set(slot, { x, y, node, rank: at });
      places.set(slot, { x, y: y + (node ? BOX.height : BOX.track) / 2 });
      y += high(slot);
    }
  });
  return {
    boxes: [...boxes.values()],
    ways: edges.flatMap((edge) => way(edge, boxes, places, back.has(edge), height)),
    width: BOX.margin * 2 + BOX.start + columns.length * (BOX.width + BOX.gapX) - BOX.gapX,
    height: height + (back.size ? BOX.gapY * 2 : 0),
    starts: picture.start.flatMap((rule) => {
      const box = boxes.get(rule.to);
      return box ? [{ to: rule.to, y: box.y + BOX.height / 2 }] : [];
    }),
    lost: picture.edges.filter((edge) => !known.has(edge.to)).map(({ from, to }) => ({ from, to })),
  };
}

/** Edges that lead back to where a call has been: without them nothing goes round.
 * @template {{from: string, to: string}} E
 * @param {string[]} names @param {E[]} edges @param {string[]} roots @returns {Set<E>} */
export function backEdges(names, edges, roots) {
  const out = grouped(edges);
  /** @type {Set<E>} */
  const back = new Set();
  /** @type {Map<string, "open" | "done">} */
  const state = new Map();
  const visit = (/** @type {string} */ name) => {
    state.set(name, "open");
    for (const edge of out.get(name) ?? []) {
      if (state.get(edge.to) === "open") back.add(edge);
      else if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(name, "done");
  };
  for (const name of [...roots, ...names]) if (!state.has(name)) visit(name);
  return back;
}

/** How many steps from the beginning each can be at most. @param {string[]} names @param {{from: string, to: string}[]} edges
 * @param {string[]} roots @returns {Map<string, number>} */
export function ranks(names, edges, roots) {
  const out = grouped(edges);
  const into = new Map(names.map((name) => [name, 0]));
  for (const edge of edges) into.set(edge.to, (into.get(edge.to) ?? 0) + 1);
  /** @type {Map<string, number>} */
  const rank = new Map(names.map((name) => [name, 0]));
  const ready = names.filter((name) => !into.get(name));
  ready.sort((a, b) => Number(roots.includes(b)) - Number(roots.includes(a)));
  while (ready.length) {
    const name = /** @type {string} */ (ready.shift());
    for (const edge of out.get(name) ?? []) {
      rank.set(edge.to, Math.max(rank.get(edge.to) ?? 0, (rank.get(name) ?? 0) + 1));
      into.set(edge.to, (into.get(edge.to) ?? 0) - 1);
      if (!into.get(edge.to)) ready.push(edge.to);
    }
  }
  return rank;
}

/** Columns of names, ordered so that ways cross little. In the columns between, all ways to one node share a track (`">b@3"`).
 * @param {string[]} names @param {{from: string, to: string}[]} edges @param {Map<string, number>} rank @returns {string[][]} */
function ordered(names, edges, rank) {
  const at = (/** @type {string} */ name) => rank.get(name) ?? 0;
  /** @type {string[][]} */
  const columns = Array.from({ length: 1 + Math.max(0, ...names.map(at)) }, () => []);
  for (const name of names) columns[at(name)]?.push(name);
  /** @type {[string, string][]} */
  const links = [];
  for (const { from, to } of edges) {
    let before = from;
    for (let n = at(from) + 1; n < at(to); n++) {
      const slot = trackOf(to, n);
      if (!columns[n]?.includes(slot)) columns[n]?.push(slot);
      links.push([before, slot]);
      before = slot;
    }
    links.push([before, to]);
  }
  for (let pass = 0; pass < 8; pass++) {
    const toLeft = pass % 2 === 0;
    for (let n = toLeft ? 1 : columns.length - 2; toLeft ? n < columns.length : n >= 0; n += toLeft ? 1 : -1) {
      const column = columns[n];
      const other = columns[toLeft ? n - 1 : n + 1] ?? [];
      const places = new Map(other.map((name, k) => [name, k / Math.max(1, other.length - 1)]));
      const middle = new Map((column ?? []).map((name, k) => {
        const met = links.flatMap(([a, b]) => (b === name && places.has(a) ? [a] : a === name && places.has(b) ? [b] : []));
        const sum = met.reduce((total, one) => total + (places.get(one) ?? 0), 0);
        return [name, met.length ? sum / met.length : k / Math.max(1, (column?.length ?? 1) - 1)];
      }));
      column?.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
    }
  }
  return columns;
}

/** @param {string} to @param {number} column */
const trackOf = (to, column) => `>${to}@${column}`;

/** @param {{from: string, to: string, by: string, labels: string[]}} edge @param {Map<string, Box>} boxes @param {Map<string, {x: number, y: number}>} places
 * @param {boolean} back @param {number} height @returns {Way[]} */
function way(edge, boxes, places, back, height) {
  const [from, to] = [boxes.get(edge.from), boxes.get(edge.to)];
  if (!from || !to) return [];
  const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [x2, y2] = [to.x, to.y + BOX.height / 2];
  const same = { from: edge.from, to: edge.to, by: edge.by, labels: edge.labels, x: x2 - 6, y: y2 - 5, back };
  if (back) {
    const low = height + BOX.gapY;
    return [{ ...same, path: `M${x1},${y1} C${x1 + 36},${y1} ${x1 + 20},${low} ${x1 - 20},${low} L${x2 + 20},${low} C${x2 - 24},${low} ${x2 - 36},${y2} ${x2},${y2}` }];
  }
  let path = `M${x1},${y1}`;
  let [x, y] = [x1, y1];
  const bend = (/** @type {number} */ toX, /** @type {number} */ toY) => {
    const middle = (x + toX) / 2;
    path += ` C${middle},${y} ${middle},${toY} ${toX},${toY}`;
    [x, y] = [toX, toY];
  };
  for (let column = from.rank + 1; column < to.rank; column++) {
    const track = places.get(trackOf(edge.to, column));
    if (!track) continue;
    bend(track.x, track.y);
    path += ` L${track.x + BOX.width},${track.y}`;
    x = track.x + BOX.width;
  }
  bend(x2, y2);
  return [{ ...same, path }];
}

/** The box that an arrow key leads to from this one: the nearest in that direction.
 * @param {Box[]} boxes @param {string} name @param {string} key @returns {string | null} */
export function neighbour(boxes, name, key) {
  const here = boxes.find((box) => box.node.name === name);
  if (!here) return boxes[0]?.node.name ?? null;
  /** @type {Record<string, [number, number]>} */
  const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  const direction = ways[key];
  if (!direction) return null;
  let best = null;
  let least = Infinity;
  for (const box of boxes) {
    const [dx, dy] = [box.x - here.x, box.y - here.y];
    const along = dx * direction[0] + dy * direction[1];
    const aside = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]);
    if (along <= 0 || (direction[1] && dx)) continue;
    const far = along + aside * 2;
    if (far < least) [best, least] = [box.node.name, far];
  }
  return best;
}

/** @template {{from: string}} E @param {E[]} edges @returns {Map<string, E[]>} */
function grouped(edges) {
  /** @type {Map<string, E[]>} */
  const out = new Map();
  for (const edge of edges) out.set(edge.from, [...(out.get(edge.from) ?? []), edge]);
  return out;
}
