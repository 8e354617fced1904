"""The speech workers of this machine as one `Transcriber`: live streams and recordings share them.

A worker that dies takes its streams with it and is replaced, after pauses that grow; one that has grown too large takes
nothing new and ends with its last stream, while its successor is there already.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from cti.speech.budget import recordings_at_once, streams_of_worker, who_gets
from cti.speech.recording_job import RecordingJob, WorkerLost
from cti.speech.session import LiveSession
from cti.speech.worker_process import SpeechWorker, WorkerFailed
from cti.transcriber import EndReason, Purpose, TranscriptionFailed
from recordings.transcript import Transcript

log = structlog.get_logger()

PAUSES_S = (0.2, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Before a worker that died is replaced; after one that lived for a while from the beginning."""
_LIVED_S = 60.0
_LOOK_S = 0.5
_TRIES = 2
"""Of a recording; one that kills two workers would kill a third."""
_WORTH_A_LINE: tuple[EndReason, ...] = ("put_off", "displaced", "behind", "no_worker", "worker_lost", "refused")


@dataclass(frozen=True, slots=True)
class PoolRules:
    workers: int
    streams: int | None
    """Live ones at one moment; None: by the speed of the model, as the workers measured it."""
    growth_mb: float
    languages: Collection[str]
    pauses_s: Sequence[float] = PAUSES_S


class Pool:
    """`run` it; until then, and while no worker is up, every session ends at once."""

    def __init__(self, argv: Sequence[str], model: str, log_file: Path, clock: Callable[[], float], rules: PoolRules):
        """`argv`: the worker's program. `model`: the name under which transcripts are kept."""
        self._argv, self._model, self._log_file, self._clock, self._rules = argv, model, log_file, clock, rules
        self.workers: list[SpeechWorker] = []
        """That are up, and those that retire."""
        self.live: dict[int, LiveSession] = {}
        self.ended: Counter[tuple[Purpose, EndReason]] = Counter()
        """Live streams that were asked for and are over."""
        self.restarts = 0
        """Workers started in the place of another one."""
        self._numbers = itertools.count(1)
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def usable(self) -> list[SpeechWorker]:
        return [worker for worker in self.workers if worker.usable]

    @property
    def streams(self) -> int:
        """Live ones that can be had at one moment."""
        usable = self.usable
        if self._rules.streams is not None and usable:
            return self._rules.streams
        return sum(streams_of_worker(worker.ready.real_time) for worker in usable)

    @property
    def behind_s(self) -> float:
        """Seconds of sound that no worker has understood yet, of the stream that is worst off."""
        return max((session.behind_s for session in self.live.values()), default=0.0)

    @property
    def has_room_for_recording(self) -> bool:
        return self._for_recording() is not None

    # Transcriber

    def hears(self, language: str) -> bool:
        return language in self._rules.languages

    def open(
        self,
        purpose: Purpose,
        *,
        expected_ticket_s: float = 0.0,
        phrases: Sequence[str] | None = None,
        rate_hz: int = 8000,
    ) -> LiveSession:
        session = LiveSession(next(self._numbers), purpose, expected_ticket_s, rate_hz, self._on_over)
        usable = self.usable
        if not usable:
            session.end("no_worker")
            return session
        claims = [other.claim() for other in self.live.values()]
        winners = who_gets([*claims, session.claim()], self.streams)
        if session.number not in winners:
            session.end("put_off")
            return session
        for other in [other for other in self.live.values() if other.number not in winners]:
            other.end("displaced")
        self.live[session.number] = session
        session.begin(min(usable, key=lambda worker: len(worker.streams)), phrases)
        return session

    async def transcribe(self, recording: Path, progress: Callable[[float], object] | None = None) -> Transcript:
        for _ in range(_TRIES):
            worker = await self._recording_worker()
            job = RecordingJob(next(self._numbers), worker, recording, self._model, progress or (lambda part: None))
            try:
                return await job.run()
            except WorkerLost:
                continue
            finally:
                self._look()
        raise TranscriptionFailed("workers_lost", f"{_TRIES} workers were lost over it")

    # Workers

    async def run(self) -> None:
        """Until cancelled. No worker is left then."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._rules.workers):
                    group.create_task(self._keep(group))
                group.create_task(self._watch())
        finally:
            for session in list(self.live.values()):
                session.end("no_worker")

    async def _keep(self, group: asyncio.TaskGroup) -> None:
        """One place for a worker, always with one in it."""
        failures = 0
        while True:
            began = self._clock()
            rules = self._rules
            worker = SpeechWorker(self._argv, self._log_file, self._clock, rules.growth_mb, self._look)
            try:
                await worker.start()
            except WorkerFailed as fault:
                log.error("speech_worker_not_ready", reason=str(fault), log=str(self._log_file))
            else:
                self.workers.append(worker)
                self._look()
                ready = worker.ready
                facts = {"rss_mb": ready.rss_mb, "real_time": ready.real_time, "phrases": ready.phrases}
                log.info("speech_worker_ready", pid=worker.pid, model=self._model, streams=self.streams, **facts)
                try:
                    await worker.left.wait()
                except asyncio.CancelledError:
                    await worker.end()
                    raise
                ending = group.create_task(self._see_off(worker))
                if worker.retiring:
                    log.info("speech_worker_retires", pid=worker.pid, rss_mb=worker.rss_mb)
                    failures = 0
                    self.restarts += 1
                    continue
                await ending
            failures = 0 if self._clock() - began > _LIVED_S else failures + 1
            if failures:
                await asyncio.sleep(rules.pauses_s[min(failures, len(rules.pauses_s)) - 1])
            self.restarts += 1

    async def _see_off(self, worker: SpeechWorker) -> None:
        """Ends it with its last stream."""
        try:
            while worker.streams and not worker.gone.is_set():
                await self._news()
        finally:
            how = await worker.end()
            self.workers.remove(worker)
            if not worker.retiring:
                log.warning("speech_worker_lost", pid=worker.pid, how=how)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            for worker in self.workers:
                if worker.is_stuck() and not worker.gone.is_set():
                    log.warning("speech_worker_stuck", pid=worker.pid)
                    worker.kill()

    async def _recording_worker(self) -> SpeechWorker:
        while (worker := self._for_recording()) is None:
            await self._news()
        return worker

    def _for_recording(self) -> SpeechWorker | None:
        usable = self.usable
        busy = [worker for worker in usable if _transcribes(worker)]
        if len(busy) >= recordings_at_once(len(self.live), self.streams, len(usable)):
            return None
        return min((worker for worker in usable if worker not in busy), key=lambda worker: len(worker.streams))

    async def _news(self) -> None:
        """Until something has changed."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    def _look(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _on_over(self, session: LiveSession) -> None:
        self.live.pop(session.number, None)
        assert session.ended is not None  # that is why we are here
        self.ended[session.purpose, session.ended] += 1
        unasked = session.purpose == "queue" and session.ended == "put_off"  # he has lost nothing
        if session.ended in _WORTH_A_LINE and not unasked:
            log.info("speech_stream_lost", reason=session.ended, purpose=session.purpose, live=len(self.live))
        self._look()


def _transcribes(worker: SpeechWorker) -> bool:
    return any(isinstance(sink, RecordingJob) for sink in worker.streams.values())
