"""What a supervisor orders for an agent: it holds now, in a talk from its end on, and is known after a crash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer

from agents.roster import Agent
from agents.status import State, Status
from agents.times import intervals
from cti.accounts.people import Role
from cti.broadcasts import Broadcasts
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need
from cti.exchange import Exchange
from cti.live_view import desk_row
from cti.storage.kept import Kept
from cti.storage.segments import decode
from cti.switchboard import Switchboard
from cti.web.orders import OrderRoutes
from tests.support.accounts import Accounts
from tests.support.floor import TEN, ZONE, Floor

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")

A, B = AgentId("a1"), AgentId("b1")
WHY = "队列积压"


def floor() -> Floor:
    return Floor({"a1": ("林小燕", {"general": 3}), "b1": ("陈志明", {"enterprise": 2})})


def force(on: Floor, status: str, agent: str = "a1") -> None:
    on.agent(AgentFact.FORCED, agent, status=status, by="li", why=WHY)


def kinds(on: Floor, agent: str = "a1") -> list[str]:
    return [m.kind for m in on.journal if m.stream == "agent" and m.id == agent]


def again(on: Floor) -> Switchboard:
    """Another daemon, from a journal of which only the newest files are left."""
    kept = Kept()
    for milestone in on.journal:
        kept.add(milestone, 1)
    board = Switchboard(0.0)
    board.set_roster(on.roster)
    board.recover([decode(line) for line in kept.lasting_lines().splitlines(keepends=True)], on.now)
    return board


@pytest.mark.parametrize(("status", "state"), [("ready", State.IDLE), ("break", State.NOT_READY)])
def test_a_supervisor_makes_an_agent_ready_or_sends_him_on_a_break(status: str, state: State) -> None:
    on = floor()
    on.agent(AgentFact.STATUS, "a1", status="meeting", reason="")
    force(on, status)
    desk = on.board.desks[A]
    assert desk.state(on.now) is state
    assert kinds(on)[-2:] == ["status", "forced"]
    assert desk_row(desk, on.now)["forced"] == {"status": status, "by": "li", "why": WHY, "at": on.now}

    on.agent(AgentFact.STATUS, "a1", status="meeting", reason="")
    assert on.board.desks[A].forced is None, "what he chooses himself counts from then on"


def test_a_supervisor_logs_out_an_agent_who_is_in_no_call_at_once() -> None:
    on = floor()
    force(on, "offline")
    assert on.board.desks[A].status is Status.OFFLINE
    assert kinds(on)[-2:] == ["forced", "logged_out"]
    assert on.board.desks[A].forced is not None, "his page is told why"
    on.agent(AgentFact.LOGGED_IN, "a1")
    assert on.board.desks[A].forced is None


def test_a_talk_is_not_cut_off_by_a_log_out_and_nothing_is_offered_after_it() -> None:
    on = floor()
    on.board.wrap_up_s = 20.0
    on.queues("c1", Need("general"))
    on.answers("c1")
    force(on, "offline")
    assert on.board.desks[A].state(on.now) is State.TALKING
    assert on.board.desks[A].is_to_leave
    on.agent(AgentFact.STATUS, "a1", status="meeting", reason="")
    assert on.board.desks[A].is_to_leave, "whatever he chooses himself"

    on.queues("c2", Need("general"))
    on.at(60)
    on.talk_ends("c1")
    assert on.board.desks[A].status is Status.OFFLINE
    assert kinds(on)[-3:] == ["forced", "status", "logged_out"], "without after-call work"
    assert on.board.offer_of(CallId("c2")) is None


def test_a_log_out_that_waits_is_known_after_a_crash_and_can_be_taken_back() -> None:
    on = floor()
    on.queues("c1", Need("general"))
    on.answers("c1")
    force(on, "offline")
    board = again(on)
    assert board.desks[A].is_to_leave
    made = board.tick(on.now + 10).milestones
    assert [m.kind for m in made] == [AgentFact.LOGGED_OUT], "his call is gone"

    force(on, "ready")
    on.talk_ends("c1")
    assert on.board.desks[A].status is Status.READY


def test_who_is_not_logged_in_cannot_be_made_ready() -> None:
    on = floor()
    on.agent(AgentFact.LOGGED_OUT, "a1", reason="logout")
    with pytest.raises(Exception, match="log in first"):
        force(on, "ready")
    before = len(on.journal)
    force(on, "offline")
    assert len(on.journal) == before


def test_orders_leave_the_times_of_an_agent_what_they_are() -> None:
    on = floor()
    on.at(100)
    force(on, "break")
    on.at(200)
    found = [(i.state, i.reason, i.seconds) for i in intervals(A, on.journal, TEN, TEN + 200)]
    assert found == [(State.IDLE, "", 100.0), (State.NOT_READY, "break:forced", 100.0)]


def lend(on: Floor, skills: str, until: float) -> None:
    on._keep(on.board.apply_agent(AgentFact.SKILLS_TODAY, B, on.now, {"skills": skills, "until": until, "by": "li"}))


def test_skills_for_today_are_routed_by_at_once_and_end_at_midnight() -> None:
    on = floor()
    on.agent(AgentFact.STATUS, "a1", status="break", reason="lunch")
    on.queues("c1", Need("general"))
    assert on.board.offer_of(CallId("c1")) is None
    lend(on, "general=2", TEN + 3600)
    assert on.board.offer_of(CallId("c1")) == B
    on.rings_in_vain("c1", "caller_left")
    assert desk_row(on.board.desks[B], on.now)["skills_today"] == {
        "until": TEN + 3600,
        "by": "li",
        "own": {"enterprise": 2},
    }

    on.at(3600)
    assert on.board.desks[B].agent.skills == {"enterprise": 2}
    last = on.journal[-1]
    assert (last.kind, last.at, last.data["by"]) == (AgentFact.SKILLS_TODAY, TEN + 3600, "system")


def test_skills_for_today_are_known_after_a_crash_and_under_a_new_roster() -> None:
    on = floor()
    lend(on, "general=2", TEN + 3600)
    board = again(on)
    assert board.desks[B].agent.skills == {"general": 2}

    renamed = {**on.roster, B: Agent(B, "陈志强", {"enterprise": 5})}
    changed, _ = board.set_roster(renamed)
    assert [agent.id for agent in changed] == [B]
    assert (board.desks[B].agent.name, board.desks[B].agent.skills) == ("陈志强", {"general": 2})
    assert board.set_roster(renamed) == ([], [])
    board.tick(TEN + 3601)
    assert board.desks[B].agent.skills == {"enterprise": 5}


@dataclass
class City:
    """The routes, who asks, and what pages were told."""

    now: float = TEN
    journal: list[Milestone] = field(default_factory=list)
    told: list[tuple[AgentId, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board = Switchboard(0.0)
        self.board.set_roster({A: Agent(A, "林小燕", {"general": 3}), B: Agent(B, "陈志明", {"enterprise": 2})})
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.accounts = Accounts(self.exchange)
        self.accounts.add("li", Role.SUPERVISOR)
        self.messages = self.made()

    def made(self) -> Broadcasts:
        return Broadcasts(self.exchange, lambda agent, said: self.told.append((agent, said["text"])), str.upper)

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)
        self.messages.heard([milestone])


@pytest.fixture
async def city() -> AsyncIterator[City]:
    city = City()
    yield city
    city.exchange.stop()


@pytest.fixture
async def client(city: City) -> AsyncIterator[TestClient[Any, Any]]:
    local: ZoneInfo = ZONE
    routes = OrderRoutes(
        city.exchange, city.messages, lambda: ("general", "enterprise"), lambda at: datetime.fromtimestamp(at, local)
    )
    async with TestClient(TestServer(city.accounts.app(routes.routes()))) as client:
        yield client


async def test_an_agent_may_give_no_orders(city: City, client: TestClient[Any, Any]) -> None:
    mine = await city.accounts.headers("a1")
    for method, path in [
        ("POST", "/api/agents/a1/force"),
        ("PUT", "/api/agents/a1/skills-today"),
        ("DELETE", "/api/agents/a1/skills-today"),
        ("POST", "/api/broadcast"),
        ("GET", "/api/broadcasts"),
    ]:
        assert (await client.request(method, path, headers=mine)).status == 403


async def test_an_order_is_in_the_agents_record_and_in_the_trail(city: City, client: TestClient[Any, Any]) -> None:
    lis = await city.accounts.headers("li")
    city.exchange.agent(AgentFact.LOGGED_IN, A)
    answer = await client.post("/api/agents/a1/force", json={"status": "ready", "why": WHY}, headers=lis)
    assert (answer.status, (await answer.json())["agent"]["state"]) == (200, "idle")
    assert city.journal[-1].data == {"status": "ready", "by": "li", "why": WHY}
    assert city.accounts.trail.noted == [("li", "agent_forced", "a1")]

    refused = await client.post("/api/agents/b1/force", json={"status": "break", "why": WHY}, headers=lis)
    assert (refused.status, (await refused.json())["error"]) == (409, "not_logged_in")
    assert (await client.post("/api/agents/a1/force", json={"status": "break", "why": ""}, headers=lis)).status == 400


async def test_skills_for_today_last_until_midnight_of_the_city(city: City, client: TestClient[Any, Any]) -> None:
    lis = await city.accounts.headers("li")
    answer = await client.put("/api/agents/b1/skills-today", json={"skills": {"general": 4}}, headers=lis)
    row = (await answer.json())["agent"]
    assert (row["skills"], row["skills_today"]["own"]) == ({"general": 4}, {"enterprise": 2})
    until = datetime.fromtimestamp(row["skills_today"]["until"], ZONE)
    assert (until.hour, until.minute, until.date() > datetime.fromtimestamp(TEN, ZONE).date()) == (0, 0, True)

    wrong = await client.put("/api/agents/b1/skills-today", json={"skills": {"cooking": 1}}, headers=lis)
    assert (wrong.status, (await wrong.json())["error"]) == (400, "unknown_skill")
    back = await client.delete("/api/agents/b1/skills-today", headers=lis)
    assert (await back.json())["agent"]["skills"] == {"enterprise": 2}
    assert [what for _, what, _ in city.accounts.trail.noted] == ["skills_today", "skills_today"]


@pytest.mark.parametrize(
    ("to", "meant"),
    [
        ("all", ["a1"]),
        ({"skills": ["enterprise"]}, None),
        ({"skills": ["general"]}, ["a1"]),
        ({"agents": ["b1"]}, ["b1"]),
    ],
)
async def test_a_message_goes_to_whom_it_names(
    city: City, client: TestClient[Any, Any], to: object, meant: list[str] | None
) -> None:
    city.exchange.agent(AgentFact.LOGGED_IN, A)
    lis = await city.accounts.headers("li")
    answer = await client.post("/api/broadcast", json={"text": "停水", "to": to, "urgent": True}, headers=lis)
    assert (await answer.json()).get("agents") == meant
    assert answer.status == (409 if meant is None else 201)
    assert city.told == [(AgentId(agent), "停水") for agent in meant or []]


async def test_who_has_read_a_message_is_seen_and_outlives_a_crash(city: City, client: TestClient[Any, Any]) -> None:
    lis, mine = await city.accounts.headers("li"), await city.accounts.headers("a1")
    said = await client.post("/api/broadcast", json={"text": "停水", "to": {"agents": ["a1", "b1"]}}, headers=lis)
    broadcast = (await said.json())["id"]
    assert (await client.post(f"/api/broadcasts/{broadcast}/seen", headers=mine)).status == 200
    assert (await client.post("/api/broadcasts/b0/seen", headers=mine)).status == 404

    after = city.made()
    after.recover(city.journal)
    assert after.rows() == await (await client.get("/api/broadcasts", headers=lis)).json()
    assert after.rows()[0]["receipts"] == [{"agent": "a1", "seen_at": TEN}, {"agent": "b1", "seen_at": None}]
    city.told.clear()
    after.show(A)
    after.show(B)
    assert city.told == [(B, "停水")], "who has not read it is shown it when his page comes"


async def test_of_very_many_messages_the_newest_are_known(city: City) -> None:
    for n in range(100):
        city.now += 1
        city.messages.say(str(n), [A], False, "li")
    assert [m.text for m in city.messages.newest()][:3] == ["99", "98", "97"]
    assert len({m.id for m in city.journal}) == len(city.messages.newest()) == 30
    assert CallFact.ARRIVED not in {m.kind for m in city.journal}
