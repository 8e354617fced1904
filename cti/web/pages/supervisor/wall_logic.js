// The day's rate out of what the wallboard is told.

/** @param {Record<string, Record<string, any>>} wall @returns {{part: number, of: number, target: number | null} | null} null: not known */
export function rateToday(wall) {
  const row = wall["rates"]?.["connection_rate"];
  if (!row || row.n === null || row.of === null || row.of === 0) return null;
  return { part: row.n, of: row.of, target: wall["definitions"]?.["connection_rate"]?.target ?? null };
}

/** What the rate is, in both languages; null: not told. @param {Record<string, Record<string, any>>} wall @returns {{zh: string, en: string} | null} */
export function formulaOf(wall) {
  return wall["definitions"]?.["connection_rate"]?.formula ?? null;
}
