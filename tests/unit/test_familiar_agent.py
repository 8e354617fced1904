"""Who calls again is first offered to the agent who has his open ticket; without one, to who talked to him last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from unittest.mock import create_autospec

import pytest

from cti.callbacks import Callbacks
from cti.calls import AgentFact, AgentId, CallId, Milestone, Need
from cti.exchange import Exchange
from cti.metrics.record import fold
from cti.numbers import Did
from cti.rules import Surge, Waiting
from cti.waiting_room import WaitingRoom
from tests.support.calls import answered_call
from tests.support.floor import Floor
from tests.support.ticket_desk import ZONE

CITIZEN = "13800001234"


class Journal:
    def append(self, milestone: Milestone) -> None:
        """Nobody reads it."""


@pytest.fixture
def floor() -> Floor:
    return Floor({name: (name, {"general": 3}) for name in ("a1001", "a1002", "a1003")})


@pytest.fixture
def room(floor: Floor) -> Iterator[WaitingRoom]:
    callbacks = create_autospec(Callbacks, instance=True)
    callbacks.give_back.return_value = None
    exchange = Exchange(floor.board, Journal(), lambda: floor.now)
    did = Did(number="12345", flow="city")
    made = WaitingRoom(
        exchange, Waiting(), Surge(), lambda _: did, callbacks, lambda at: datetime.fromtimestamp(at, ZONE), 20.0
    )
    made.remember(fold(answered_call("old", floor.now - 86_400.0, caller=CITIZEN)))  # by a1002
    yield made
    exchange.stop()


def need_of(floor: Floor, room: WaitingRoom) -> str:
    floor.arrives("c1", pii_caller=CITIZEN)
    return str(room.admit(floor.board.calls[CallId("c1")], Need("general"), "zh-CN")["need"])


async def test_without_an_open_ticket_the_last_agent_comes_first(floor: Floor, room: WaitingRoom) -> None:
    assert need_of(floor, room) == "general|=a1002@8|+0"


async def test_with_an_open_ticket_its_agent_does(floor: Floor, room: WaitingRoom) -> None:
    asked = []
    room.agent_of_open_ticket = lambda number: asked.append(number) or AgentId("a1003")  # type: ignore[func-returns-value]
    assert need_of(floor, room) == "general|=a1003@8|+0"
    assert asked == [CITIZEN]


async def test_an_agent_who_is_not_here_is_not_waited_for(floor: Floor, room: WaitingRoom) -> None:
    floor.agent(AgentFact.LOGGED_OUT, "a1003", reason="logout")
    room.agent_of_open_ticket = lambda number: AgentId("a1003")
    assert need_of(floor, room) == "general|=a1002@8|+0"
