"""Recordings become words after the call, when nothing else is to be done; words go when their recording goes."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol, TypeVar

import structlog

from cti.calls import Milestone
from cti.metrics.record import CallRecord
from cti.sound_files import look
from cti.storage.store import StoreError, StoreRefusedError
from cti.storage.transcript_store import TranscriptStore
from cti.storage.worker import Worker
from cti.transcriber import TranscriptionFailed
from recordings.spoken import LIVE, MESSAGE, Spoken, lines, sides
from recordings.transcript import Transcript
from recordings.wav import HEADING_BYTES

log = structlog.get_logger()

_AT_ONCE: Final = 4
"""So many are asked for; how many workers turn to them, they say themselves."""
_MOST_WAITING: Final = 10_000
_AGAIN_S: Final = 5.0
_SWEEP_S: Final = 3_600.0
_PAGE: Final = 500
ZH: Final = "zh-CN"

T = TypeVar("T")


class Transcribes(Protocol):
    """What of a `Transcriber` is needed here."""

    async def transcribe(self, recording: Path, progress: Callable[[float], object] | None = None) -> Transcript: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One recording of a call."""

    call_id: str
    segment: str
    file: str
    began_at: float
    seconds: float
    """As its record has it."""
    last: bool = False
    """With it all recordings of the call are transcribed."""


def parts(record: CallRecord) -> list[Part]:
    """Of a call that has ended; those of records from before segments were noted have numbers for names."""
    began = {one.name: one.begins for one in record.segments}
    found = []
    for n, one in enumerate(record.recordings, 1):
        name = one.segment or str(n)
        if one.bytes > HEADING_BYTES:
            at = began.get(name) or record.answered_at or record.arrived_at
            found.append(Part(record.call_id, name, one.file, at, one.talk_s))
    if record.message_file is not None:
        seconds = record.message_s or 0.0
        at = (record.ended_at or record.arrived_at) - seconds
        found.append(Part(record.call_id, MESSAGE, record.message_file, at, seconds))
    return found


def missing(records: Iterable[CallRecord], kept: set[tuple[str, str]]) -> list[Part]:
    """The recordings of these calls of which there are no words yet."""
    found: list[Part] = []
    for record in records:
        left = [part for part in parts(record) if (part.call_id, part.segment) not in kept]
        found += [replace(part, last=part is left[-1]) for part in left]
    return found


def language_of(milestones: Sequence[Milestone]) -> str:
    """What the citizen chose to speak."""
    return next((str(m.data["language"]) for m in reversed(milestones) if m.data.get("language")), ZH)


async def transcribe(part: Part, folder: Path, transcriber: Transcribes, wall: Callable[[], float],
                     progress: Callable[[float], object] | None = None) -> Spoken:  # fmt: skip
    """TranscriptionFailed."""
    path = folder / part.file
    channels = await asyncio.to_thread(_channels, path)
    made = await transcriber.transcribe(path, progress)
    said = lines(made, sides(channels, part.segment))
    return Spoken(
        part.call_id, part.segment, "recording", part.file, part.began_at, made.seconds, made.model, wall(), said
    )


def _channels(path: Path) -> int:
    try:
        with wave.open(str(path)) as wav:
            return int(wav.getnchannels())
    except (OSError, wave.Error, EOFError):
        raise TranscriptionFailed("no_wav", "the recording is not there, or no WAV file") from None


class Transcribing:
    """Give it each call that has ended, and run it."""

    def __init__(
        self,
        store: TranscriptStore,
        worker: Worker,
        transcriber: Transcribes,
        folder: Path,
        wall: Callable[[], float],
        ended: Callable[[float], Sequence[CallRecord]],
        is_understood: Callable[[str], bool],
    ) -> None:
        """`ended`: calls that came from this time on and are over; `is_understood`: whether there are models for the
        language of a call. Both are asked on the thread of `worker`."""
        self._store, self._worker = store, worker
        self._transcriber = transcriber
        self._folder = folder
        self._wall = wall
        self._ended, self._is_understood = ended, is_understood
        self._waiting: asyncio.Queue[Part] = asyncio.Queue(_MOST_WAITING)
        self._asked: set[tuple[str, str]] = set()
        """(call, segment) of what waits or is under way."""
        self._off = False

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._work())
            group.create_task(self._sweep_now_and_then())

    def over(self, record: CallRecord) -> None:
        """A call has ended: its recordings have their turn when nothing else is to be done. Never blocks."""
        self._give(missing([record], set()))

    async def keep_live(self, spoken: Spoken) -> None:
        """What was heard during the talk, unless what was recorded is there already."""
        if not await self._stored(self._store.segments, [spoken.call_id]):
            await self._stored(self._store.put, spoken)

    async def catch_up(self, since: float) -> int:
        """Whatever ended while nobody was there to see it; how many recordings these are."""
        records = await self._worker.run(self._ended, since)
        kept = await self._worker.run(self._store.segments, [record.call_id for record in records])
        found = [part for part in missing(records, kept) if await self._worker.run(self._is_understood, part.call_id)]
        self._give(found)
        return len(found)

    async def sweep(self) -> int:
        """Forgets the words whose recordings are gone, the oldest first; how many these were.

        It ends where a page of them has all its recordings: recordings go in the order in which they came, and whoever
        deletes one before its time has `TranscriptStore.forget` for its words.
        """
        gone = 0
        while True:
            page = await self._worker.run(self._store.oldest, _PAGE)
            away = await asyncio.to_thread(self._away, page)
            for call_id, segment in away:
                await self._worker.run(self._store.forget, call_id, segment)
            gone += len(away)
            if not away or len(page) < _PAGE:
                return gone

    # Inside

    def _give(self, found: Sequence[Part]) -> None:
        for part in found:
            if (part.call_id, part.segment) in self._asked:
                continue
            try:
                self._waiting.put_nowait(part)
                self._asked.add((part.call_id, part.segment))
            except asyncio.QueueFull:
                log.warning("transcription_put_off", call_id=part.call_id)  # `yihu transcribe --backlog` finds it

    async def _work(self) -> None:
        while True:
            part = await self._waiting.get()
            try:
                await self._make(part)
            finally:
                self._asked.discard((part.call_id, part.segment))

    async def _make(self, part: Part) -> None:
        try:
            spoken = await transcribe(part, self._folder, self._transcriber, self._wall)
        except TranscriptionFailed as failed:
            if failed.code != "off" or not self._off:
                log.warning("not_transcribed", call_id=part.call_id, segment=part.segment, reason=failed.code)
            self._off = failed.code == "off"
            return
        self._off = False
        try:
            await self._stored(partial(self._store.put, instead=[LIVE] if part.last else []), spoken)
        except StoreRefusedError as refused:
            log.error("transcript_refused", call_id=part.call_id, segment=part.segment, problem=str(refused))

    async def _stored(self, job: Callable[..., T], *args: Any) -> T:
        """As long as it takes."""
        while True:
            try:
                return await self._worker.run(job, *args)
            except StoreRefusedError:
                raise
            except StoreError as error:
                log.warning("transcripts_away", problem=str(error))
            await asyncio.sleep(_AGAIN_S)

    async def _sweep_now_and_then(self) -> None:
        while True:
            try:
                if count := await self.sweep():
                    log.info("transcripts_forgotten", count=count)
            except StoreError as error:
                log.warning("transcripts_not_swept", problem=str(error))
            await asyncio.sleep(_SWEEP_S)

    def _away(self, page: Sequence[tuple[str, str, str]]) -> list[tuple[str, str]]:
        if not self._folder.is_dir():
            return []  # a disk that is not mounted is no reason to forget everything
        return [(call_id, segment) for call_id, segment, file in page if not self._is_there(file)]

    def _is_there(self, file: str) -> bool:
        """Or is still to be made."""
        return (self._folder / file).is_file() or look(self._folder, PurePosixPath(file)).bytes > 0
