"""The audit trail in SQL: only ever added to, by one daemon after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from cti.accounts.trail import Deed, Entry, chained
from cti.storage import tables
from cti.storage.sql import SqlStore

_A = tables.audit.c
_PAGE = 1000


class MemoryTrail:
    """A trail that is forgotten with the process; for tests."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def append(self, deeds: Sequence[Deed]) -> Entry:
        self.entries += chained(self.entries[-1] if self.entries else None, deeds)
        return self.entries[-1]

    def newest(self, before: int | None, limit: int, who: str = "", what: str = "") -> list[Entry]:
        found = [
            entry
            for entry in reversed(self.entries)
            if (before is None or entry.n < before) and who in ("", entry.deed.who) and what in ("", entry.deed.what)
        ]
        return found[:limit]

    def whole(self) -> Iterator[Entry]:
        return iter(self.entries)


class SqlTrail:
    """In the database of `store`. StoreError."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def append(self, deeds: Sequence[Deed]) -> Entry:
        """Durable when it returns the last one. At least one is given."""
        with self._store.transaction() as connection:
            found = connection.execute(sa.select(tables.audit).order_by(_A.n.desc()).limit(1)).mappings().one_or_none()
            entries = list(chained(_entry(found) if found is not None else None, deeds))
            connection.execute(sa.insert(tables.audit), [_row(entry) for entry in entries])
            return entries[-1]

    def newest(self, before: int | None, limit: int, who: str = "", what: str = "") -> list[Entry]:
        query = sa.select(tables.audit).order_by(_A.n.desc()).limit(limit)
        if before is not None:
            query = query.where(_A.n < before)
        if who:
            query = query.where(_A.who == who)
        if what:
            query = query.where(_A.what == what)
        with self._store.transaction(write=False) as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def whole(self) -> Iterator[Entry]:
        """From the first, a page at a time: a long trail is not held in memory, and holds up no writer."""
        last: int | None = None
        while True:
            query = sa.select(tables.audit).order_by(_A.n).limit(_PAGE)
            if last is not None:
                query = query.where(_A.n > last)
            with self._store.transaction(write=False) as connection:
                page = [_entry(row) for row in connection.execute(query).mappings()]
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1].n


def _row(entry: Entry) -> dict[str, object]:
    one = entry.deed
    return {
        "n": entry.n,
        "at": one.at,
        "who": one.who,
        "what": one.what,
        "on": one.on,
        "data": one.data,
        "hash": entry.hash,
    }


def _entry(row: sa.RowMapping) -> Entry:
    return Entry(row["n"], Deed(row["at"], row["who"], row["what"], row["on"], row["data"]), row["hash"])
