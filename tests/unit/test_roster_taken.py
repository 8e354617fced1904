"""A changed roster while agents work."""

from __future__ import annotations

from cti.calls import AgentFact, AgentId, CallFact, CallId
from cti.exchange import Exchange
from cti.switchboard import Switchboard
from tests.support.town import roster_of

CALL = CallId("c1")
NEED = {"queue": "general", "need": "general||+0"}


class Journal:
    def append(self, _milestone: object) -> None:
        """Nobody reads it here."""


async def test_who_is_taken_off_the_roster_in_a_talk_ends_it_and_gets_no_more_calls() -> None:
    exchange = Exchange(Switchboard(0.0), Journal(), lambda: 1000.0)
    board = exchange.board
    board.set_roster(roster_of("a1", "a2"))
    a1 = AgentId("a1")
    exchange.agent(AgentFact.LOGGED_IN, a1)
    exchange.agent(AgentFact.STATUS, a1, {"status": "ready"})
    for call in (CALL, CallId("c2")):
        exchange.call(CallFact.ARRIVED, call, {"direction": "in"})
        exchange.attach(call, exchange)
        exchange.call(CallFact.QUEUED, call, NEED)
    exchange.call(CallFact.ANSWERED, CALL, {"agent": a1, "n": 1, "wait_s": 0.0})

    changed, gone = exchange.take_roster(roster_of("a2"))

    assert (changed, gone) == ([], []), "he still talks"
    assert board.desks[a1].call_id == CALL
    exchange.call(CallFact.TALK_ENDED, CALL, {"agent": a1, "n": 1, "side": "agent", "talk_s": 5.0})
    assert board.offer_of(CallId("c2")) is None
    assert exchange.take_roster(roster_of("a2")) == ([], [a1])
    exchange.stop()
