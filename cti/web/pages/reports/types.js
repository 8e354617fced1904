// What the server gives and what the page knows, for the type checker alone.

/** @typedef {{zh: string, en: string}} Both */
/** @typedef {"day" | "week" | "month"} Kind */
/** @typedef {{span: string, by: string, compare: string[], rank: string, statistics: string, row: string | null, place: string, open: boolean}} Place
 *   span "": today; by "": as the time wants it; `open`: the list of lost calls, of `row` (null: of all) and `place` ("": of any) */
/** @typedef {{value: number | null, unknown: string | null, numerator: number, denominator: number, difference: Record<string, number | null>}} Rate */
/** @typedef {{label: string, zh: string, en: string, whole: boolean, rank: number | null, tied: boolean | null, lost: Record<string, number>, rates: Record<string, Rate>}} Row */
/** @typedef {{code: string, zh: string, en: string, formula: Both, numerator: Both[], denominator: Both[], unit: "share" | "s", source: Both, remark: Both, less_is_better: boolean}} Column */
/** @typedef {{city: string, timezone: string, made_at: number, statistics: string | null, by: Both & {code: string}, kind: Kind, period: string,
 *   since: number, until: number, open: number, estimated: number, incomplete: number, gaps: {since: number, until: number}[],
 *   compared_with: (Both & {code: string, period: string})[], ranked_by: string | null, columns: Column[], places: Record<string, Both>,
 *   rows: Row[], total: Omit<Row, "zh" | "en">}} Report */
/** @typedef {{task: string, state: string, attempts: number, refused: string | null}} Task */
/** @typedef {{call: string, at: number, caller: string | null, number: string, queue: Both | null, place: string, wait_total_s: number | null,
 *   wait_queue_s: number | null, had_task: boolean, task: Task | null}} Loss */

export {};
