"""Two daemons of one city: who is logged in at the one is logged in at the other when that decides."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator

import aiohttp
import pytest

from cti.account_files import AccountFiles
from cti.accounts.people import Role
from cti.programs import ProgramMissing, find_asterisk, find_program
from tests.support.missing import missing
from tests.support.pair import Node, PairOfNodes
from tests.support.waiting_async import eventually

WORD = "right-word"


@pytest.fixture
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PairOfNodes]:
    try:
        find_asterisk()
        find_program("redis-server")
    except ProgramMissing as error:
        missing(str(error))
    pair = PairOfNodes(tmp_path_factory.mktemp("pair"))
    first, second = (node.settings for node in pair.nodes)
    AccountFiles(first).add("li", "李芳", [Role.SUPERVISOR], WORD)
    AccountFiles(first).add("wang", "王芳", [Role.AUDITOR], WORD)
    shutil.copy(first.users, second.users)
    try:
        pair.start()
        yield pair
    finally:
        pair.stop()


class Browser:
    """Whoever is asked, it asks him."""

    def __init__(self, http: aiohttp.ClientSession, node: Node) -> None:
        self.http, self.node = http, node
        self.token = ""

    async def ask(self, method: str, path: str, body: dict[str, str] | None = None) -> tuple[int, dict[str, object]]:
        web = self.node.settings.web
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http.request(
            method, f"http://{web.host}:{web.port}{path}", json=body, headers=headers
        ) as answer:
            return answer.status, await answer.json()

    async def log_in(self, user: str) -> None:
        status, body = await self.ask("POST", "/api/login", {"user": user, "password": WORD})
        assert status == 200
        self.token = str(body["token"])


async def test_a_session_goes_over_to_the_other_daemon_and_an_ended_one_does_not(nodes: PairOfNodes) -> None:
    leader = nodes.active
    warm = nodes.other(leader)
    async with aiohttp.ClientSession() as http:
        stays, goes = Browser(http, leader), Browser(http, leader)
        await stays.log_in("li")
        await goes.log_in("wang")
        assert (await goes.ask("POST", "/api/logout"))[0] == 200
        stays.node = warm
        assert (await stays.ask("GET", "/api/me"))[0] == 503, "the warm one answers nothing but where the other is"

        await asyncio.to_thread(leader.kill)
        await eventually(lambda: warm.role == "active", 15.0, "the other decides")

        goes.node = warm
        assert (await stays.ask("GET", "/api/me"))[1]["user"]["id"] == "li"  # type: ignore[index]
        assert (await goes.ask("GET", "/api/me"))[0] == 401
