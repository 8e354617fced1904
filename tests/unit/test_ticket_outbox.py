"""Tickets leave for the city's platform: after ten seconds, once, signed, and again until the platform has them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cti.calls import CallId
from cti.settings import SettingsError
from cti.ticket_outbox import Outbox
from cti.tickets.model import Ticket
from cti.webhook import signed
from tests.support.ticket_desk import A1, TicketDesk
from tests.support.waiting_async import eventually
from tests.unit.test_desk_tickets import LIGHT

KEY = b"k" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Platform:
    """The city's; `answers` are given one after the other, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 204)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti.ticket_outbox._LOOK_S", 0.01)


@pytest.fixture
async def desk() -> AsyncIterator[TicketDesk]:
    made = TicketDesk()
    yield made
    await made.stop()


@pytest.fixture
async def platform() -> AsyncIterator[tuple[Platform, str]]:
    made = Platform()
    app = web.Application()
    app.router.add_post("/tickets", made.take)
    async with TestServer(app) as server:
        yield made, str(server.make_url("/tickets"))


async def recordings(_call: CallId) -> Sequence[str]:
    return ["2026/11/19/c1.wav"]


class Running:
    def __init__(self, desk: TicketDesk, webhook: str = "", decides: bool = True) -> None:
        self._outbox = Outbox(desk.book, lambda: decides, recordings, webhook, SECRET)

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._outbox.run())

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def submitted(desk: TicketDesk, finish: str = "dispatch", **more: Any) -> Ticket:
    ticket = await desk.offered()
    await desk.write(A1, ticket, **{**LIGHT, **more})
    await desk.desk.submit(A1, ticket.id, finish, None)
    return ticket


def state(desk: TicketDesk, ticket: Ticket) -> str:
    found = desk.store.get(ticket.id)
    assert found is not None
    return found.state


async def test_it_leaves_when_it_cannot_be_called_back_any_more(desk: TicketDesk) -> None:
    ticket = await submitted(desk)
    async with Running(desk):
        await asyncio.sleep(0.1)
        assert state(desk, ticket) == "submitted"
        desk.now += 10.0
        await eventually(lambda: state(desk, ticket) == "sent", 5.0, "it has left")
        (left,) = await desk.desk.left(0, ("sent",), 10)
        assert left["cursor"] == 1
        assert left["fields"]["title"] == "青禾路路灯不亮"
        assert left["recordings"] == ["2026/11/19/c1.wav"]
        assert left["deadline"]["text"]["zh"] == "5 个工作日 · 11-26 周四"
        assert (await desk.is_told("a1", "ticket"))["ticket"]["state"] == "sent"
        assert (await desk.desk.close(A1, ticket.id))["state"] == "closed"


async def test_two_daemons_at_once_send_it_once(desk: TicketDesk) -> None:
    ticket = await submitted(desk)
    desk.now += 11.0
    async with Running(desk), Running(desk):
        await eventually(lambda: state(desk, ticket) == "sent", 5.0, "it has left")
        await asyncio.sleep(0.1)
    assert len(await desk.desk.left(0, ("sent",), 10)) == 1
    assert [e.how for e in desk.store.history(ticket.id)].count("sent") == 1


async def test_what_was_called_back_does_not_leave(desk: TicketDesk) -> None:
    ticket = await submitted(desk)
    await desk.desk.recall(A1, ticket.id)
    desk.now += 60.0
    async with Running(desk):
        await asyncio.sleep(0.1)
    assert state(desk, ticket) == "draft"
    assert await desk.desk.left(0, ("sent", "closed"), 10) == []


@pytest.mark.parametrize(("finish", "leaves"), [("direct", True), ("silent", False)])
async def test_a_call_without_a_request_is_closed_and_tells_nobody(desk: TicketDesk, finish: str, leaves: bool) -> None:
    ticket = await submitted(desk, finish)
    desk.now += 11.0
    async with Running(desk):
        await eventually(lambda: state(desk, ticket) == "closed", 5.0, "it is closed")
    assert bool(await desk.desk.left(0, ("closed",), 10)) is leaves


async def test_the_warm_daemon_sends_nothing(desk: TicketDesk) -> None:
    ticket = await submitted(desk)
    desk.now += 60.0
    async with Running(desk, decides=False):
        await asyncio.sleep(0.1)
    assert state(desk, ticket) == "submitted"


async def test_the_platform_gets_it_signed_and_again_until_it_says_yes(
    desk: TicketDesk, platform: tuple[Platform, str]
) -> None:
    city, address = platform
    city.answers = [500, 302]
    ticket = await submitted(desk, secret=True, caller_name="王小明")
    desk.now += 11.0
    async with Running(desk, address):
        for tries in (1, 2, 3):
            await eventually(lambda n=tries: len(city.got) == n, 5.0, f"try {tries}")
            await asyncio.sleep(0.1)
            assert len(city.got) == tries, "not before its time"
            desk.now += 5.0 * 2 ** (tries - 1) + 1
        desk.now += 7200.0
        await asyncio.sleep(0.1)
    assert len(city.got) == 3
    for headers, body in city.got:
        assert headers["webhook-id"] == ticket.id
        text = f"{ticket.id}.{headers['webhook-timestamp']}.".encode() + body
        digest = base64.b64encode(hmac.new(KEY, text, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{digest}"
    assert len({body for _, body in city.got}) == 1
    sent = orjson.loads(city.got[0][1])
    assert (sent["id"], sent["secret"], sent["call_id"], sent["recordings"]) == (ticket.id, True, None, [])
    assert "王小明" not in city.got[0][1].decode()
    assert "13800001234" not in city.got[0][1].decode()


async def test_a_platform_that_is_away_costs_nothing(desk: TicketDesk) -> None:
    ticket = await submitted(desk)
    desk.now += 11.0
    async with Running(desk, "http://127.0.0.1:9/tickets"):
        await eventually(
            lambda: desk.store.left(0, ("sent",), 1) and desk.store.left(0, ("sent",), 1)[0].attempts, 5.0, "a try"
        )
    (left,) = desk.store.left(0, ("sent",), 1)
    assert (left.ticket_id, left.delivered_at, left.problem) == (ticket.id, None, "ClientConnectorError")


@pytest.mark.parametrize("secret", ["", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_***"])
def test_a_webhook_without_a_proper_secret_is_refused(desk: TicketDesk, secret: str) -> None:
    with pytest.raises(SettingsError, match="YIHU_WEBHOOK_SECRET"):
        Outbox(desk.book, lambda: True, recordings, "https://example.org/hook", secret)


def test_the_signature_is_that_of_the_published_example() -> None:
    """As in the specification's own reference implementations."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330.0, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
