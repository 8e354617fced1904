"""The audit trail at work: deeds wait in memory while the database is away, and are logged at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import structlog

from cti.accounts.trail import Deed, Entry, deed
from cti.calls import Value
from cti.storage.store import StoreError

log = structlog.get_logger()

MOST_WAITING = 10_000
"""Deeds that wait for the database; beyond it the oldest are in the log alone, and their number is noted."""
_BATCH = 500
_RETRY_S = 2.0
_AGAIN_S = 60.0


class Store(Protocol):
    """cti.storage.audit; blocks."""

    def append(self, deeds: Sequence[Deed]) -> Entry: ...
    def newest(self, before: int | None, limit: int, who: str = "", what: str = "") -> list[Entry]: ...


class Audit:
    """A `Trail`. `run_blocking` runs a job of the store on its thread."""

    def __init__(self, store: Store, run_blocking: Callable[..., Any], wall: Callable[[], float]) -> None:
        self._store = store
        self._run_blocking = run_blocking
        self._wall = wall
        self._waiting: deque[Deed] = deque()
        self._lost = 0
        self._refused: dict[tuple[str, str, str], float] = {}
        self._work, self._written = asyncio.Event(), asyncio.Event()
        self._written.set()

    def note(self, who: str, what: str, on: str = "", data: Mapping[str, Value] | None = None) -> None:
        log.info("audit", who=who, what=what, on=on, **(data or {}))
        self._waiting.append(deed(self._wall(), who, what, on, data))
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._written.clear()
        self._work.set()

    def note_refusal(self, who: str, on: str, code: str) -> None:
        now, refusal = self._wall(), (who, on, code)
        if now - self._refused.get(refusal, 0.0) >= _AGAIN_S:
            if len(self._refused) > MOST_WAITING:
                self._refused.clear()
            self._refused[refusal] = now
            self.note(who, "refused", on, {"code": code})

    async def read(self, before: int | None, limit: int, who: str = "", what: str = "") -> list[Entry]:
        try:
            found: list[Entry] = await self._run_blocking(self._store.newest, before, limit, who, what)
        except StoreError as error:
            raise TimeoutError(str(error)) from None
        return found

    async def written(self) -> None:
        """Returns when nothing waits."""
        await self._written.wait()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._waiting or self._lost:
                await self._write()
            self._written.set()

    async def _write(self) -> None:
        batch = [self._waiting[n] for n in range(min(len(self._waiting), _BATCH))]
        lost = self._lost
        extra = [deed(self._wall(), "", "lost", "", {"deeds": lost})] if lost else []
        try:
            last: Entry = await self._run_blocking(self._store.append, [*extra, *batch])
        except StoreError as error:
            log.warning("audit_waits", deeds=len(self._waiting), problem=str(error))
            await asyncio.sleep(_RETRY_S)
            return
        log.info("audited", n=last.n, hash=last.hash)
        self._lost -= lost
        for one in batch:
            if self._waiting and self._waiting[0] is one:
                self._waiting.popleft()
