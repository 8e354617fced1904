"""Listening without Asterisk and without a recogniser: real taps on sessions that a test speaks into."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from uuid import uuid4

from cti.tap import Tap
from cti.transcriber import Ended, EndReason, Final, Heard, Partial, Purpose
from recordings.transcript import Transcript, Word


class FakeSession:
    """`pcm`: what it was given to hear."""

    def __init__(self) -> None:
        self.pcm = bytearray()
        self.ended: EndReason | None = None
        self.unsaid: list[Final] = []
        """Told at `finish`."""
        self.mute = False
        """A recogniser that never answers."""
        self._events: deque[Heard] = deque()
        self._news = asyncio.Event()

    def says(self, text: str, confidence: float = 0.9, start_s: float = 1.0) -> None:
        self._tell(sentence(text, confidence, start_s))

    def begins(self, text: str) -> None:
        self._tell(Partial(text))

    def end(self, reason: EndReason) -> None:
        if self.ended is None:
            self.ended = reason
            self._tell(Ended(reason))

    def hear(self, pcm: bytes) -> None:
        self.pcm += pcm

    def finish(self) -> None:
        if not self.mute:
            for event in self.unsaid:
                self._tell(event)
            self.end("finished")

    def close(self) -> None:
        self.end("closed")

    async def __aiter__(self) -> AsyncIterator[Heard]:
        while True:
            while self._events:
                event = self._events.popleft()
                yield event
                if isinstance(event, Ended):
                    return
            self._news.clear()
            await self._news.wait()

    def _tell(self, event: Heard) -> None:
        self._events.append(event)
        self._news.set()


def sentence(text: str, confidence: float = 0.9, start_s: float = 1.0) -> Final:
    return Final((Word(text, start_s, start_s + 1.0, confidence),))


class FakeTranscriber:
    """`refuses`: why nobody is listened to."""

    def __init__(self, *languages: str) -> None:
        self.languages = languages or ("zh-CN",)
        self.refuses: EndReason | None = None
        self.sessions: list[FakeSession] = []

    def hears(self, language: str) -> bool:
        return language in self.languages

    def open(
        self,
        purpose: Purpose,
        *,
        expected_ticket_s: float = 0.0,
        phrases: Sequence[str] | None = None,
        rate_hz: int = 8000,
    ) -> FakeSession:
        session = FakeSession()
        self.sessions.append(session)
        if self.refuses is not None:
            session.end(self.refuses)
        return session

    async def transcribe(self, recording: Path, progress: Callable[[float], object] | None = None) -> Transcript:
        raise AssertionError("taps hear talks that go on: no recording is transcribed here")


class FakeTaps:
    """Nobody hears anything until a test says which languages are heard."""

    def __init__(self, *languages: str) -> None:
        self.languages = set(languages)
        self.sound_comes = True
        self.ends: EndReason | None = None
        """Why a session ends at once."""
        self.taps: list[tuple[str, Tap]] = []
        """Of each the name of the channel that is listened to."""
        self.expected_s: list[float] = []
        self.sessions: list[FakeSession] = []
        self.live: dict[str, Tap] = {}
        self.hung_up: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []

    def hears(self, language: str) -> bool:
        return language in self.languages

    def tap(
        self, channel: str, purpose: Purpose, on_heard: Callable[[Heard], object], expected_ticket_s: float = 0.0
    ) -> Tap:
        self.expected_s.append(expected_ticket_s)
        session = FakeSession()
        tap = Tap(uuid4(), session, on_heard, lambda: self.live.pop(tap.channel, None))
        self.taps.append((channel, tap))
        self.sessions.append(session)
        self.live[tap.channel] = tap
        if self.ends is not None:
            session.end(self.ends)
        elif self.sound_comes:
            tap.on_connected()
        self._tasks.append(asyncio.get_running_loop().create_task(tap.tell()))
        return tap

    def hang_up(self, uniqueid: str) -> None:
        self.hung_up.append(uniqueid)
