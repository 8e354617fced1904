"""Alerts at work on a real switchboard: read from it, in its record, acknowledged, and there again after a restart."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from agents.roster import Agent
from cti.alert_watch import AlertWatch, Sources
from cti.alerts.rules import AlertRules, WaitRule
from cti.alerts.shown import Voices
from cti.calls import AgentFact, AgentId, CallFact, CallId, CityFact, Milestone
from cti.exchange import Exchange
from cti.switchboard import Switchboard

A1 = AgentId("a1001")


class Town:
    """One agent, and a clock that the test moves; the watch looks every two seconds."""

    def __init__(self, journal: list[Milestone] | None = None) -> None:
        self.now = 1_000_000.0 if not journal else journal[-1].at
        self.journal = journal if journal is not None else []
        self.today: tuple[int, int] | None = (950, 1000)
        self.ages = {"asterisk": 0.3}
        self.parts = {"journal": {"ok": True}, "redis": {"ok": True}}
        self.board = Switchboard(0.0)
        self.board.set_roster({A1: Agent(A1, "李娜", {"general": 3})})
        self.board.recover(self.journal, self.now)
        self.exchange = Exchange(self.board, self, lambda: self.now)
        sources = Sources(lambda: self.today, lambda: self.ages, lambda: {"ok": True, "parts": self.parts})
        self.watch = AlertWatch(self.exchange, AlertRules(), sources, lambda: Voices(UTC))

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)
        if hasattr(self, "watch"):
            self.watch.heard([milestone])

    def passes(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += 2.0
            self.watch.look()

    def caller(self, name: str) -> CallId:
        call = CallId(name)
        self.exchange.call(CallFact.ARRIVED, call, {"direction": "in", "pii_caller": "13800138000"})
        self.exchange.attach(call, self)
        self.exchange.call(CallFact.QUEUED, call, {"queue": "general", "need": "general||+0"})
        return call

    def told(self) -> list[str]:
        return [f"{m.data['what']} {m.id}" for m in self.journal if m.kind == CityFact.ALERT]

    def up(self) -> list[dict[str, Any]]:
        return self.watch.view()


async def test_a_caller_who_waits_too_long_is_an_alert_until_somebody_answers() -> None:
    town = Town()
    call = town.caller("c1")
    town.passes(88)
    assert town.told() == []
    town.passes(4)
    assert town.told() == ["raised longest_wait:general"]
    (alert,) = town.up()
    assert alert["words"]["en"].startswith("Longest wait in queue “general”: 01:32; over 01:00 since ")
    town.exchange.call(CallFact.ENDED, call, {"side": "caller"})
    town.passes(40)
    assert town.told() == ["raised longest_wait:general", "cleared longest_wait:general"]
    assert town.up() == []
    town.exchange.stop()


async def test_a_ready_agent_whose_telephone_is_lost_is_an_alert_by_his_id() -> None:
    town = Town()
    town.exchange.agent(AgentFact.LOGGED_IN, A1)
    town.exchange.agent(AgentFact.STATUS, A1, {"status": "ready"})
    town.exchange.agent(AgentFact.HELD_BACK, A1, {"reason": "phone_away"})
    town.passes(34)
    (alert,) = town.up()
    assert alert["title"] == {"zh": "座席失联：a1001", "en": "Ghost agent: a1001"}
    assert "李娜" not in str(alert)
    town.exchange.stop()


async def test_recordings_that_are_not_whole_are_counted_from_the_record() -> None:
    town = Town()
    for n in range(3):
        data = {"file": f"{n}.wav", "complete": False}
        town.append(Milestone("call", f"c{n}", 9, town.now, CallFact.RECORDED, data))
    town.passes(2)
    assert town.told() == ["raised recording"]


async def test_rate_age_and_parts_come_from_who_knows_them() -> None:
    town = Town()
    town.today, town.ages["asterisk"], town.parts["redis"]["ok"] = (500, 1000), 61.0, False
    town.passes(64)
    assert town.told() == ["raised data_old:asterisk", "raised connection_rate", "raised part:redis"]
    town.today = None
    town.passes(64)
    assert town.told()[3:] == ["raised data_old:connection_rate"]
    assert "connection_rate" in {alert["id"] for alert in town.up()}, "what is not known clears nothing"


async def test_an_acknowledgement_is_in_the_record_and_outlives_the_process() -> None:
    town = Town()
    town.caller("c1")
    town.passes(100)
    town.watch.acknowledge("longest_wait:general", "chen", "two more are coming")
    assert town.told()[-1] == "acknowledged longest_wait:general"
    with pytest.raises(KeyError):
        town.watch.acknowledge("part:redis", "chen")
    town.exchange.stop()

    again = Town(list(town.journal))
    (alert,) = again.up()
    assert (alert["state"], alert["by"], alert["acknowledged_at"]) == ("acknowledged", "chen", town.now)
    assert alert["note"] == "two more are coming"
    again.passes(10)
    assert again.told() == town.told(), "it is up already"
    again.exchange.stop()


async def test_new_rules_count_at_the_next_look() -> None:
    town = Town()
    town.caller("c1")
    town.passes(100)
    town.watch.take(AlertRules(longest_wait=WaitRule(on=False)))
    town.passes(2)
    assert town.told()[-1] == "cleared longest_wait:general"
    town.exchange.stop()


async def test_nothing_in_the_record_of_an_alert_is_about_a_citizen() -> None:
    town = Town()
    town.caller("c1")
    town.passes(200)
    facts = [m for m in town.journal if m.kind == CityFact.ALERT]
    assert facts
    assert "13800138000" not in str(facts)
    assert not any(key.startswith("pii_") for m in facts for key in m.data)
    town.exchange.stop()
