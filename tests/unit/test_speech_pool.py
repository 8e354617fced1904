"""Workers that crash, hang, lag, babble and grow cost the words of their streams and nothing else.

The workers are processes, but fake ones without a model (`tests/support/fake_speech_worker.py`).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from cti.speech.pool import Pool, PoolRules
from cti.speech.worker_process import STUCK_S
from cti.transcriber import Ended, Final, Heard, Partial, Session, TranscriptionFailed
from tests.support.waiting_async import eventually

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")
SECOND = bytes(16000)
"""Of sound at 8 kHz."""

MakePool = Callable[..., Any]


class Clock:
    """Runs like the real one, and can be put forward."""

    ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pool_of(tmp_path: Path, clock: Clock) -> MakePool:
    @asynccontextmanager
    async def made(workers: int = 1, streams: int | None = None, fail_first: int = 0) -> AsyncIterator[Pool]:
        starts = tmp_path / "starts"
        argv = [sys.executable, "-m", "tests.support.fake_speech_worker", str(starts), str(fail_first)]
        rules = PoolRules(workers, streams, 100.0, ("zh-CN",), pauses_s=(0.01, 0.02))
        pool = Pool(argv, "fake", tmp_path / "speech.log", clock, rules)
        running = asyncio.create_task(pool.run())
        try:
            await eventually(lambda: len(pool.usable) == workers or fail_first, 10, "workers that are ready")
            yield pool
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    return made


async def heard(session: Session) -> list[Heard]:
    async with asyncio.timeout(10):
        return [event async for event in session]


async def test_a_session_gives_partials_then_what_was_said_then_its_end(pool_of: MakePool) -> None:
    async with pool_of() as pool:
        session = pool.open("talk")
        session.hear(SECOND)
        session.finish()
        *partials, final, ended = await heard(session)
    assert all(isinstance(partial, Partial) for partial in partials)
    assert isinstance(final, Final)
    assert (final.text, final.words[1].start_s, ended) == ("路灯坏了", 0.4, Ended("finished"))


async def test_small_packets_of_an_odd_length_arrive_whole(pool_of: MakePool) -> None:
    async with pool_of() as pool:
        session = pool.open("talk")
        for _ in range(100):
            session.hear(bytes(321))
        session.finish()
        *_, final, _ = await heard(session)
    assert isinstance(final, Final)
    assert final.words[-1].end_s == 100 * 321 / 16000


async def test_without_a_worker_a_session_ends_at_once(tmp_path: Path) -> None:
    pool = Pool(["true"], "fake", tmp_path / "log", time.monotonic, PoolRules(1, None, 100.0, ()))
    session = pool.open("menu")
    session.hear(SECOND)
    session.finish()
    assert await heard(session) == [Ended("no_worker")]


async def test_a_menu_answer_takes_the_stream_of_the_talk_with_the_shortest_ticket(pool_of: MakePool) -> None:
    async with pool_of(streams=2) as pool:
        long, short = pool.open("talk", expected_ticket_s=300), pool.open("talk", expected_ticket_s=60)
        put_off = pool.open("talk", expected_ticket_s=50)
        answer = pool.open("menu")
        assert await heard(put_off) == [Ended("put_off")]
        assert await heard(short) == [Ended("displaced")]
        for session in (long, answer):
            session.finish()
            assert (await heard(session))[-1] == Ended("finished")
        assert pool.ended == {
            ("talk", "put_off"): 1,
            ("talk", "displaced"): 1,
            ("talk", "finished"): 1,
            ("menu", "finished"): 1,
        }
        assert pool.restarts == 0


async def test_streams_are_as_many_as_the_workers_measured_that_they_can_bear(pool_of: MakePool) -> None:
    async with pool_of(workers=2) as pool:
        assert pool.streams == 4  # 0.6 of a core at 0.3 a stream, twice
        sessions = [pool.open("talk") for _ in range(5)]
        assert await heard(sessions[4]) == [Ended("put_off")]
        assert [len(worker.streams) for worker in pool.usable] == [2, 2]


@pytest.mark.parametrize("how", ["crash", "babble"])
async def test_a_worker_that_dies_takes_only_its_streams_and_is_replaced(pool_of: MakePool, how: str) -> None:
    async with pool_of(workers=2) as pool:
        before = {worker.pid for worker in pool.usable}
        victim, other = pool.open("talk", phrases=[how]), pool.open("talk")
        assert await heard(victim) == [Ended("worker_lost")]
        other.finish()
        assert (await heard(other))[-1] == Ended("finished")
        await eventually(lambda: len(pool.usable) == 2, 10, "a new worker")
        assert len(before & {worker.pid for worker in pool.usable}) == 1


async def test_a_worker_killed_from_outside_is_replaced_and_said(pool_of: MakePool) -> None:
    with capture_logs() as lines:
        async with pool_of() as pool:
            session = pool.open("talk")
            os.kill(pool.usable[0].pid, signal.SIGKILL)
            assert await heard(session) == [Ended("worker_lost")]
            await eventually(lambda: pool.usable, 10, "a new worker")
            assert pool.restarts == 1
    lost = [line for line in lines if line["event"] == "speech_worker_lost"]
    assert [line["how"] for line in lost] == ["killed by SIGKILL"]


async def test_a_stopped_worker_is_killed_and_replaced(pool_of: MakePool, clock: Clock) -> None:
    async with pool_of() as pool:
        session = pool.open("talk")
        stopped = pool.usable[0].pid
        os.kill(stopped, signal.SIGSTOP)
        session.hear(SECOND)
        clock.ahead_s = STUCK_S + 1
        assert await heard(session) == [Ended("worker_lost")]
        await eventually(lambda: pool.usable and pool.usable[0].pid != stopped, 10, "a new worker")


async def test_a_worker_that_owes_nothing_is_never_taken_for_stuck(pool_of: MakePool, clock: Clock) -> None:
    async with pool_of() as pool:
        session = pool.open("talk")
        clock.ahead_s = 30.0
        assert not pool.usable[0].is_stuck()  # nobody has said anything yet
        session.hear(SECOND)
        assert isinstance(await anext(aiter(session)), Partial)
        await eventually(lambda: not session.owed, 10, "all sound heard")
        clock.ahead_s = 60.0
        assert not pool.usable[0].is_stuck()


async def test_a_stream_that_is_not_understood_in_time_is_lost_and_takes_no_more_sound(pool_of: MakePool) -> None:
    async with pool_of() as pool:
        session = pool.open("talk", phrases=["deaf"])
        for _ in range(6):
            session.hear(SECOND)
        assert await heard(session) == [Ended("behind")]
        fresh = pool.open("talk")
        fresh.finish()
        assert (await heard(fresh))[-1] == Ended("finished")


async def test_a_worker_that_has_grown_ends_with_its_last_stream_while_its_successor_works(pool_of: MakePool) -> None:
    async with pool_of() as pool:
        old = pool.usable[0]
        grown = pool.open("talk", phrases=["grow"])
        await eventually(lambda: pool.usable and pool.usable[0] is not old, 10, "a successor")
        assert old in pool.workers
        grown.hear(SECOND)
        grown.finish()
        assert (await heard(grown))[-1] == Ended("finished")
        await eventually(lambda: old not in pool.workers, 10, "the end of the old one")


async def test_a_worker_that_does_not_get_ready_is_tried_again(pool_of: MakePool) -> None:
    with capture_logs() as lines:
        async with pool_of(fail_first=2) as pool:
            await eventually(lambda: pool.usable, 10, "a worker that is ready")
    failed = [line["reason"] for line in lines if line["event"] == "speech_worker_not_ready"]
    assert failed == ["it ended before it was ready (exit code 3)"] * 2


# Recordings


async def test_a_recording_is_transcribed_with_progress_and_in_the_order_of_what_was_said(pool_of: MakePool) -> None:
    parts: list[float] = []
    async with pool_of() as pool:
        transcript = await pool.transcribe(Path("/talk.wav"), parts.append)
    assert [(said.channel, said.start_s) for said in transcript.utterances] == [(0, 1.0), (1, 2.0)]
    assert (transcript.seconds, transcript.model, parts) == (3.0, "fake", [0.5])


async def test_a_recording_whose_worker_dies_is_begun_anew_by_another(pool_of: MakePool) -> None:
    async with pool_of() as pool:
        assert (await pool.transcribe(Path("/crash_once.wav"))).seconds == 3.0


async def test_a_recording_that_kills_two_workers_kills_no_third(pool_of: MakePool) -> None:
    async with pool_of() as pool:
        with pytest.raises(TranscriptionFailed) as failed:
            await pool.transcribe(Path("/crash.wav"))
    assert failed.value.code == "workers_lost"


async def test_a_recording_waits_until_a_stream_is_free(pool_of: MakePool) -> None:
    async with pool_of(streams=1) as pool:
        session = pool.open("talk")
        waiting = asyncio.create_task(pool.transcribe(Path("/talk.wav")))
        session.hear(SECOND)
        assert isinstance(await anext(aiter(session)), Partial)
        assert not waiting.done()
        session.close()
        async with asyncio.timeout(10):
            assert (await waiting).seconds == 3.0


async def test_a_recording_nobody_wants_any_more_gives_its_worker_free(pool_of: MakePool) -> None:
    async with pool_of() as pool:
        unwanted = asyncio.create_task(pool.transcribe(Path("/hang.wav")))
        await eventually(lambda: not pool.has_room_for_recording, 10, "a recording under way")
        unwanted.cancel()
        async with asyncio.timeout(10):
            assert (await pool.transcribe(Path("/talk.wav"))).seconds == 3.0
