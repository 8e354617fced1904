"""Transcripts in memory: what SqlTranscripts promises, without a database; for tests and trials."""

from __future__ import annotations

from collections.abc import Collection

from recordings.spoken import Hit, Spoken


class MemoryTranscripts:
    """A `TranscriptStore` that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Spoken] = {}

    def put(self, spoken: Spoken, *, instead: Collection[str] = ()) -> None:
        for segment in instead:
            self._kept.pop((spoken.call_id, segment), None)
        self._kept[spoken.call_id, spoken.segment] = spoken

    def of_call(self, call_id: str) -> list[Spoken]:
        return sorted((one for one in self._kept.values() if one.call_id == call_id), key=_order)

    def segments(self, call_ids: Collection[str]) -> set[tuple[str, str]]:
        return {key for key in self._kept if key[0] in call_ids}

    def search(self, text: str, since: float, until: float, limit: int) -> list[Hit]:
        hits = [
            Hit(one.call_id, one.segment, n, one.began_at + line.start_s, line.side, line.text)
            for one in self._kept.values()
            for n, line in enumerate(one.lines)
            if text.lower() in line.text.lower()
        ]
        hits = [hit for hit in hits if since <= hit.at < until]
        return sorted(hits, key=lambda hit: (hit.at, hit.call_id, hit.segment, hit.n), reverse=True)[:limit]

    def between(self, since: float, until: float, limit: int) -> list[Spoken]:
        found = [one for one in self._kept.values() if one.source == "recording" and since <= one.began_at < until]
        return sorted(found, key=_order, reverse=True)[:limit]

    def oldest(self, limit: int) -> list[tuple[str, str, str]]:
        return [(one.call_id, one.segment, one.file) for one in sorted(self._kept.values(), key=_order)][:limit]

    def forget(self, call_id: str, segment: str | None = None) -> None:
        self._kept = {key: one for key, one in self._kept.items() if key[0] != call_id or segment not in (None, key[1])}


def _order(one: Spoken) -> tuple[float, str, str]:
    return one.began_at, one.call_id, one.segment
