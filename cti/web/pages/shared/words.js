// The words of a page in the language that its user chose: zh-CN unless he switched. A missing word is an error of ours.

/** @typedef {"zh" | "en"} Lang */
/** @typedef {Record<string, string>} Words */

const KEY = "yihu.lang";

/** @returns {Lang} */
export function chosenLang() {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(KEY);
  return asked === "en" ? "en" : "zh";
}

export class Dictionary {
  /** @param {Record<Lang, Words>} words @param {Lang} lang */
  constructor(words, lang) {
    this.all = words;
    this.lang = lang;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
  }

  /** Loads the words of a page's folders, and the shared ones beneath them.
   * @param {...string} folders like "/pages/agent" @returns {Promise<Dictionary>} */
  static async load(...folders) {
    const one = async (/** @type {string} */ url) => /** @type {Words} */ (await (await fetch(url)).json());
    const all = async (/** @type {Lang} */ lang) =>
      Object.assign({}, ...(await Promise.all(["/pages/shared", ...folders].map((folder) => one(`${folder}/words.${lang}.json`)))));
    const [zh, en] = await Promise.all([all("zh"), all("en")]);
    const dictionary = new Dictionary({ zh, en }, chosenLang());
    dictionary.#mark();
    return dictionary;
  }

  /** The text of `key` with `{name}` replaced by `values.name`.
   * @param {string} key @param {Record<string, string | number>} [values] @returns {string} */
  say(key, values = {}) {
    const text = this.all[this.lang][key];
    if (text === undefined) throw new Error(`no word ${key}`);
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  }

  /** Of a text that came in both languages.
   * @param {{zh: string, en: string} | null | undefined} both @returns {string} */
  pick(both) {
    return both ? both[this.lang] : "";
  }

  /** @param {Lang} lang */
  use(lang) {
    this.lang = lang;
    localStorage.setItem(KEY, lang);
    this.#mark();
    for (const listener of this.listeners) listener();
  }

  /** `listener` runs at each change of the language; the result takes it away again.
   * @param {() => void} listener @returns {() => void} */
  onChange(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  #mark() {
    document.documentElement.lang = this.lang === "zh" ? "zh-CN" : "en";
  }
}
