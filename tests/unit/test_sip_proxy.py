"""The way of browsers' telephones to Asterisk: who may take it, in whose name, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientWebSocketResponse, TCPConnector, WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from agents.roster import Agent
from cti.calls import AgentFact, AgentId, Milestone
from cti.exchange import Exchange
from cti.softphones import Softphones
from cti.switchboard import Switchboard
from cti.web.sip_proxy import MAX_MESSAGE, SipProxy, speaks_for
from cti.web.softphone import SoftphoneRoutes
from tests.support.accounts import Accounts

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")
A1, A2 = AgentId("a1"), AgentId("a2")


def register(user: str) -> str:
    """As JsSIP writes it."""
    return (
        "REGISTER sip:yihu SIP/2.0\r\nVia: SIP/2.0/WSS abc.invalid;branch=z9hG4bK1\r\nMax-Forwards: 69\r\n"
        f"To: <sip:{user}@yihu>\r\nFrom: <sip:{user}@yihu>;tag=q1\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\n"
        "Contact: <sip:q8@abc.invalid;transport=ws>;expires=300\r\nContent-Length: 0\r\n\r\n"
    )


class House:
    """Two agents, the proxy, and an Asterisk that answers every message with itself."""

    def __init__(self) -> None:
        self.board = Switchboard(0.0)
        self.board.set_roster({one: Agent(one, one, {"general": 3}) for one in (A1, A2)})
        self.exchange = Exchange(self.board, self, lambda: 1_763_700_000.0)
        self.softphones = Softphones(self.exchange, "key", None)
        self.accounts = Accounts(self.exchange)
        self.asterisk_got: list[str] = []
        self.asterisk_has = 0
        self.asterisk_answers = asyncio.Event()
        self.asterisk_answers.set()
        self.asterisk_asked = 0
        self.asterisk_protocols: list[str | None] = []

    def append(self, milestone: Milestone) -> None:
        pass

    async def asterisk(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        self.asterisk_asked += 1
        await self.asterisk_answers.wait()
        await socket.prepare(request)
        self.asterisk_protocols.append(socket.ws_protocol)
        self.asterisk_has += 1
        async for message in socket:
            self.asterisk_got.append(message.data)
            await socket.send_str(message.data)
        self.asterisk_has -= 1
        return socket

    async def start(self) -> None:
        app = web.Application()
        app.add_routes([web.get("/ws", self.asterisk)])
        self.asterisk_server = TestServer(app)
        await self.asterisk_server.start_server()
        self.proxy = SipProxy(str(self.asterisk_server.make_url("/ws")), self.softphones.may_connect, lambda call: "")
        self.accounts.sessions.on_end.append(self.proxy.session_ended)
        routes = SoftphoneRoutes(self.softphones, self._ready).routes()
        pages = self.accounts.app(self.proxy.routes(), routes)
        pages.cleanup_ctx.append(self.proxy.client)
        self.client = TestClient(TestServer(pages), connector=TCPConnector(limit=0))
        await self.client.start_server()

    async def _ready(self, agent_id: AgentId) -> None:
        pass

    async def logs_in(self, agent_id: AgentId) -> dict[str, str]:
        self.exchange.agent(AgentFact.LOGGED_IN, agent_id)
        return await self.accounts.headers(agent_id)

    async def opens(self, agent_id: AgentId) -> dict[str, str]:
        headers = await self.logs_in(agent_id)
        answer = await self.client.post(f"/api/agents/{agent_id}/softphone", headers=headers)
        assert answer.status == 200, await answer.text()
        return headers

    async def connect(self, headers: dict[str, str], **more: Any) -> ClientWebSocketResponse:
        return await self.client.ws_connect("/sip", headers=headers, protocols=("sip",), **more)


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    it = House()
    await it.start()
    yield it
    await it.client.close()
    await it.asterisk_server.close()


async def close_code(socket: ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(5):
        while (await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
            pass
    return socket.close_code


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_what_a_page_needs_to_register_and_that_it_is_the_same_after_a_reload(house: House) -> None:
    headers = await house.logs_in(A1)
    first = await (await house.client.post("/api/agents/a1/softphone", headers=headers)).json()
    again = await (await house.client.post("/api/agents/a1/softphone", headers=headers)).json()

    assert first == again
    assert first.pop("password")
    assert first == {
        "uri": "sip:a1@yihu",
        "user": "a1",
        "realm": "yihu",
        "socket": "/sip",
        "expires_s": 300,
        "video": False,
        "auto_answer_s": None,
    }


async def test_nobody_opens_anothers_telephone(house: House) -> None:
    headers = await house.logs_in(A1)
    await house.logs_in(A2)
    admin = {"Authorization": "Bearer the-admin-token"}
    for one in (headers, admin, {}):
        answer = await house.client.post("/api/agents/a2/softphone", headers=one)
        assert answer.status in (401, 403)
    assert not house.softphones.may_connect("a2")


async def test_messages_go_both_ways_by_ticket(house: House) -> None:
    await house.opens(A1)
    session = house.accounts.sessions.of("a1")[0]
    ticket = house.accounts.guard.tickets.make(session)
    socket = await house.client.ws_connect(f"/sip?ticket={ticket}", protocols=("sip",))
    await socket.send_str(register("a1"))
    assert await socket.receive_str(timeout=5) == register("a1")
    assert socket.protocol == "sip"
    assert house.asterisk_protocols == ["sip"]
    refused = await house.client.get(f"/sip?ticket={ticket}", headers=UPGRADE)
    assert refused.status == 401, "a ticket is good once"
    await socket.close()
    await until(lambda: house.asterisk_has == 0)


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "sip",
}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Sec-WebSocket-Protocol": "chat"}, 400),
        ({"Upgrade": "none"}, 400),
        ({"Authorization": ""}, 401),
    ],
)
async def test_who_is_not_let_in(house: House, more: dict[str, str], status: int) -> None:
    headers = await house.opens(A1)
    answer = await house.client.get("/sip", headers=UPGRADE | headers | more)
    assert answer.status == status
    assert house.asterisk_protocols == []


async def test_who_has_no_telephone_in_his_browser_is_not_let_in(house: House) -> None:
    headers = await house.logs_in(A1)
    answer = await house.client.get("/sip", headers=UPGRADE | headers)
    assert answer.status == 403
    assert (await answer.json())["error"] == "no_softphone"


async def test_an_asterisk_that_is_away_is_said(house: House) -> None:
    headers = await house.opens(A1)
    await house.asterisk_server.close()
    assert (await house.client.get("/sip", headers=UPGRADE | headers)).status == 503


async def test_a_newer_connection_ends_the_older_one(house: House) -> None:
    headers = await house.opens(A1)
    older = await house.connect(headers)
    newer = await house.connect(headers)
    assert await close_code(older) == 4000
    await newer.send_str(register("a1"))
    assert await newer.receive_str(timeout=5)
    assert house.asterisk_has == 1


@pytest.mark.parametrize("how", ["log-out", "by hand", "session"])
async def test_it_ends_with_the_log_in_the_telephone_or_the_session(house: House, how: str) -> None:
    headers = await house.opens(A1)
    other = await house.connect(await house.opens(A2))
    socket = await house.connect(headers)
    if how == "log-out":
        house.exchange.agent(AgentFact.LOGGED_OUT, A1, {"reason": "logout"})
    elif how == "by hand":
        assert (await house.client.delete("/api/agents/a1/softphone", headers=headers)).status == 200
    else:
        house.accounts.sessions.end_all_of("a1", "logout")
    house.proxy.look()
    assert await close_code(socket) == 4001
    assert not other.closed
    await until(lambda: house.asterisk_has == 1)


async def test_who_is_logged_out_while_asterisk_is_asked_does_not_come_in(house: House) -> None:
    headers = await house.opens(A1)
    house.asterisk_answers.clear()
    coming = asyncio.create_task(house.connect(headers))
    await until(lambda: house.asterisk_asked == 1)
    house.accounts.sessions.end_all_of("a1", "taken_over")
    house.asterisk_answers.set()
    assert await close_code(await coming) == 4001
    await until(lambda: house.asterisk_has == 0)


async def test_a_whole_shift_is_connected_at_once(house: House) -> None:
    shift = [AgentId(f"s{n}") for n in range(120)]
    house.exchange.take_roster({one: Agent(one, one, {"general": 3}) for one in shift})
    sockets = [await house.connect(await house.opens(one)) for one in shift]
    assert house.asterisk_has == len(shift)
    await asyncio.gather(*(socket.close() for socket in sockets))


async def test_a_stop_of_the_daemon_tells_pages_to_come_back(house: House) -> None:
    socket = await house.connect(await house.opens(A1))
    house.proxy.close()
    assert await close_code(socket) == 1001


async def test_who_speaks_for_another_or_too_much_is_cut_off(house: House) -> None:
    headers = await house.opens(A1)
    socket = await house.connect(headers)
    await socket.send_str(register("a2"))
    assert await close_code(socket) == 1008

    socket = await house.connect(headers)
    await socket.send_str("x" * (MAX_MESSAGE + 1))
    assert await close_code(socket) == 1009

    socket = await house.connect(headers)
    await socket.send_bytes(b"\x00")
    assert await close_code(socket) == 1008

    socket = await house.connect(headers)
    for _ in range(400):
        await socket.send_str("\r\n\r\n")
    assert await close_code(socket) == 1008
    assert len(house.asterisk_got) < 400


IN_A_CALL = register("whoever").replace("REGISTER", "BYE").replace("<sip:whoever@yihu>\r\n", "<sip:x@y>;tag=as1\r\n", 1)


@pytest.mark.parametrize(
    ("message", "may"),
    [
        (register("a1"), True),
        (register("a1").replace("From", "f").replace("To", "t"), True),
        (register("a1").replace("From: <", 'from : "林" <').replace("sip:a1", "SIP:a1"), True),
        (register("a1").replace("REGISTER", "INVITE"), True),
        (register("a1").replace("REGISTER", "SUBSCRIBE"), False),
        (register("a2"), False),
        (register("a11"), False),
        (register("a2").replace("From", "X-From: <sip:a1@yihu>\r\nFrom"), False),
        (register("a2").replace("From", "From: <sip:a1@yihu>;tag=1\r\nFrom"), False),
        (register("a1").replace("From", "Xrom"), False),
        (IN_A_CALL, True),
        ("SIP/2.0 200 OK\r\nFrom: <sip:b@c>;tag=1\r\nTo: <sip:d@e>;tag=2\r\n\r\n", True),
        ("\r\n\r\n", True),
    ],
)
def test_a_message_is_in_the_name_of_its_sender(message: str, may: bool) -> None:
    assert speaks_for(message, "a1") is may
