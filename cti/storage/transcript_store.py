"""What a store of transcripts promises. `MemoryTranscripts`, SQLite and PostgreSQL pass the same tests."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from recordings.spoken import Hit, Spoken


class TranscriptStore(Protocol):
    """Synchronous: run it on a `Worker`. Each method is one transaction, durable when it returns. All may raise
    StoreUnavailableError, and then nothing of it has happened, or all of it: do it again."""

    def put(self, spoken: Spoken, *, instead: Collection[str] = ()) -> None:
        """In the place of whatever was kept of this segment, and of the segments `instead` of the same call."""

    def of_call(self, call_id: str) -> list[Spoken]:
        """In the order in which they began."""

    def segments(self, call_ids: Collection[str]) -> set[tuple[str, str]]:
        """(call, segment) of what is kept of these calls."""

    def search(self, text: str, since: float, until: float, limit: int) -> list[Hit]:
        """Lines in which this stands, that began from `since` on and before `until`; the newest first."""

    def between(self, since: float, until: float, limit: int) -> list[Spoken]:
        """Of recordings that began from `since` on and before `until`; the newest first, the first `limit`."""

    def oldest(self, limit: int) -> list[tuple[str, str, str]]:
        """(call, segment, file), those that began first."""

    def forget(self, call_id: str, segment: str | None = None) -> None:
        """One segment, or all of this call."""
