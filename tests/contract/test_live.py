"""The live bus, over memory and a real redis-server: what watchers see, also after Redis was away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from cti.calls import Milestone
from cti.storage.live import LiveBus, MemoryLive, RedisLive
from cti.storage.segments import from_fields
from tests.support.calls import answered_call
from tests.support.milestones import entered
from tests.support.redis import RedisProcess


class Watcher:
    """A web process: listens to the channel of a city and reads its snapshot."""

    def __init__(self, url: str, city: str) -> None:
        self._redis, self._city = Redis.from_url(url), city
        self.messages: list[Any] = []

    @property
    def milestones(self) -> list[Milestone]:
        return [from_fields(fields) for message in self.messages if isinstance(message, list) for fields in message]

    async def listen(self, ready: asyncio.Event) -> None:
        pubsub = self._redis.pubsub(ignore_subscribe_messages=False)
        await pubsub.subscribe(f"yihu:{self._city}:milestones")
        try:
            async for message in pubsub.listen():
                if message["type"] == "subscribe":
                    ready.set()
                else:
                    self.messages.append(orjson.loads(message["data"]))
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    async def snapshot(self) -> bytes | None:
        found = await self._redis.get(f"yihu:{self._city}:snapshot")
        assert found is None or isinstance(found, bytes)
        return found


@asynccontextmanager
async def watching(url: str, city: str = "dongguan") -> AsyncIterator[Watcher]:
    watcher, ready = Watcher(url, city), asyncio.Event()
    listening = asyncio.create_task(watcher.listen(ready))
    async with asyncio.timeout(5):
        await ready.wait()
    try:
        yield watcher
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await watcher._redis.aclose()


@asynccontextmanager
async def delivering(live: RedisLive) -> AsyncIterator[RedisLive]:
    task = asyncio.create_task(live.run())
    try:
        yield live
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await live.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture(params=["memory", "redis"])
async def bus(
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[LiveBus, Callable[[], Sequence[Milestone]], Callable[[], Any]]]:
    """A bus, what its watchers have been sent, and how to read the snapshot."""
    if request.param == "memory":
        memory = MemoryLive()

        async def kept() -> bytes | None:
            return memory.snapshot

        yield memory, lambda: list(memory.published), kept
        return
    server: RedisProcess = request.getfixturevalue("redis_server")
    async with watching(server.url) as watcher, delivering(RedisLive(server.url, "dongguan")) as live:
        yield live, lambda: watcher.milestones, watcher.snapshot


Bus = tuple[LiveBus, Callable[[], Sequence[Milestone]], Callable[[], Any]]


async def test_watchers_get_every_milestone_in_order(bus: Bus) -> None:
    live, seen, _ = bus
    call = answered_call("c1", 1000.0)
    live.publish(call[:5])
    live.publish([])
    live.publish(call[5:])
    await until(lambda: list(seen()) == call)


async def test_the_newest_snapshot_is_there_to_read(bus: Bus) -> None:
    live, seen, snapshot = bus
    for n in range(50):
        live.set_snapshot(b'{"n":%d}' % n)
    live.publish([entered(1)])
    await until(lambda: list(seen()) == [entered(1)])
    assert await snapshot() == b'{"n":49}'


async def test_cities_do_not_hear_one_another(redis_server: RedisProcess) -> None:
    async with (
        watching(redis_server.url, "nanning") as other,
        watching(redis_server.url, "dongguan") as own,
        delivering(RedisLive(redis_server.url, "dongguan")) as live,
    ):
        live.set_snapshot(b"x")
        live.publish([entered(1)])
        await until(lambda: own.milestones == [entered(1)])
        assert other.messages == []
        assert await other.snapshot() is None


async def test_after_a_restart_of_redis_the_whole_picture_is_back(redis_server: RedisProcess) -> None:
    """F6: what could not be sent is a counted gap, and the snapshot is set again in the new, empty Redis."""
    async with delivering(RedisLive(redis_server.url, "dongguan")) as live:
        live.set_snapshot(b"before")
        live.publish([entered(1)])
        await until(lambda: not live._outbox and not live._snapshot_due)
        redis_server.kill()
        live.publish([entered(2)])
        await until(lambda: not live.state.ok)
        assert "calls and records do not need it" in live.state.reason
        live.publish([entered(3)])
        begin = time.monotonic()
        redis_server.start()
        async with watching(redis_server.url) as watcher:
            await until(lambda: live.state.ok)
            assert time.monotonic() - begin < 2
            assert await watcher.snapshot() == b"before"
            live.publish([entered(4)])
            await until(lambda: entered(4) in watcher.milestones)
            assert live.dropped >= 1
            gaps = [message["gap"] for message in watcher.messages if isinstance(message, dict)]
            assert sum(gaps) in (0, live.dropped), "the watcher may have come after the gap was told"


async def test_a_redis_that_hangs_costs_the_caller_of_publish_nothing(redis_server: RedisProcess) -> None:
    async with delivering(RedisLive(redis_server.url, "dongguan", max_outbox=100)) as live:
        live.publish([entered(0)])
        await until(lambda: not live._outbox)
        redis_server.suspend()
        try:
            begin = time.perf_counter()
            for n in range(1000):
                live.publish([entered(n)])
            assert time.perf_counter() - begin < 0.2
            await until(lambda: not live.state.ok)
            assert len(live._outbox) <= 100
            assert live.dropped >= 900
        finally:
            redis_server.go_on()
        async with watching(redis_server.url) as watcher:
            await until(lambda: live.state.ok)
            live.publish([entered(5000)])
            await until(lambda: entered(5000) in watcher.milestones)


async def test_a_lost_reply_does_not_deliver_twice(redis_server: RedisProcess) -> None:
    """Redis hangs with the command in its socket and goes on later: it must not be sent a second time."""
    async with watching(redis_server.url) as watcher, delivering(RedisLive(redis_server.url, "dongguan")) as live:
        live.publish([entered(0)])
        await until(lambda: watcher.milestones == [entered(0)])
        redis_server.suspend()
        live.publish([entered(1)])
        await until(lambda: not live.state.ok)
        redis_server.go_on()
        live.publish([entered(2)])
        await until(lambda: entered(2) in watcher.milestones)
        assert watcher.milestones.count(entered(1)) <= 1
        assert {"gap": 1} in watcher.messages


async def test_a_connection_that_breaks_before_the_reply_is_no_reason_to_publish_again(
    redis_server: RedisProcess, tmp_path: Path
) -> None:
    """redis-py sends a command again in this case unless told not to (its defaults differ by how it is built)."""
    published = 0

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal published
        from_redis, to_redis = await asyncio.open_unix_connection(redis_server.url.removeprefix("unix://"))

        async def answers() -> None:
            while data := await from_redis.read(65536):
                writer.write(data)

        answering = asyncio.create_task(answers())
        while data := await reader.read(65536):
            if b"PUBLISH" in data:
                published += 1
                answering.cancel()
                to_redis.write(data)
                break
            to_redis.write(data)
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        to_redis.close()
        writer.close()

    relaying = await asyncio.start_unix_server(relay, tmp_path / "relay")
    async with (
        watching(redis_server.url) as watcher,
        delivering(RedisLive(f"unix://{tmp_path}/relay", "dongguan")) as live,
    ):
        live.publish([entered(1)])
        await until(lambda: not live.state.ok)
        assert watcher.milestones in ([entered(1)], [])
        assert published == 1
        assert live.dropped == 1
    relaying.close()
