"""Real Vosk, the demo model, real worker processes: what is spoken is understood, a lost worker costs words."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soxr

from cti.speech.models import unpack_demo
from cti.speech.pool import Pool, PoolRules
from cti.speech.recogniser import Recogniser
from cti.speech.worker_command import try_worker, worker_argv
from cti.speech.worker_process import STUCK_S, WorkerFailed
from cti.transcriber import Ended, Final, Heard, Partial, Session, TranscriptionFailed
from tests.support.spoken import MATERNITY_BENEFIT, STREET_LAMP, error_rate, packets, sound_of, write_wav
from tests.support.waiting_async import eventually


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_demo(tmp_path_factory.mktemp("models"))


pytestmark = pytest.mark.asyncio(loop_scope="module")


class Clock:
    """Runs like the real one, and can be put forward."""

    ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


CLOCK = Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(model: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pool]:
    """One for all tests: each leaves it with two workers."""
    rules = PoolRules(2, None, 800.0, ("zh-CN",), pauses_s=(0.01,))
    made = Pool(worker_argv(model), "demo", tmp_path_factory.mktemp("log") / "speech.log", CLOCK, rules)
    running = asyncio.create_task(made.run())
    await eventually(lambda: len(made.usable) == 2, 30, "two workers")
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def heard(session: Session) -> list[Heard]:
    async with asyncio.timeout(30):
        return [event async for event in session]


async def say(session: Session, pcm: bytes, pace: float = 8.0) -> None:
    """As a telephone sends it, only quicker."""
    for packet in packets(pcm):
        session.hear(packet)
        await asyncio.sleep(len(packet) / 16000 / pace)


def text_of(events: list[Heard]) -> str:
    return "".join(event.text for event in events if isinstance(event, Final))


async def test_a_request_is_understood_while_it_is_spoken(pool: Pool) -> None:
    session = pool.open("talk")
    hearing = asyncio.create_task(heard(session))
    await say(session, sound_of("street_lamp"))
    session.finish()
    events = await hearing
    assert error_rate(STREET_LAMP, text_of(events)) <= 0.15
    assert events[-1] == Ended("finished")
    first = next(n for n, event in enumerate(events) if isinstance(event, Final))
    assert sum(isinstance(event, Partial) for event in events[:first]) >= 3
    finals = [event for event in events if isinstance(event, Final)]
    assert len(finals) == 2  # he made a pause between his sentences
    words = [word for final in finals for word in final.words]
    assert [word.start_s for word in words] == sorted(word.start_s for word in words)
    assert all(word.start_s < word.end_s <= 10.4 and 0 < word.confidence <= 1 for word in words)


async def test_two_speak_at_once_and_each_is_understood_apart(pool: Pool) -> None:
    sessions = pool.open("talk"), pool.open("talk")
    hearing = [asyncio.create_task(heard(session)) for session in sessions]
    await asyncio.gather(
        *(say(s, sound_of(n)) for s, n in zip(sessions, ("street_lamp", "maternity_benefit"), strict=True))
    )
    for session in sessions:
        session.finish()
    lamp, benefit = [text_of(events) for events in await asyncio.gather(*hearing)]
    assert error_rate(STREET_LAMP, lamp) <= 0.15
    assert error_rate(MATERNITY_BENEFIT, benefit) <= 0.15


async def test_with_a_phrase_list_only_its_words_are_understood(pool: Pool) -> None:
    session = pool.open("menu", phrases=["路灯坏了", "生育津贴", "zzz"])
    hearing = asyncio.create_task(heard(session))
    await say(session, sound_of("street_lamp"))
    session.finish()
    text = text_of(await hearing)
    assert "路灯" in text
    assert set(text) <= set("路灯坏了生育津贴")


async def test_phrases_that_the_model_cannot_say_leave_everything_open(pool: Pool) -> None:
    session = pool.open("menu", phrases=["zzz"])
    hearing = asyncio.create_task(heard(session))
    await say(session, sound_of("street_lamp"))
    session.finish()
    assert "路灯" in text_of(await hearing)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_lost_worker_costs_the_words_of_its_stream(pool: Pool, number: signal.Signals) -> None:
    lost, other = pool.open("talk"), pool.open("talk")
    hearing = [asyncio.create_task(heard(session)) for session in (lost, other)]
    worker = next(worker for worker in pool.usable if lost.number in worker.streams)
    pcm = sound_of("street_lamp")
    await say(lost, pcm[:16000])
    os.kill(worker.pid, number)
    await asyncio.gather(say(lost, pcm), say(other, pcm))
    other.finish()
    CLOCK.ahead_s += STUCK_S
    events, others = await asyncio.gather(*hearing)
    assert events[-1] == Ended("worker_lost" if number == signal.SIGKILL else "behind")
    assert error_rate(STREET_LAMP, text_of(others)) <= 0.15
    await eventually(lambda: len(pool.usable) == 2 and worker not in pool.workers, 30, "a new worker")


async def test_both_sides_of_a_recorded_talk_are_transcribed_apart(pool: Pool, tmp_path: Path) -> None:
    silence = bytes(2 * 8000 * 11)
    talk = write_wav(tmp_path / "t.wav", sound_of("street_lamp"), silence + sound_of("maternity_benefit"))
    parts: list[float] = []
    transcript = await pool.transcribe(talk, parts.append)
    sides = ["".join(said.text for said in transcript.utterances if said.channel == side) for side in (0, 1)]
    assert error_rate(STREET_LAMP, sides[0]) <= 0.15
    assert error_rate(MATERNITY_BENEFIT, sides[1]) <= 0.15
    assert [said.channel for said in transcript.utterances] == [0, 0, 1, 1]
    assert transcript.utterances[2].start_s > 11
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


async def test_live_streams_come_before_recordings(pool: Pool, tmp_path: Path) -> None:
    """Given both workers at a long recording, when somebody speaks, then he is understood before they are done."""
    long = write_wav(tmp_path / "l.wav", sound_of("maternity_benefit") * 15)
    jobs = [asyncio.create_task(pool.transcribe(long)) for _ in range(2)]
    await eventually(lambda: not pool.has_room_for_recording, 10, "both workers at it")
    session = pool.open("menu")
    hearing = asyncio.create_task(heard(session))
    await say(session, sound_of("street_lamp"))
    session.finish()
    assert error_rate(STREET_LAMP, text_of(await hearing)) <= 0.15
    assert not any(job.done() for job in jobs)
    for job in jobs:
        job.cancel()
    await eventually(lambda: pool.has_room_for_recording, 10, "workers that are free again")


async def test_what_is_no_recording_is_refused(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "t.wav").write_bytes(b"RIFF")
    for path in (tmp_path / "t.wav", tmp_path / "none.wav"):
        with pytest.raises(TranscriptionFailed) as failed:
            await pool.transcribe(path)
        assert failed.value.code == "no_wav"


async def test_a_model_that_cannot_be_loaded_is_said(tmp_path: Path, model: Path) -> None:
    broken = shutil.copytree(model, tmp_path / "broken")
    (broken / "am" / "final.mdl").write_bytes(b"not a model")
    with pytest.raises(WorkerFailed):
        await try_worker(broken, tmp_path / "speech.log")


async def test_a_worker_says_how_fast_and_how_large_it_is(tmp_path: Path, model: Path) -> None:
    ready = await try_worker(model, tmp_path / "speech.log")
    assert ready.phrases
    assert ready.real_time is not None
    assert 0 < ready.real_time < 1
    assert 20 < ready.rss_mb < 500


_DAEMON = """
import asyncio, sys, time
from pathlib import Path
from cti.speech.worker_command import worker_argv
from cti.speech.worker_process import SpeechWorker

async def main():
    worker = SpeechWorker(worker_argv(Path(sys.argv[1])), Path(sys.argv[2]), time.monotonic, 800.0)
    await worker.start()
    print(worker.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_daemon_that_is_killed_leaves_no_worker_behind_not_even_a_stopped_one(
    tmp_path: Path, model: Path
) -> None:
    daemon = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _DAEMON, str(model), str(tmp_path / "speech.log")), stdout=asyncio.subprocess.PIPE
    )
    assert daemon.stdout is not None
    worker = int(await daemon.stdout.readline())
    os.kill(worker, signal.SIGSTOP)
    daemon.kill()
    await daemon.wait()

    def gone() -> bool:
        try:
            state = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        return state == "Z"

    await eventually(gone, 10, "the end of the worker")


async def test_sound_is_resampled_for_a_model_that_wants_another_rate(tmp_path: Path, model: Path) -> None:
    """Given a model that takes 16 kHz and nothing lower, when a telephone's 8 kHz come, then they are understood."""
    strict = shutil.copytree(model, tmp_path / "strict")
    conf = (strict / "conf" / "mfcc.conf").read_text().replace("--allow-upsample=true", "--allow-upsample=false")
    (strict / "conf" / "mfcc.conf").write_text(conf)
    samples = np.frombuffer(sound_of("street_lamp"), "<i2")
    slow = soxr.resample(samples, 8000, 6000).astype("<i2").tobytes()  # lower than the model's own 8 kHz
    stream = Recogniser(strict).stream(6000, None)
    said = [one for at in range(0, len(slow), 240) for one in stream.hear(slow[at : at + 240])]
    said += list(stream.finish())
    text = "".join(word.text for one in said for word in one.words)
    assert error_rate(STREET_LAMP, text) <= 0.3  # 6 kHz carry less than a telephone
