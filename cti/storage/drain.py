"""The way from the journal into SQL: every milestone exactly once, whatever the database does meanwhile.

The journal's files are the spool: only a position moves on, in the same transaction as the milestones before it.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import structlog

from cti.calls import Milestone
from cti.storage import segments
from cti.storage.journal import Health, Journal
from cti.storage.segments import Position
from cti.storage.store import Store, StoreError, StoreRefusedError
from cti.storage.worker import Worker

log = structlog.get_logger()

BATCH = 1_000
REFUSED_FILE = "refused.jsonl"
"""In the journal's folder: lines that the database refuses for their content, kept for a person to look at."""
_RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)
_PATIENCE_S = 10.0
"""A store that has not had everything for so long does not answer."""


class Drainer:
    """Background task from `journal` to `store`. No call ever waits for it.

    The store is used on `worker` alone; whoever else wants it on the loop (a page of records) goes the same way.
    """

    def __init__(self, journal: Journal, store: Store, worker: Worker | None = None) -> None:
        self._journal, self._store = journal, store
        self.worker = worker or Worker("sql")
        self._position: Position | None = None
        self._failure = ""
        self._moved = asyncio.Event()
        self._caught_up_at = time.monotonic()
        self.refused = 0
        self.drained_total = 0
        """Milestones that were new to the store since the start."""

    async def run(self) -> None:
        """Until cancelled. Failures of the store are retried for ever, with growing pauses of at most 2 s."""
        failures = 0
        while True:
            try:
                await self._step()
                failures = 0
                if self._failure:
                    log.info("drain_recovered", behind_s=round(self.behind_s, 1))
                    self._failure = ""
            except (StoreError, OSError) as error:
                if str(error) != self._failure:
                    log.error("drain_failed", error=str(error))
                self._failure = str(error)
                await asyncio.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
                failures += 1

    async def drained(self) -> None:
        """Waits until everything appended to the journal so far is in SQL; give it a limit (asyncio.timeout)."""
        await self._journal.durable()
        goal = self._journal.end
        while self._position is None or self._position < goal:
            self._moved.clear()
            await self._moved.wait()

    @property
    def lag_bytes(self) -> int:
        """Bytes of the journal that are not in SQL yet."""
        return (
            0 if self._position is None else segments.distance(self._journal.folder, self._position, self._journal.end)
        )

    @property
    def behind_s(self) -> float:
        """Seconds since SQL last had everything; 0 when it has."""
        return 0.0 if self._position == self._journal.end else time.monotonic() - self._caught_up_at

    @property
    def reachable(self) -> bool:
        """Whether the store takes what is brought to it."""
        return not self._failure and self.behind_s <= _PATIENCE_S

    @property
    def state(self) -> Health:
        if self._failure:
            return Health(False, f"records wait in the journal for {self.behind_s:.0f} s: {self._failure}")
        if self.behind_s > _PATIENCE_S:
            return Health(
                False, f"the database has not answered for {self.behind_s:.0f} s; records wait in the journal"
            )
        if self.refused:
            where = self._journal.folder / REFUSED_FILE
            return Health(False, f"the database refused {self.refused} lines; they are kept in {where}")
        return Health(True)

    async def _step(self) -> None:
        journal = self._journal
        if self._position is None:
            position = await self.worker.run(self._store.position, journal.id)
            # A disk that lied about fsync can leave a file shorter than what was drained from it: read it again.
            self._position = position if position <= journal.end else Position(journal.end.segment, 0)
        if self._position >= journal.end:
            self._caught_up_at = time.monotonic()
            self._moved.set()
            await journal.moved(self._position)
            self._caught_up_at = time.monotonic()
        self._position = await self.worker.run(self._drain_some, self._position, journal.end)
        self._moved.set()
        await journal.drained(self._position)

    def _drain_some(self, position: Position, end: Position) -> Position:
        """On the worker's thread."""
        batch, after = segments.read_on(self._journal.folder, position, end, BATCH)
        try:
            self.drained_total += self._store.drain(batch, self._journal.id, after)
        except StoreRefusedError:
            self._drain_singly(batch)
            self._store.drain((), self._journal.id, after)
        return after

    def _drain_singly(self, batch: list[Milestone]) -> None:
        """One line that cannot be stored must not hold up all that follow it."""
        for milestone in batch:
            try:
                self.drained_total += self._store.drain([milestone])
            except StoreRefusedError as error:
                log.error("drain_refused", id=milestone.id, seq=milestone.seq, kind=milestone.kind, error=str(error))
                self.refused += 1
                _keep(self._journal.folder / REFUSED_FILE, segments.encode(milestone))


def _keep(file: Path, line: bytes) -> None:
    with file.open("ab") as out:
        out.write(line)
