// The controller of the administrator's desk: the documents as the server has them, the place where he is, and every change
// on its way there. Views hear of it by `onDraw` and change nothing by themselves.
import { ApiError } from "/pages/shared/api.js";
import { docsOf, placeFrom, placeText } from "./places_logic.js";

/** @typedef {import("./types.js").Doc} Doc */
/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("./types.js").Change} Change */
/** @typedef {import("./types.js").Said} Said */
/** @typedef {"saved" | "saving" | "kept" | ""} Saving */

const POLL_MS = 8000;
const RETRY_MS = 4000;

export class Office {
  /** @param {import("/pages/shared/words.js").Dictionary} dictionary @param {import("/pages/shared/api.js").Api} api
   * @param {import("/pages/shared/api.js").User} user */
  constructor(dictionary, api, user) {
    this.dictionary = dictionary;
    this.api = api;
    this.user = user;
    this.mayChange = user.roles.includes("administrator");
    /** @type {Row[]} */
    this.rows = [];
    /** @type {Map<string, Doc>} */
    this.docs = new Map();
    /** @type {import("./types.js").WordList} */
    this.words = { skills: [], queues: [], departments: [] };
    /** @type {import("./types.js").PromptRow[]} */
    this.prompts = [];
    /** @type {Place} */
    this.place = placeFrom(location.hash);
    /** A message in its reserved place; "" for none. @type {{text: string, tone: "ok" | "bad" | "warn" | ""}} */
    this.note = { text: "", tone: "" };
    /** Texts typed that the server does not have yet. @type {Map<string, string>} */
    this.unsent = new Map();
    /** @type {Saving} */
    this.saving = "";
    this.savedAt = 0;
    this.lost = false;
    /** @type {Set<() => void>} */
    this.draws = new Set();
    /** One change after the other. @type {Promise<unknown>} */
    this.line = Promise.resolve();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retry = undefined;
  }

  /** @param {() => void} draw */
  onDraw(draw) {
    this.draws.add(draw);
  }

  draw() {
    for (const draw of this.draws) draw();
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  say(key, values = {}) {
    return this.dictionary.say(key, values);
  }

  async start() {
    addEventListener("hashchange", () => void this.arrive());
    this.dictionary.onChange(() => this.draw());
    setInterval(() => void (document.hidden || this.poll()), POLL_MS);
    await Promise.all([this.poll(), this.readWords()]);
    await this.arrive();
  }

  /** Other drafts and versions than we know: told, and shown where nobody types. */
  async poll() {
    try {
      this.rows = await this.api.get("/api/config");
      if (this.lost) this.tell("", "");
      this.lost = false;
    } catch (error) {
      this.failed(error);
      this.lost = true;
    }
    for (const row of this.rows) {
      const doc = this.docs.get(row.id);
      const other = doc && (doc.version.n !== row.version.n || JSON.stringify(doc.drafts) !== JSON.stringify(row.drafts));
      if (other && !this.unsent.has(row.id)) await this.load(row.id).catch((error) => this.failed(error));
    }
    this.draw();
  }

  async readWords() {
    try {
      this.words = await this.api.get("/api/words");
    } catch (error) {
      this.failed(error);
    }
  }

  async readPrompts() {
    try {
      this.prompts = await this.api.get("/api/prompts");
      this.draw();
    } catch (error) {
      this.failed(error);
    }
  }

  // Where he is

  /** @param {Partial<Place>} change */
  go(change) {
    const section = change.section ?? this.place.section;
    const elsewhere = section !== this.place.section;
    const next = { ...this.place, ...(elsewhere ? { item: "", view: /** @type {const} */ ("edit"), mode: /** @type {const} */ ("form"), doc: "" } : {}), ...change };
    this.tell("", "");
    location.hash = placeText(next);
  }

  async arrive() {
    const before = this.place.section;
    this.place = placeFrom(location.hash);
    if (before !== this.place.section) this.tell("", "");
    this.draw();
    const wanted = docsOf(this.place.section, this.rows, this.place.item);
    await Promise.all(wanted.filter((id) => !this.docs.has(id)).map((id) => this.load(id).catch((error) => this.failed(error))));
    if (this.place.section === "prompts" && !this.prompts.length) await this.readPrompts();
    this.draw();
  }

  /** The documents of this section that are there. @returns {Doc[]} */
  get here() {
    return docsOf(this.place.section, this.rows, this.place.item).flatMap((id) => this.docs.get(id) ?? []);
  }

  /** The one that text view and history are about. @returns {Doc | undefined} */
  get doc() {
    return this.here.find((doc) => doc.id === this.place.doc) ?? this.here[0];
  }

  /** What is being edited: the draft, or without one what is published.
   * @param {string} id @returns {Said | undefined} */
  said(id) {
    const doc = this.docs.get(id);
    return doc?.draft ?? doc;
  }

  /** What the form shows of a document: parsed, {} while it is no TOML. @param {string} id @returns {any} */
  data(id) {
    const doc = this.docs.get(id);
    return (this.place.view === "live" ? doc?.data : this.said(id)?.data) ?? {};
  }

  /** @param {string} id @returns {Promise<Doc>} */
  async load(id) {
    return this.take(await this.api.get(`/api/config/${id}`));
  }

  /** @param {Doc} doc */
  take(doc) {
    this.docs.set(doc.id, doc);
    const row = this.rows.find((one) => one.id === doc.id);
    if (row) Object.assign(row, { version: doc.version, live: doc.live, draft: doc.draft !== null, drafts: doc.drafts });
    return doc;
  }

  // Changes

  /** By a form: into the draft, at once. @param {string} id @param {Change[]} changes @returns {Promise<boolean>} */
  change(id, changes) {
    return this.#inLine(async () => {
      const base = this.docs.get(id)?.version.n ?? 0;
      this.take(await this.api.patch(`/api/config/${id}/draft`, { base, changes }));
      this.savedAt = Date.now();
      this.saving = "saved";
    });
  }

  /** A text typed: kept on this machine now, on the server when `save` is called. @param {string} id @param {string} text */
  typed(id, text) {
    this.unsent.set(id, text);
    localStorage.setItem(`yihu.admin.${id}`, text);
    this.saving = "saving";
  }

  /** @param {string} id @returns {Promise<boolean>} */
  save(id) {
    const text = this.unsent.get(id);
    if (text === undefined) return Promise.resolve(true);
    clearTimeout(this.retry);
    return this.#inLine(async () => {
      const doc = this.docs.get(id);
      const base = doc?.draft?.base ?? doc?.version.n ?? 0;
      try {
        this.take(await this.api.put(`/api/config/${id}/draft`, { base, text }));
      } catch (error) {
        this.saving = "kept";
        this.retry = setTimeout(() => void this.save(id), RETRY_MS);
        throw error;
      }
      if (this.unsent.get(id) === text) {
        this.unsent.delete(id);
        localStorage.removeItem(`yihu.admin.${id}`);
        this.saving = "saved";
        this.savedAt = Date.now();
      }
    });
  }

  /** Everything typed, as by Ctrl+S. */
  async saveAll() {
    for (const id of [...this.unsent.keys()]) await this.save(id);
    this.draw();
  }

  /** @param {string} id */
  dropDraft(id) {
    return this.#inLine(async () => {
      this.unsent.delete(id);
      localStorage.removeItem(`yihu.admin.${id}`);
      this.take(await this.api.delete(`/api/config/${id}/draft`));
      this.tell(this.say("note.dropped"), "ok");
    });
  }

  /** @param {string} id @param {string} why @returns {Promise<boolean>} */
  publish(id, why) {
    return this.#inLine(async () => {
      const base = this.docs.get(id)?.draft?.base ?? 0;
      const doc = this.take(await this.api.post(`/api/config/${id}/publish`, { base, why }));
      await this.readWords();
      this.tell(this.say("note.published", { doc: this.title(id), n: doc.version.n }), "ok");
    });
  }

  /** @param {string} id @param {number} n @param {string} why @returns {Promise<boolean>} */
  rollBack(id, n, why) {
    return this.#inLine(async () => {
      const base = this.docs.get(id)?.version.n ?? 0;
      const doc = this.take(await this.api.post(`/api/config/${id}/rollback`, { base, n, why }));
      await this.readWords();
      this.tell(this.say("note.rolled_back", { doc: this.title(id), n, v: doc.version.n }), "ok");
    });
  }

  /** Puts the draft upon what was published meanwhile. @param {string} id */
  merge(id) {
    return this.#inLine(async () => {
      const answer = await this.api.post(`/api/config/${id}/merge`);
      this.take(answer);
      const conflicts = Number(answer.conflicts);
      this.tell(this.say(conflicts ? "note.merged_conflicts" : "note.merged", { n: conflicts }), conflicts ? "warn" : "ok");
      if (conflicts) this.go({ view: "edit", mode: "text", doc: id });
    });
  }

  /** @param {string[]} words @returns {string} */
  list(words) {
    return words.join(this.dictionary.lang === "zh" ? "、" : ", ");
  }

  /** @param {string} id @returns {string} */
  title(id) {
    const [kind = "", name = ""] = id.split(/\.(.*)/s);
    if (kind === "flow") return this.say("doc.flow", { name });
    return kind === "prompts" ? this.say("doc.prompts", { language: this.say(`tongue.${name}`) }) : this.say(`doc.${id}`);
  }

  /** Beside others of its kind. @param {string} id @returns {string} */
  shortTitle(id) {
    return id.startsWith("prompts.") ? this.say(`tongue.${id.slice(8)}`) : this.title(id);
  }

  // Words for people

  /** @param {string} text @param {"ok" | "bad" | "warn" | ""} tone */
  tell(text, tone) {
    this.note = { text, tone };
  }

  /** @param {unknown} error */
  failed(error) {
    if (error instanceof ApiError && error.status === 401) {
      location.assign("/login?next=/admin");
      return;
    }
    this.tell(this.why(error), "bad");
    this.draw();
  }

  /** @param {unknown} error @returns {string} */
  why(error) {
    if (!(error instanceof ApiError)) throw error;
    const key = `refused.${error.code}`;
    const has = this.dictionary.all[this.dictionary.lang][key] !== undefined;
    if (has) return this.say(key, { who: error.body?.version?.who || this.say("by_hand"), n: error.body?.version?.n ?? "" });
    return error.code === "network" ? this.say("error.network") : this.say("refused.other", { code: error.code, text: error.body?.message ?? "" });
  }

  /** @param {() => Promise<void>} job @returns {Promise<boolean>} */
  #inLine(job) {
    const done = this.line.then(async () => {
      try {
        await job();
        return true;
      } catch (error) {
        this.failed(error);
        return false;
      } finally {
        this.draw();
      }
    });
    this.line = done;
    return done;
  }
}
