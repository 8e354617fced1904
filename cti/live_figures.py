"""The figures of today as they are now, for pages, alerts and /metrics; and what came since this process began.

Counted by the same definitions as the records (cti/metrics/live.py), so that both say the same. What was before the
start is read from the records; until that is done the day is not known, and nothing is said of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import partial

import structlog

from cti.calls import CallFact, Milestone
from cti.metrics.agents import LOOK_BACK_S
from cti.metrics.figures import LOSS_PLACES, Sums
from cti.metrics.groups import Period, day
from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.live import LiveCalls
from cti.metrics.live_agents import LiveAgents
from cti.metrics.rates import total
from cti.metrics.record import CALLBACK, CallRecord
from cti.metrics.rollups import roll_up, roll_up_agents_calls
from cti.past_calls import Records, past_calls, patiently

log = structlog.get_logger()

_MEND_EVERY_S = 30.0
_STRAGGLERS_S = 120.0
_CHUNK_S = 900.0
SELF_SERVICE = "none"
"""Of `LOSS_PLACES`: nobody answered, and nothing was lost."""

AtDesks = Callable[[float, float], Awaitable[Sequence[Milestone]]]
"""What agents did, and calls at their desks, from the first time on and before the second, by time."""


@dataclass(slots=True)
class Counted:
    """Calls of citizens that are decided: answered, or over."""

    answered: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    """By place (`LOSS_PLACES`)."""

    @property
    def count(self) -> int:
        return self.answered + self.lost.total()


class LiveFigures:
    """`heard` takes milestones as they become durable, `on_ended` the record of each call that has just ended."""

    def __init__(self, zone: tzinfo, wall: Callable[[], float]) -> None:
        self.arrived = 0
        self.ended = Counted()
        """Since this process began."""
        self._zone, self._wall = zone, wall
        self._day = day(wall(), zone)
        self.calls = LiveCalls()
        self.agents_time = LiveAgents(self._day.since - LOOK_BACK_S)
        self._early: list[Milestone] | None = []
        """Of agents, until it is known what they were before."""
        self._ends = 0
        self._known_from: date | None = None
        """The first day of which everything is known."""

    def begin(self, milestones: Iterable[Milestone]) -> None:
        """Of the calls that went on when this process began."""
        self.calls.add(milestones)

    def heard(self, batch: Sequence[Milestone]) -> None:
        self.calls.add(batch)
        if self._early is None:
            self.agents_time.add(batch)
        else:
            self._early += batch
        for milestone in batch:
            if milestone.stream == "call":
                first = milestone.kind == CallFact.ARRIVED and not milestone.data.get("again")
                self.arrived += first and milestone.data.get("direction") != CALLBACK
                self._ends += milestone.kind == CallFact.ENDED

    def on_ended(self, record: CallRecord) -> None:
        if record.incoming:
            self.ended.answered += record.answered
            if not record.answered:
                self.ended.lost[record.lost_at or SELF_SERVICE] += 1

    async def run(self, records: Records, at_desks: AtDesks, drained: Callable[[], Awaitable[None]]) -> None:
        """Reads what was before the start, then keeps what is counted in order; until cancelled."""
        await self.recall(records, drained)
        await self._recall_agents(at_desks)
        while True:
            await asyncio.sleep(_MEND_EVERY_S)
            self.agents_time.settle(self._wall() - _STRAGGLERS_S)
            for half_hour in self.calls.doubtful:
                await self._mend(half_hour, records, drained)

    async def recall(self, records: Records, drained: Callable[[], Awaitable[None]]) -> None:
        """The calls of today that ended before; it waits for what the last daemon left in its journal."""
        began_at = self._wall()
        await drained()
        async for record in past_calls(records, day(began_at, self._zone).since, began_at):
            self.calls.recall([record])
        self._known_from = self._date(began_at)

    def known_since(self) -> float | None:
        """From when on every call and what agents did is known; None: not yet."""
        return self._day.since if self._early is None and self._knows_calls() else None

    def today(self) -> Counted | None:
        """Calls that arrived since midnight, local time, and are decided; None: not known yet."""
        if (course := self.course()) is None:
            return None
        sums = sum(course.values(), Sums())
        lost = Counter({place: sums[f"lost_{place}"] for place in LOSS_PLACES if sums[f"lost_{place}"]})
        return Counted(sums["answered"], lost)

    def course(self) -> Mapping[int, Sums] | None:
        """Sums of today by half hour, by its beginning (UTC seconds); None: not known yet."""
        if not self._knows_calls():
            return None
        found = self.calls.grouped("half_hour", self._zone, self._day)
        return {int(datetime.fromisoformat(label).timestamp()): sums for label, sums in found.items()}

    def agents(self) -> Sums | None:
        """What agents did since midnight, all together; None: not known yet."""
        if self._early is not None:
            return None
        self._turn_page()
        return total(self.agents_time.sums(self._wall()), self._day)

    async def _recall_agents(self, at_desks: AtDesks) -> None:
        """Bit by bit: two days of a big city in one go would hold up its calls."""
        at, began_at = self._day.since - LOOK_BACK_S, self._wall()
        while at < began_at:
            until = min(at + _CHUNK_S, began_at)
            self.agents_time.add(await patiently(partial(at_desks, at, until)))
            self.agents_time.settle(until - _STRAGGLERS_S)
            await asyncio.sleep(0)
            at = until
        self.agents_time.forget(self._day.since)
        early, self._early = self._early or [], None
        self.agents_time.add(early)

    async def _mend(self, half_hour: int, records: Records, drained: Callable[[], Awaitable[None]]) -> None:
        """From the records, unless another call has ended meanwhile: then at the next time."""
        ends = self._ends
        await drained()
        found = await patiently(partial(records, half_hour, half_hour + HALF_HOUR_S))
        over = [record for record in found if record.ended_at is not None]
        calls, agents = await asyncio.to_thread(lambda: (roll_up(over), roll_up_agents_calls(over)))
        if ends == self._ends:
            self.calls.mend(half_hour, calls, agents)
            log.info("figures_mended", half_hour=half_hour)

    def _knows_calls(self) -> bool:
        self._turn_page()
        return self._known_from is not None and self._date(self._day.since) >= self._known_from

    def _turn_page(self) -> None:
        if self._wall() >= self._day.until:
            self._day = day(self._wall(), self._zone)
            self.calls.forget(self._day.since)
            self.agents_time.forget(self._day.since)

    def period(self) -> Period:
        """Today, from midnight to midnight."""
        self._turn_page()
        return self._day

    def _date(self, at: float) -> date:
        return datetime.fromtimestamp(at, self._zone).date()
