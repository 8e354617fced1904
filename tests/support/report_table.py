"""Calls and tables of reports, small enough to be counted by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from agents.schedule import WEEKDAYS, Day, Schedule, Shift
from cti.calls import AgentId
from cti.metrics.record import CallRecord, fold
from cti.metrics.spans import Span
from cti.metrics.tables import Table
from cti.metrics.tally import By, Grouping, Tally
from tests.support.calls import answered_call, lost_call

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
DAY = Span("day", date(2026, 11, 21))


def at(text: str, zone: ZoneInfo = SHANGHAI) -> float:
    """2026-11-21 09:30"""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def answered(when: float, **other: object) -> CallRecord:
    """Answered 14 s after queueing and 20 s after arrival; talk of 60 s; rated best."""
    return dataclasses.replace(fold(answered_call(f"c{when}", when)), **other)  # type: ignore[arg-type]


def lost(when: float, place: str = "queue", **other: object) -> CallRecord:
    """After 40 s; 34 s of them in the queue, if it was not in the menu."""
    return dataclasses.replace(fold(lost_call(f"c{when}", when, place=place)), **other)  # type: ignore[arg-type]


def table(
    by: By, calls: Iterable[CallRecord], span: Span = DAY, zone: ZoneInfo = SHANGHAI, schedule: Schedule | None = None
) -> Table:
    tally = Tally(Grouping(by, span.period(zone), zone, schedule))
    for call in calls:
        tally.add(call)
    return Table.of(span, tally)


def fraction(found: Table, label: str, code: str = "connection_rate") -> tuple[float, float]:
    """Numerator and denominator of a row; of the total for "total"."""
    row = found.total if label == "total" else next(row for row in found.rows if row.label == label)
    return row.rates[code].numerator, row.rates[code].denominator


def labels(found: Table) -> list[str]:
    return [row.label for row in found.rows]


def schedule_of(**hours: tuple[str, str]) -> Schedule:
    """Shifts by id, each worked every day."""
    shifts = {
        key: Shift(key, f"{key} 班", time.fromisoformat(begins), time.fromisoformat(ends), 1)
        for key, (begins, ends) in hours.items()
    }
    return Schedule(shifts, {day: Day({key: (AgentId("a1001"),) for key in shifts}) for day in WEEKDAYS})
