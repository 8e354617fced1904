"""The words of a report's table, in Chinese and English: titles, rows, reasons for what is unknown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cti.metrics.definitions import Source
from cti.metrics.figures import Words as Both
from cti.metrics.gaps import Gap
from cti.metrics.spans import Against, Span
from cti.metrics.tables import Missing, Row
from cti.metrics.tally import By
from cti.metrics.words import Words

BY: Mapping[By, Both] = {
    "half_hour": ("半小时", "Half hour"),
    "day": ("日期", "Day"),
    "week": ("周", "Week"),
    "month": ("月份", "Month"),
    "shift": ("班次", "Shift"),
    "agent": ("座席", "Agent"),
    "queue": ("队列", "Queue"),
    "number": ("拨打号码", "Number dialled"),
    "city": ("地市", "City"),
}
MISSING: Mapping[Missing, Both] = {
    "gap": ("未知（记录有缺口）", "unknown (a gap in the records)"),
    "nothing": ("无（分母为零）", "none (nothing to divide by)"),
    "short": ("未知（不足24小时）", "unknown (less than 24 h)"),
    "absent": ("无对应项", "no such row then"),
}
SOURCES: Mapping[Source, Both] = {
    "calls": ("呼叫记录", "records of calls"),
    "agents": ("座席状态与通话记录", "records of agents and calls"),
    "cases": ("呼叫记录（按来电人或任务）", "records of calls, of one citizen or task together"),
    "windows": ("呼叫记录（任意连续24小时）", "records of calls, every 24 hours"),
}
_AGAINST: Mapping[tuple[str, Against], Both] = {
    ("day", "before"): ("较前一日", "against the day before"),
    ("week", "before"): ("较上周", "against the week before"),
    ("month", "before"): ("较上月", "against the month before"),
    ("day", "week"): ("较上周同日", "against the same day last week"),
    ("week", "week"): ("较上周", "against the week before"),
    ("day", "year"): ("较去年同日", "against the same day last year"),
    ("week", "year"): ("较去年同周", "against the same week last year"),
    ("month", "year"): ("较去年同月", "against the same month last year"),
}
_NONE: Mapping[By, Both] = {
    "shift": ("无班次", "no shift"),
    "queue": ("未进入队列", "no queue"),
    "number": ("无号码", "no number"),
    "city": ("无地市", "no city"),
}


def said(words: Words, both: Both) -> str:
    return both[0 if words.zh else 1]


def against(words: Words, span: Span, earlier: Against) -> str:
    return said(words, _AGAINST[span.kind, earlier])


def row_name(words: Words, by: By, row: Row, shifts: Mapping[str, str]) -> str:
    """`shifts`: their names by id."""
    if not row.label:
        return said(words, _NONE.get(by, ("–", "–")))
    match by:
        case "queue":
            name = words.skill(row.label)
        case "agent":
            name = words.agent(row.label)
        case "shift":
            name = shifts.get(row.label, row.label)
        case "half_hour":
            # 2026-11-21 09:30; of an hour that the clock repeats, the second time with its offset
            name = row.label[:16].replace("T", " ") + (row.label[16:] if row.place.endswith("+") else "")
        case _:
            name = row.label
    return name if row.whole else f"{name}{said(words, ('（部分）', ' (a part)'))}"


def total_name(words: Words) -> str:
    return said(words, ("合计", "Total"))


def rank_name(words: Words, row: Row) -> str:
    if row.rank is None:
        return "–"
    return f"{said(words, ('并列', '='))}{row.rank.number}" if row.rank.tied else str(row.rank.number)


def between(words: Words, gap: Gap) -> str:
    """2026-11-21 08:00:00 – 2026-11-21 08:30:00"""
    since, until = (words.time(at, "%Y-%m-%d %H:%M:%S") for at in (gap.since, gap.until))
    return f"{since} – {until}"


def local(words: Words, at: float) -> datetime:
    return datetime.fromtimestamp(at, words.zone)
