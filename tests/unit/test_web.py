"""The REST API as an agent, an administrator and a stranger would use it, on a real server in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from agents.roster import Agent
from cti.accounts.people import Role
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone
from cti.exchange import Exchange
from cti.metrics.words import Lang
from cti.switchboard import Switchboard
from cti.web.app import Api, make_app
from cti.web.feed import Feed
from cti.web.test_agents import TestAgents
from tests.support.accounts import ADMIN, Accounts

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")

HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("right")


class Desk:
    """The API with one agent behind it, and the clock and journal of the test."""

    def __init__(self) -> None:
        self.now = 1_763_700_000.0
        self.journal: list[Milestone] = []
        self.board = Switchboard(20.0)
        self.board.set_roster({AgentId("a1"): Agent(AgentId("a1"), "林小燕", {"general": 3}, password_hash=HASH)})
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.feed = Feed()
        self.ready_telephones = asyncio.Event()
        self.accounts = Accounts(self.exchange)
        self.api = Api(
            exchange=self.exchange,
            feed=self.feed,
            guard=self.accounts.guard,
            trail=self.accounts.trail,
            accounts=self.accounts.routes,
            test_agents=TestAgents(self.exchange, self.ready_telephones.set, self._telephones),
            health=lambda: {"ok": True},
            phone=lambda agent: "registered",
            channels=list,
            call=self._call,
            why=self._why,
            calls_since=self._calls,
        )

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)
        self.accounts.routes.heard([milestone])

    async def _telephones(self) -> None:
        await self.ready_telephones.wait()

    async def _call(self, call_id: CallId) -> dict[str, object] | None:
        return {"record": {"call_id": call_id, "pii_caller": "13800138000"}} if call_id == "n1-1.1" else None

    async def _why(self, call: str, lang: Lang) -> dict[str, object] | None:
        if call == "behind":
            raise TimeoutError
        return {"call_id": call, "lang": lang} if call == "last" else None

    async def _calls(self, since: float) -> list[dict[str, object]]:
        if since == 0:
            raise TimeoutError
        return [{"since": since, "pii_caller": "13800138000"}]


@pytest.fixture
async def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(make_app(desk.api))) as client:
        yield client


async def log_in(client: TestClient) -> dict[str, str]:
    answer = await client.post("/api/login", json={"user": "a1", "password": "right"})
    assert answer.status == 200
    return {"Authorization": f"Bearer {(await answer.json())['token']}"}


async def test_an_agents_day(desk: Desk, client: TestClient) -> None:
    mine = await log_in(client)
    assert desk.journal[-1].kind == "logged_in"
    for status, reason, state in [("ready", "", "idle"), ("break", "lunch", "not_ready"), ("ready", "", "idle")]:
        answer = await client.post("/api/agents/a1/status", json={"status": status, "reason": reason}, headers=mine)
        row = (await answer.json())["agent"]
        assert (row["status"], row["reason"], row["state"], row["phone"]) == (status, reason, state, "registered")
    assert (await client.post("/api/logout", headers=mine)).status == 200
    assert desk.journal[-1].kind == "logged_out"
    assert (await client.get("/api/agents", headers=mine)).status == 401, "the token ends with the log-out"


async def test_why_a_supervisor_has_ordered_something_no_colleague_is_told(desk: Desk, client: TestClient) -> None:
    mine = await log_in(client)
    other = AgentId("b1")
    desk.board.set_roster(
        {AgentId("a1"): desk.board.desks[AgentId("a1")].agent, other: Agent(other, "陈", {"general": 1})}
    )
    for agent in (AgentId("a1"), other):
        desk.exchange.agent(AgentFact.LOGGED_IN, agent)
        desk.exchange.agent(AgentFact.FORCED, agent, {"status": "ready", "by": "li", "why": "投诉"})
    for headers, whys in ((mine, {"a1": "投诉", "b1": None}), (ADMIN, {"a1": "投诉", "b1": "投诉"})):
        agents = await (await client.get("/api/agents", headers=headers)).json()
        live = (await (await client.get("/api/live", headers=headers)).json())["agents"]
        for rows in (agents, live):
            assert {row["id"]: row["forced"].get("why") for row in rows} == whys


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"status": "break"}, 409, "reason_missing"),
        ({"status": "not_answering"}, 400, "unknown_status"),
        ({"status": "asleep"}, 400, "unknown_status"),
        ({"state": "ready"}, 400, "bad_body"),
    ],
)
async def test_a_status_that_cannot_be_is_refused_with_its_reason(
    desk: Desk, client: TestClient, body: dict[str, str], status: int, code: str
) -> None:
    mine = await log_in(client)
    before = len(desk.journal)
    answer = await client.post("/api/agents/a1/status", json=body, headers=mine)
    assert (answer.status, (await answer.json())["error"]) == (status, code)
    assert len(desk.journal) == before


async def test_there_is_no_wrap_up_to_finish_without_a_talk(client: TestClient) -> None:
    answer = await client.post("/api/agents/a1/finish-wrap-up", headers=await log_in(client))
    assert (answer.status, (await answer.json())["error"]) == (409, "no_wrap_up")


@pytest.mark.parametrize("body", [{"user": "a1", "password": "wrong"}, {"user": "nobody", "password": "right"}])
async def test_a_wrong_password_and_an_unknown_agent_look_the_same(client: TestClient, body: dict[str, str]) -> None:
    answer = await client.post("/api/login", json=body)
    assert (answer.status, (await answer.json())["error"]) == (401, "wrong_password")


@pytest.mark.parametrize("token", ["", "a1.1763700000.0000", "x", "é", "x" * 3000])
async def test_a_stranger_gets_nothing(client: TestClient, token: str) -> None:
    for path in ("/api/agents", "/api/calls", "/api/timeline"):
        assert (await client.get(path, headers={"Authorization": f"Bearer {token}"})).status == 401


async def test_bytes_that_are_no_text_are_no_token(client: TestClient) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GET /api/agents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\nConnection: close\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 401")
    writer.close()


async def test_an_agent_cannot_act_for_another(desk: Desk, client: TestClient) -> None:
    desk.board.set_roster({AgentId(a): Agent(AgentId(a), a, {"general": 3}) for a in ("a1", "a2")})
    other = await desk.accounts.headers("a2")
    answer = await client.post("/api/agents/a1/status", json={"status": "ready"}, headers=other)
    assert (answer.status, (await answer.json())["error"]) == (403, "not_you")


async def test_test_agents_come_and_go(desk: Desk, client: TestClient) -> None:
    answer = await client.post("/api/test-agents", json={"count": 2, "skills": {"general": 3}}, headers=ADMIN)
    made = (await answer.json())["agents"]
    assert [agent["id"] for agent in made] == ["t1", "t2"]
    own = {"Authorization": f"Bearer {made[0]['token']}"}
    assert (await client.post("/api/agents/t1/status", json={"status": "ready"}, headers=own)).status == 200
    await client.delete("/api/test-agents", headers=ADMIN)
    assert set(desk.board.desks) == {"a1"}


async def test_a_bad_skill_is_refused_before_anything_is_made(desk: Desk, client: TestClient) -> None:
    answer = await client.post("/api/test-agents", json={"count": 1, "skills": {"general": 9}}, headers=ADMIN)
    assert answer.status == 400
    assert "level" in (await answer.json())["message"]
    assert set(desk.board.desks) == {"a1"}


async def test_the_timeline_reaches_a_listener_and_a_stalled_one_does_not_hold_it_up(
    desk: Desk, client: TestClient
) -> None:
    stalled = await client.get("/api/timeline", headers=ADMIN)
    reading = await client.get("/api/timeline", headers=ADMIN)
    wanted = 3_000

    async def read_all() -> int:
        seen = 0
        while seen < wanted:
            if (await reading.content.readline()).startswith(b"data: "):
                seen += 1
        return seen

    everything = asyncio.ensure_future(read_all())
    for n in range(wanted):
        note = "x" * 1_000  # some megabytes in all: more than the stalled one's socket takes
        desk.feed.publish([Milestone("call", "n1-1.1", n, desk.now, CallFact.ENTERED, {"node": note})])
        await asyncio.sleep(0)
    assert await asyncio.wait_for(everything, 20) == wanted
    stalled.close()
    reading.close()


async def test_unknown_calls_and_bad_times_are_said(client: TestClient) -> None:
    assert (await client.get("/api/calls/nobody", headers=ADMIN)).status == 404
    assert (await client.get("/api/calls?since=yesterday", headers=ADMIN)).status == 400
    assert (await client.get("/api/calls", headers=ADMIN)).status == 503  # the records are behind
    row = {"since": 5.0, "pii_caller": "13800138000"}
    assert (await (await client.get("/api/calls?since=5", headers=ADMIN)).json()) == [row]


async def test_numbers_are_masked_and_whoever_looks_at_a_whole_one_is_noted(desk: Desk, client: TestClient) -> None:
    desk.accounts.add("li", Role.AUDITOR)
    li = await desk.accounts.headers("li")
    listed = await (await client.get("/api/calls?since=5", headers=li)).json()
    shown = await (await client.get("/api/calls/n1-1.1", headers=li)).json()
    assert listed[0]["pii_caller"] == shown["record"]["pii_caller"] == "138****8000"
    assert desk.accounts.trail.noted == []

    whole = await (await client.get("/api/calls/n1-1.1?full=1", headers=li)).json()
    assert whole["record"]["pii_caller"] == "13800138000"
    assert desk.accounts.trail.noted == [("li", "number_viewed", "n1-1.1")]


async def test_why_a_caller_waited_in_two_languages_for_the_administrator_alone(client: TestClient) -> None:
    assert (await client.get("/api/calls/last/why")).status == 401
    assert await (await client.get("/api/calls/last/why", headers=ADMIN)).json() == {"call_id": "last", "lang": "zh"}
    assert (await (await client.get("/api/calls/last/why?lang=en", headers=ADMIN)).json())["lang"] == "en"
    assert (await client.get("/api/calls/last/why?lang=fr", headers=ADMIN)).status == 400
    assert (await client.get("/api/calls/nobody/why", headers=ADMIN)).status == 404
    assert (await client.get("/api/calls/behind/why", headers=ADMIN)).status == 503
