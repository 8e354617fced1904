"""The warm daemon has everything that is live when it takes over, and who has lost the lease adds nothing to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
import redis

from cti.calls import AgentFact, CityFact, Milestone
from cti.lease import Held, Renew
from cti.storage import replica as replicas
from cti.storage.kept import Kept, Picture, current, epoch_of
from cti.storage.lease import RedisLease
from cti.storage.replica import Follower, Replica
from tests.support.calls import answered_call, milestone
from tests.support.redis import RedisProcess

CITY = "dongguan"


@asynccontextmanager
async def writing(server: RedisProcess, epoch: int, live: Sequence[Milestone] = ()) -> AsyncIterator[Replica]:
    replica = Replica(server.url, CITY, epoch, Picture(live), 0.3)
    task = asyncio.create_task(replica.run())
    try:
        yield replica
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await replica.close()


@asynccontextmanager
async def following(server: RedisProcess) -> AsyncIterator[Follower]:
    follower = Follower(server.url, CITY, 0.3)
    try:
        yield follower
    finally:
        await follower.close()


async def sees(follower: Follower, expected: Sequence[Milestone]) -> None:
    async with asyncio.timeout(5):
        while True:
            with suppress(redis.RedisError, OSError):
                await follower.catch_up()
            if follower.milestones() == list(expected):
                return
            await asyncio.sleep(0.01)


async def test_it_begins_with_what_is_live_and_goes_on(redis_server: RedisProcess) -> None:
    # Given a call that waits and one that has ended, and an agent who is ready
    waits, over = answered_call("n1-1.1", 100.0)[:5], answered_call("n1-1.2", 90.0)
    ready = Milestone("agent", "a1001", 7, 80.0, AgentFact.STATUS, {"status": "ready", "reason": ""})
    async with writing(redis_server, 5, [*waits, ready, *over]) as replica, following(redis_server) as follower:
        await sees(follower, [ready, *waits])
        assert follower.epoch == 5
        # When the call goes on, ends, and another comes
        rest, other = answered_call("n1-1.1", 100.0)[5:], answered_call("n1-1.3", 110.0)[:2]
        replica.add(rest[:3])
        await sees(follower, [ready, *waits, *rest[:3]])
        replica.add([*rest[3:], *other])
        # Then only that one is left
        await sees(follower, [ready, *other])


async def test_a_line_that_cannot_be_read_costs_nothing_else(redis_server: RedisProcess) -> None:
    waits, other = answered_call("n1-1.1", 100.0)[:5], answered_call("n1-1.3", 110.0)[:2]
    async with writing(redis_server, 5, waits) as replica, following(redis_server) as follower:
        await sees(follower, waits)
        with redis.Redis.from_url(redis_server.url) as stranger:
            await asyncio.to_thread(stranger.xadd, f"yihu:{CITY}:replica", {"lines": "nothing of ours\n"})
        replica.add(other)
        await sees(follower, [*waits, *other])


async def test_who_lost_the_lease_adds_nothing(redis_server: RedisProcess) -> None:
    lease = RedisLease(redis_server.url, CITY, 0.3)
    await lease.ask(Renew(Held(5, 1, "a")))
    async with writing(redis_server, 5) as old, following(redis_server) as follower:
        old.add(answered_call("n1-1.1", 100.0)[:2])
        await sees(follower, answered_call("n1-1.1", 100.0)[:2])
        await lease.ask(Renew(Held(6, 1, "b")))
        old.add(answered_call("n1-1.1", 100.0)[2:4])
        async with writing(redis_server, 6, follower.milestones()) as new:
            new.add(answered_call("n1-1.3", 100.0)[:1])
            await sees(follower, [*answered_call("n1-1.1", 100.0)[:2], *answered_call("n1-1.3", 100.0)[:1]])
            assert follower.epoch == 6
    await lease.close()


async def test_a_redis_that_was_away_or_lost_everything_has_the_whole_again(redis_server: RedisProcess) -> None:
    call = answered_call("n1-1.1", 100.0)
    async with writing(redis_server, 5) as replica, following(redis_server) as follower:
        replica.add(call[:3])
        await sees(follower, call[:3])
        redis_server.kill()
        replica.add(call[3:5])
        redis_server.start()
        await sees(follower, call[:5])
        assert replica.state.ok
        with redis.Redis.from_url(redis_server.url) as client:
            client.flushall()
        replica.add(call[5:6])
        await sees(follower, call[:6])
        redis_server.suspend()
        replica.add(call[6:7])
        await asyncio.sleep(0.4)
        redis_server.go_on()
        await sees(follower, call[:7])


async def test_a_long_stream_is_begun_anew(redis_server: RedisProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "_LONGEST", 100)
    live = answered_call("n1-0.1", 1.0)[:4]
    async with writing(redis_server, 5, live) as replica, following(redis_server) as follower:
        for number in range(100):
            replica.add(answered_call(f"n1-1.{number}", 100.0))
            await asyncio.sleep(0.001)
        await sees(follower, live)
        with redis.Redis.from_url(redis_server.url) as client:
            lines = sum(fields[b"lines"].count(b"\n") for _, fields in client.xrange(f"yihu:{CITY}:replica"))
        assert lines < 250
        assert replica.state.ok


def test_a_journal_begins_anew_where_its_daemon_took_over() -> None:
    mine, theirs = answered_call("n1-1.1", 100.0)[:5], answered_call("n1-1.2", 200.0)[:5]
    ready = Milestone("agent", "a1001", 7, 80.0, AgentFact.STATUS, {"status": "ready", "reason": ""})
    took = Milestone("city", "j1", 9, 300.0, CityFact.DECIDES, {"epoch": 8, "anew": True})
    earlier = Milestone("city", "j2", 8, 200.0, CityFact.DECIDES, {"epoch": 6, "anew": True})
    again = Milestone("city", "j1", 11, 400.0, CityFact.DECIDES, {"epoch": 9, "anew": False})
    after = milestone("n1-1.2", 1000, "resumed", 301.0)

    lines = [ready, *mine, took, earlier, *theirs, after, again]
    assert current(lines) == [ready, took, earlier, *theirs, after, again]
    assert epoch_of(lines) == 9

    kept = Kept()
    for number, line in enumerate(lines):
        kept.add(line, number)
    first = lines.index(took)
    assert min(kept.needed()) > first, "files that only have calls of before are not needed"
