"""Finds the times in which nobody saw what happened, and keeps them: figures of such a time are unknown, not zero.

A daemon that is away makes no gap as long as Asterisk runs: it serves callers and leaves records. An Asterisk that was
down does, for nobody knows who called; so do milestones that a failing disk refused for too long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import structlog

from cti.metrics.gaps import Gap
from cti.storage.store import StoreError

log = structlog.get_logger()

_EVERY_S = 10.0
_KEPT_EVERY_S = 60.0
_LEAST_S = 60.0
"""A restart of Asterisk takes seconds; were it a gap, no month would have a figure."""

T = TypeVar("T")


class Asterisk(Protocol):
    connected: bool

    @property
    def up_for_s(self) -> float | None: ...


class Gaps(Protocol):
    """Where they are kept (cti.storage.sql_gaps)."""

    def note(self, city: str, gap: Gap, why: str) -> None: ...
    def seen(self, city: str, until: float) -> None: ...
    def seen_until(self, city: str) -> float | None: ...


class Worker(Protocol):
    async def run(self, job: Callable[..., T], *args: Any) -> T: ...


class GapWatch:
    """`run` until cancelled. `dropped` counts milestones that are lost for good."""

    def __init__(
        self,
        gaps: Gaps,
        city: str,
        worker: Worker,
        asterisk: Asterisk,
        dropped: Callable[[], int],
        wall: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._gaps, self._city, self._worker = gaps, city, worker
        self._asterisk, self._dropped, self._wall, self._sleep = asterisk, dropped, wall, sleep
        self._seen_until: float | None = None
        self._kept_at = 0.0
        self._known_dropped = 0
        self._whole_at = wall()
        """When nothing had been dropped that is not in a gap."""
        self._unwritten: list[tuple[Gap, str]] = []

    async def run(self) -> None:
        began = False
        while True:
            try:
                if not began:
                    self._seen_until = await self._worker.run(self._gaps.seen_until, self._city)
                    began = True
                await self.look()
            except StoreError as error:
                log.warning("gaps_postponed", problem=str(error))
            await self._sleep(_EVERY_S)

    async def look(self) -> None:
        """StoreError: what was found is kept for the next time."""
        now = self._wall()
        # It may still be starting, and says how long it has been running when it is through.
        if self._asterisk.connected and (up_s := self._asterisk.up_for_s) is not None:
            if self._seen_until is not None and now - up_s > self._seen_until + _LEAST_S:
                self._unwritten.append((Gap(self._seen_until, now - up_s), "asterisk_down"))
            self._seen_until = now
        if (dropped := self._dropped()) > self._known_dropped:
            self._unwritten.append((Gap(self._whole_at, now), "milestones_dropped"))
            self._known_dropped = dropped
        self._whole_at = now
        while self._unwritten:
            gap, why = self._unwritten[0]
            await self._worker.run(self._gaps.note, self._city, gap, why)
            log.error("data_gap", seconds=round(gap.until - gap.since), why=why)
            del self._unwritten[0]
        if self._seen_until is not None and now >= self._kept_at + _KEPT_EVERY_S:
            await self._worker.run(self._gaps.seen, self._city, self._seen_until)
            self._kept_at = now
