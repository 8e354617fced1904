"""What Prometheus reads from the daemon's own web: all that the manual lists, and nothing on the loop waits for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from cti.settings import PROJECT
from tests.contract.test_access import House
from tests.support.figures import families

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    monkeypatch.setenv("YIHU_METRICS_TOKEN", "a-token-of-the-scraper")
    house = House(tmp_path)
    async with TestClient(TestServer(house.app)) as made:
        yield made
    house.daemon.exchange.stop()


@pytest.mark.usefixtures("client", "no_blocking_on_the_loop")
async def test_everything_that_the_manual_lists_is_told(client: Client) -> None:
    answer = await client.get("/metrics")
    assert (answer.status, answer.content_type) == (200, "text/plain")
    told = {
        f"{name}{'_total' * (family.type == 'counter')}": family
        for name, family in families(await answer.text()).items()
    }
    manual = (PROJECT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(yihu_[a-z_]+)`", manual, re.MULTILINE)) == {
        name for name in told if name.startswith("yihu_")
    }
    queues = {sample.labels["queue"] for sample in told["yihu_queue_waiting_calls"].samples}
    assert {"general", "enterprise", "video"} <= queues, "the city's own, though nobody waits"
    agents = {sample.labels["state"]: sample.value for sample in told["yihu_agents"].samples}
    assert agents["offline"] == 2


async def test_the_token_of_the_environment_lets_a_scraper_in_whom_a_proxy_asks_for(client: Client) -> None:
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    assert (await client.get("/metrics", headers=proxied)).status == 401
    token = {"Authorization": "Bearer a-token-of-the-scraper"}
    assert (await client.get("/metrics", headers=proxied | token)).status == 200
