"""The records of the last days, and after them each as it is complete: all once, in order, to whoever remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog

from cti.metrics.record import CallRecord
from cti.storage.store import StoreError

log = structlog.get_logger()

_CHUNK_S = 900.0
"""So much is read at once: a busy day has tens of thousands of calls, and others use the processor too."""
_PAUSE_S = 0.02
_AGAIN_S = 5.0


class PastCalls:
    """`records`: of the calls that arrived from the first time on and before the second; StoreError: not now."""

    def __init__(
        self,
        records: Callable[[float, float], Awaitable[Iterable[CallRecord]]],
        wall: Callable[[], float],
        days: float,
        listeners: Sequence[Callable[[CallRecord], None]],
    ) -> None:
        self.read = asyncio.Event()
        """Set when the last days have been told."""
        self._records = records
        self._wall = wall
        self._days = days
        self._listeners = listeners
        self._early: list[CallRecord] = []

    def ended(self, record: CallRecord) -> None:
        """A call has just ended."""
        if self.read.is_set():
            self._tell(record)
        else:
            self._early.append(record)

    async def run(self) -> None:
        """Reads the last days once."""
        now = self._wall()
        at, known = now - 86_400 * self._days, {record.call_id for record in self._early}
        while at < now:
            try:
                records = await self._records(at, at + _CHUNK_S)
            except (StoreError, TimeoutError) as error:
                log.warning("past_calls_postponed", problem=str(error) or "records are behind")
                await asyncio.sleep(_AGAIN_S)
                continue
            known.update(record.call_id for record in self._early)
            for record in sorted(records, key=lambda record: record.ended_at or 0.0):
                if record.call_id not in known:
                    self._tell(record)
            at += _CHUNK_S
            await asyncio.sleep(_PAUSE_S)
        for record in self._early:
            self._tell(record)
        self._early.clear()
        self.read.set()

    def _tell(self, record: CallRecord) -> None:
        if record.ended_at is not None:
            for listener in self._listeners:
                listener(record)
