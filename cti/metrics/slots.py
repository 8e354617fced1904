"""The rows of a report that are times: half hours, days, weeks, months and shifts, in the city's own time. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from agents.schedule import Schedule
from cti.metrics.groups import Period, day, half_hour, label_of_time
from cti.metrics.spans import Span, midnight, next_month

Time = Literal["half_hour", "day", "week", "month"]
NO_SHIFT = ""
"""Label of the time in which nobody was to work."""


@dataclass(frozen=True, slots=True)
class Slot:
    label: str
    place: str
    """By which it is found again in another period: the third day of one is compared with the third day of the other,
    9:30 with 9:30, a shift with the shift of that name."""
    parts: tuple[Period, ...]
    whole: bool = True
    """False: a part of it is not in the period (a month's first week)."""


def time_slots(by: Time, period: Period, zone: tzinfo) -> list[Slot]:
    """All of the period, each moment in one; also those in which nothing happened."""
    found: list[Slot] = []
    first = datetime.fromtimestamp(period.since, zone).date()
    at = period.since
    while at < period.until:
        local, whole = datetime.fromtimestamp(at, zone), _around(by, at, zone)
        part = Period(max(whole.since, period.since), min(whole.until, period.until))
        place = str(len(found))
        if by == "half_hour":
            # The hour that the clock is set back over is there twice.
            place = f"{(local.date() - first).days} {local:%H:%M}{'+' * local.fold}"
        found.append(Slot(_label(by, at, zone), place, (part,), part == whole))
        at = part.until
    return found


def shift_slots(schedule: Schedule, period: Period, zone: tzinfo) -> list[Slot]:
    """The shifts that begin in the period, each whole, also past its end; in the order of the schedule.

    The end of a shift that had begun before belongs to the period before. Time of the period in which nobody was to
    work is the slot NO_SHIFT. So a moment belongs to one period, unless shifts of two days overlap.
    """
    since, until = (datetime.fromtimestamp(at, zone) for at in (period.since, period.until))
    worked = {
        (duty.shift.id, Period(duty.begins.timestamp(), duty.ends.timestamp()))
        for duty in schedule.duties(since, until)
    }
    found = []
    for shift in schedule.shifts:
        parts = sorted((part for id_, part in worked if id_ == shift and period.has(part.since)), key=_begin)
        if parts:
            found.append(Slot(shift, shift, tuple(parts)))
    if rest := tuple(_rest(period, (part for _, part in worked))):
        found.append(Slot(NO_SHIFT, NO_SHIFT, rest))
    return found


class Timetable:
    """Which slots a moment lies in."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        spans = [(part, slot.label) for slot in slots for part in slot.parts]
        self._edges: Sequence[float] = sorted({edge for part, _ in spans for edge in (part.since, part.until)})
        self._labels: list[tuple[str, ...]] = [() for _ in self._edges]
        for part, label in spans:
            for n in range(bisect_left(self._edges, part.since), bisect_left(self._edges, part.until)):
                self._labels[n] += (label,)

    def at(self, moment: float) -> tuple[str, ...]:
        n = bisect_right(self._edges, moment) - 1
        return self._labels[n] if n >= 0 else ()


def _around(by: Time, at: float, zone: tzinfo) -> Period:
    if by == "half_hour":
        return half_hour(at)
    if by == "day":
        return day(at, zone)
    date = datetime.fromtimestamp(at, zone).date()
    if by == "week":
        monday = date - timedelta(days=date.weekday())
        return Period(midnight(monday, zone), midnight(monday + timedelta(weeks=1), zone))
    return Period(midnight(date.replace(day=1), zone), midnight(next_month(date), zone))


def _label(by: Time, at: float, zone: tzinfo) -> str:
    if by in ("week", "month"):
        date = datetime.fromtimestamp(at, zone).date()
        return Span("week" if by == "week" else "month", date).label
    return label_of_time(at, "half_hour" if by == "half_hour" else "day", zone)


def _rest(period: Period, taken: Iterable[Period]) -> Iterator[Period]:
    """What of the period is in none of these."""
    at = period.since
    for part in sorted(taken, key=_begin):
        if part.since > at:
            yield Period(at, part.since)
        at = max(at, part.until)
    if at < period.until:
        yield Period(at, period.until)


def _begin(period: Period) -> float:
    return period.since
