// Finding a choice by typing: by what it is called in either language, by the way to it, and by the first letters of its
// pinyin (dlzm finds 道路照明).

/** @typedef {import("./types.js").Both} Both */
/** @typedef {import("./types.js").Node} Node */

/** One choice. `way` is its whole name, `own` the last part of it.
 * @typedef {{id: string, own: Both, way: Both, initials: string, above: string}} Option */

/** The first character of each initial letter in the order of pinyin. */
const FIRST = "吖八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他穵夕丫帀";
const LETTERS = "abcdefghjklmnopqrstwxyz";
const byPinyin = new Intl.Collator("zh-CN-u-co-pinyin");
const CHINESE = /[\u4e00-\u9fff]/;

/** The first letters of the pinyin of a Chinese text; other letters and digits stay. @param {string} text */
export function initials(text) {
  let letters = "";
  for (const sign of text.toLowerCase()) {
    if (!CHINESE.test(sign)) {
      if (/[a-z0-9]/.test(sign)) letters += sign;
      continue;
    }
    let at = 0;
    while (at + 1 < FIRST.length && byPinyin.compare(sign, FIRST.charAt(at + 1)) >= 0) at += 1;
    letters += LETTERS.charAt(at);
  }
  return letters;
}

/** Every node of a tree as an option, in the order of the tree. @param {Node[]} nodes @returns {Option[]} */
export function flatten(nodes) {
  /** @type {Option[]} */
  const options = [];
  const walk = (/** @type {Node[]} */ level, /** @type {Both[]} */ above) => {
    for (const node of level) {
      const way = [...above, node];
      options.push({
        id: node.id,
        own: { zh: node.zh, en: node.en },
        way: { zh: way.map((one) => one.zh).join(" › "), en: way.map((one) => one.en).join(" › ") },
        initials: initials(node.zh),
        above: initials(above.map((one) => one.zh).join("")),
      });
      walk(node.children ?? [], way);
    }
  };
  walk(nodes, []);
  return options;
}

/** The options that fit what was typed, best first; all of them for nothing typed.
 * @param {Option[]} options @param {string} typed @param {number} most @returns {Option[]} */
export function find(options, typed, most = 50) {
  const query = typed.trim().toLowerCase();
  if (!query) return options.slice(0, most);
  const parts = query.split(/[\s›>/]+/).filter(Boolean);
  return options
    .map((option, order) => ({ option, order, rank: rank(option, query, parts) }))
    .filter(({ rank }) => rank < Infinity)
    .sort((a, b) => a.rank - b.rank || a.order - b.order)
    .slice(0, most)
    .map(({ option }) => option);
}

/** @param {Option} option @param {string} query @param {string[]} parts @returns {number} */
function rank(option, query, parts) {
  const zh = option.own.zh.toLowerCase();
  const en = option.own.en.toLowerCase();
  if (zh === query || en === query) return 0;
  if (zh.startsWith(query) || en.startsWith(query) || option.initials.startsWith(query)) return 1;
  if (zh.includes(query) || en.split(/\s+/).some((word) => word.startsWith(query))) return 2;
  const way = `${option.way.zh} ${option.way.en}`.toLowerCase();
  if (parts.every((part) => way.includes(part))) return 3;
  if (query.length > 1 && (option.initials.includes(query) || (option.above + option.initials).includes(query))) return 4;
  // People say 路灯 for 道路照明: what shares a character is better than an empty list.
  const shared = [...new Set(query)].filter((sign) => CHINESE.test(sign) && zh.includes(sign)).length;
  return shared > 0 && query.length > 1 ? 10 - shared : Infinity;
}
