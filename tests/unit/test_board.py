"""The channel of live pages: what is said of a change, who is told, and what a viewer who does not read costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from cti.accounts.people import Role
from cti.accounts.sessions import key_of
from cti.exchange import Exchange
from cti.switchboard import Switchboard
from cti.web.board import LOGGED_OUT, Board, _Viewer
from cti.web.board_state import Change, Topic, difference, frame
from tests.support.accounts import ADMIN, Accounts

Client = TestClient[web.Request, web.Application]
STATE = {"agents": {"a1": {"state": "idle"}, "a2": {"state": "talking"}}, "calls": {}}


def said(message: bytes) -> dict[str, Any]:
    """Of a frame as the server sends it."""
    start = {126: 4, 127: 10}.get(message[1], 2)
    found: dict[str, Any] = orjson.loads(message[start:])
    return found


def test_nothing_new_says_nothing() -> None:
    assert not difference(STATE, {"agents": dict(STATE["agents"]), "calls": {}})


def test_what_is_new_what_is_other_and_what_is_gone() -> None:
    after = {"agents": {"a1": {"state": "talking"}, "a3": {"state": "idle"}}, "calls": {"c1": {"phase": "queued"}}}
    change = difference(STATE, after)
    assert change == Change(
        {"agents": {"a1": {"state": "talking"}, "a3": {"state": "idle"}}, "calls": {"c1": {"phase": "queued"}}},
        {"agents": ["a2"]},
    )


def test_a_section_that_went_has_lost_all_its_rows_and_a_new_empty_one_is_told() -> None:
    assert difference(STATE, {"calls": {}, "city": {}}) == Change({"city": {}}, {"agents": ["a1", "a2"]})


def test_changes_are_numbered_one_by_one_and_only_the_first_is_whole() -> None:
    topic = Topic("seats")
    first = said(topic.take(STATE, 1.0))
    assert first == {"topic": "seats", "seq": 1, "at": 1.0, "full": STATE}
    assert topic.take(STATE, 2.0) == b""
    second = said(topic.take({**STATE, "calls": {"c1": {"phase": "queued"}}}, 3.0))
    assert second == {"topic": "seats", "seq": 2, "at": 3.0, "set": {"calls": {"c1": {"phase": "queued"}}}}
    assert said(topic.full())["full"]["calls"] == {"c1": {"phase": "queued"}}


def test_the_owner_may_change_his_state_afterwards() -> None:
    topic, mine = Topic("seats"), {"agents": {"a1": {"state": "idle"}}}
    topic.take(mine, 1.0)
    mine["agents"]["a2"] = {"state": "idle"}
    assert said(topic.take(mine, 2.0))["set"] == {"agents": {"a2": {"state": "idle"}}}


@pytest.mark.parametrize(("length", "head"), [(125, 2), (126, 4), (65_535, 4), (65_536, 10)])
def test_a_frame_of_any_length_has_the_head_it_needs(length: int, head: int) -> None:
    assert len(frame(b"x" * length)) == head + length


class House:
    """A board behind a guarded server."""

    def __init__(self) -> None:
        exchange = Exchange(Switchboard(20.0), self, time.time)
        self.accounts = Accounts(exchange)
        self.accounts.add("s1", Role.SUPERVISOR)
        self.accounts.add("g1", Role.AGENT)
        self.accounts.add("hall", Role.SCREEN)
        self.board = Board(time.time, time.monotonic)
        self.accounts.sessions.on_end.append(self.board.session_over)
        self.app = self.accounts.app(self.board.routes())

    def append(self, milestone: object) -> None:
        """No milestone comes of this."""


@pytest.fixture
async def house() -> House:
    return House()


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    running = asyncio.create_task(house.board.run())
    async with TestClient(TestServer(house.app)) as client:
        yield client
    running.cancel()


async def next_of(socket: ClientWebSocketResponse, topic: str) -> dict[str, Any]:
    """Beats between are passed over."""
    while True:
        message: dict[str, Any] = orjson.loads(await socket.receive_str(timeout=5))
        if message["topic"] == topic:
            return message


async def test_a_viewer_is_told_everything_at_first_then_what_changes(house: House, client: Client) -> None:
    house.board.publish("seats", STATE)
    async with client.ws_connect("/api/board?topics=seats", headers=ADMIN) as viewer:
        assert (await next_of(viewer, "seats"))["full"] == STATE
        house.board.publish("seats", {**STATE, "calls": {"c1": {}}})
        assert (await next_of(viewer, "seats"))["set"] == {"calls": {"c1": {}}}


async def test_a_topic_that_begins_later_is_told_whole_to_who_waits_for_it(house: House, client: Client) -> None:
    async with client.ws_connect("/api/board?topics=wall,seats", headers=ADMIN) as viewer:
        await next_of(viewer, "")
        house.board.publish("alerts", {"alerts": {}})
        house.board.publish("seats", STATE)
        while (message := orjson.loads(await viewer.receive_str(timeout=5)))["topic"] == "":
            pass
        assert (message["topic"], message["full"]) == ("seats", STATE), "and of others he hears nothing"


async def test_a_beat_comes_though_nothing_changes(client: Client) -> None:
    async with client.ws_connect("/api/board?topics=seats", headers=ADMIN) as viewer:
        first, second = await next_of(viewer, ""), await next_of(viewer, "")
        assert first["at"] < second["at"]


@pytest.mark.parametrize("topics", ["seats", "alerts", "wall,seats"])
async def test_a_screen_is_told_figures_and_nobodys_name(house: House, client: Client, topics: str) -> None:
    headers, rates = await house.accounts.headers("hall"), {"rates": {"connection_rate": {"n": 7, "of": 9}}}
    house.board.publish("wall", rates)
    async with client.ws_connect("/api/board?topics=wall", headers=headers) as viewer:
        assert (await next_of(viewer, "wall"))["full"] == rates
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(f"/api/board?topics={topics}", headers=headers)
    assert refused.value.status == 403


@pytest.mark.parametrize("topics", ["", "secrets", "seats,secrets"])
async def test_topics_that_are_none_are_refused(client: Client, topics: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(f"/api/board?topics={topics}", headers=ADMIN)
    assert refused.value.status == 400


@pytest.mark.parametrize(("user", "status"), [("g1", 403), ("", 401)])
async def test_agents_and_strangers_do_not_come_in(house: House, client: Client, user: str, status: int) -> None:
    headers = await house.accounts.headers(user) if user else {}
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/api/board?topics=seats", headers=headers)
    assert refused.value.status == status


async def test_a_session_that_ends_ends_its_viewer(house: House, client: Client) -> None:
    headers = await house.accounts.headers("s1")
    async with client.ws_connect("/api/board?topics=seats", headers=headers) as viewer:
        await next_of(viewer, "")
        house.accounts.sessions.end(key_of(headers["Authorization"].removeprefix("Bearer ")), "logout")
        while not (message := await viewer.receive(timeout=5)).type.name.startswith("CLOS"):
            pass
        assert viewer.close_code == LOGGED_OUT, message
    assert house.board.viewers == 0


async def test_who_does_not_read_delays_nobody_and_is_told_all_when_he_reads_again(
    house: House, client: Client
) -> None:
    async with ClientSession() as session:
        url = client.make_url("/api/board?topics=seats")
        stalled = await session.ws_connect(url, headers=ADMIN)
        reading = await session.ws_connect(url, headers=ADMIN)
        transport = stalled._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        heard = 0
        for n in range(200):  # 20 MB, more than the kernel takes for anybody
            house.board.publish("seats", {"agents": {"a1": {"n": n, "text": "x" * 100_000}}})
            heard = (await next_of(reading, "seats"))["seq"]
        assert heard == 200
        (slow,) = [viewer for viewer in house.board._all if viewer.behind]
        assert slow.transport.get_write_buffer_size() < 400_000
        transport.resume_reading()  # type: ignore[union-attr]
        while "full" not in (last := await next_of(stalled, "seats")) or last["seq"] == 1:
            pass
        assert (last["seq"], last["full"]["agents"]["a1"]["n"]) == (200, 199)
        house.board.publish("seats", {"agents": {}})
        assert (await next_of(stalled, "seats"))["gone"] == {"agents": ["a1"]}
        await stalled.close()
        await reading.close()


class Line(asyncio.WriteTransport):
    """A connection whose other end reads what a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = 0
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.unread += len(data)

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


def test_who_reads_nothing_for_a_minute_is_cut_off_and_who_reads_slowly_is_not() -> None:
    topic, line = Topic("seats"), Line()
    topic.take(STATE, 0.0)
    viewer = _Viewer((topic,), line, "")
    viewer.tell(topic, b"x" * 300_000, 0.0)
    viewer.tell(topic, b"more", 1.0)
    assert viewer.behind == {topic}
    assert line.unread == 300_000, "nothing more waits for him"
    viewer.catch_up(60.0)
    assert not line.aborted
    line.unread = 0
    viewer.catch_up(60.5)
    assert line.unread == len(topic.full())
    viewer.tell(topic, b"x" * 300_000, 61.0)
    viewer.tell(topic, b"more", 62.0)
    viewer.catch_up(123.0)
    assert line.aborted
