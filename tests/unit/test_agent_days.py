"""The schedule and agents' times by REST, and the file of the schedule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from agents.roster import Agent
from agents.schedule import Schedule, ScheduleError, read_schedule
from cti.calls import AgentFact, AgentId, Milestone
from cti.exchange import Exchange
from cti.metrics.agents import AgentDay
from cti.schedule_file import ScheduleFile
from cti.storage.agent_days import read_agent_days
from cti.storage.memory import MemoryStore
from cti.switchboard import Switchboard
from cti.web.agent_days import AgentDayRoutes
from tests.support.accounts import ADMIN, Accounts

SHANGHAI = ZoneInfo("Asia/Shanghai")
NINE = datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)
TEXT = """
[shift.day]
name = "白班"
hours = "08:00-20:00"
lines = 2
[shift.night]
hours = "20:00-08:00"
lines = 1
[week.mon]
day = ["a1"]
night = ["a2"]
standby = ["a3"]
"""


class City:
    """Two agents of whom one logged in at nine; now it is ten."""

    def __init__(self) -> None:
        self.now = NINE.timestamp()
        self.store, self.behind = MemoryStore(), False
        self.board = Switchboard(0.0)
        self.board.set_roster({AgentId(a): Agent(AgentId(a), a, {"general": 3}) for a in ("a1", "a2")})
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.accounts = Accounts(self.exchange)
        for agent in ("a1", "a2"):
            self.exchange.agent(AgentFact.LOGGED_IN, AgentId(agent))
        self.exchange.agent(AgentFact.STATUS, AgentId("a1"), {"status": "ready"})
        self.now += 3600

    def append(self, milestone: Milestone) -> None:
        self.store.drain([milestone])

    async def headers(self, agent: str) -> dict[str, str]:
        return await self.accounts.headers(agent)

    async def days(self, since: datetime, until: datetime, only: Collection[AgentId]) -> Sequence[AgentDay]:
        if self.behind:
            raise TimeoutError
        return read_agent_days(self.store, read_schedule(TEXT, "s.toml"), since, until, only)

    def app(self) -> web.Application:
        schedule = read_schedule(TEXT, "s.toml")
        routes = AgentDayRoutes(lambda: schedule, lambda at: datetime.fromtimestamp(at, SHANGHAI), self.days)
        return self.accounts.app(routes.routes())


@pytest.fixture
async def city() -> City:
    return City()


@pytest.fixture
async def client(city: City) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(city.app())) as client:
        yield client


async def test_the_schedule_of_a_day_and_of_now(city: City, client: TestClient[Any, Any]) -> None:
    shown = await (await client.get("/api/schedule", headers=await city.headers("a1"))).json()
    assert shown["day"] == "2026-11-23"
    day, night = shown["shifts"]
    assert (day["name"], day["agents"], day["lines"]) == ("白班", ["a1"], 2)
    assert (night["begins"], night["ends"]) == ("2026-11-23T20:00:00+08:00", "2026-11-24T08:00:00+08:00")
    assert shown["now"] == {"on_duty": {"a1": "day"}, "lines": 2, "standby": ["a3"]}
    assert "a3: in the schedule, not in the roster" in shown["findings"]
    other = await (await client.get("/api/schedule?day=2026-11-24", headers=ADMIN)).json()
    assert [shift["agents"] for shift in other["shifts"]] == [[], []]
    for day in ("tomorrow", "9999-12-31", "0001-01-01"):
        assert (await client.get(f"/api/schedule?day={day}", headers=ADMIN)).status == 400
    assert (await client.get("/api/schedule")).status == 401


async def test_an_agent_sees_his_own_times_and_the_administrator_all(city: City, client: TestClient[Any, Any]) -> None:
    mine = await (await client.get("/api/agents/a1/times", headers=await city.headers("a1"))).json()
    assert (mine["logged_in_s"], mine["idle_s"], mine["planned_s"]) == (3600.0, 3600.0, 7200.0)
    assert (mine["adherence"], mine["occupancy"]) == (0.5, 0.0)
    assert (await client.get("/api/agents/a2/times", headers=await city.headers("a1"))).status == 403
    assert (await client.get("/api/agent-times", headers=await city.headers("a1"))).status == 403
    everybody = await (await client.get("/api/agent-times", headers=ADMIN)).json()
    assert [day["agent"] for day in everybody] == ["a1", "a2"]
    assert everybody[1]["not_ready_s"] == {"break:logged_in": 3600.0}
    before = await (await client.get("/api/agents/a1/times?day=2026-11-22", headers=ADMIN)).json()
    assert before["logged_in_s"] == 0
    city.behind = True
    assert (await client.get("/api/agent-times", headers=ADMIN)).status == 503


async def test_a_spoilt_file_is_not_used_and_a_change_is(tmp_path: Path) -> None:
    file = ScheduleFile(tmp_path / "schedule.toml")
    file.load()
    assert file.current == Schedule()
    file.path.write_text(TEXT, encoding="utf-8")
    file.load()
    good = file.current
    assert list(good.shifts) == ["day", "night"]
    watching = asyncio.create_task(file.watch(0.01))
    await asyncio.sleep(0.05)
    with capture_logs() as logs:
        file.path.write_text(TEXT + "[week.sunday]\n", encoding="utf-8")
        async with asyncio.timeout(3):
            while not logs:
                await asyncio.sleep(0.01)
    assert logs[0]["event"] == "schedule_refused"
    assert "schedule.toml:13: week.sunday: no day of the week" in logs[0]["problem"]
    assert file.current is good
    with pytest.raises(ScheduleError):
        file.read()
    file.path.write_text(TEXT + "[week.sun]\n", encoding="utf-8")
    async with asyncio.timeout(3):
        while file.current is good:
            await asyncio.sleep(0.01)
    assert "sun" in file.current.week
    watching.cancel()
    await asyncio.wait({watching})
