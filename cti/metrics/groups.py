"""By what metrics are grouped: half hour, day, city, number dialled, queue, skill, agent; and the time they are of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Literal

from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.record import CallRecord

Dimension = Literal["half_hour", "day", "city", "number", "queue", "skill", "agent"]
TIMES: tuple[Dimension, ...] = ("half_hour", "day")


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on and before `until`, UTC seconds. A call belongs to the period in which it arrived."""

    since: float
    until: float

    def has(self, at: float) -> bool:
        return self.since <= at < self.until

    def parts(self, dimension: Dimension, zone: tzinfo) -> Iterator[tuple[str, Period]]:
        """Its half hours or days, each whole, by label; also those in which nothing happened."""
        at = self.since
        while at < self.until:
            part = half_hour(at) if dimension == "half_hour" else day(at, zone)
            yield label_of_time(at, dimension, zone), part
            at = part.until


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Where a call counts. "" for what it has not: a call lost in the menu has neither queue nor skill."""

    half_hour: int
    """The half hour of the clock in which it arrived: its beginning, UTC seconds."""
    city: str
    number: str
    """What its calls are counted under: the number dialled, or the key that the document of numbers gives it."""
    queue: str
    """The one entered first."""
    skill: str

    @staticmethod
    def of(record: CallRecord) -> Key:
        number = record.statistics or record.dialled
        return Key(half_hour_of(record.arrived_at), record.city, number, record.queue or "", record.skill or "")

    def label(self, dimension: Dimension, zone: tzinfo) -> str:
        match dimension:
            case "city" | "number" | "queue" | "skill":
                return str(getattr(self, dimension))
            case "agent":
                raise ValueError("calls by agent have a roll-up of their own")
            case _:
                return label_of_time(self.half_hour, dimension, zone)


@dataclass(frozen=True, slots=True, order=True)
class AgentKey:
    """`half_hour`: as of `Key`."""

    half_hour: int
    agent: str

    @staticmethod
    def of(record: CallRecord) -> AgentKey | None:
        """Whose call it is: the agent who had it last, so that all agents together have each call once."""
        return AgentKey(half_hour_of(record.arrived_at), record.agents[-1]) if record.agents else None

    def label(self, dimension: Dimension, zone: tzinfo) -> str:
        match dimension:
            case "agent":
                return self.agent
            case "half_hour" | "day":
                return label_of_time(self.half_hour, dimension, zone)
            case _:
                raise ValueError(f"sums of agents are not kept by {dimension}")


def label_of_call(record: CallRecord, dimension: Dimension, zone: tzinfo) -> str:
    if dimension == "agent":
        return record.agents[-1] if record.agents else ""
    return Key.of(record).label(dimension, zone)


def label_of_time(at: float, dimension: Dimension, zone: tzinfo) -> str:
    """2026-11-22T09:30+08:00, or 2026-11-22"""
    if dimension == "half_hour":
        return datetime.fromtimestamp(half_hour_of(at), zone).isoformat(timespec="minutes")
    return datetime.fromtimestamp(at, zone).date().isoformat()


def half_hour_of(at: float) -> int:
    return int(at // HALF_HOUR_S) * HALF_HOUR_S


def half_hour(at: float) -> Period:
    begins = half_hour_of(at)
    return Period(begins, begins + HALF_HOUR_S)


def day(at: float, zone: tzinfo) -> Period:
    """From midnight to midnight by the city's time, in which a half hour of the clock lies in one day alone."""
    date = datetime.fromtimestamp(at, zone).date()
    ends = datetime.combine(date + timedelta(days=1), time(), zone)
    return Period(datetime.combine(date, time(), zone).timestamp(), ends.timestamp())
