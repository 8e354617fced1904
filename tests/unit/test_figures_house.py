"""The figures of a running daemon: from its journal into sums by half hour, compared with live ones, told by health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agents.schedule import Schedule
from cti.calls import CallFact, Milestone
from cti.figures_house import FiguresHouse
from cti.metrics.gaps import Gap
from cti.metrics.live import LiveCalls
from cti.metrics.live_agents import LiveAgents
from cti.settings import Calls, Settings
from cti.storage.records import Records
from cti.storage.sql_sums import Check
from queues.handling import Habit
from tests.support.calls import answered_call, lost_call

ZONE = ZoneInfo("Asia/Shanghai")
MIDNIGHT = int(datetime(2026, 11, 21, tzinfo=ZONE).timestamp())
TEN = MIDNIGHT + 10 * 3600


class House:
    """A daemon's records and figures at five past eleven, and an Asterisk that has long been running."""

    def __init__(self, folder: Path) -> None:
        self.now = TEN + 3900.0
        self.connected, self.up_for_s = True, 90_000.0
        self.records = Records(Settings(var=folder, calls=Calls(min_free_mb=1)))
        self.live, self.agents = LiveCalls(), LiveAgents(TEN)
        self.figures = FiguresHouse(
            self.records,
            self,
            "dongguan",
            lambda: self.now,
            lambda: 0.0,
            ZONE,
            queues=lambda: ["general"],
            habits=lambda queues, _at: {queue: Habit(240.0, 90.0, 1000.0) for queue in queues},
            desks=list,
            schedule=Schedule,
            works=lambda day: True,
        )
        self.figures.compare(self.live, self.agents, lambda: float(TEN))

    def heard(self, milestones: list[Milestone]) -> None:
        for milestone in milestones:
            self.records.journal.append(milestone)
        self.figures.heard(milestones)
        self.live.add(milestones)
        self.agents.add(milestones)
        self.agents.settle(TEN + 3600)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    made.records.store.close()


async def running(house: House) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(job) for job in (house.records.run(), *house.figures.jobs())]


async def stop(house: House, tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await house.records.journal.close()


async def until(done: object) -> None:
    assert callable(done)
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.01)


async def test_what_was_journalled_is_kept_compared_forecast_and_told(house: House) -> None:
    house.heard([*answered_call("c1", TEN + 5.0), *lost_call("c2", TEN + 1900.0)])
    tasks = await running(house)
    await until(lambda: house.figures.state()["live"] and house.figures.state()["half_hours"])
    state = house.figures.state()
    assert (state["ok"], state["reason"]) == (True, "")
    assert state["live"] == {"at": house.now, "looked": 2 + 2, "differed": 0}
    assert state["half_hours"]["differed"] == 0
    whole = house.records.store.kept.calls(TEN, TEN + 3600).whole
    assert whole == {TEN, TEN + 1800}
    await until(lambda: house.figures.staffing.state() is not None)
    await until(lambda: house.records.store.observed.seen_until("dongguan") == house.now)
    await stop(house, tasks)


async def test_live_figures_that_differ_are_told_and_mended(house: House) -> None:
    """Given live sums that were never told of one call, when the half hour is over, then health says so."""
    house.heard(answered_call("c1", TEN + 5.0))
    for milestone in lost_call("c2", TEN + 1900.0):
        house.records.journal.append(milestone)
    tasks = await running(house)
    await until(lambda: house.figures.state()["live"])
    state = house.figures.state()
    assert state["ok"] is False
    assert "live" in state["reason"]
    assert state["live"]["differed"] == 1
    assert house.records.store.kept.last_check("live") == Check(house.now, 4, 1)
    assert sum(sums["calls"] for sums in house.live.calls().values()) == 2
    await stop(house, tasks)


async def test_a_gap_is_left_out_of_the_forecast(house: House) -> None:
    house.heard(answered_call("c1", TEN + 5.0))
    house.records.store.prepare()
    house.records.store.observed.note("dongguan", Gap(TEN + 3600.0, TEN + 3700.0), "asterisk_down")
    tasks = await running(house)
    await until(lambda: house.figures.staffing.state() is not None)
    state = house.figures.staffing.state()
    assert state is not None
    assert state["queues"]["general"][0]["came"] is None
    await stop(house, tasks)


async def test_a_rating_after_the_end_is_in_the_sums_when_the_next_half_hour_is_over(house: House) -> None:
    call = answered_call("c1", TEN + 5.0, score=None)
    house.heard(call)
    tasks = await running(house)
    await until(lambda: house.figures.state()["live"])
    rated = {"score": 1, "satisfied": True}
    house.heard([replace(call[-1], seq=call[-1].seq + 1, at=TEN + 3800.0, kind=CallFact.RATED, data=rated)])
    await until(lambda: house.records.store.kept.dirty("calls") == [TEN])
    house.now += 1800
    await house.figures.sums.make()
    kept = house.records.store.kept.calls(TEN, TEN + 1800)
    assert [sums["rated"] for _, sums in kept.sums] == [1]
    assert house.figures.state()["live"]["differed"] == 0
    assert not house.live.doubtful
    await stop(house, tasks)
