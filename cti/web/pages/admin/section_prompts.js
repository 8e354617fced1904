// 语音: what callers hear, in three languages: the words, the sound, and every recording there has been.
import { ApiError } from "/pages/shared/api.js";
import { make } from "/pages/shared/dom.js";
import { field, locked } from "./fields.js";
import { newThing } from "./new_thing.js";
import { group, nothing } from "./parts.js";
import { problemText } from "./problems_logic.js";
import { wavOf } from "./sound_logic.js";
import { moment, seconds } from "./text_logic.js";

/** @typedef {import("./office.js").Office} Office */
/** @typedef {import("./types.js").PromptRow} PromptRow */
/** @typedef {import("./types.js").Take} Take */

const LANGUAGES = ["zh-CN", "en", "yue"];
const RATE = 48000;

/** @type {{of: string, takes: Record<string, Take[]>, busy: string, told: Record<string, {text: string, tone: string}>, stamp: number}} */
const state = { of: "", takes: {}, busy: "", told: {}, stamp: 0 };

/** Every prompt: those there are, and those that stand only in a draft. @param {Office} office @returns {PromptRow[]} */
function all(office) {
  const known = new Set(office.prompts.map((one) => one.id));
  const drafted = Object.keys(office.data("prompts.zh-CN")).filter((id) => !known.has(id));
  return [...office.prompts, ...drafted.map((id) => ({ id, texts: {}, sounds: {}, by_asterisk: false }))];
}

/** @param {Office} office @returns {PromptRow | undefined} */
const one = (office) => all(office).find((row) => row.id === office.place.item) ?? all(office)[0];

/** The words as they stand in the draft, or in the release. @param {Office} office @param {PromptRow} row @param {string} language
 * @returns {{text: string, speak: string, own: boolean}} */
function wording(office, row, language) {
  const own = office.data(`prompts.${language}`)[row.id];
  const shipped = row.texts[language];
  return { text: String(own?.text ?? shipped?.text ?? ""), speak: String(own?.speak ?? (own ? "" : shipped?.speak) ?? ""), own: Boolean(own) };
}

/** @type {import("./sections.js").Section} */
export const prompts = {
  items: (office, search) => {
    const wanted = search.trim().toLowerCase();
    const language = office.dictionary.lang === "zh" ? "zh-CN" : "en";
    return all(office).map((row) => ({ row, text: wording(office, row, language).text || wording(office, row, "zh-CN").text }))
      .filter(({ row, text }) => `${row.id} ${text}`.toLowerCase().includes(wanted))
      .map(({ row, text }) => {
        const problem = LANGUAGES.map((lang) => row.sounds[lang]?.problem).find(Boolean);
        const own = LANGUAGES.some((lang) => row.sounds[lang]?.takes);
        return { id: row.id, title: text, sub: row.id, side: problem ? office.say(`sound.${problem}`) : own ? office.say("sound.own") : "", tone: problem ? "warn" : "" };
      });
  },
  chosen: (office) => one(office)?.id ?? "",
  title: (office) => one(office)?.id ?? office.say("section.prompts"),
  signature: (office) => JSON.stringify([one(office), LANGUAGES.map((language) => office.data(`prompts.${language}`)[one(office)?.id ?? ""]), state]),
  form: (office) => {
    const row = one(office);
    if (!row) return [nothing(office.say("history.reading"))];
    if (state.of !== row.id) {
      Object.assign(state, { of: row.id, takes: {}, told: {} });
      for (const language of LANGUAGES) if (row.sounds[language]?.takes) void readTakes(office, row.id, language);
    }
    return [row.by_asterisk ? make("p", { class: "alert warn" }, office.say("sound.by_asterisk")) : make("span"), ...LANGUAGES.map((language) => draw(office, row, language))];
  },
  add: (office) => newThing(office, {
    label: office.say("sound.new"), placeholder: "notice_bridge", button: office.say("sound.add"),
    fault: (id) => (!/^[a-z][a-z0-9_]{0,39}$/.test(id) ? "queues.id_form" : all(office).some((row) => row.id === id) ? "queues.id_taken" : ""),
    make: async (id) => {
      if (await office.change("prompts.zh-CN", [{ at: [id], value: { text: office.say("sound.new_text") } }])) office.go({ item: id, view: "edit", mode: "form" });
    },
  }),
};

/** @param {Office} office @param {PromptRow} row @param {string} language @returns {HTMLElement} */
function draw(office, row, language) {
  const say = office.say.bind(office);
  const doc = `prompts.${language}`;
  const words = wording(office, row, language);
  const sound = row.sounds[language];
  const address = `/api/prompts/${language}/${row.id}`;
  const told = state.told[language];
  const change = (/** @type {string} */ key, /** @type {string} */ label, /** @type {string} */ value, hint = "") => {
    const made = field(office, { doc, at: [row.id, key], label, value, kind: "area", empty: key === "speak", ...(hint ? { hint } : {}) });
    if (!words.own) {
      // The first change of a shipped text makes an entry of the city's own.
      const area = /** @type {HTMLTextAreaElement} */ (made.querySelector("textarea"));
      const fresh = /** @type {HTMLTextAreaElement} */ (area.cloneNode(true));
      fresh.addEventListener("change", () => {
        if (fresh.value === value) return;
        const next = { text: words.text, ...(words.speak ? { speak: words.speak } : {}), [key]: fresh.value };
        void office.change(doc, [{ at: [row.id], value: next }]);
      });
      area.replaceWith(fresh);
    }
    return made;
  };
  const source = !sound ? say("sound.unpublished") : sound.source === "recorded" ? say("sound.recorded") : sound.source.startsWith("as ") ? say("sound.as", { language: say(`tongue.${sound.source.slice(3)}`) }) : sound.source ? say("sound.voice", { voice: sound.source }) : say("sound.none");
  const player = sound?.source ? make("audio", { controls: true, preload: "none", src: `${address}/sound?t=${state.stamp}-${sound.takes}`, "aria-label": say("sound.listen", { language: say(`tongue.${language}`) }) }) : null;
  const file = make("input", { type: "file", accept: "audio/*,.wav,.mp3,.m4a,.ogg,.flac", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true", "data-language": language,
    onchange: (/** @type {Event} */ event) => void upload(office, row.id, language, /** @type {HTMLInputElement} */ (event.target)) });
  const busy = state.busy === language;
  const buttons = locked(office) || !sound ? null : make("div", { class: "line" }, file,
    make("button", { type: "button", class: "button", "data-key": `upload-${language}`, disabled: busy, onclick: () => file.click() }, say("sound.upload")),
    make("button", { type: "button", class: "button", "data-key": `voice-${language}`, disabled: busy, onclick: () => void send(office, row.id, language, () => office.api.post(`${address}/voice`, { why: "" })) }, say(busy ? "sound.busy" : "sound.revoice")),
    sound.problem === "stale" ? make("span", { class: "alert warn" }, say("sound.stale_hint")) : null);
  return group(say(`tongue.${language}`),
    change("text", say("sound.text"), words.text, language === "zh-CN" ? say("sound.text_hint") : ""),
    words.speak || words.own ? change("speak", say("sound.speak"), words.speak, say("sound.speak_hint")) : make("span"),
    words.own ? make("p", { class: "line" }, make("span", { class: "chip draft" }, say("sound.own_text")), locked(office) || !row.texts[language] ? null
      : make("button", { type: "button", class: "link", "data-key": `shipped-${language}`, onclick: () => void office.change(doc, [{ at: [row.id], value: null }]) }, say("sound.shipped_text"))) : make("span"),
    make("div", { class: "sound" }, make("p", {}, make("b", {}, source), sound ? ` · ${say("sound.seconds", { s: seconds(sound.seconds) })}` : ""), player, buttons,
      told ? make("p", { class: `told ${told.tone}`, role: "status" }, told.text) : null, takes(office, row, language)));
}

/** @param {Office} office @param {PromptRow} row @param {string} language @returns {HTMLElement | null} */
function takes(office, row, language) {
  const list = state.takes[language];
  if (!row.sounds[language]?.takes) return null;
  const say = office.say.bind(office);
  const now = Date.now() / 1000;
  const restore = (/** @type {number} */ n) => locked(office) ? null : make("button", { type: "button", class: "link", "data-key": `restore-${language}-${n}`,
    onclick: () => void send(office, row.id, language, () => office.api.post(`/api/prompts/${language}/${row.id}/restore`, { n, why: "" })) }, say("sound.restore"));
  const listen = (/** @type {number} */ n) => make("button", { type: "button", class: "link", "data-key": `listen-${language}-${n}`, onclick: () => void new Audio(`/api/prompts/${language}/${row.id}/sound?n=${n}`).play() }, `▶ ${say("sound.play")}`);
  return make("details", { open: true }, make("summary", { "data-key": `takes-${language}` }, say("sound.takes", { n: row.sounds[language].takes })),
    make("ul", { class: "takes" }, ...(list ?? []).map((take, n) => make("li", {}, make("b", {}, `v${take.n}`), make("span", {}, moment(take.at, office.dictionary.lang, now)), make("span", {}, take.who || say("by_hand")),
      make("span", {}, `${say(`sound.how_${take.how}`, { n: take.of ? `v${take.of}` : say("version.shipped") })} · ${say("sound.seconds", { s: seconds(take.seconds) })}`), listen(take.n), n === 0 ? make("span", { class: "chip live" }, say("history.live")) : restore(take.n))),
    make("li", {}, make("b", {}, say("version.shipped")), make("span"), make("span"), make("span"), listen(0), list?.[0]?.how === "restored" && list[0].of === 0 ? make("span", { class: "chip live" }, say("history.live")) : restore(0))));
}

/** Any kind of sound file: the browser reads it, the server gets plain samples. @param {Office} office @param {string} id @param {string} language @param {HTMLInputElement} input */
async function upload(office, id, language, input) {
  const file = input.files?.[0];
  if (!file) return;
  input.value = "";
  await send(office, id, language, async () => {
    const context = new OfflineAudioContext(1, RATE, RATE);
    let decoded;
    try {
      decoded = await context.decodeAudioData(await file.arrayBuffer());
    } catch {
      throw new Unreadable();
    }
    const channels = Array.from({ length: decoded.numberOfChannels }, (_, n) => decoded.getChannelData(n));
    return office.api.putBytes(`/api/prompts/${language}/${id}/sound?why=${encodeURIComponent(file.name)}`, wavOf(channels, decoded.sampleRate), "audio/wav");
  });
}

class Unreadable extends Error {}

/** @param {Office} office @param {string} id @param {string} language @param {() => Promise<Take>} job */
async function send(office, id, language, job) {
  const say = office.say.bind(office);
  state.busy = language;
  delete state.told[language];
  office.draw();
  try {
    const take = await job();
    const warned = take.warnings.map((code) => say(`sound.warn_${code}`));
    const level = take.level_dbfs === null ? "" : say("sound.level", { db: take.level_dbfs });
    state.told[language] = { text: [say("sound.done", { n: take.n, s: seconds(take.seconds) }), level, ...warned].filter(Boolean).join(" "), tone: warned.length ? "warn" : "ok" };
    await office.readPrompts();
    await readTakes(office, id, language);
  } catch (error) {
    state.told[language] = { text: error instanceof Unreadable ? say("sound.unreadable") : [office.why(error), ...details(office, error)].join("\n"), tone: "bad" };
  }
  state.busy = "";
  state.stamp += 1;
  office.draw();
}

/** What a flow says to it, where a flow is the reason. @param {Office} office @param {unknown} error @returns {string[]} */
function details(office, error) {
  if (!(error instanceof ApiError) || error.code !== "too_long_for_flow") return [];
  return String(error.body?.message ?? "").split("\n").map((line) => problemText(line.replace(/^.*?:\d+: /, ""), office.dictionary.lang));
}

/** @param {Office} office @param {string} id @param {string} language */
async function readTakes(office, id, language) {
  const found = await office.api.get(`/api/prompts/${language}/${id}/takes`).catch(() => []);
  if (state.of === id) state.takes[language] = found;
  office.draw();
}
