"""A report's table as a page shows it: names and formulas in both languages, beside each value what it is of. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cti.metrics.definitions import WORDS, Definition
from cti.metrics.figures import LOSS_PLACES, LOSS_PLACES_EN
from cti.metrics.losses import Loss
from cti.metrics.table_sheets import About
from cti.metrics.table_words import BY, SOURCES, against, row_name
from cti.metrics.tables import LESS_IS_BETTER, Row, Table
from cti.metrics.words import Words


def table_view(table: Table, about: About, voices: Sequence[Words]) -> dict[str, Any]:
    """`voices`: of all languages. Shares from 0 to 1, times in seconds; an unknown value is null, with its reason."""
    said = table.as_json()
    rows = [_row(table, row, json, about, voices) for row, json in zip(table.rows, said["rows"], strict=True)]
    sums = table.total.sums
    return {
        "city": about.city,
        "timezone": about.timezone,
        "made_at": about.made_at,
        "statistics": about.statistics,
        "by": {"code": table.by, **_both(BY[table.by])},
        "kind": table.span.kind,
        "period": table.span.label,
        "since": table.reach.since,
        "until": table.reach.until,
        "open": about.open_calls,
        "estimated": sums["estimated"],
        "incomplete": sums["incomplete"],
        "gaps": said["gaps"],
        "compared_with": [
            {"code": earlier, "period": span.label, **{w.lang: against(w, table.span, earlier) for w in voices}}
            for earlier, span in table.earlier.items()
        ],
        "ranked_by": said["ranked_by"],
        "columns": [_column(column) for column in table.columns],
        "places": {place: {"zh": zh, "en": LOSS_PLACES_EN[place]} for place, zh in LOSS_PLACES.items()},
        "rows": rows,
        "total": {**said["total"], "lost": _lost(table.total)},
    }


def loss_view(loss: Loss, task: Mapping[str, Any] | None, voices: Sequence[Words]) -> dict[str, Any]:
    """`task`: the callback task that the call has gone into, as the desk of callbacks shows it."""
    return {
        "call": loss.call_id,
        "at": loss.arrived_at,
        "caller": loss.caller or None,
        "number": loss.number,
        "queue": {w.lang: w.skill(loss.queue) for w in voices} if loss.queue else None,
        "place": loss.place,
        "wait_total_s": loss.wait_total_s,
        "wait_queue_s": loss.wait_queue_s,
        "had_task": loss.callback_task,
        "task": task,
    }


def _row(table: Table, row: Row, json: Mapping[str, Any], about: About, voices: Sequence[Words]) -> dict[str, Any]:
    return {**json, **{w.lang: row_name(w, table.by, row, about.shifts) for w in voices}, "lost": _lost(row)}


def _lost(row: Row) -> dict[str, int]:
    """By place, of those that have lost any."""
    counts = {place: round(row.sums[f"lost_{place}"]) for place in LOSS_PLACES if place != "none"}
    return {place: count for place, count in counts.items() if count}


def _column(column: Definition) -> dict[str, Any]:
    return {
        "code": column.code,
        "zh": column.zh,
        "en": column.en,
        "formula": {"zh": column.formula_zh, "en": column.formula},
        "numerator": [_both(WORDS[code]) for code in column.numerator],
        "denominator": [_both(WORDS[code]) for code in column.denominator],
        "unit": column.unit,
        "source": _both(SOURCES[column.source]),
        "remark": _both(column.remark),
        "less_is_better": column.code in LESS_IS_BETTER,
    }


def _both(words: tuple[str, str]) -> dict[str, str]:
    return {"zh": words[0], "en": words[1]}
