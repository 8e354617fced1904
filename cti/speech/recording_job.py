"""A recording that a worker transcribes, and how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from cti.speech.frames import Frame, Kind
from cti.speech.worker_process import SpeechWorker
from cti.transcriber import TranscriptionFailed
from recordings.transcript import Transcript, Utterance, Word


class WorkerLost(Exception):
    """Of this recording nothing was kept."""


class RecordingJob:
    def __init__(
        self, number: int, worker: SpeechWorker, recording: Path, model: str, progress: Callable[[float], object]
    ) -> None:
        self.number = number
        self._path = str(recording.absolute())
        self._worker, self._model, self._progress = worker, model, progress
        self._utterances: list[Utterance] = []
        self._done: asyncio.Future[Transcript] = asyncio.get_running_loop().create_future()
        worker.streams[number] = self

    async def run(self) -> Transcript:
        """TranscriptionFailed: no worker can; WorkerLost: perhaps another one can."""
        self._worker.send(Kind.RECORDING, self.number, {"path": self._path})
        try:
            return await self._done
        finally:
            self._worker.drop(self.number)

    @property
    def owed(self) -> bool:
        return True

    def on_frame(self, frame: Frame) -> None:
        if self._done.done():
            return
        body = frame.json()
        match frame.kind:
            case Kind.FINAL:
                self._utterances.append(Utterance(body["channel"], tuple(Word(*word) for word in body["words"])))
            case Kind.HEARD:
                self._progress(body["part"])
            case Kind.ENDED if body["reason"] == "finished":
                said = tuple(sorted(self._utterances, key=lambda one: (one.start_s, one.channel)))
                self._done.set_result(Transcript(said, body["seconds"], self._model))
            case Kind.ENDED:
                text = "not a WAV file of 16 bits with one or two channels that the model can take"
                self._done.set_exception(TranscriptionFailed("no_wav", text))
            case _:
                pass

    def on_lost(self) -> None:
        if not self._done.done():
            self._done.set_exception(WorkerLost())
