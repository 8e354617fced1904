"""What a report counts, row by row, kept from calls as they are read: memory for its rows, however many calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Literal

from agents.schedule import Schedule
from cti.metrics.figures import Sums, of_call
from cti.metrics.groups import AgentKey, Dimension, Key, Period, label_of_call
from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.record import CallRecord
from cti.metrics.slots import Slot, Timetable, shift_slots, time_slots

By = Literal["half_hour", "day", "week", "month", "shift", "agent", "queue", "number", "city"]


class Grouping:
    """Which rows a call belongs to."""

    def __init__(self, by: By, period: Period, zone: tzinfo, schedule: Schedule | None = None) -> None:
        """`schedule`: whose shifts are meant, with `by` "shift"."""
        self.by, self.period = by, period
        self._dimension: Dimension = "queue"
        self.slots: Sequence[Slot] = ()
        """The rows, if they are times; otherwise the calls say which there are."""
        match by:
            case "shift":
                self.slots = shift_slots(schedule or Schedule(), period, zone)
            case "half_hour" | "day" | "week" | "month":
                self.slots = time_slots(by, period, zone)
            case _:
                self._dimension = by
        self._timetable = Timetable(self.slots)

    @property
    def reach(self) -> Period:
        """When its calls arrived: the period, or up to the end of the last shift that began in it."""
        return Period(self.period.since, max([self.period.until, *(s.parts[-1].until for s in self.slots)]))

    @property
    def by_half_hours(self) -> bool:
        """Whether sums by half hour are enough; not for a shift that begins at 8:15."""
        return all(edge % HALF_HOUR_S == 0 for s in self.slots for part in s.parts for edge in (part.since, part.until))

    def has(self, at: float) -> bool:
        """Whether a call that arrived then is of this report."""
        return bool(self._timetable.at(at)) if self.slots else self.period.has(at)

    def of_call(self, record: CallRecord) -> tuple[str, ...]:
        """None for a call of another period, or of no agent; two in two shifts."""
        if self.slots:
            return self._timetable.at(record.arrived_at)
        if not self.period.has(record.arrived_at):
            return ()
        if self.by == "agent":
            return record.agents[-1:]
        return (label_of_call(record, self._dimension, UTC),)

    def of_key(self, key: Key | AgentKey) -> tuple[str, ...]:
        """ValueError for sums that are not kept by this."""
        if self.slots:
            return self._timetable.at(key.half_hour)
        return (key.label(self._dimension, UTC),) if self.period.has(key.half_hour) else ()


class Tally:
    def __init__(self, grouping: Grouping) -> None:
        self.grouping = grouping
        self.rows: dict[str, Sums] = {}
        self.total = Sums()
        """Each call once, in however many rows it is."""

    def add(self, record: CallRecord) -> None:
        if labels := self.grouping.of_call(record):
            self._count(labels, of_call(record))

    def add_sums(self, key: Key | AgentKey, sums: Mapping[str, int]) -> None:
        """Of a half hour: stored ones of calls instead of the calls themselves, and agents' time. Shifts need
        `by_half_hours`."""
        self._count(self.grouping.of_key(key), sums)

    def add_all(self, kept: Iterable[tuple[Key | AgentKey, Mapping[str, int]]]) -> None:
        """As `add_sums` of each, sooner: those of the same rows are added up first."""
        found: dict[tuple[str, ...], Sums] = {}
        for key, sums in kept:
            labels = self.grouping.of_key(key)
            if (together := found.get(labels)) is None:
                together = found[labels] = Sums()
            _add(together, sums)
        for labels, sums in found.items():
            self._count(labels, sums)

    def _count(self, labels: tuple[str, ...], sums: Mapping[str, int]) -> None:
        for label in labels:
            if (row := self.rows.get(label)) is None:
                row = self.rows[label] = Sums()
            _add(row, sums)
        if labels:
            _add(self.total, sums)


def _add(row: Sums, sums: Mapping[str, int]) -> None:
    """As `Counter.update`, in a third of the time: a month has half a million half hours of agents."""
    for code, count in sums.items():
        row[code] = row.get(code, 0) + count
