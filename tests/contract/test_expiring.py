"""What a keeper of small values promises, over memory and a real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from cti.accounts.sessions import Keeper, KeeperAway
from cti.storage.expiring import MemoryExpiring, RedisExpiring
from tests.support.redis import RedisProcess


@pytest.fixture(params=["memory", "redis"])
async def keeper(request: pytest.FixtureRequest) -> AsyncIterator[Keeper]:
    if request.param == "memory":
        yield MemoryExpiring(time.time)
        return
    server: RedisProcess = request.getfixturevalue("redis_server")
    made = RedisExpiring(server.url, "dongguan")
    yield made
    await made.close()


async def test_a_value_is_there_until_it_is_dropped_or_its_time_is_over(keeper: Keeper) -> None:
    assert await keeper.get("session:a") is None
    await keeper.put("session:a", b"\x00one", 60.0)
    await keeper.put("session:a", b"two", 60.0)
    await keeper.put("session:b", b"three", 0.2)
    await keeper.put("tries:a", b"four", 60.0)
    assert await keeper.get("session:a") == b"two"
    assert await keeper.all("session:") == {"session:a": b"two", "session:b": b"three"}

    async with asyncio.timeout(5.0):
        while await keeper.get("session:b") is not None:
            await asyncio.sleep(0.01)
    await keeper.drop("session:a")
    await keeper.drop("session:a")
    assert await keeper.all("session:") == {}
    assert await keeper.get("tries:a") == b"four"


async def test_more_than_one_page_of_them_is_found(keeper: Keeper) -> None:
    for n in range(1500):
        await keeper.put(f"session:{n}", str(n).encode(), 60.0)
    assert len(await keeper.all("session:")) == 1500


async def test_a_redis_that_is_gone_is_said_and_one_that_is_back_is_used(redis_server: RedisProcess) -> None:
    keeper = RedisExpiring(redis_server.url, "dongguan")
    await keeper.put("a", b"1", 60.0)
    redis_server.kill()
    for ask in (keeper.get("a"), keeper.put("a", b"2", 60.0), keeper.drop("a"), keeper.all("")):
        with pytest.raises(KeeperAway):
            await ask
    redis_server.start()
    await keeper.put("a", b"2", 60.0)
    assert await keeper.get("a") == b"2"
    await keeper.close()
