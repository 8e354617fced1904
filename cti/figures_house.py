"""Everything that keeps a running daemon's figures right: sums by half hour, gaps, the live check, seats needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from typing import Any

import structlog

from agents.schedule import Schedule
from agents.status import Desk
from cti.gap_watch import Asterisk, GapWatch
from cti.live_check import Live, LiveCheck, LiveTime
from cti.metrics.gaps import Gap
from cti.metrics.half_hours import HalfHour
from cti.past_calls import patiently
from cti.staffing_watch import StaffingWatch
from cti.storage.records import Records
from cti.storage.store import StoreError
from cti.sums_keeper import SumsKeeper
from queues.handling import Habit

log = structlog.get_logger()


class FiguresHouse:
    """Give it each batch of durable milestones (`heard`), at first those of calls that go on."""

    def __init__(
        self,
        records: Records,
        asterisk: Asterisk,
        city: str,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
        zone: tzinfo,
        *,
        queues: Callable[[], Sequence[str]],
        habits: Callable[[Iterable[str], datetime], Mapping[str, Habit]],
        desks: Callable[[], Collection[Desk]],
        schedule: Callable[[], Schedule],
        works: Callable[[date], bool],
    ) -> None:
        self._records, self._wall = records, wall
        self._drained = records.drainer.drained
        store, worker = records.store, records.worker
        self.sums = SumsKeeper(
            store, worker, self._drained, wall, lambda at: datetime.fromtimestamp(at, zone), monotonic
        )
        self.gaps = GapWatch(store.observed, city, worker, asterisk, lambda: records.journal.dropped, wall)
        self.staffing = StaffingWatch(self._past, queues, habits, desks, schedule, works, wall, zone)
        self._check: LiveCheck | None = None
        self.sums.on_made = self._compare
        self.heard = self.staffing.heard

    def compare(self, live: Live, agents: LiveTime, since: Callable[[], float | None]) -> None:
        """From now on these live sums are compared with the records, whenever a half hour is over. `since`: from when
        on they know everything; None: not yet."""
        self._check = LiveCheck(
            self._records.store.kept, self._records.worker.run, self._drained, self._wall, live, agents, since
        )

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        return [self.sums.run(), self.gaps.run(), self.staffing.run()]

    def state(self) -> dict[str, Any]:
        """For health: `ok` unless figures were found wrong the last time. They have been put right then."""
        found = {"half_hours": self.sums.last, "live": self._check.last if self._check is not None else None}
        wrong = [name for name, check in found.items() if check is not None and check.differed]
        return {
            "ok": not wrong,
            "reason": f"figures differed from the records and were put right: {', '.join(wrong)}" if wrong else "",
            **{
                name: None if c is None else {"at": c.at, "looked": c.looked, "differed": c.differed}
                for name, c in found.items()
            },
        }

    async def gaps_between(self, since: float, until: float) -> Sequence[Gap]:
        """Those that touch this time, as soon as the database can be read."""
        return await patiently(partial(self._records.worker.run, self._records.store.gaps, since, until))

    async def _compare(self) -> None:
        if self._check is None:
            return
        try:
            await self._check.look()
        except (StoreError, TimeoutError) as error:
            log.warning("live_check_postponed", problem=str(error) or "no answer in time")

    async def _past(self, since: float, until: float) -> tuple[list[HalfHour], list[Gap]]:
        await self._drained()
        store, run = self._records.store, self._records.worker.run
        return await run(partial(store.half_hours, since, until)), await run(partial(store.gaps, since, until))
