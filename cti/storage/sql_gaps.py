"""Times in which nobody saw what happened, and until when somebody did, in SQL."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import sqlalchemy as sa

from cti.metrics.gaps import Gap
from cti.storage import tables


class _Store(Protocol):
    def transaction(self, *, write: bool = True) -> AbstractContextManager[sa.Connection]: ...


class SqlGaps:
    """By city. All may raise StoreUnavailableError."""

    def __init__(self, store: _Store) -> None:
        self._store = store

    def note(self, city: str, gap: Gap, why: str) -> None:
        """The same gap noted twice is one; one that goes on takes the place of what was noted of it."""
        t = tables.data_gap
        with self._store.transaction() as connection:
            connection.execute(sa.delete(t).where(t.c.city == city, t.c.since == gap.since))
            connection.execute(sa.insert(t), {"city": city, "since": gap.since, "until": gap.until, "why": why})

    def between(self, since: float, until: float) -> list[Gap]:
        t = tables.data_gap.c
        query = sa.select(t.since, t.until).where(t.since < until, t.until > since).order_by(t.since)
        with self._store.transaction(write=False) as connection:
            return [Gap(row.since, row.until) for row in connection.execute(query)]

    def seen(self, city: str, until: float) -> None:
        """Somebody watches at this moment."""
        t = tables.observed
        with self._store.transaction() as connection:
            connection.execute(sa.delete(t).where(t.c.city == city))
            connection.execute(sa.insert(t), {"city": city, "until": until})

    def seen_until(self, city: str) -> float | None:
        """When somebody watched last; None: never yet."""
        t = tables.observed.c
        with self._store.transaction(write=False) as connection:
            return connection.execute(sa.select(t.until).where(t.city == city)).scalar()
