"""Calls of the last days are read once each, in order, whatever the database says in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cti.calls import CallId
from cti.metrics.record import CallRecord, fold
from cti.past_calls import past_calls, patiently
from cti.storage.store import StoreError, StoreUnavailableError
from tests.support.calls import answered_call

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

NOW = 1_000_000.0


def record(name: str, ended_at: float | None) -> CallRecord:
    arrived_at = (ended_at or NOW) - 90.0
    return replace(fold(answered_call(name, arrived_at=arrived_at)), call_id=CallId(name), ended_at=ended_at)


@pytest.mark.parametrize("newest_first", [False, True])
async def test_each_ended_call_once_and_in_order(newest_first: bool) -> None:
    stored = [record(f"c{n}", NOW - 5000 + 500 * n) for n in range(10)] + [record("open", None)]
    tries = 0

    async def records(since: float, until: float) -> list[CallRecord]:
        nonlocal tries
        tries += 1
        if tries == 2:
            raise StoreUnavailableError("busy")
        await asyncio.sleep(0.1)
        return [r for r in reversed(stored) if since <= r.arrived_at < until]

    told = [r.call_id async for r in past_calls(records, NOW - 5100, NOW, newest_first=newest_first)]
    expected = [f"c{n}" for n in range(10)]
    assert told == (expected[::-1] if newest_first else expected)


async def test_no_time_is_no_calls() -> None:
    async def records(since: float, until: float) -> list[CallRecord]:
        return []

    assert [r async for r in past_calls(records, NOW, NOW)] == []


async def test_a_database_that_cannot_be_read_at_the_start_is_read_later() -> None:
    faults: list[Exception] = [StoreError("made by a newer release"), StoreUnavailableError("away"), TimeoutError()]

    async def read() -> str:
        if faults:
            raise faults.pop()
        return "read"

    assert await patiently(read) == "read"
    assert faults == []
