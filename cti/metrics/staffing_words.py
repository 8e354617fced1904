"""What is said of seats: how many are missing, and what a forecast rests on. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cti.metrics.staffing import Row
from cti.metrics.words import Words
from queues.demand import Expected

REASONS: Mapping[str, tuple[str, str]] = {
    "no_history": ("没有可比的往日记录", "no day like this one has been recorded"),
    "new_queue": ("可比的往日没有这类来电", "no such call came on days like this one"),
    "no_schedule": ("没有排班表", "there is no schedule"),
}


def verdict(row: Row, words: Words) -> str:
    """缺3席, 3 seats short; enough; or why it is not known."""
    short = row.short or 0
    said = f"缺{short}席" if words.zh else f"{words.count(short, 'seat', 'seats')} short"
    if row.unknown is None:
        return said if short else ("席位足够" if words.zh else "enough")
    why = words.of(REASONS, row.unknown)
    if short:
        return f"至少{said}（其余未知：{why}）" if words.zh else f"at least {said} (the rest is unknown because {why})"
    return f"未知：{why}" if words.zh else f"unknown because {why}"


def basis(expected: Expected, words: Words) -> str:
    """From how many weeks a forecast is; "" if it is unknown."""
    n = expected.days
    if expected.unknown is not None:
        return ""
    if expected.same_weekday:
        weeks = words.count(n, "week", "weeks")
        return f"按前{n}周同日同时段" if words.zh else f"from this time of this weekday in {weeks}"
    days = words.count(n, "day", "days")
    return f"按前{n}个同类日（工作日或休息日）同时段" if words.zh else f"from this time of {days} alike, working or off"
