"""Speech in a daemon: what it says at the start, with a model and without, and recordings that go to other machines."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from cti.settings import Redis, Settings, Speech
from cti.speech.models import DEMO, choose
from cti.speech_house import SpeechHouse, work_for_city
from cti.transcriber import Ended, Transcriber, TranscriptionFailed
from tests.support.redis import RedisProcess
from tests.support.spoken import STREET_LAMP, error_rate, sound_of, write_wav
from tests.support.waiting_async import eventually


@contextlib.asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_fresh_installation_listens_with_the_demo_model_and_says_so(tmp_path: Path) -> None:
    house = SpeechHouse(Settings(var=tmp_path, speech=Speech(workers=1, streams=3)))
    assert not house.hears("zh-CN")
    with capture_logs() as lines:
        async with running(house.run()):
            await eventually(lambda: house.state["workers"], 30, "a worker")
            assert house.hears("zh-CN")
            assert not house.hears("yue")
            listening: Transcriber = house  # as everybody sees it
            session = listening.open("talk")
            assert (house.state["model"], house.state["streams"], house.state["live"]) == (DEMO, 3, 1)
            assert (house.state["ok"], house.state["demo"]) == (True, True)
            assert (house.word(heard=True), house.word(heard=False)) == ("demo", "lost")
            session.finish()
            assert [event async for event in session] == [Ended("finished")]
    (said,) = [line for line in lines if line["event"] == "speech_model"]
    assert said["demo"]
    assert "not for real callers" in said["about"]


@pytest.mark.parametrize("model", ["off", "vosk-model-small-cn-0.22"])
async def test_without_a_model_it_says_why_and_everything_else_goes_on(tmp_path: Path, model: str) -> None:
    house = SpeechHouse(Settings(var=tmp_path, speech=Speech(model=model)))
    with capture_logs() as lines:
        async with running(house.run()):
            await eventually(lambda: lines, 10, "a line about it")
            assert not house.hears("zh-CN")
            assert [event async for event in house.open("menu")] == [Ended("off")]
            with pytest.raises(TranscriptionFailed) as failed:
                await house.transcribe(tmp_path / "t.wav")
    assert failed.value.code == "off"
    assert house.state["ok"] == (model == "off"), "who has switched it off wants it so"
    assert [(line["event"], line["model"]) for line in lines] == [("speech_off", model)]
    assert "speech.model of the settings" in lines[0]["reason"]


async def test_a_machine_with_a_model_transcribes_for_a_daemon_without_one(
    tmp_path: Path, redis_server: RedisProcess
) -> None:
    redis = Redis(url=redis_server.url)
    house = SpeechHouse(Settings(var=tmp_path / "daemon", redis=redis, speech=Speech(model="off")))
    there = Settings(var=tmp_path / "there", redis=redis, speech=Speech(workers=1))
    chosen = await asyncio.to_thread(choose, "", there.models_dir)
    talk = write_wav(tmp_path / "t.wav", sound_of("street_lamp"), bytes(16))
    (tmp_path / "none.wav").write_bytes(b"RIFF")
    async with running(house.run()), running(work_for_city(there, chosen, "b")), asyncio.timeout(60):
        while not await house._jobs.others():
            await asyncio.sleep(0.02)
        transcript = await house.transcribe(talk)
        with pytest.raises(TranscriptionFailed) as failed:
            await house.transcribe(tmp_path / "none.wav")
    assert error_rate(STREET_LAMP, "".join(said.text for said in transcript.utterances)) <= 0.15
    assert transcript.model == DEMO
    assert failed.value.code == "no_wav"
