"""Who is logged in stays so whatever dies, and who is thrown out is out: on a whole running system."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from cti.account_files import AccountFiles
from cti.accounts.people import Role
from cti.accounts.sessions import KeeperAway, key_of
from cti.settings import PROJECT
from cti.storage.expiring import RedisExpiring
from tests.support.stack import RunningStack
from tests.support.waiting import until

WORD = "right-word"


@pytest.fixture(scope="module", autouse=True)
def users(stack: RunningStack) -> None:
    files = AccountFiles(stack.settings)
    files.roster.add("a1", "", {}, WORD, "sip-word")
    files.add("li", "李明", [Role.SUPERVISOR], WORD)
    files.add("wang", "王芳", [Role.AUDITOR], WORD)
    until(lambda: any(row["users"] == 2 for row in stack.log("users_changed")), 10.0, "users")
    until(lambda: any(row["agents"] == 1 for row in stack.log("roster_changed")), 10.0, "the agent")


@pytest.fixture
async def http(stack: RunningStack) -> AsyncIterator[aiohttp.ClientSession]:
    web = stack.settings.web
    limit = aiohttp.ClientTimeout(total=10.0)
    async with aiohttp.ClientSession(f"http://{web.host}:{web.port}", timeout=limit) as session:
        yield session


async def log_in(http: aiohttp.ClientSession, user: str, **more: Any) -> dict[str, str]:
    async with http.post("/api/login", json={"user": user, "password": WORD, **more}) as answer:
        assert answer.status == 200, await answer.text()
        return {"Authorization": f"Bearer {(await answer.json())['token']}"}


async def status(http: aiohttp.ClientSession, headers: dict[str, str], path: str = "/api/me") -> int:
    """0: no daemon answers."""
    try:
        async with http.get(path, headers=headers) as answer:
            return answer.status
    except aiohttp.ClientError:
        return 0


async def until_status(http: aiohttp.ClientSession, headers: dict[str, str], wanted: int, limit_s: float) -> None:
    async with asyncio.timeout(limit_s):
        while await status(http, headers) != wanted:
            await asyncio.sleep(0.05)


async def kept(stack: RunningStack, headers: dict[str, str]) -> bytes | None:
    """What Redis has of this session."""
    keeper = RedisExpiring(stack.settings.redis_url, stack.settings.city.code)
    try:
        return await keeper.get(f"session:{key_of(headers['Authorization'].removeprefix('Bearer '))}")
    except KeeperAway:
        return None
    finally:
        await keeper.close()


async def test_redis_stops_the_daemon_dies_and_nobody_has_to_log_in_again(
    stack: RunningStack, http: aiohttp.ClientSession
) -> None:
    stays, goes = await log_in(http, "a1"), await log_in(http, "wang")
    redis = int((stack.settings.run_dir / "redis.pid").read_text())
    os.kill(redis, signal.SIGSTOP)
    try:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await status(http, stays) == 200
        assert loop.time() - began < 0.5, "who is known is not looked up"
        comes = await log_in(http, "li")
        assert await status(http, comes) == 200
        async with http.post("/api/logout", headers=goes) as answer:
            assert answer.status == 200
        assert await status(http, goes) == 401
    finally:
        os.kill(redis, signal.SIGCONT)
    async with asyncio.timeout(10.0):
        while await kept(stack, comes) is None or await kept(stack, goes) is not None:
            await asyncio.sleep(0.05)

    died, _ = stack.kill_daemon(signal.SIGKILL)
    until(lambda: stack.ready[0] not in (0, died), 15.0, "another daemon")
    await until_status(http, stays, 200, 10.0)
    assert await status(http, comes) == 200
    assert await status(http, goes) == 401


async def test_a_role_that_is_taken_away_ends_session_and_page_at_once(
    stack: RunningStack, http: aiohttp.ClientSession
) -> None:
    li = await log_in(http, "li")
    async with http.post("/api/socket-ticket", headers=li) as answer:
        ticket = (await answer.json())["ticket"]
    async with http.ws_connect("/api/agents/a1/desk") as page:
        await page.send_json({"ticket": ticket})
        assert (await page.receive_json(timeout=5.0))["type"] == "desk"
        yihu(stack, "user", "set", "li", "--role", "auditor")
        async with asyncio.timeout(5.0):
            while (message := await page.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        assert message.data == 4001
    assert await status(http, li) == 401
    assert await status(http, await log_in(http, "li"), "/api/audit") == 200, "with the new role"


async def test_wrong_passwords_are_remembered_over_a_restart(stack: RunningStack, http: aiohttp.ClientSession) -> None:
    async def guess() -> int:
        async with http.post("/api/login", json={"user": "a1", "password": "wrong"}) as answer:
            return answer.status

    assert [await guess() for _ in range(5)] == [401, 401, 401, 401, 429]
    died, _ = stack.kill_daemon(signal.SIGKILL)
    until(lambda: stack.ready[0] not in (0, died), 15.0, "another daemon")
    await until_status(http, {}, 401, 10.0)
    assert await guess() == 429
    yihu(stack, "user", "unlock", "a1")
    await log_in(http, "a1", force=True)


async def test_what_happened_stands_in_the_trail_and_the_trail_is_whole(
    stack: RunningStack, http: aiohttp.ClientSession
) -> None:
    wang = await log_in(http, "wang")
    assert await status(http, wang, "/api/agents/a1/status") in (403, 405)
    async with http.get("/api/channels", headers=wang) as answer:
        assert answer.status == 403

    async def trail() -> list[dict[str, Any]]:
        async with http.get("/api/audit?limit=500", headers=wang) as answer:
            rows: list[dict[str, Any]] = await answer.json()
            return rows

    async with asyncio.timeout(5.0):
        while (rows := await trail())[0]["on"] != "GET /api/channels":
            await asyncio.sleep(0.05)
    deeds = {(row["who"], row["what"], row["on"]) for row in rows}
    assert {("wang", "logged_in", ""), ("wang", "logged_out", ""), ("", "roles_changed", "li")} <= deeds
    assert ("wang", "refused", "GET /api/channels") in deeds
    assert "the trail is whole" in yihu(stack, "audit", "verify")


def yihu(stack: RunningStack, *words: str) -> str:
    argv = [sys.executable, "-m", "cti.cli", "--settings", str(stack.file), *words]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout
