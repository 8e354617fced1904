// What the server says, as the desk's modules take it. Types only.

/** @typedef {{n: number, at: number, who: string, why: string, how: "shipped" | "found" | "by_hand" | "published" | "rolled_back", good: boolean, of: number}} Version */
/** @typedef {{line: number, text: string, level: "error" | "warning", node: string}} Problem */
/** @typedef {{who: string, at: number}} OtherDraft */
/** @typedef {{id: string, format: "toml" | "yaml", draft: boolean, drafts: OtherDraft[], version: Version, live: Version}} Row */
/** @typedef {{name: string, type: string, line: number, prompts: string[], queue?: string, target?: string, language?: string, hours?: string[], days?: string[]}} FlowNode */
/** @typedef {{from: string, to: string, by: string, labels: string[], known: boolean}} FlowEdge */
/** @typedef {{to: string, line: number, dialled: string[], mode: string[], hours: string[], days: string[]}} FlowStart */
/** @typedef {{nodes: FlowNode[], edges: FlowEdge[], start: FlowStart[], person: string, languages: string[]}} Picture */
/** @typedef {{text: string, data: any, picture: Picture | null, problems: Problem[]}} Said */
/** @typedef {Said & {base: number, at: number}} Draft */
/** @typedef {Said & {id: string, format: "toml" | "yaml", version: Version, live: Version, draft: Draft | null, drafts: OtherDraft[]}} Doc */
/** @typedef {{kind: " " | "-" | "+" | "~", old: number, new: number, text: string}} DiffLine */
/** @typedef {{code: string, values: Record<string, any>, calls: number | null}} Part */
/** @typedef {{since: number, until: number, calls: number, touched: number | null, parts: Part[]}} Touched */
/** @typedef {{at: (string | number)[], value?: any, before?: string}} Change */
/** @typedef {{id: string, zh: string, en: string, queue: boolean}} SkillWord */
/** @typedef {{skills: SkillWord[], queues: SkillWord[], departments: {id: string, kind: string, zh: string, en: string}[]}} WordList */
/** @typedef {{source: string, seconds: number | null, problem: string | null, takes: number}} Sound */
/** @typedef {{id: string, texts: Record<string, {text: string, speak: string | null}>, sounds: Record<string, Sound>, by_asterisk: boolean}} PromptRow */
/** @typedef {{n: number, at: number, who: string, why: string, how: string, seconds: number, voice: string, level_dbfs: number | null, warnings: string[], of: number}} Take */
/** @typedef {{section: string, item: string, view: "edit" | "live" | "history" | "publish", mode: "form" | "text", doc: string}} Place */

export {};
