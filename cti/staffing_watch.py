"""Seats needed beside the seats there are, reckoned anew each minute for the pages: cti/metrics/staffing.py at work."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, tzinfo
from typing import Any

import structlog

from agents.schedule import Schedule
from agents.status import Desk
from cti.calls import CallFact, Milestone
from cti.metrics.gaps import Gap, seen
from cti.metrics.groups import half_hour_of
from cti.metrics.half_hours import HalfHour
from cti.metrics.record import CALLBACK
from cti.metrics.staffing import HalfHourStaffing, Row, Staffing, staffing
from cti.storage.store import StoreError
from queues.demand import LOOK_BACK_DAYS, Demand
from queues.handling import Habit
from queues.staffing import Target

log = structlog.get_logger()

TARGET = Target(0.95, 15.0)
"""GB/T 33358-2016: 95 % within 15 s."""
_HALF_HOURS = 8
"""The one that is running, and those of the next hours: what a shift can still be changed for."""
_EVERY_S = 60.0
_PAST_S = (LOOK_BACK_DAYS + 1) * 86_400.0

Past = tuple[Iterable[HalfHour], Sequence[Gap]]


class StaffingWatch:
    """`run` until cancelled; `heard` takes milestones as they become durable, at first those of calls that go on."""

    def __init__(
        self,
        past: Callable[[float, float], Awaitable[Past]],
        queues: Callable[[], Sequence[str]],
        habits: Callable[[Iterable[str], datetime], Mapping[str, Habit]],
        desks: Callable[[], Collection[Desk]],
        schedule: Callable[[], Schedule],
        works: Callable[[date], bool],
        wall: Callable[[], float],
        zone: tzinfo,
    ) -> None:
        """`past`: sums of the calls that have ended by now, of those that arrived in a time; and its gaps. StoreError
        or TimeoutError: not now. `works`: whether a day is a working day."""
        self._past, self._queues, self._habits = past, queues, habits
        self._desks, self._schedule, self._works = desks, schedule, works
        self._wall, self._zone = wall, zone
        self._known: dict[str, Counter[int]] = {}
        """Calls by queue and half hour, as the records had them when they were read last."""
        self._gaps: Sequence[Gap] = ()
        self._read_on: date | None = None
        self._queued: dict[str, tuple[str, int]] = {}
        """Calls that were in no record then: the queue each entered first, and the half hour."""
        self._callbacks: set[str] = set()
        """Calls of ours, while they go on: nobody calls us in them."""
        self._ended: set[str] = set()
        self._state: Mapping[str, Any] | None = None

    def state(self) -> Mapping[str, Any] | None:
        """The latest view as JSON (docs/staffing.md); None: none has been made yet."""
        return self._state

    def heard(self, batch: Iterable[Milestone]) -> None:
        for m in batch:
            if m.stream != "call":
                continue
            match m.kind:
                case CallFact.ARRIVED if m.data.get("direction") == CALLBACK:
                    self._callbacks.add(m.id)
                case CallFact.QUEUED if m.id not in self._callbacks:
                    self._queued.setdefault(m.id, (str(m.data["queue"]), half_hour_of(m.at)))
                case CallFact.ENDED:
                    self._callbacks.discard(m.id)
                    self._ended.add(m.id)
                case _:
                    pass

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except (StoreError, TimeoutError) as error:
                log.warning("staffing_postponed", problem=str(error) or "no answer in time")
            await asyncio.sleep(_EVERY_S)

    async def look(self) -> None:
        """One forecast, and what follows from it. StoreError, TimeoutError."""
        today = datetime.fromtimestamp(self._wall(), self._zone).date()
        if self._read_on != today:
            await self._read()
            self._read_on = today
        now, queues = self._wall(), list(self._queues())
        if not queues:
            self._state = None
            return
        came = {queue: Counter(self._known.get(queue, ())) for queue in queues}
        for queue, half_hour in self._queued.values():
            if queue in came:
                came[queue][half_hour] += 1
        demand = Demand(now, self._zone, self._works, lambda since, until: seen(self._gaps, since, until))
        forecast = {queue: demand.expected(calls, _HALF_HOURS) for queue, calls in came.items()}
        habits = self._habits(queues, datetime.fromtimestamp(now, self._zone))
        self._state = as_state(staffing(now, TARGET, forecast, habits, self._desks(), self._schedule(), self._zone))

    async def _read(self) -> None:
        """The weeks, once a day; what has ended by now is in them. A call that ends in this very moment may count
        twice until tomorrow."""
        ended, now = set(self._ended), self._wall()
        half_hours, self._gaps = await self._past(now - _PAST_S, now)
        self._known = {}
        for one in half_hours:
            self._known.setdefault(one.queue, Counter())[one.begins_at] += one.calls
        self._ended -= ended
        self._queued = {call: queued for call, queued in self._queued.items() if call not in ended}


def as_state(found: Staffing) -> Mapping[str, Any]:
    """By queue, by pool (its queues with + between them) and in all: the same half hours one after the other."""
    first = found.half_hours[0]
    pools: dict[str, list[Mapping[str, Any]]] = {}
    for half_hour in found.half_hours:
        for row in half_hour.pools:
            pools.setdefault("+".join(row.queues), []).append(_slot(half_hour, row))
    return {
        "at": found.at,
        "share": found.share,
        "within_s": found.within_s,
        "queues": {
            row.queues[0]: [_slot(half_hour, half_hour.queues[n]) for half_hour in found.half_hours]
            for n, row in enumerate(first.queues)
        },
        "pools": pools,
        "total": [_slot(half_hour, half_hour.total) for half_hour in found.half_hours],
        "present": {present.queue: asdict(present) for present in found.present},
    }


def _slot(half_hour: HalfHourStaffing, row: Row) -> Mapping[str, Any]:
    expected = next((e for e, of in zip(half_hour.expected, half_hour.queues, strict=True) if of is row), None)
    return {
        "begins_at": half_hour.begins_at,
        "seats": half_hour.seats,
        "needed": row.needed,
        "there": row.there,
        "short": row.short,
        "unknown": row.unknown,
        "calls": row.calls,
        "came": None if expected is None else expected.came,
        "low": None if expected is None else expected.low,
        "high": None if expected is None else expected.high,
    }
