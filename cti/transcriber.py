"""What listens to speech, as everybody sees it who has sound to be understood.

Nothing here knows by what it is done. A session that cannot be had, or is lost, ends with a reason; that costs the
words and never the call: no method blocks, and none fails.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from recordings.transcript import Transcript, Word, joined

Purpose = Literal["menu", "queue", "talk"]
"""menu: the answer to a question, for which the caller waits; queue: the same of one who waits anyway; talk: one side
of a talk."""

EndReason = Literal[
    "finished", "closed", "off", "put_off", "displaced", "behind", "no_worker", "worker_lost", "refused"
]
"""finished: all that was heard is understood; closed: by whoever opened it; off: no model; put_off: others needed the
streams more; displaced: others need the stream more now; behind: the machine is too slow for it; no_worker: none is up;
worker_lost: it died; refused: the model cannot take this sound."""


@dataclass(frozen=True, slots=True)
class Partial:
    """What is understood so far of what is being said; the next one, or the final one, replaces it."""

    text: str


@dataclass(frozen=True, slots=True)
class Final:
    """The speaker made a pause: this is what he said, and it stays so."""

    words: tuple[Word, ...]
    """One at least; their times count from the first sound of the session."""

    @property
    def text(self) -> str:
        return joined(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Ended:
    """Always the last one."""

    reason: EndReason


Heard = Partial | Final | Ended


class Session(Protocol):
    """One stream of sound. Iterate over it for what is heard; the last thing is `Ended`, and then it is over."""

    def hear(self, pcm: bytes) -> None:
        """Sound as it comes: 16 bit, little-endian, one channel. After the end it is ignored."""

    def finish(self) -> None:
        """No more sound will come: the last words follow, then `Ended("finished")`."""

    def close(self) -> None:
        """Nobody wants to know any more."""

    def __aiter__(self) -> AsyncIterator[Heard]: ...


class TranscriptionFailed(Exception):
    """A recording cannot be transcribed, now or ever; `code` is one of no_wav, off, workers_lost, away."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Transcriber(Protocol):
    def hears(self, language: str) -> bool:
        """Whether there is a model that understands it ("zh-CN"); without one nobody should be listened to."""

    def open(
        self,
        purpose: Purpose,
        *,
        expected_ticket_s: float = 0.0,
        phrases: Sequence[str] | None = None,
        rate_hz: int = 8000,
    ) -> Session:
        """Begins to listen; when it cannot be, the session ends at once and says why.

        `expected_ticket_s`: how long typing the ticket of this talk is expected to take; when streams run short the
        longer ones are listened to. `phrases`: nothing else than their words is expected ("转人工", "社保"), where the
        model allows it; those with words that it does not know are left out, and when none is left everything is
        expected. Whatever is said then comes out as these words, often with full confidence: only for closed questions.
        """

    async def transcribe(self, recording: Path, progress: Callable[[float], object] | None = None) -> Transcript:
        """The words of a recording, one side of the talk a channel, when nothing more urgent is to be done.

        `progress` is told the part that is done, 0 to 1. TranscriptionFailed.
        """
