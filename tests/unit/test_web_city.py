"""Broadcasts and the surge ladder by REST."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from cti.web.app import make_app
from cti.web.city import CityRoutes, Mode
from tests.support.accounts import ADMIN
from tests.unit.test_web import Desk

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")


class Ladder:
    def __init__(self) -> None:
        self.modes: dict[str, tuple[Mode, str]] = {}

    def view(self) -> dict[str, Any]:
        return {"rungs": sorted(self.modes)}

    def set_mode(self, rung: str, mode: Mode, by: str) -> None:
        if rung != "borrow":
            raise KeyError(rung)
        self.modes[rung] = (mode, by)


class Town:
    def __init__(self) -> None:
        self.desk, self.ladder = Desk(), Ladder()


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
async def client(town: Town) -> AsyncIterator[TestClient[Any, Any]]:
    app = make_app(town.desk.api)
    app.add_routes(CityRoutes(town.desk.exchange, town.ladder, {"notice_water"}).routes())
    async with TestClient(TestServer(app)) as client:
        yield client
    town.desk.exchange.stop()


async def test_a_broadcast_is_up_until_its_time_is_over_or_it_is_taken_down(
    town: Town, client: TestClient[Any, Any]
) -> None:
    notice = {"prompt": "notice_water", "queues": ["general"], "minutes": 30}
    put = await client.put("/api/notices/water", json=notice, headers=ADMIN)
    until = town.desk.now + 1800
    assert await put.json() == [{"name": "water", "prompt": "notice_water", "queues": ["general"], "until": until}]

    town.desk.now += 1801
    assert await (await client.get("/api/notices", headers=ADMIN)).json() == []

    await client.put("/api/notices/water", json=notice, headers=ADMIN)
    down = await client.delete("/api/notices/water", headers=ADMIN)
    assert (down.status, await down.json()) == (200, [])
    assert (await client.delete("/api/notices/water", headers=ADMIN)).status == 404


async def test_a_recording_that_is_not_there_is_refused_by_name(client: TestClient[Any, Any]) -> None:
    refused = await client.put("/api/notices/water", json={"prompt": "notice_wine"}, headers=ADMIN)
    assert refused.status == 400
    assert "notice_wine" in (await refused.json())["message"]


async def test_a_queue_that_cannot_be_one_is_refused_with_its_place(client: TestClient[Any, Any]) -> None:
    notice = {"prompt": "notice_water", "queues": ["general", "general video"]}
    refused = await client.put("/api/notices/water", json=notice, headers=ADMIN)
    assert refused.status == 400
    assert "queues.1" in (await refused.json())["message"]


async def test_a_rung_is_set_by_hand(town: Town, client: TestClient[Any, Any]) -> None:
    answer = await client.post("/api/surge/borrow", json={"mode": "on"}, headers=ADMIN)
    assert await answer.json() == {"rungs": ["borrow"]}
    assert town.ladder.modes == {"borrow": ("on", "admin-token")}
    assert (await client.post("/api/surge/moon", json={"mode": "on"}, headers=ADMIN)).status == 404
    assert (await client.post("/api/surge/borrow", json={"mode": "often"}, headers=ADMIN)).status == 400


ROUTES = """
GET /api/notices
PUT /api/notices/water
DELETE /api/notices/water
GET /api/surge
POST /api/surge/borrow
"""


@pytest.mark.parametrize("route", ROUTES.split("\n")[1:-1])
async def test_it_is_the_administrator_s(client: TestClient[Any, Any], route: str) -> None:
    assert (await client.request(*route.split(), json={})).status == 401
