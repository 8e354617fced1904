"""Durations survive a clock that jumps."""

from __future__ import annotations

from cti.clock import SteadyClock


def test_a_jump_of_the_clock_changes_no_duration_and_is_taken_over_when_asked() -> None:
    now = {"wall": 1_000.0, "monotonic": 5.0}
    clock = SteadyClock(lambda: now["wall"], lambda: now["monotonic"])
    queued = clock()
    now["wall"] += 3_600.0 + 7.0  # an hour forward, in seven seconds
    now["monotonic"] += 7.0
    assert clock() - queued == 7.0
    clock.anchor()
    assert clock() == now["wall"]
