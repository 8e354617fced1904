"""Transcripts in SQL: SQLite or PostgreSQL. What was said stands in columns named `pii_…` and in no index."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson
import sqlalchemy as sa

from cti.storage import tables
from cti.storage.sql import SqlStore
from recordings.spoken import Hit, Line, Spoken
from recordings.transcript import Word

_T, _L = tables.transcript.c, tables.transcript_line.c
_HEAD = ("call_id", "segment", "source", "file", "began_at", "seconds", "model", "made_at")
_AT_ONCE = 500
"""A database takes only so many values at once."""


class SqlTranscripts:
    """A `TranscriptStore` in the database of `store`."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def put(self, spoken: Spoken, *, instead: Collection[str] = ()) -> None:
        rows = [
            {
                "call_id": spoken.call_id,
                "segment": spoken.segment,
                "n": n,
                "at": spoken.began_at + line.start_s,
                "side": line.side,
                "pii_text": _storable(line.text),
                "pii_words": orjson.dumps([[_storable(w.text), w.start_s, w.end_s, w.confidence] for w in line.words])
                .decode(),
            }
            for n, line in enumerate(spoken.lines)
        ]  # fmt: skip
        with self._store.transaction() as connection:
            gone = (_T.call_id == spoken.call_id) & _T.segment.in_([spoken.segment, *instead])
            connection.execute(sa.delete(tables.transcript).where(gone))
            connection.execute(sa.insert(tables.transcript), {name: getattr(spoken, name) for name in _HEAD})
            if rows:
                connection.execute(sa.insert(tables.transcript_line), rows)

    def of_call(self, call_id: str) -> list[Spoken]:
        heads = sa.select(tables.transcript).where(_T.call_id == call_id).order_by(_T.began_at, _T.segment)
        with self._store.transaction(write=False) as connection:
            return self._read(connection, heads)

    def between(self, since: float, until: float, limit: int) -> list[Spoken]:
        heads = (
            sa.select(tables.transcript)
            .where(_T.began_at >= since, _T.began_at < until, _T.source == "recording")
            .order_by(_T.began_at.desc(), _T.call_id.desc(), _T.segment.desc())
            .limit(limit)
        )
        with self._store.transaction(write=False) as connection:
            return self._read(connection, heads)

    def segments(self, call_ids: Collection[str]) -> set[tuple[str, str]]:
        ids, found = list(call_ids), set()
        with self._store.transaction(write=False) as connection:
            for n in range(0, len(ids), _AT_ONCE):
                query = sa.select(_T.call_id, _T.segment).where(_T.call_id.in_(ids[n : n + _AT_ONCE]))
                found |= {(row.call_id, row.segment) for row in connection.execute(query)}
        return found

    def search(self, text: str, since: float, until: float, limit: int) -> list[Hit]:
        query = (
            sa.select(_L.call_id, _L.segment, _L.n, _L.at, _L.side, _L.pii_text)
            .where(_L.at >= since, _L.at < until, _L.pii_text.icontains(text, autoescape=True))
            .order_by(_L.at.desc(), _L.call_id.desc(), _L.segment.desc(), _L.n.desc())
            .limit(limit)
        )
        with self._store.transaction(write=False) as connection:
            return [Hit(*row) for row in connection.execute(query)]

    def oldest(self, limit: int) -> list[tuple[str, str, str]]:
        query = sa.select(_T.call_id, _T.segment, _T.file).order_by(_T.began_at, _T.call_id, _T.segment).limit(limit)
        with self._store.transaction(write=False) as connection:
            return [(row.call_id, row.segment, row.file) for row in connection.execute(query)]

    def forget(self, call_id: str, segment: str | None = None) -> None:
        gone = _T.call_id == call_id
        if segment is not None:
            gone &= _T.segment == segment
        with self._store.transaction() as connection:
            connection.execute(sa.delete(tables.transcript).where(gone))

    def _read(self, connection: sa.Connection, heads: sa.Select[Any]) -> list[Spoken]:
        rows = connection.execute(heads).all()
        calls = list(dict.fromkeys(row.call_id for row in rows))
        lines: dict[tuple[str, str], list[Line]] = {}
        for n in range(0, len(calls), _AT_ONCE):
            of_calls = sa.select(tables.transcript_line).where(_L.call_id.in_(calls[n : n + _AT_ONCE]))
            for row in connection.execute(of_calls.order_by(_L.call_id, _L.segment, _L.n)):
                words = tuple(Word(*word) for word in orjson.loads(row.pii_words))
                lines.setdefault((row.call_id, row.segment), []).append(Line(row.side, words))
        return [
            Spoken(
                **{name: getattr(row, name) for name in _HEAD}, lines=tuple(lines.get((row.call_id, row.segment), ()))
            )
            for row in rows
        ]


def _storable(text: str) -> str:
    """PostgreSQL's text has no NUL."""
    return text.replace("\0", "\ufffd")
