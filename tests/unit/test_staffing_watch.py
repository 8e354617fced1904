"""Seats needed, kept for the pages: the weeks from the records once a day, today's calls as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer

from agents.roster import Agent
from agents.schedule import Schedule
from agents.status import Desk, Status
from cti.calls import AgentId, CallFact, Milestone, Value
from cti.metrics.gaps import Gap
from cti.metrics.half_hours import HalfHour
from cti.staffing_watch import StaffingWatch
from cti.web.app import make_app
from cti.web.staffing import staffing_route
from queues.handling import Habit
from tests.support.accounts import ADMIN
from tests.unit.test_web import Desk as WebDesk

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 18, 12, tzinfo=ZONE).timestamp()
"""A Wednesday."""


def said(call_id: str, seq: int, kind: CallFact, at: float, /, **data: Value) -> Milestone:
    return Milestone("call", call_id, seq, at, str(kind), data)


class City:
    """30 calls for `general` in each half hour of the last four weeks, and two agents."""

    def __init__(self) -> None:
        self.now = NOON + 900.0
        self.reads = 0
        self.gaps: list[Gap] = []
        self.per_half_hour = 30
        self.queues = ["general"]
        desks = [Desk(Agent(AgentId(f"a{n}"), f"a{n}", {"general": 3}), Status.READY) for n in range(2)]
        self.watch = StaffingWatch(
            self._past,
            lambda: self.queues,
            self._habits,
            lambda: desks,
            Schedule,
            lambda day: day.weekday() < 5,
            lambda: self.now,
            ZONE,
        )

    async def _past(self, since: float, until: float) -> tuple[list[HalfHour], list[Gap]]:
        self.reads += 1
        first = int(since // 1800 + 1) * 1800
        # Nothing of the half hour that is running has ended yet.
        known = range(first, int(until // 1800) * 1800, 1800)
        return [HalfHour("general", at, self.per_half_hour, 60.0, 28, 5000.0) for at in known], self.gaps

    def _habits(self, queues: Iterable[str], _at: datetime) -> Mapping[str, Habit]:
        return {queue: Habit(240.0, 90.0, 1000.0) for queue in queues}

    def calls(self, count: int, **arrived: Value) -> None:
        for n in range(count):
            call = f"c{self.now}-{n}{arrived.get('direction', '')}"
            self.watch.heard(
                [
                    said(call, 1, CallFact.ARRIVED, self.now, **arrived),
                    said(call, 2, CallFact.QUEUED, self.now, queue="general", need="general"),
                ]
            )

    async def slots(self) -> list[Mapping[str, Any]]:
        await self.watch.look()
        state = self.watch.state()
        assert state is not None
        found: list[Mapping[str, Any]] = state["queues"]["general"]
        return found


@pytest.fixture
def city() -> City:
    return City()


async def test_the_running_half_hour_and_the_next_ones_have_seats_needed_there_and_short(city: City) -> None:
    city.calls(15)
    slots = await city.slots()
    assert [slot["begins_at"] for slot in slots] == [NOON + n * 1800 for n in range(8)]
    now, later = slots[0], slots[1]
    assert (now["came"], now["seats"], now["there"]) == (15, "at_work", 2)
    assert now["calls"] == pytest.approx(30, rel=0.1)
    assert now["needed"] > 4
    assert now["short"] == now["needed"] - 2
    assert (later["seats"], later["there"], later["unknown"]) == ("schedule", None, "no_schedule")
    state = city.watch.state()
    assert state is not None
    assert state["total"][0]["short"] == now["short"]
    assert state["pools"]["general"][0]["needed"] == now["needed"]
    assert (state["share"], state["within_s"]) == (0.95, 15.0)
    assert state["present"][""]["idle"] == 2


async def test_more_calls_than_usual_need_more_seats(city: City) -> None:
    city.calls(15)
    usual = (await city.slots())[1]["needed"]
    city.calls(45, by="rush")
    assert (await city.slots())[1]["needed"] > usual


async def test_calls_of_ours_to_citizens_are_no_demand(city: City) -> None:
    city.calls(40, direction="callback")
    assert (await city.slots())[0]["came"] == 0


async def test_the_weeks_are_read_once_a_day_and_no_call_counts_twice(city: City) -> None:
    """Given calls that ended today, when the records are read after midnight, then each is in them alone."""
    city.calls(15)
    call = f"c{city.now}-0"
    city.watch.heard([said(call, 9, CallFact.ENDED, city.now + 60.0)])
    await city.slots()
    await city.slots()
    assert city.reads == 1
    city.now += 86_400.0
    city.calls(3)
    assert (await city.slots())[0]["came"] == 3
    assert city.reads == 2
    assert call not in city.watch._queued
    assert len(city.watch._queued) == 14 + 3


async def test_a_gap_of_now_is_unknown_and_not_zero(city: City) -> None:
    city.gaps = [Gap(NOON - 60.0, NOON + 60.0)]
    assert (await city.slots())[0]["came"] is None


async def test_without_a_past_nothing_is_foretold(city: City) -> None:
    async def nothing(_since: float, _until: float) -> tuple[list[HalfHour], list[Gap]]:
        return [], [Gap(0.0, city.now)]

    city.watch._past = nothing
    slot = (await city.slots())[0]
    assert (slot["needed"], slot["short"], slot["unknown"]) == (None, None, "no_history")


@pytest.fixture
async def client(city: City) -> AsyncIterator[TestClient[Any, Any]]:
    desk = WebDesk()
    app = make_app(desk.api)
    app.add_routes([staffing_route(city.watch.state)])
    async with TestClient(TestServer(app)) as client:
        yield client
    desk.exchange.stop()


async def test_a_supervisor_reads_it_and_an_agent_does_not(city: City, client: TestClient[Any, Any]) -> None:
    assert (await client.get("/api/staffing", headers=ADMIN)).status == 503
    await city.slots()
    answer = await client.get("/api/staffing", headers=ADMIN)
    assert answer.status == 200
    assert (await answer.json())["queues"]["general"][0]["there"] == 2
    assert (await client.get("/api/staffing")).status == 401
