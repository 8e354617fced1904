"""Who may move a talk by REST."""

from __future__ import annotations

import asyncio
from unittest.mock import create_autospec

from aiohttp.test_utils import TestClient, TestServer

from agents.roster import Agent
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need
from cti.directory import Directory
from cti.exchange import Exchange
from cti.switchboard import Switchboard
from cti.web.moving import Mover, MovingRoutes
from tests.support.accounts import Accounts

A1, A2 = AgentId("a1"), AgentId("a2")
CALL = CallId("n1-1.1")


async def test_who_is_only_being_called_in_has_no_say_in_the_talk() -> None:
    """Given a1 in a talk, who calls in a2, when a2 wants to end it, then he may not before he has come."""
    began = asyncio.get_running_loop().time()
    board = Switchboard(0.0)
    board.set_roster({a: Agent(a, a, {"general": 3}) for a in (A1, A2)})
    exchange = Exchange(board, _Journal(), lambda: 1_763_700_000.0 + asyncio.get_running_loop().time() - began)
    for agent in (A1, A2):
        exchange.agent(AgentFact.LOGGED_IN, agent)
    exchange.agent(AgentFact.STATUS, A1, {"status": "ready"})
    session = object()
    exchange.call(CallFact.ARRIVED, CALL, {"pii_caller": "13800138000"})
    exchange.attach(CALL, session)
    exchange.call(CallFact.QUEUED, CALL, {"queue": "general", "need": Need("general").to_text()})
    exchange.call(CallFact.ANSWERED, CALL, {"agent": A1, "n": 1})
    asked = {"p": 1, "kind": "agent", "target": A2, "mode": "conference", "by": A1, "agent": A2}
    exchange.call(CallFact.PARTY_ASKED, CALL, asked)
    moving, accounts = create_autospec(Mover, instance=True), Accounts(exchange)
    app = accounts.app(MovingRoutes(exchange, moving, create_autospec(Directory, instance=True)).routes())
    async with TestClient(TestServer(app)) as client:
        path = f"/api/calls/{CALL}/end"
        assert (await client.post(path, headers=await accounts.headers(A2))).status == 404
        moving.end.assert_not_called()
        assert (await client.post(path, headers=await accounts.headers(A1))).status == 202
        exchange.call(CallFact.PARTY_JOINED, CALL, {"p": 1, "mode": "conference"})
        assert (await client.post(path, headers=await accounts.headers(A2))).status == 202


class _Journal:
    def append(self, milestone: Milestone) -> None:
        pass
