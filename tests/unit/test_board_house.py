"""What live pages are told when something happens: at once, and not too often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import pytest

from cti.board_house import BoardHouse, Parts, past_from
from cti.calls import AgentFact, Milestone
from cti.exchange import Exchange
from cti.live_figures import LiveFigures
from cti.metrics.figures import Sums, of_call
from cti.metrics.gaps import Gap
from cti.metrics.record import CallRecord, fold
from cti.metrics.rollups import Rollup, roll_up
from cti.rules import Surge
from cti.settings import City, Targets
from cti.skills import Skill
from cti.surge_watch import SurgeWatch
from tests.support.calls import answered_call, lost_call
from tests.support.floor import TEN, ZONE, Floor

pytestmark = pytest.mark.looptime


def local_time(at: float) -> datetime:
    return datetime.fromtimestamp(at, ZONE)


class NoFloor:
    def habits(self, queues: object, at: object) -> dict[str, Any]:
        return {}

    def at_work(self) -> list[Any]:
        return []


class Office:
    """A board whose messages are kept; time is the event loop's."""

    def __init__(self, past: dict[date, Rollup] | None = None) -> None:
        self.floor = Floor({"a1": ("林小燕", {"general": 3}), "a2": ("李静", {"general": 3})})
        self.told: list[tuple[float, str]] = []
        self.states: dict[str, Any] = {}
        self.figures = LiveFigures(ZONE, self.wall)
        exchange = Exchange(self.floor.board, self, self.wall)
        self.house = BoardHouse(
            Parts(
                city=City(),
                targets=Targets(),
                zone=ZONE,
                wall=self.wall,
                monotonic=lambda: asyncio.get_running_loop().time(),
                switchboard=self.floor.board,
                figures=self.figures,
                surge=SurgeWatch(
                    exchange, Surge(), NoFloor(), lambda at: datetime.fromtimestamp(at, ZONE), lambda: None
                ),
                phone=lambda agent: "registered",
                skills=lambda: {"general": Skill("综合", "general", True)},
                speech=lambda: "ok",
                past=self._past,
                owed=lambda: (3, 4),
                gaps=self._gaps,
                staffing=lambda: None,
            )
        )
        self.past = past or {}
        self.house.board.publish = self._publish  # type: ignore[method-assign]

    def wall(self) -> float:
        return self.floor.now

    def append(self, milestone: Milestone) -> None:
        """No milestone comes of this."""

    async def _past(self, of: date) -> Rollup:
        return self.past.get(of, {})

    async def _gaps(self, since: float, until: float) -> list[Gap]:
        return []

    def _publish(self, topic: str, state: Any) -> None:
        self.told.append((asyncio.get_running_loop().time(), topic))
        self.states[topic] = {section: dict(rows) for section, rows in state.items()}

    def happens(self, agent: str, status: str) -> None:
        before = len(self.floor.journal)
        self.floor.agent(AgentFact.STATUS, agent, status=status, reason="lunch")
        self.house.heard(self.floor.journal[before:])


@asynccontextmanager
async def opened() -> AsyncIterator[Office]:
    """In the test itself, whose time is not that of fixtures."""
    made = Office()
    jobs = [asyncio.create_task(job) for job in made.house.jobs()]
    try:
        yield made
    finally:
        for job in jobs:
            job.cancel()


async def test_what_happens_is_told_at_once_and_what_comes_in_a_rush_ten_times_a_second() -> None:
    async with opened() as office:
        await asyncio.sleep(1.5)
        began = asyncio.get_running_loop().time()
        office.told.clear()
        for n in range(40):
            office.happens("a1", "break" if n % 2 else "ready")
            await asyncio.sleep(0.025)
        told = [at - began for at, topic in office.told if topic == "seats"]
        assert told[0] < 0.03
        assert 9 <= len(told) <= 11
        assert office.states["seats"]["agents"]["a1"]["status"] == "break"


async def test_what_changes_by_itself_is_told_within_a_second() -> None:
    async with opened() as office:
        await asyncio.sleep(3.5)
        times = [at for at, topic in office.told if topic == "wall"]
        assert max(later - at for at, later in pairwise(times)) <= 1.2


async def test_before_the_day_is_read_nothing_is_said_of_it() -> None:
    async with opened() as office:
        await asyncio.sleep(1.5)
        wall = office.states["wall"]
        assert (wall["rates"]["connection_rate"]["of"], wall["rates"]["connection_rate"]["unknown"]) == (
            None,
            "reading",
        )
        assert wall["callbacks"]["owed"]["n"] == 7
        assert wall["seats"]["idle"]["n"] == 2

        async def nothing(_since: float, _until: float) -> list[CallRecord]:
            return []

        async def drained() -> None:
            pass

        await office.figures.recall(nothing, drained)
        office.figures.heard(answered_call("c1", TEN))
        office.house.look_at_figures()
        assert office.states["wall"]["rates"]["connection_rate"]["of"] == 1


async def test_other_days_are_read_once_and_shown_beside() -> None:
    async with opened() as office:
        today = datetime.fromtimestamp(TEN, ZONE).date()
        yesterday = date.fromordinal(today.toordinal() - 1)
        office.past[yesterday] = roll_up([fold(answered_call("y", TEN - 86_400)), fold(lost_call("z", TEN - 86_400))])
        office.house._days.clear()
        await asyncio.sleep(61.5)
        assert list(office.states["wall"]["yesterday"].values()) == [{"n": 1, "of": 2}]
        assert office.states["wall"]["last_week"] == {}


async def test_a_day_that_is_over_is_rolled_up_from_its_records() -> None:
    calls: Sequence[Sequence[Milestone]] = [
        answered_call("a", TEN),
        lost_call("b", TEN + 7200),
        answered_call("c", TEN + 86_400),
    ]

    async def records(since: float, until: float) -> Iterable[CallRecord]:
        return [fold(call) for call in calls if since <= call[0].at < until]

    async def drained() -> None:
        pass

    found = await past_from(records, drained, ZONE)(datetime.fromtimestamp(TEN, ZONE).date())
    assert sum(found.values(), Sums()) == of_call(fold(calls[0])) + of_call(fold(calls[1]))
