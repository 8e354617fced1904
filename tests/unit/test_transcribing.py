"""Recordings become words after the call: given records and files, then what is transcribed, kept and forgotten."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from structlog.testing import capture_logs

from cti.metrics.record import CallRecord, Recording, fold
from cti.sound_files import finish
from cti.storage.memory_transcripts import MemoryTranscripts
from cti.storage.store import StoreUnavailableError
from cti.storage.worker import Worker
from cti.transcriber import TranscriptionFailed
from cti.transcribing import Transcribing, missing, parts
from recordings.spoken import LIVE, MESSAGE, Line, Spoken
from recordings.transcript import Transcript, Utterance, Word
from tests.support.calls import answered_call, lost_call
from tests.support.recorded import leave
from tests.support.waiting_async import eventually

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")


class Listener:
    """Understands the name of each file."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.failing: dict[str, str] = {}
        self.may = asyncio.Event()
        self.may.set()

    async def transcribe(self, recording: Path, progress: Callable[[float], object] | None = None) -> Transcript:
        self.done.append(recording.name)
        await self.may.wait()
        if code := self.failing.get(recording.name):
            raise TranscriptionFailed(code, "it does not work")
        said = tuple(Utterance(channel, (Word(f"{recording.stem} {channel}", 0.5, 1.0, 0.9),)) for channel in range(2))
        return Transcript(said, 2.0, "model")


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.listener = Listener()
        self.store = MemoryTranscripts()
        self.worker = Worker("transcripts")
        self.ended: list[CallRecord] = []
        self.foreign: set[str] = set()
        self.job = Transcribing(
            self.store, self.worker, self.listener, folder, lambda: 5000.0,
            lambda since: [record for record in self.ended if record.arrived_at >= since],
            lambda call_id: call_id not in self.foreign,
        )  # fmt: skip
        self.running = asyncio.create_task(self.job.run())

    def record(self, call_id: str, *files: str, channels: int = 2, message: str | None = None) -> CallRecord:
        for file in [*files, *([message] if message else [])]:
            with wave.open(str(self.folder / file), "wb") as wav:
                wav.setparams((channels, 2, 8000, 0, "NONE", ""))
                wav.writeframes(bytes(1600))
        recorded = tuple(Recording(file, 1644, 0.1, True, str(n)) for n, file in enumerate(files, 1))
        record = replace(fold(answered_call(call_id, 1000.0)), recordings=recorded, message_file=message)
        self.ended.append(record)
        return record

    def kept(self, call_id: str) -> dict[str, list[str]]:
        return {one.segment: [f"{line.side}: {line.text}" for line in one.lines] for one in self.store.of_call(call_id)}

    async def has(self, call_id: str, *segments: str) -> None:
        await eventually(lambda: set(self.kept(call_id)) == set(segments), 5.0, f"{segments} of {call_id}")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    made.running.cancel()
    await asyncio.gather(made.running, return_exceptions=True)
    made.worker.stop()


def live(call_id: str, file: str = "live.wav") -> Spoken:
    line = Line("citizen", (Word("听到的", 0.0, 1.0, 0.5),))
    return Spoken(call_id, LIVE, "live", file, 1000.0, 1.0, "", 2000.0, (line,))


async def test_both_sides_of_every_recording_are_kept_in_the_place_of_what_was_heard_live(house: House) -> None:
    record = house.record("c1", "a.wav", "b.wav", message="m.wav")
    await house.job.keep_live(live("c1"))
    house.job.over(record)
    await house.has("c1", "1", "2", MESSAGE)
    assert house.kept("c1")["1"] == ["citizen: a 0", "agent: a 1"]
    first = house.store.of_call("c1")[0]
    assert (first.source, first.model, first.file, first.made_at) == ("recording", "model", "a.wav", 5000.0)


async def test_in_a_recording_with_one_channel_nobody_knows_who_speaks(house: House) -> None:
    house.job.over(house.record("c1", "a.wav", message="m.wav", channels=1))
    await house.has("c1", "1", MESSAGE)
    assert house.kept("c1") == {"1": ["both: a 0"], MESSAGE: ["citizen: m 0"]}, "a message is the citizen's"


async def test_what_cannot_be_transcribed_keeps_what_was_heard_and_holds_up_nobody(house: House) -> None:
    house.listener.failing["b.wav"] = "workers_lost"
    await house.job.keep_live(live("c1"))
    with capture_logs() as logs:
        house.job.over(house.record("c1", "a.wav", "b.wav"))
        house.job.over(house.record("c2", "c.wav"))
        await house.has("c2", "1")
        await house.has("c1", LIVE, "1")
        await eventually(lambda: "b.wav" in house.listener.done, 5.0, "it was tried")
    assert [(line["call_id"], line["reason"]) for line in logs if line["event"] == "not_transcribed"] == [
        ("c1", "workers_lost")
    ]


async def test_without_a_model_it_is_said_once(house: House) -> None:
    with capture_logs() as logs:
        for n in range(5):
            house.listener.failing[f"{n}.wav"] = "off"
            house.job.over(house.record(f"c{n}", f"{n}.wav"))
        await eventually(lambda: len(house.listener.done) == 5, 5.0, "all were tried")
    assert len([line for line in logs if line["event"] == "not_transcribed"]) == 1


async def test_words_that_were_heard_live_do_not_come_after_better_ones(house: House) -> None:
    house.job.over(house.record("c1", "a.wav"))
    await house.has("c1", "1")
    await house.job.keep_live(live("c1"))
    assert set(house.kept("c1")) == {"1"}


async def test_what_ended_while_nobody_was_there_is_caught_up_with(house: House) -> None:
    house.job.over(house.record("c1", "a.wav"))
    await house.has("c1", "1")
    house.record("c2", "b.wav")
    house.record("c3", "c.wav")
    house.foreign.add("c3")
    assert await house.job.catch_up(900.0) == 1
    await house.has("c2", "1")
    assert house.listener.done == ["a.wav", "b.wav"]
    assert await house.job.catch_up(1001.0) == 0


async def test_what_waits_already_is_not_asked_for_again(house: House) -> None:
    house.listener.may.clear()
    house.job.over(house.record("c1", "a.wav"))
    assert await house.job.catch_up(900.0) == 1
    house.listener.may.set()
    await house.has("c1", "1")
    house.job.over(house.record("c2", "b.wav"))
    await house.has("c2", "1")
    assert house.listener.done == ["a.wav", "b.wav"]


async def test_a_database_that_is_away_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti.transcribing._AGAIN_S", 0.01)
    put, tries = house.store.put, []

    def away(spoken: Spoken, **more: object) -> None:
        tries.append(spoken)
        if len(tries) < 3:
            raise StoreUnavailableError("away")
        put(spoken)

    house.store.put = away  # type: ignore[method-assign,assignment]
    house.job.over(house.record("c1", "a.wav"))
    await house.has("c1", "1")
    assert len(house.listener.done) == 1, "it is not transcribed again for that"


async def test_words_go_with_their_recordings(house: House, tmp_path: Path) -> None:
    house.job.over(house.record("c1", "a.wav"))
    house.job.over(house.record("c2", "b.wav"))
    await house.has("c1", "1")
    await house.has("c2", "1")
    (tmp_path / "a.wav").unlink()
    assert await house.job.sweep() == 1
    assert (house.kept("c1"), set(house.kept("c2"))) == ({}, {"1"})
    assert await house.job.sweep() == 0


async def test_words_of_a_recording_that_is_still_to_be_made_stay(house: House, tmp_path: Path) -> None:
    leave(tmp_path, "live.wav", b"\0\0", b"\0\0")
    await house.job.keep_live(live("c1"))
    assert await house.job.sweep() == 0
    await asyncio.to_thread(finish, tmp_path, PurePosixPath("live.wav"))
    assert await house.job.sweep() == 0
    (tmp_path / "live.wav").unlink()
    assert await house.job.sweep() == 1


async def test_a_folder_that_is_not_there_is_no_reason_to_forget(house: House, tmp_path: Path) -> None:
    house.job.over(house.record("c1", "a.wav"))
    await house.has("c1", "1")
    tmp_path.rename(tmp_path.with_name("unmounted"))
    assert await house.job.sweep() == 0


def test_nothing_is_expected_of_calls_without_sound() -> None:
    assert parts(fold(lost_call("c1", 1000.0))) == []
    record = replace(fold(answered_call("c2", 1000.0)), recordings=(Recording("a.wav", 44, 0.0, False, "1"),))
    assert parts(record) == []


def test_only_the_last_missing_recording_ends_a_call() -> None:
    recorded = tuple(Recording(f"{n}.wav", 9000, 1.0, True, str(n)) for n in (1, 2, 3))
    record = replace(fold(answered_call("c1", 1000.0)), recordings=recorded)
    assert [(part.segment, part.last) for part in missing([record], {("c1", "3")})] == [("1", False), ("2", True)]
