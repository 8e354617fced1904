"""The channel of the desk page, on a real server in this process: who may open it, what it shows, when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from agents.lease import PageSign
from agents.roster import Agent
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need
from cti.desk_view import DeskView
from cti.exchange import Exchange
from cti.switchboard import Switchboard
from cti.today import Today
from cti.web.desk import DeskPages
from tests.support.accounts import ADMIN, Accounts

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")

A1, A2 = AgentId("a1"), AgentId("a2")
CALL = CallId("n1-1.1")


class House:
    def __init__(self) -> None:
        self.began = asyncio.get_running_loop().time()
        self.disk_s = 0.0
        """How long the journal takes to be on disk."""
        self.board = Switchboard(0.3)
        self.board.set_roster({a: Agent(a, a, {"general": 3}) for a in (A1, A2)})
        self.exchange = Exchange(self.board, self, self.wall)
        self.timeline: list[Milestone] = []
        self.view = DeskView(
            lambda agent_id: "registered",
            Today(lambda at: datetime.fromtimestamp(at, UTC)),
            lambda call_id: [m for m in self.timeline if m.id == call_id],
            lambda: {agent_id: desk.agent for agent_id, desk in self.board.desks.items()},
            15.0,
            lambda desk: None,
            lambda target: {"zh": "城管局", "en": "Urban management"} if target == "cg" else None,
        )
        self.opened: list[AgentId] = []
        self.pages = DeskPages(self.exchange, self.view, self.opened.append)
        self.exchange.before_wakes = self.before_wakes
        self.accounts = Accounts(self.exchange)
        self.accounts.sessions.on_end.append(self.pages.session_over)
        for agent in (A1, A2):
            self.exchange.agent(AgentFact.LOGGED_IN, agent)

    def wall(self) -> float:
        return 1_763_700_000.0 + asyncio.get_running_loop().time() - self.began

    def append(self, milestone: Milestone) -> None:
        asyncio.get_running_loop().call_later(self.disk_s, self.durable, milestone)

    def durable(self, milestone: Milestone) -> None:
        self.timeline.append(milestone)
        self.view.forget([milestone])
        self.pages.heard([milestone])

    def before_wakes(self, batch: Sequence[Milestone]) -> None:
        self.view.offers(batch)
        self.pages.offers(batch)

    def app(self) -> web.Application:
        return self.accounts.app(self.pages.routes())


class Page:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(3.0):
            while True:
                said: dict[str, Any] = orjson.loads(await self.socket.receive_str())
                if said["type"] == kind:
                    return said

    async def shows(self, **wanted: object) -> dict[str, Any]:
        """The first picture whose desk is like this."""
        while True:
            said = await self.next("desk")
            if wanted.items() <= said["desk"].items():
                return said


@pytest.fixture
async def house() -> House:
    return House()


@pytest.fixture
async def client(house: House) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(house.app())) as client:
        yield client


async def come(house: House, client: TestClient[Any, Any], agent: AgentId = A1, whose: AgentId | None = None) -> Page:
    socket = await client.ws_connect(f"/api/agents/{agent}/desk")
    token = await house.accounts.token(whose or agent)
    await socket.send_str(orjson.dumps({"token": token}).decode())
    return Page(socket)


async def test_the_page_shows_the_desk_at_every_change_and_whom_it_is_offered(
    house: House, client: TestClient[Any, Any]
) -> None:
    page = await come(house, client)
    first = await page.shows(status="break", reason="logged_in", phone="registered")
    assert first["call"] is None
    house.exchange.agent(AgentFact.STATUS, A1, {"status": "ready"})
    await page.shows(state="idle")
    house.exchange.agent(AgentFact.STATUS, A2, {"status": "meeting"})
    house.exchange.call(CallFact.ARRIVED, CALL, {"pii_caller": "13800138000", "dialled": "12345"})
    house.exchange.attach(CALL, house)
    house.exchange.call(CallFact.QUEUED, CALL, {"queue": "general", "need": Need("general").to_text()})
    offered = await page.shows(state="offered")
    assert (offered["call"]["call_id"], offered["call"]["pii_caller"]) == (CALL, "13800138000")
    assert offered["call"]["queue"] == "general"
    house.exchange.call(CallFact.ANSWERED, CALL, {"agent": A1, "n": 1})
    assert (await page.shows(state="talking"))["call"]["answered_at"] is not None
    house.exchange.call(CallFact.TALK_ENDED, CALL, {"agent": A1, "n": 1, "side": "caller", "talk_s": 1.0})
    over = await page.shows(state="wrap_up")
    assert over["call"] is None
    assert (await page.shows(state="idle"))["at"] - over["at"] < 1.0, "its end comes by itself"
    assert first["seq"] < over["seq"]


@pytest.mark.parametrize(
    "word",
    ['{"token": "nobody"}', "{}", "[]", "hello", '{"token": null}', orjson.dumps({"token": "x" * 3000}).decode()],
)
async def test_a_stranger_is_shown_nothing(house: House, client: TestClient[Any, Any], word: str) -> None:
    socket = await client.ws_connect("/api/agents/a1/desk")
    await socket.send_str(word)
    message = await socket.receive(timeout=2.0)
    assert message.type is aiohttp.WSMsgType.CLOSE
    assert message.data == aiohttp.WSCloseCode.POLICY_VIOLATION
    assert house.pages.sign(A1) is None


async def test_nobody_opens_the_page_of_another_or_from_another_address(
    house: House, client: TestClient[Any, Any]
) -> None:
    other = await come(house, client, A1, whose=A2)
    assert (await other.socket.receive(timeout=2.0)).type is aiohttp.WSMsgType.CLOSE
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.ws_connect("/api/agents/a1/desk", origin="https://example.org")
    assert (await client.get("/api/agents/a1/desk")).status == 400
    assert not house.board.desks[A1].page_seen


async def test_the_administrator_looks_on_without_being_the_page(house: House, client: TestClient[Any, Any]) -> None:
    socket = await client.ws_connect("/api/agents/a1/desk", headers=ADMIN)
    house.exchange.call(CallFact.ARRIVED, CALL, {"pii_caller": "13800138000"})
    house.exchange.attach(CALL, house)
    house.exchange.agent(AgentFact.STATUS, A1, {"status": "ready"})
    house.exchange.call(CallFact.QUEUED, CALL, {"queue": "general", "need": Need("general").to_text()})
    assert (await Page(socket).shows(state="offered"))["call"]["pii_caller"] is None
    assert house.pages.sign(A1) is None
    assert not house.board.desks[A1].page_seen


async def test_a_second_page_takes_over_and_the_first_is_told(house: House, client: TestClient[Any, Any]) -> None:
    first = await come(house, client)
    await first.next("desk")
    second = await come(house, client)
    await second.next("desk")
    await first.next("taken_over")
    assert (await first.socket.receive(timeout=2.0)).data == 4000
    sign = house.pages.sign(A1)
    assert sign is not None
    assert sign.is_open, "the end of the first is not the end of the page"


async def test_a_log_out_closes_the_page(house: House, client: TestClient[Any, Any]) -> None:
    page = await come(house, client)
    await page.next("desk")
    house.exchange.agent(AgentFact.LOGGED_OUT, A1, {"reason": "logout"})
    await page.next("logged_out")
    assert (await page.socket.receive(timeout=2.0)).data == 4001


async def test_the_page_is_asked_and_its_answer_is_its_sign_of_life(
    house: House, client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cti.web.desk.PING_S", 0.2)
    page = await come(house, client)
    await page.next("desk")
    before = house.pages.sign(A1)
    await page.next("ping")
    await page.socket.send_str('{"type": "here"}')
    await asyncio.sleep(0.05)
    after = house.pages.sign(A1)
    assert before is not None
    assert after is not None
    assert after.at > before.at + 0.1
    await page.socket.close()
    async with asyncio.timeout(2.0):
        while (sign := house.pages.sign(A1)) is None or sign.is_open:
            await asyncio.sleep(0.01)
    assert sign == PageSign(sign.at, False)


async def test_a_page_known_from_before_the_daemon_began_has_time_to_come_back(house: House) -> None:
    assert house.pages.sign(A1) is None
    house.exchange.agent(AgentFact.PAGE_OPENED, A1)
    sign = house.pages.sign(A1)
    assert sign is not None
    assert house.wall() - sign.at < 1.0


async def test_an_offer_is_on_the_page_before_the_caller_is_woken_for_it(
    house: House, client: TestClient[Any, Any]
) -> None:
    """Given a slow disk, when a caller finds an agent, then the agent's page shows him all the same, and why him."""
    page = await come(house, client)
    house.exchange.agent(AgentFact.STATUS, A1, {"status": "ready"})
    await page.shows(state="idle")
    house.disk_s = 30.0
    house.exchange.call(CallFact.ARRIVED, CALL, {"pii_caller": "13800138000", "dialled": "12345"})
    house.exchange.attach(CALL, house)
    woken: list[str] = []
    house.exchange.fall_asleep(CALL, lambda: woken.append("woken"))
    told = house.exchange.before_wakes
    house.exchange.before_wakes = lambda batch: (woken.append("told"), told(batch))
    house.exchange.call(CallFact.QUEUED, CALL, {"queue": "general", "need": Need("general").to_text()})
    assert woken == ["told", "woken"]
    call = (await page.shows(state="offered"))["call"]
    assert call["why"]["zh"].startswith("综合队列的任何座席，空闲")
    assert call["why"]["en"].startswith("any agent of “general”, idle")
    assert call["path"] == {"zh": "免导航 → 综合", "en": "no menu → general"}
    assert call["answer_by"] == pytest.approx(call["offered_at"] + 15.0)


async def test_what_an_agent_is_told_comes_in_order_after_the_picture(
    house: House, client: TestClient[Any, Any]
) -> None:
    page = await come(house, client)
    await page.next("desk")
    assert house.opened == [A1]
    house.pages.tell(A1, {"type": "words", "text": "one"})
    house.pages.tell(A1, {"type": "words", "text": "two"})
    house.pages.tell(A2, {"type": "words", "text": "nobody's"})
    assert [(await page.next("words"))["text"] for _ in range(2)] == ["one", "two"]


async def test_pages_end_with_the_daemon(house: House, client: TestClient[Any, Any]) -> None:
    page = await come(house, client)
    await page.next("desk")
    house.pages.close()
    async with asyncio.timeout(2.0):
        async for _message in page.socket:
            pass
    assert page.socket.close_code == aiohttp.WSCloseCode.GOING_AWAY
