"""The lease on a real redis-server does what the rules were tried with in virtual time."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis

from cti.lease import NOBODY, Answer, Claim, Held, Look, Renew, Request, Take
from cti.storage.lease import LeaseUnreachable, RedisLease
from tests.support.lease_world import obey
from tests.support.redis import RedisProcess

LATE = 9_000_000_000_000_000
"""An epoch of the far future: the time of the test's Redis is below it."""


@pytest_asyncio.fixture
async def lease(redis_server: RedisProcess) -> AsyncIterator[RedisLease]:
    made = RedisLease(redis_server.url, "dongguan", 0.3)
    yield made
    await made.close()


async def test_it_obeys_as_the_model_does(lease: RedisLease) -> None:
    chance, value = random.Random(1), None
    for number in range(1, 300):
        seen = value if value is not None and chance.random() < 0.7 else Held(3, number, "b")
        requests: list[Request] = [
            Look(),
            Claim(Held(0, number, "a")),
            Take(seen, chance.choice("ab"), LATE + number),
            Renew(Held(chance.choice([0, 1, LATE, value.epoch if value else 5]), number, "a")),
            Renew(Held(value.epoch if value else 5, number, NOBODY)),
        ]
        request = chance.choice(requests)
        expected, value = obey(value, request, 0.0)
        assert await lease.ask(request) == expected, request


async def test_an_epoch_is_later_than_the_last_one_and_not_before_the_present(lease: RedisLease) -> None:
    await lease.ask(Claim(Held(0, 1, "a")))
    first = await lease.ask(Take(Held(0, 1, "a"), "a", 7))
    assert first.held is not None
    assert 1_700_000_000_000_000 < first.held.epoch < 4_000_000_000_000_000
    second = await lease.ask(Take(first.held, "b", LATE))
    assert second == Answer(True, Held(LATE + 1, 0, "b"))


async def test_a_redis_that_lost_everything_takes_the_holders_value_back(
    lease: RedisLease, redis_server: RedisProcess
) -> None:
    await lease.ask(Renew(Held(5, 1, "a")))
    redis_server.kill()
    with pytest.raises(LeaseUnreachable):
        await lease.ask(Look())
    redis_server.start()
    assert await lease.ask(Look()) == Answer(False, None)
    assert await lease.ask(Renew(Held(5, 2, "a"))) == Answer(True, Held(5, 2, "a"))


async def test_a_redis_that_hangs_is_not_waited_for_and_what_it_was_asked_happens_later(
    lease: RedisLease, redis_server: RedisProcess
) -> None:
    await lease.ask(Renew(Held(5, 1, "a")))
    redis_server.suspend()
    with pytest.raises(LeaseUnreachable):
        await lease.ask(Renew(Held(5, 2, "a")))
    redis_server.go_on()
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.get("yihu:dongguan:lease") == b"5 2 a"
    assert await lease.ask(Look()) == Answer(False, Held(5, 2, "a"))


async def test_a_value_that_is_none_of_ours_is_no_lease(lease: RedisLease, redis_server: RedisProcess) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("yihu:dongguan:lease", "something else altogether")
    with pytest.raises(LeaseUnreachable):
        await lease.ask(Look())
