"""How long things take, by bounds; and how late the event loop is."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from cti.loop_lag import LoopLag
from cti.spread import Spread


def test_what_takes_exactly_a_bound_is_within_it() -> None:
    spread = Spread((0.1, 0.5))
    for seconds in (0.0, 0.1, 0.11, 0.5, 9.0):
        spread.add(seconds)
    assert spread.up_to() == [2, 4, 5]
    assert spread.sum_s == pytest.approx(9.71)


def test_nothing_has_happened_yet() -> None:
    assert (Spread((1.0,)).up_to(), Spread((1.0,)).sum_s) == ([0, 0], 0.0)


@pytest.mark.looptime
async def test_a_loop_that_stood_still_was_late_once() -> None:
    """Given a loop that something holds up for 0.4 s in its first quarter of a second, when a second has passed, then
    one look of four was late, by that much."""
    held_up_s = 0.0
    loop = asyncio.get_running_loop()

    def monotonic() -> float:
        return loop.time() + held_up_s

    def hold_up() -> None:
        nonlocal held_up_s
        held_up_s = 0.4

    lag = LoopLag(monotonic)
    running = asyncio.create_task(lag.run())
    loop.call_later(0.1, hold_up)
    await asyncio.sleep(1.1)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert lag.late.up_to()[-1] == 4
    assert lag.late.up_to()[0] == 3
    assert lag.late.sum_s == pytest.approx(0.4, abs=0.01)
