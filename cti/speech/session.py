"""One stream of sound on its way to a worker, and what comes back: a `Session`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

from cti.speech.budget import Claim
from cti.speech.frames import Frame, Kind
from cti.speech.worker_process import SpeechWorker
from cti.transcriber import Ended, EndReason, Final, Heard, Partial, Purpose
from recordings.transcript import Word

BEHIND_S = 4.0
"""So much sound that no worker has understood yet: words that come later than that are of no use to anybody."""
_GATHER_S = 0.06
"""Sound goes to the worker in pieces of this length: three packets of a telephone."""
_MOST_EVENTS = 1000
"""That nobody fetches."""
_BYTES = 2
"""A sample."""


class LiveSession:
    """`begin` it with a worker, or `end` it with the reason why there is none."""

    def __init__(
        self,
        number: int,
        purpose: Purpose,
        expected_ticket_s: float,
        rate_hz: int,
        on_over: Callable[[LiveSession], object],
    ) -> None:
        self.number, self.purpose = number, purpose
        self.ended: EndReason | None = None
        self._expected_ticket_s, self._rate_hz = expected_ticket_s, rate_hz
        self._on_over = on_over
        self._worker: SpeechWorker | None = None
        self._gathered = bytearray()
        self._sent = self._heard = 0
        self._finishing = False
        self._events: deque[Heard] = deque()
        self._news = asyncio.Event()

    def claim(self) -> Claim:
        return Claim(self.number, self.purpose, self._expected_ticket_s, listened_to=self._worker is not None)

    def begin(self, worker: SpeechWorker, phrases: Sequence[str] | None) -> None:
        self._worker = worker
        worker.streams[self.number] = self
        wanted = {"menu": self.purpose == "menu", "rate_hz": self._rate_hz, "phrases": list(phrases or ()) or None}
        worker.send(Kind.OPEN, self.number, wanted)

    def end(self, reason: EndReason) -> None:
        if self.ended is not None:
            return
        self.ended = reason
        self._gathered.clear()
        if self._worker is not None:
            self._worker.drop(self.number)
        self._tell(Ended(reason))
        self._on_over(self)

    # Session

    def hear(self, pcm: bytes) -> None:
        if self.ended is not None or self._finishing:
            return
        self._gathered += pcm
        if len(self._gathered) >= self._rate_hz * _BYTES * _GATHER_S:
            self._flush()

    def finish(self) -> None:
        self._flush()
        if self.ended is None and not self._finishing and self._worker is not None:
            self._finishing = True
            self._worker.send(Kind.FINISH, self.number)

    def close(self) -> None:
        self.end("closed")

    async def __aiter__(self) -> AsyncIterator[Heard]:
        while True:
            while self._events:
                yield self._events.popleft()
            if self.ended is not None:
                return
            self._news.clear()
            await self._news.wait()

    # What the worker says

    @property
    def behind_s(self) -> float:
        """Seconds of sound that are with the worker and not understood yet."""
        return (self._sent - self._heard) / (self._rate_hz * _BYTES)

    @property
    def owed(self) -> bool:
        return self._finishing or self._heard < self._sent

    def on_frame(self, frame: Frame) -> None:
        match frame.kind:
            case Kind.PARTIAL:
                self._tell(Partial(str(frame.json()["text"])))
            case Kind.FINAL:
                self._tell(Final(tuple(Word(*word) for word in frame.json()["words"])))
            case Kind.HEARD:
                self._heard = int(frame.json()["bytes"])
            case Kind.ENDED:
                self.end("refused" if frame.json()["reason"] == "refused" else "finished")
            case _:
                pass

    def on_lost(self) -> None:
        self.end("worker_lost")

    def _flush(self) -> None:
        # A worker that has fallen behind loses the stream: sound must never wait in the daemon.
        if self.behind_s > BEHIND_S:
            self.end("behind")
            return
        whole = len(self._gathered) // _BYTES * _BYTES
        piece = bytes(self._gathered[:whole])
        del self._gathered[:whole]
        if piece and self._worker is not None:
            self._sent += len(piece)
            self._worker.send(Kind.SOUND, self.number, piece)

    def _tell(self, event: Heard) -> None:
        if self._events and isinstance(self._events[-1], Partial):
            self._events.pop()  # a partial is of no use once there is news
        self._events.append(event)
        self._news.set()
        if len(self._events) > _MOST_EVENTS:
            self.end("closed")
