"""A `Transcriber` without a model: everything works, minus speech."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cti.speech.session import LiveSession
from cti.transcriber import Purpose, TranscriptionFailed
from recordings.transcript import Transcript


class Silent:
    def hears(self, language: str) -> bool:
        return False

    def open(
        self,
        purpose: Purpose,
        *,
        expected_ticket_s: float = 0.0,
        phrases: Sequence[str] | None = None,
        rate_hz: int = 8000,
    ) -> LiveSession:
        session = LiveSession(0, purpose, expected_ticket_s, rate_hz, lambda session: None)
        session.end("off")
        return session

    async def transcribe(self, recording: Path, progress: Callable[[float], object] | None = None) -> Transcript:
        raise TranscriptionFailed("off", "there is no speech model; see yihu model check")
