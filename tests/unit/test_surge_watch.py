"""The surge ladder at work: a rush of calls, a supervisor's word, a restart in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pytest

from agents.roster import Agent
from cti.calls import AgentFact, AgentId, CallFact, CallId, CityFact, Milestone
from cti.exchange import Exchange
from cti.rules import Surge
from cti.surge_watch import SurgeWatch
from cti.switchboard import Switchboard
from queues.handling import Habit
from queues.needs import Overflow

NEED = {"queue": "general", "need": "general||+0"}


class Rush:
    """One agent, calls of four minutes, and a clock that the test moves."""

    def __init__(self, journal: list[Milestone] | None = None) -> None:
        self.now = 1_000_000.0
        self.journal = journal if journal is not None else []
        self.board = Switchboard(0.0, overflow=(Overflow("enterprise", "general"),))
        self.board.set_roster({AgentId("a1"): Agent(AgentId("a1"), "a1", {"general": 3})})
        self.board.recover(self.journal, self.now)
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.called_standby = 0
        self.seats: list[Mapping[str, int]] = [{"general": 3}]
        self.watch = SurgeWatch(
            self.exchange, Surge(), self, lambda at: datetime.fromtimestamp(at, UTC), self._call_standby
        )

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)
        if hasattr(self, "watch"):
            self.watch.heard([milestone])

    def habits(self, queues: Iterable[str], at: datetime) -> Mapping[str, Habit]:
        return {queue: Habit(240.0, 120.0, 1000.0) for queue in queues}

    def at_work(self) -> list[Mapping[str, int]]:
        return self.seats

    def _call_standby(self) -> None:
        self.called_standby += 1

    def calls(self, count: int, every_s: float, first: int = 0) -> None:
        for n in range(first, first + count):
            self.now += every_s
            call = CallId(f"c{n}")
            self.exchange.call(CallFact.ARRIVED, call, {"direction": "in"})
            self.exchange.attach(call, self)
            self.exchange.call(CallFact.QUEUED, call, NEED)
            self.watch.look()

    def everybody_leaves(self) -> None:
        for call in list(self.board.calls):
            self.exchange.call(CallFact.ENDED, call, {"side": "caller"})

    def quiet(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += 5.0
            self.watch.look()


async def test_a_rush_puts_the_rungs_on_and_an_empty_hour_takes_them_off() -> None:
    rush = Rush()
    rush.calls(40, every_s=15.0)
    assert set(rush.board.rungs()) == {"short_prompts", "callback_sooner", "broadcast", "borrow", "standby"}
    assert rush.called_standby == 1
    assert rush.watch.view()["saturation"] > 5
    rush.everybody_leaves()
    rush.quiet(3600)
    assert rush.board.rungs() == []
    facts = [m for m in rush.journal if m.kind == CityFact.RUNG]
    assert {m.data["by"] for m in facts} == {"rule"}
    for rung in ("short_prompts", "borrow"):
        assert [m.data["on"] for m in facts if m.id == rung] == [True, False], "once each: no flapping"
    rush.exchange.stop()


async def test_a_supervisor_s_word_holds_over_a_restart_until_he_gives_it_back_to_the_rules() -> None:
    rush = Rush()
    rush.watch.set_mode("standby", "on", "admin")
    assert rush.called_standby == 1
    rush.quiet(3600)
    assert rush.board.rungs() == ["standby"]

    again = Rush(list(rush.journal))
    again.quiet(3600)
    assert again.board.rungs() == ["standby"]
    assert again.called_standby == 0, "he was called when the rung went on"
    again.watch.set_mode("standby", "auto", "admin")
    again.quiet(3600)
    assert again.board.rungs() == []
    rush.exchange.stop()
    again.exchange.stop()


async def test_two_calls_for_one_agent_are_no_rush() -> None:
    rush = Rush()
    rush.calls(2, every_s=1.0)
    rush.quiet(900)
    assert rush.board.rungs() == []
    assert rush.board.calls, "they wait all the time"
    rush.exchange.stop()


async def test_a_message_at_night_calls_nobody_in_but_a_caller_who_waits_does() -> None:
    rush = Rush()
    rush.seats = []
    rush.exchange.call(CallFact.ARRIVED, CallId("leaves"), {"direction": "in"})
    rush.exchange.call(CallFact.QUEUED, CallId("leaves"), NEED)
    rush.exchange.call(CallFact.LEFT_QUEUE, CallId("leaves"), {"reason": "no_seat"})
    rush.exchange.call(CallFact.ENDED, CallId("leaves"), {"side": "system"})
    rush.quiet(600)
    assert rush.board.rungs() == []

    rush.calls(1, every_s=1.0)
    rush.quiet(60)
    assert "standby" in rush.board.rungs()
    assert rush.called_standby == 1
    rush.exchange.stop()


async def test_a_rung_that_is_not_on_the_ladder_is_refused() -> None:
    rush = Rush()
    with pytest.raises(KeyError):
        rush.watch.set_mode("moon", "on", "admin")


async def test_agents_are_lent_while_the_rung_borrow_is_on() -> None:
    rush = Rush()
    rush.exchange.agent(AgentFact.LOGGED_IN, AgentId("a1"))
    rush.exchange.agent(AgentFact.STATUS, AgentId("a1"), {"status": "ready"})
    call = CallId("c1")
    rush.exchange.call(CallFact.ARRIVED, call, {})
    rush.exchange.attach(call, rush)
    rush.exchange.call(CallFact.QUEUED, call, {"queue": "enterprise", "need": "enterprise||+0"})
    assert rush.board.offer_of(call) is None
    rush.watch.set_mode("borrow", "on", "admin")
    assert rush.board.offer_of(call) == "a1"
    assert '"lent_by":"general"' in str(rush.journal[-1].data["why"])
    rush.exchange.stop()
