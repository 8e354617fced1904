"""Who may read /metrics: programs on this machine, and whoever knows the token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from cti.accounts.sessions import KeeperAway
from cti.exchange import Exchange
from cti.switchboard import Switchboard
from cti.web.metrics import metrics_route
from tests.support.accounts import ADMIN, Accounts

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TOKEN = "a-token-of-the-scraper"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
PROXY = {"X-Forwarded-For": "203.0.113.9"}
FIGURES = b"# HELP yihu_calls Live calls\n# TYPE yihu_calls gauge\nyihu_calls 0.0\n"


class Metrics:
    def __init__(self) -> None:
        self.asked = 0
        self.now = 1_763_700_000.0
        self.accounts = Accounts(Exchange(Switchboard(20.0), self, lambda: self.now))

    def append(self, _milestone: object) -> None:
        raise AssertionError("nothing happens here")

    async def figures(self) -> bytes:
        self.asked += 1
        return FIGURES

    async def get(
        self, headers: dict[str, str], *, token: str = TOKEN, come_from: str = "127.0.0.1"
    ) -> tuple[int, str, bytes]:
        """Status, type, body. The request comes from that address."""
        app = self.accounts.app([metrics_route(token, self.figures)])

        @web.middleware
        async def elsewhere(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await handler(request.clone(remote=come_from))

        app.middlewares.insert(0, elsewhere)
        async with TestClient(TestServer(app)) as client, client.get("/metrics", headers=headers) as answer:
            return answer.status, answer.headers["Content-Type"], await answer.read()


@pytest.fixture
async def metrics() -> Metrics:
    return Metrics()


@pytest.mark.parametrize("token", ["", TOKEN])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.1.2.3"])
async def test_a_program_of_this_machine_needs_no_token(metrics: Metrics, token: str, address: str) -> None:
    status, kind, body = await metrics.get({}, token=token, come_from=address)
    assert (status, kind, body) == (200, "text/plain; version=0.0.4; charset=utf-8", FIGURES)


@pytest.mark.parametrize("address", ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8::1", "10.0.0.1"])
async def test_another_machine_needs_the_token(metrics: Metrics, address: str) -> None:
    assert (await metrics.get(RIGHT, come_from=address))[0] == 200
    for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {TOKEN}x"}, ADMIN):
        assert (await metrics.get(dict(wrong), come_from=address))[0] == 401, wrong
    assert metrics.asked == 1, "who may not read costs nothing"


@pytest.mark.parametrize("headers", [{}, RIGHT, {"Authorization": "Bearer "}, ADMIN])
async def test_without_a_token_no_other_machine_may(metrics: Metrics, headers: dict[str, str]) -> None:
    assert (await metrics.get(dict(headers), token="", come_from="203.0.113.9"))[0] == 403


@pytest.mark.parametrize(
    "said",
    [PROXY, {"X-Forwarded-Proto": "https"}, {"Forwarded": "for=203.0.113.9"}, {"X-Real-IP": "203.0.113.9"}],
)
async def test_whom_a_proxy_of_this_machine_asks_for_is_not_on_it(metrics: Metrics, said: dict[str, str]) -> None:
    assert (await metrics.get(dict(said)))[0] == 401
    assert (await metrics.get(dict(said) | RIGHT))[0] == 200


async def test_the_figures_are_to_be_had_while_sessions_cannot_be_looked_up(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given Redis away, when a scraper comes with its token, then it reads the figures that say so."""

    async def away(_token: str) -> None:
        raise KeeperAway

    monkeypatch.setattr(metrics.accounts.sessions, "find", away)
    assert (await metrics.get(RIGHT, come_from="203.0.113.9"))[0] == 200


async def test_bytes_that_are_no_token_are_refused(metrics: Metrics) -> None:
    assert (await metrics.get({"Authorization": "Bearer é"}, come_from="203.0.113.9"))[0] == 401
