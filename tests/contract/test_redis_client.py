"""Who waits for Redis can be cancelled at every step of it."""

from __future__ import annotations

import asyncio

import pytest

from cti.storage.redis_client import connect
from tests.support.redis import RedisProcess

STEPS = 60


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_command_that_is_cancelled_at_any_step_ends_cancelled(redis_server: RedisProcess, fresh: bool) -> None:
    """Given a command, on a new connection or one that is there, when its task is cancelled after one turn of the loop,
    or two, or three …, then it never goes on as if nothing had been, and the client is as good as before."""
    client = connect(redis_server.url, 5.0)
    await client.set("key", "value")
    cancelled = 0
    for steps in range(STEPS):
        if fresh:
            await client.connection_pool.disconnect()
        task = asyncio.ensure_future(client.get("key"))
        for _ in range(steps):
            await asyncio.sleep(0)
        if task.done():
            break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        cancelled += 1
        assert await client.get("key") == b"value"
    assert cancelled >= 3
    await client.aclose()


async def test_what_is_done_on_the_way_out_is_done(redis_server: RedisProcess) -> None:
    """Given a task that tidies up when it is cancelled, when it is, then it may."""
    client = connect(redis_server.url, 5.0)

    async def works() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await client.set("tidied", "yes")

    task = asyncio.create_task(works())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await client.get("tidied") == b"yes"
    await client.aclose()
