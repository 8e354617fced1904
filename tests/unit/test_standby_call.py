"""Who stands by is called in while the rung is on: whoever it is today, on his own telephone, three times at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import pairwise

import pytest
import structlog

from agents.roster import Agent
from agents.schedule import Day, Schedule
from cti.asterisk import names
from cti.asterisk.ami import AmiDown, AmiEvent
from cti.calls import AgentFact, AgentId, CityFact, Milestone
from cti.exchange import Exchange
from cti.settings import Callback
from cti.standby_call import StandbyCalls
from cti.switchboard import Switchboard
from queues.dialling import Dialling, Rules

PHONE, OTHER_PHONE = "13800138000", "13900139000"
A1, A2 = AgentId("a1"), AgentId("a2")
MONDAY_23H = datetime(2026, 11, 23, 23, 0, tzinfo=UTC).timestamp()
Heard = Callable[[Mapping[str, str]], list[AmiEvent]]


def event(name: str, action: Mapping[str, str], **fields: str) -> AmiEvent:
    return AmiEvent(name, {"Uniqueid": action["ChannelId"], **fields})


def told(action: Mapping[str, str]) -> list[AmiEvent]:
    where = {"Context": names.CONTEXT_STANDBY, "Exten": names.STANDBY_TOLD_EXTEN}
    return [
        event("OriginateResponse", action, Response="Success", Reason="4"),
        event("Hangup", action, ChannelState="6", Cause="16", **where),
    ]


def hung_up_early(action: Mapping[str, str]) -> list[AmiEvent]:
    where = {"Context": names.CONTEXT_STANDBY, "Exten": "s"}
    return [event("Hangup", action, ChannelState="6", Cause="16", **where)]


def busy(action: Mapping[str, str]) -> list[AmiEvent]:
    return [
        event("Hangup", action, ChannelState="5", Cause="17"),
        event("OriginateResponse", action, Response="Failure", Reason="0"),
    ]


def busy_the_other_way_round(action: Mapping[str, str]) -> list[AmiEvent]:
    return busy(action)[::-1]


def rings_on(action: Mapping[str, str]) -> list[AmiEvent]:
    return [
        event("Hangup", action, ChannelState="5", Cause="0"),
        event("OriginateResponse", action, Response="Failure", Reason="3"),
    ]


def no_such_number(action: Mapping[str, str]) -> list[AmiEvent]:
    return [
        event("Hangup", action, ChannelState="0", Cause="1"),
        event("OriginateResponse", action, Response="Failure", Reason="0"),
    ]


def silence(_: Mapping[str, str]) -> list[AmiEvent]:
    return []


class House:
    """Agents a1 and a2, a1 stands by on Monday and a2 on Tuesday; the carrier answers as `heard` says."""

    def __init__(self, *heard: Heard, phone: str = PHONE, dial: str = "PJSIP/{number}@trunk", **rules: int) -> None:
        self.heard = list(heard) or [told]
        self.down = False
        self.actions: list[tuple[float, dict[str, str]]] = []
        self.journal: list[Milestone] = []
        self.now = MONDAY_23H - 12 * 3600
        self.schedule = Schedule(week={"mon": Day(standby=(A1,)), "tue": Day(standby=(A2,))})
        self.board = Switchboard(0.0)
        self.roster(phone)
        self.exchange = Exchange(self.board, self, self.wall)
        self.dialling = Dialling(Rules(bool(dial), **rules))
        self.ongoing = 0
        self.settings = Callback(dial=dial)
        self.calls = self.another()

    def another(self) -> StandbyCalls:
        calls = StandbyCalls(
            self.exchange,
            self,
            lambda: self.schedule,
            lambda at: datetime.fromtimestamp(at, UTC),
            self.settings,
            self.dialling,
            lambda: self.ongoing,
            lambda: "12345",
        )
        calls.recover(self.journal)
        return calls

    def wall(self) -> float:
        return self.now + asyncio.get_running_loop().time()

    def roster(self, phone: str) -> None:
        self.board.set_roster({a: Agent(a, a, {"general": 3}, phone=p) for a, p in ((A1, phone), (A2, OTHER_PHONE))})

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        action = {"Action": name, **dict(headers)}
        self.actions.append((self.wall(), action))
        if self.down:
            raise AmiDown("not connected")
        for one in self.heard[min(len(self.actions), len(self.heard)) - 1](action):
            asyncio.get_running_loop().call_later(5.0, self.calls.on_event, one)
        return {}

    def rung(self, on: bool) -> None:
        self.exchange.city(CityFact.RUNG, "standby", {"on": on, "by": "admin"})
        if on:
            self.calls.rung_on()

    def log_in(self, agent_id: AgentId) -> None:
        self.exchange.agent(AgentFact.LOGGED_IN, agent_id)

    def facts(self) -> list[tuple[str, object, object]]:
        found = [m for m in self.journal if m.kind == AgentFact.STANDBY_CALLED]
        return [(m.id, m.data["outcome"], m.data["n"]) for m in found]

    async def passes(self, seconds: float) -> None:
        """With the calls at work."""
        task = asyncio.create_task(self.calls.run())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.exchange.stop()


pytestmark = pytest.mark.looptime


async def test_who_stands_by_is_called_when_the_rung_goes_on_and_not_before() -> None:
    house = House()
    house.rung(False)
    await house.passes(60)
    assert house.actions == []

    house.rung(True)
    await house.passes(130)

    ((_, action),) = house.actions
    assert action["Action"] == "Originate"
    assert action["Channel"] == f"PJSIP/{PHONE}@trunk"
    assert (action["Context"], action["Exten"], action["CallerID"]) == (names.CONTEXT_STANDBY, "s", "12345")
    assert house.facts() == [(A1, "told", 1)]


@pytest.mark.parametrize(
    ("heard", "outcome"),
    [
        (busy, "busy"),
        (busy_the_other_way_round, "busy"),
        (rings_on, "no_answer"),
        (no_such_number, "failed"),
        (hung_up_early, "failed"),
        (silence, "failed"),
    ],
)
async def test_who_is_not_reached_is_called_three_times_a_minute_apart(heard: Heard, outcome: str) -> None:
    house = House(heard)
    house.rung(True)
    await house.passes(500)

    assert house.facts() == [(A1, outcome, 1), (A1, outcome, 2), (A1, outcome, 3)]
    times = [at for at, _ in house.actions]
    assert all(60.0 <= two - one < 60.0 + 100.0 for one, two in pairwise(times))
    assert len({action["ChannelId"] for _, action in house.actions}) == 3


async def test_the_second_try_can_reach_him_and_then_it_is_enough() -> None:
    house = House(busy, told)
    house.rung(True)
    await house.passes(500)
    assert house.facts() == [(A1, "busy", 1), (A1, "told", 2)]


async def test_an_asterisk_that_is_away_costs_a_try_and_not_the_others() -> None:
    house = House()
    house.down = True
    house.rung(True)
    await house.passes(30)
    house.down = False
    await house.passes(130)
    assert house.facts() == [(A1, "failed", 1), (A1, "told", 2)]


async def test_who_logs_in_is_not_called_again_nor_at_all() -> None:
    house = House(busy)
    house.rung(True)
    await house.passes(30)
    house.log_in(A1)
    await house.passes(150)
    assert house.facts() == [(A1, "busy", 1)]

    there = House()
    there.log_in(A1)
    there.rung(True)
    await there.passes(150)
    assert there.actions == []


async def test_a_rung_that_goes_off_ends_it_and_on_again_begins_anew() -> None:
    house = House(busy, told)
    house.rung(True)
    await house.passes(30)
    house.rung(False)
    await house.passes(150)
    assert house.facts() == [(A1, "busy", 1)]
    house.rung(True)
    await house.passes(150)
    assert house.facts() == [(A1, "busy", 1), (A1, "told", 1)]


async def test_off_and_on_in_a_moment_is_on_anew_too() -> None:
    house = House()
    house.rung(True)
    await house.passes(30)
    house.rung(False)
    await asyncio.sleep(0.1)
    house.rung(True)
    await house.passes(30)
    assert house.facts() == [(A1, "told", 1), (A1, "told", 1)]


async def test_without_a_number_his_record_says_so_once_and_one_that_is_added_is_called() -> None:
    house = House(phone="")
    house.rung(True)
    with structlog.testing.capture_logs() as logs:
        await house.passes(130)
    assert house.facts() == [(A1, "no_phone", 0)]
    assert [(row["event"], row["log_level"]) for row in logs] == [("standby_cannot_be_called", "warning")]

    house.roster(PHONE)
    await house.passes(130)
    assert house.facts()[1:] == [(A1, "told", 1)]


@pytest.mark.parametrize(
    ("limits", "ongoing", "code"),
    [({"per_hour": 0}, 0, "hour_full"), ({"concurrent": 3}, 3, "all_busy"), ({"per_number_a_day": 0}, 0, "too_often")],
)
async def test_the_limits_of_dialling_hold_for_him_too(limits: dict[str, int], ongoing: int, code: str) -> None:
    house = House(**limits)
    house.ongoing = ongoing
    house.rung(True)
    await house.passes(130)
    assert house.actions == []
    assert [(m.data["outcome"], m.data["code"]) for m in house.journal if m.stream == "agent"] == [
        ("not_possible", code)
    ]


async def test_his_calls_count_in_the_hour() -> None:
    house = House(busy, per_hour=2)
    house.rung(True)
    await house.passes(500)
    assert house.facts() == [(A1, "busy", 1), (A1, "busy", 2), (A1, "not_possible", 2)]


async def test_his_call_takes_a_place_among_those_that_go_out() -> None:
    house = House(concurrent=1)
    house.schedule = Schedule(week={"mon": Day(standby=(A1, A2))})
    house.rung(True)
    await house.passes(3)
    assert [action["Channel"] for _, action in house.actions] == [f"PJSIP/{PHONE}@trunk"]
    assert house.facts() == [(A2, "not_possible", 0)]

    house = House(concurrent=1)
    house.schedule = Schedule(week={"mon": Day(standby=(A1, A2))})
    house.rung(True)
    await house.passes(60)
    assert [fact for fact in house.facts() if fact[1] == "told"] == [(A1, "told", 1), (A2, "told", 1)]
    assert house.dialling.beside == set()


async def test_without_a_trunk_his_record_says_so() -> None:
    house = House(dial="")
    house.rung(True)
    await house.passes(130)
    assert house.facts() == [(A1, "not_possible", 0)]


async def test_at_night_he_is_called_all_the_same() -> None:
    house = House()
    house.now = MONDAY_23H
    house.rung(True)
    await house.passes(60)
    assert house.facts() == [(A1, "told", 1)]


async def test_after_midnight_it_is_another() -> None:
    house = House()
    house.now = MONDAY_23H + 3500
    house.rung(True)
    await house.passes(150)
    assert house.facts() == [(A1, "told", 1), (A2, "told", 1)]


async def test_another_daemon_goes_on_where_the_last_one_was() -> None:
    house = House(busy)
    house.rung(True)
    await house.passes(100)
    assert house.facts() == [(A1, "busy", 1), (A1, "busy", 2)]
    house.calls = house.another()
    await house.passes(150)
    assert house.facts() == [(A1, "busy", 1), (A1, "busy", 2), (A1, "busy", 3)]

    house.calls = house.another()
    await house.passes(150)
    assert len(house.facts()) == 3


async def test_a_daemon_that_does_not_decide_calls_nobody() -> None:
    house = House()
    house.rung(True)
    house.board.may_decide = lambda: False
    await house.passes(130)
    assert house.actions == []


async def test_somebody_who_is_not_in_the_roster_is_told_of_once() -> None:
    house = House()
    house.schedule = Schedule(week={"mon": Day(standby=(AgentId("a9"),))})
    house.rung(True)
    with structlog.testing.capture_logs() as logs:
        await house.passes(30)
    assert [row["event"] for row in logs] == ["standby_agent_unknown"]


async def test_his_number_is_in_no_log_and_in_no_record() -> None:
    house = House(busy, no_such_number, hung_up_early)
    house.rung(True)
    with structlog.testing.capture_logs() as logs:
        await house.passes(150)
    assert len(logs) == 3
    assert PHONE not in f"{logs} {house.journal} {house.board.desks}"
