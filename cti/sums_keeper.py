"""Keeps the sums by half hour whole: made when a half hour is over, made anew when something of it changes, and each
night proven against the timelines of the last days.

Work in small steps on the worker of the database, with pauses, so that nothing else waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import Any, Protocol, TypeVar

import structlog

from cti.metrics.groups import Period, half_hour_of
from cti.metrics.half_hours import HALF_HOUR_S
from cti.past_calls import patiently
from cti.storage.agents_time import AgentsTime
from cti.storage.sql import SqlStore
from cti.storage.sql_sums import Check, Made, Part

log = structlog.get_logger()

CHECK = "half_hours"
"""The name of what the night finds, among the checks of figures."""
_SETTLED_S = 60.0
"""A half hour is over for so long before it is made: its last milestones are on their way."""
_EVERY_S = 60.0
_NIGHT = time(3, 30)
_NIGHT_DAYS = 3
"""So many days before today are proven: a rating or a recording can come late, a callback a day later."""
_BACK_S = 3 * 366 * 86_400.0
"""Nothing older is made: nobody asks for it, and a clock that once stood at 1970 would keep us busy for days."""
_SHARE = 0.2
"""Of a core, at most, in the long run."""

T = TypeVar("T")


class Worker(Protocol):
    async def run(self, job: Callable[..., T], *args: Any) -> T: ...


class SumsKeeper:
    """`run` until cancelled."""

    def __init__(
        self,
        store: SqlStore,
        worker: Worker,
        drained: Callable[[], Awaitable[None]],
        wall: Callable[[], float],
        local_time: Callable[[float], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._store, self._kept, self._worker, self._drained = store, store.kept, worker, drained
        self._wall, self._local_time, self._monotonic = wall, local_time, monotonic
        self._agents = AgentsTime(store)
        self._scanned: dict[Part, float] = {}
        """Everything before this was looked through for what is missing."""
        self.last: Check | None = None
        """What the last night found."""
        self.on_made: Callable[[], Awaitable[None]] | None = None
        """Called when one more half hour is over and all that is over has been made."""
        self._made_until = 0

    async def run(self) -> None:
        await self._drained()
        self.last = await self._do(self._kept.last_check, CHECK)
        while True:
            await self.make()
            if self.last is None or self.last.at < self._last_night():
                await self.prove()
            await asyncio.sleep(_EVERY_S)

    async def make(self) -> None:
        """All half hours that are over and not whole. The newest calls first: who reads reports, reads those."""
        over = half_hour_of(self._wall() - _SETTLED_S)
        for half_hour in reversed(await self._wanted("calls", over)):
            await self._do(self._kept.make_calls, half_hour, self._wall())
        for run in _runs(await self._wanted("agents", over)):
            await self._make_agents(run)
        if over > self._made_until and self.on_made is not None:
            await self.on_made()
        self._made_until = over

    async def prove(self) -> Check:
        """Makes the last days anew from the timelines, replaces what differs, and keeps how much that was."""
        began_at = self._wall()
        today = self._midnight(0)
        since, until = half_hour_of(self._midnight(_NIGHT_DAYS)), half_hour_of(today)
        differed = records = 0
        for half_hour in range(since, until, HALF_HOUR_S):
            make = partial(self._kept.make_calls, from_timelines=True)
            made = await self._do(make, half_hour, self._wall())
            differed, records = differed + made.differed, records + made.records
        differed += (await self._make_agents(Period(since, until))).differed
        self.last = Check(began_at, (until - since) // HALF_HOUR_S, differed + records)
        await self._do(self._kept.found, CHECK, self.last)
        say = log.error if self.last.differed else log.info
        self._scanned.clear()  # what is missing is looked for everywhere once more
        say("half_hours_proven", half_hours=self.last.looked, sums_differed=differed, records_differed=records)
        return self.last

    async def _make_agents(self, half_hours: Period) -> Made:
        differed = 0
        while (made := await self._do(self._agents.step, half_hours, self._wall())) is not None:
            differed += made.differed
        return Made(differed)

    async def _wanted(self, part: Part, until: float) -> list[int]:
        """What is missing, looked for everywhere once and then at the end alone; and what has become wrong."""
        since = self._scanned.get(part)
        if since is None:
            since = await self._do(self._kept.first, part)
        if since is None:
            return []
        missing = await self._do(self._kept.not_whole, part, max(since, until - _BACK_S), until)
        dirty = await self._do(self._kept.dirty, part)
        self._scanned[part] = max(since, until)
        return sorted({*missing, *(at for at in dirty if at < until)})

    async def _do(self, job: Callable[..., T], *args: Any) -> T:
        """As soon as the store can be used; and a rest after it."""
        began = self._monotonic()
        done = await patiently(partial(self._worker.run, job, *args))
        await asyncio.sleep((self._monotonic() - began) * (1 / _SHARE - 1))
        return done

    def _last_night(self) -> float:
        """When the last proof was due."""
        now = self._local_time(self._wall())
        due = now.replace(hour=_NIGHT.hour, minute=_NIGHT.minute, second=0, microsecond=0)
        return (due if due <= now else due - timedelta(days=1)).timestamp()

    def _midnight(self, days_ago: int) -> float:
        now = self._local_time(self._wall())
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return (day - timedelta(days=days_ago)).timestamp()


def _runs(half_hours: Sequence[int]) -> list[Period]:
    """Half hours that follow one another, together."""
    runs = (list(run) for _, run in groupby(enumerate(half_hours), lambda one: one[1] - one[0] * HALF_HOUR_S))
    return [Period(run[0][1], run[-1][1] + HALF_HOUR_S) for run in runs]
