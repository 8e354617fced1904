"""The way of every milestone to disk and into SQL, for a daemon that decides and for one that waits for its turn."""

from __future__ import annotations

import asyncio
import contextlib

from cti.settings import Settings
from cti.storage.drain import Drainer
from cti.storage.journal import Journal
from cti.storage.sql import SqlStore
from cti.storage.worker import Worker

_DRAIN_S = 2.0


class Records:
    """The journal of this `var`, which no other process writes, and its drain. JournalError, StoreError."""

    def __init__(self, settings: Settings) -> None:
        self.journal = Journal(settings.journal_dir, min_free_bytes=settings.calls.min_free_mb * 2**20)
        self.store, self.worker = SqlStore(settings.sql_url), Worker("sql")
        self.drainer = Drainer(self.journal, self.store, self.worker)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.journal.run())
            group.create_task(self.drainer.run())

    async def drained(self) -> None:
        """Everything in SQL, if that is possible within a moment."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await self.drainer.drained()
