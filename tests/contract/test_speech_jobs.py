"""Recordings that workers on other machines transcribe: by a real Redis, done once whoever dies on the way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from cti.storage.speech_jobs import Do, JobsAway, RecordingRefused, SpeechJobs
from tests.support.redis import RedisProcess
from tests.support.waiting_async import eventually

Progress = Callable[[float], object]


class Machine:
    """One that takes part, until it is unplugged."""

    def __init__(self, redis: RedisProcess, name: str, do: Do) -> None:
        self._jobs = SpeechJobs(redis.url, "dongguan", beat_s=0.05, silent_s=0.5)
        self._task = asyncio.create_task(self._jobs.work(name, do))

    async def unplug(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._jobs.close()


async def transcribed(sound: bytes, progress: Progress) -> bytes:
    progress(0.5)
    return b"words of " + sound


async def never(sound: bytes, progress: Progress) -> bytes:
    progress(0.25)
    await asyncio.Event().wait()
    return b""


@pytest_asyncio.fixture
async def city(redis_server: RedisProcess) -> AsyncIterator[SpeechJobs]:
    """The daemon's end."""
    made = SpeechJobs(redis_server.url, "dongguan", beat_s=0.05, silent_s=0.5)
    yield made
    await made.close()


@contextlib.asynccontextmanager
async def machines(redis: RedisProcess, **do: Do) -> AsyncIterator[dict[str, Machine]]:
    there = {name: Machine(redis, name, one) for name, one in do.items()}
    try:
        yield there
    finally:
        for machine in there.values():
            await machine.unplug()


async def eventually_others(city: SpeechJobs, count: int) -> None:
    async with asyncio.timeout(10):
        while await city.others() != count:
            await asyncio.sleep(0.02)


async def test_nobody_is_there_until_a_machine_comes_and_after_it_has_gone(
    redis_server: RedisProcess, city: SpeechJobs
) -> None:
    assert await city.others() == 0
    async with machines(redis_server, a=transcribed):
        await eventually_others(city, 1)
    await eventually_others(city, 0)


async def test_a_recording_is_done_by_another_machine_with_progress(
    redis_server: RedisProcess, city: SpeechJobs
) -> None:
    parts: list[float] = []

    async def slow(sound: bytes, progress: Progress) -> bytes:
        progress(0.5)
        await eventually(lambda: 0.5 in parts, 10, "progress that arrived")
        return b"done"

    async with machines(redis_server, a=slow), asyncio.timeout(10):
        assert await city.hand_over(b"sound", parts.append) == b"done"


async def test_many_recordings_are_each_done_once(redis_server: RedisProcess, city: SpeechJobs) -> None:
    done: list[bytes] = []

    async def count(sound: bytes, progress: Progress) -> bytes:
        done.append(sound)
        return sound

    sounds = [bytes([n]) for n in range(20)]
    async with machines(redis_server, a=count, b=count), asyncio.timeout(20):
        results = await asyncio.gather(*(city.hand_over(sound, lambda part: None) for sound in sounds))
    assert results == sounds
    assert sorted(done) == sounds


async def test_a_machine_that_dies_in_the_middle_loses_its_recording_to_another(
    redis_server: RedisProcess, city: SpeechJobs
) -> None:
    """Given two machines of which one has begun, when it is unplugged, then the other does it, and it is done once."""
    begun = asyncio.Event()

    async def begin(sound: bytes, progress: Progress) -> bytes:
        begun.set()
        return await never(sound, progress)

    async with machines(redis_server, first=begin) as there, asyncio.timeout(20):
        result = asyncio.create_task(city.hand_over(b"sound", lambda part: None))
        await begun.wait()
        async with machines(redis_server, second=transcribed):
            await eventually_others(city, 2)
            await there["first"].unplug()
            assert await result == b"words of sound"


async def test_a_machine_that_is_slow_but_alive_keeps_its_recording(
    redis_server: RedisProcess, city: SpeechJobs
) -> None:
    """Given one that takes longer than a silent one is given, when another is idle, then it is not taken from him."""
    taken: list[str] = []
    go_on = asyncio.Event()

    async def slow(sound: bytes, progress: Progress) -> bytes:
        taken.append("slow")
        await go_on.wait()
        return b"slow"

    async def idle(sound: bytes, progress: Progress) -> bytes:
        taken.append("idle")
        return b"idle"

    async with machines(redis_server, slow=slow), asyncio.timeout(20):
        result = asyncio.create_task(city.hand_over(b"sound", lambda part: None))
        await eventually(lambda: taken, 10, "a beginning")
        async with machines(redis_server, idle=idle):
            loop = asyncio.get_running_loop()
            until = loop.time() + 1.2
            await eventually(lambda: loop.time() > until, 5, "twice the time a silent one is given")
            go_on.set()
            assert await result == b"slow"
    assert taken == ["slow"]


async def test_a_recording_that_costs_three_machines_is_refused(redis_server: RedisProcess, city: SpeechJobs) -> None:
    result = asyncio.create_task(city.hand_over(b"sound", lambda part: None))
    for name in ("a", "b", "c"):
        begun = asyncio.Event()

        async def dies(sound: bytes, progress: Progress, begun: asyncio.Event = begun) -> bytes:
            begun.set()
            return await never(sound, progress)

        async with machines(redis_server, **{name: dies}), asyncio.timeout(10):
            await begun.wait()
    async with machines(redis_server, d=transcribed), asyncio.timeout(10):
        with pytest.raises(RecordingRefused) as refused:
            await result
    assert refused.value.code == "workers_lost"


async def test_what_no_worker_can_do_is_refused_with_its_reason(redis_server: RedisProcess, city: SpeechJobs) -> None:
    async def refuse(sound: bytes, progress: Progress) -> bytes:
        raise RecordingRefused("no_wav")

    async with machines(redis_server, a=refuse), asyncio.timeout(10):
        with pytest.raises(RecordingRefused) as refused:
            await city.hand_over(b"sound", lambda part: None)
    assert refused.value.code == "no_wav"


async def test_when_all_machines_are_gone_it_comes_back(redis_server: RedisProcess, city: SpeechJobs) -> None:
    async with machines(redis_server, a=never) as there, asyncio.timeout(20):
        await eventually_others(city, 1)
        result = asyncio.create_task(city.hand_over(b"sound", lambda part: None))
        await there["a"].unplug()
        with pytest.raises(JobsAway):
            await result


async def test_a_recording_that_is_taken_back_is_given_up_and_leaves_nothing(
    redis_server: RedisProcess, city: SpeechJobs
) -> None:
    given_up = asyncio.Event()

    async def watch(sound: bytes, progress: Progress) -> bytes:
        try:
            return await never(sound, progress)
        finally:
            given_up.set()

    async with machines(redis_server, a=watch), asyncio.timeout(10):
        await eventually_others(city, 1)
        unwanted = asyncio.create_task(city.hand_over(b"sound", lambda part: None))
        async with asyncio.timeout(5):
            while not await city._redis.xlen("yihu:dongguan:speech:jobs"):
                await asyncio.sleep(0.01)
        unwanted.cancel()
        await given_up.wait()
    assert await city._redis.keys("yihu:dongguan:speech:job:*") == []
    assert await city._redis.xlen("yihu:dongguan:speech:jobs") == 0


async def test_without_redis_nobody_is_there_and_nothing_is_handed_over(
    redis_server: RedisProcess, city: SpeechJobs
) -> None:
    redis_server.kill()
    assert await city.others() == 0
    with pytest.raises(JobsAway):
        await city.hand_over(b"sound", lambda part: None)
