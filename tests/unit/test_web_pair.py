"""What a warm daemon answers, and whom it promises anything."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from cti.web.pair import PROMISE_PATH, Ask, make_warm_app, promise_route

SECRET = "0123456789abcdef"
ASK = {"city": "dongguan", "node": "j2", "epoch": 7}
ACTIVE = "http://10.0.0.1:8080"


class Warm:
    def __init__(self, http: TestClient) -> None:  # type: ignore[type-arg]
        self.http = http
        self.asked: list[Ask] = []
        self.healthy, self.promises = True, True

    async def ask(self, body: object, secret: str = SECRET) -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        return (await self.http.post(PROMISE_PATH, json=body, headers=headers)).status


@pytest_asyncio.fixture
async def warm() -> AsyncIterator[Warm]:
    def promise(ask: Ask) -> bool:
        made.asked.append(ask)
        return made.promises

    app = make_warm_app(promise_route(SECRET, promise), lambda: {"ok": made.healthy, "role": "warm"}, ACTIVE)
    async with TestClient(TestServer(app)) as http:
        made = Warm(http)
        yield made


async def test_it_says_that_it_is_well_and_who_is_active(warm: Warm) -> None:
    health = await warm.http.get("/api/health")
    assert (health.status, (await health.json())["role"]) == (200, "warm")
    for path in ("/", "/api/live", "/api/calls/n1-1.1"):
        answer = await warm.http.get(path)
        assert (answer.status, (await answer.json())["active"]) == (503, ACTIVE)
    assert (await warm.http.post("/api/login", json={})).status == 503


async def test_one_that_could_not_take_over_says_so(warm: Warm) -> None:
    warm.healthy = False
    assert (await warm.http.get("/api/health")).status == 503


async def test_it_promises_to_the_other_daemon_alone(warm: Warm) -> None:
    assert await warm.ask(ASK) == 200
    assert warm.asked == [Ask(city="dongguan", node="j2", epoch=7)]
    warm.promises = False
    assert await warm.ask(ASK) == 409
    assert await warm.ask(ASK, secret="another") == 403
    assert await warm.ask(ASK, secret="") == 403
    assert len(warm.asked) == 2


@pytest.mark.parametrize("body", [{}, [], {**ASK, "epoch": "soon"}, {**ASK, "more": 1}])
async def test_a_body_that_makes_no_sense_is_refused(warm: Warm, body: object) -> None:
    assert await warm.ask(body) == 400
    assert warm.asked == []
