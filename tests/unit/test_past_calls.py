"""Who remembers calls hears of each once, the old ones first, however they come."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cti.calls import CallId
from cti.metrics.record import CallRecord, fold
from cti.past_calls import PastCalls
from cti.storage.store import StoreUnavailableError
from tests.support.calls import answered_call

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

NOW = 1_000_000.0


def record(name: str, ended_at: float) -> CallRecord:
    return replace(fold(answered_call(name, arrived_at=ended_at - 90.0)), call_id=CallId(name), ended_at=ended_at)


async def test_the_last_days_come_first_and_what_ends_meanwhile_after_them_and_once() -> None:
    stored = [record("c1", NOW - 5000), record("c2", NOW - 3000), record("both", NOW - 10)]
    told: list[str] = []
    tries = 0

    async def records(since: float, until: float) -> list[CallRecord]:
        nonlocal tries
        tries += 1
        if tries == 2:
            raise StoreUnavailableError("busy")
        await asyncio.sleep(0.1)
        return [r for r in reversed(stored) if since <= r.arrived_at < until]

    past = PastCalls(records, lambda: NOW, 0.1, [lambda r: told.append(r.call_id)])
    reading = asyncio.ensure_future(past.run())
    await asyncio.sleep(0.5)
    past.ended(stored[2])
    past.ended(record("new", NOW + 1))
    await reading
    past.ended(record("newer", NOW + 2))
    assert told == ["c1", "c2", "both", "new", "newer"]
