"""Whether sums that are kept live are those of the records: compared for each half hour that is over, and mended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import structlog

from cti.metrics.figures import Sums
from cti.metrics.groups import AgentKey, Key, half_hour_of
from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.rollups import AgentRollup, Rollup, add, differing
from cti.storage.sql_sums import Check, SqlSums

log = structlog.get_logger()

CHECK = "live"
"""Its name among the checks of figures."""

T = TypeVar("T")


class Live(Protocol):
    """Sums of calls kept from milestones as they come (cti.metrics.live.LiveCalls)."""

    def calls(self) -> Rollup: ...
    def agents_calls(self) -> AgentRollup: ...
    @property
    def doubtful(self) -> frozenset[int]: ...
    @property
    def going_on(self) -> frozenset[int]: ...
    def mend(self, half_hour: int, calls: Mapping[Key, Sums], agents: Mapping[AgentKey, Sums]) -> None: ...


class LiveTime(Protocol):
    """The same of agents' time (cti.metrics.live_agents.LiveAgents)."""

    def sums(self, now: float) -> AgentRollup: ...
    @property
    def doubtful(self) -> frozenset[int]: ...
    @property
    def settled_until(self) -> float: ...
    def mend(self, half_hour: int, right: Mapping[AgentKey, Sums]) -> None: ...


class LiveCheck:
    """The records' side are the kept sums, where they are whole: each night these are proven against the timelines."""

    def __init__(
        self,
        kept: SqlSums,
        read: Callable[..., Awaitable[Any]],
        drained: Callable[[], Awaitable[None]],
        wall: Callable[[], float],
        live: Live,
        agents: LiveTime,
        since: Callable[[], float | None],
    ) -> None:
        """`read` runs a job of the store. `since`: from when on `live` and `agents` know everything; None: not yet."""
        self._kept, self._read, self._drained, self._wall = kept, read, drained, wall
        self._live, self._agents, self._since = live, agents, since
        self.last: Check | None = None

    async def look(self) -> Check | None:
        """Compares and mends; None: there is nothing yet to be compared. May raise StoreError."""
        if (known_since := self._since()) is None:
            return None
        now = self._wall()
        since, until = -int(-known_since // HALF_HOUR_S) * HALF_HOUR_S, half_hour_of(now)
        await self._drained()
        found = (await self._look_at_calls(since, until)) + (await self._look_at_agents(since, until))
        self.last = Check(now, found.compared, found.wrong)
        await self._read(self._kept.found, CHECK, self.last)
        say = log.error if found.wrong else log.info
        say("live_figures_compared", half_hours=found.compared, differed=found.wrong, made_anew=found.doubtful)
        return self.last

    async def _look_at_calls(self, since: int, until: int) -> _Found:
        open_before = self._live.going_on
        of_calls = await self._read(self._kept.calls, since, until)
        of_agents = await self._read(self._kept.agents_calls, since, until)
        right: Rollup = {}
        for key, sums in of_calls.sums:
            add(right, {key: Sums(sums)})
        right_of_agents: AgentRollup = {key: Sums(sums) for key, sums in of_agents.sums}
        # What goes on may have ended while the records were read; it is looked at when the next half hour is over.
        settled = (of_calls.whole & of_agents.whole) - open_before - self._live.going_on
        doubtful = self._live.doubtful & settled
        compared = settled - doubtful
        wrong = _half_hours(differing(self._live.calls(), right, compared))
        wrong |= _half_hours(differing(self._live.agents_calls(), right_of_agents, compared))
        for half_hour in doubtful | wrong:
            self._live.mend(half_hour, right, right_of_agents)
        return _Found(len(compared), len(wrong), len(doubtful))

    async def _look_at_agents(self, since: int, until: int) -> _Found:
        kept = await self._read(self._kept.agents_time, since, until)
        right: AgentRollup = {key: Sums(sums) for key, sums in kept.sums}
        settled_until = self._agents.settled_until
        settled = {half_hour for half_hour in kept.whole if half_hour < settled_until}
        doubtful = self._agents.doubtful & settled
        compared = settled - doubtful
        wrong = _half_hours(differing(self._agents.sums(settled_until), right, compared))
        for half_hour in doubtful | wrong:
            self._agents.mend(half_hour, right)
        return _Found(len(compared), len(wrong), len(doubtful))


@dataclass(frozen=True, slots=True)
class _Found:
    """How many half hours."""

    compared: int
    wrong: int
    doubtful: int

    def __add__(self, other: _Found) -> _Found:
        return _Found(self.compared + other.compared, self.wrong + other.wrong, self.doubtful + other.doubtful)


def _half_hours(found: Collection[Any]) -> set[int]:
    return {repair.key.half_hour for repair in found}
