"""The records of the last days, read at a start bit by bit: others need the database and the processor too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import TypeVar

import structlog

from cti.metrics.record import CallRecord
from cti.storage.store import StoreError

log = structlog.get_logger()

_CHUNK_S = 900.0
"""Calls that arrived in so long are read at once: a busy day has tens of thousands."""
_AGAIN_S = 5.0

T = TypeVar("T")

Records = Callable[[float, float], Awaitable[Iterable[CallRecord]]]
"""Of the calls that arrived from the first time on and before the second. StoreError: not now."""


async def past_calls(
    records: Records, since: float, until: float, *, newest_first: bool = False
) -> AsyncIterator[CallRecord]:
    """Those that have ended, in about the order of their ends, or the other way round."""
    bounds = [since + n * _CHUNK_S for n in range(int((until - since) / _CHUNK_S) + 1)]
    for begin in reversed(bounds) if newest_first else bounds:
        found = await patiently(partial(records, begin, min(begin + _CHUNK_S, until)))
        ended = [record for record in found if record.ended_at is not None]
        for record in sorted(ended, key=lambda record: record.ended_at or 0.0, reverse=newest_first):
            yield record
        await asyncio.sleep(0)


async def patiently(read: Callable[[], Awaitable[T]]) -> T:
    """What it reads, as soon as the store can be read."""
    while True:
        try:
            return await read()
        except (StoreError, TimeoutError) as error:
            log.warning("past_calls_postponed", problem=str(error) or "no answer in time")
            await asyncio.sleep(_AGAIN_S)
