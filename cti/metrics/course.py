"""How a day went, half hour by half hour, beside another day up to the same time. Pure.

Days are compared by whole half hours, so that both sides of a comparison end at the same time of day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cti.metrics.figures import Sums
from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.rates import rate
from cti.metrics.rollups import Rollup

Course = Mapping[int, Sums]
"""By the half hour's beginning, UTC seconds; one without a call need not be there."""
_IN_24H = 48


@dataclass(frozen=True, slots=True)
class Window:
    """24 hours that begin and end with a half hour."""

    answered: int
    calls: int
    until: int


def course_of(rollup: Rollup) -> dict[int, Sums]:
    """Of all cities, numbers and queues together."""
    found: dict[int, Sums] = {}
    for key, sums in rollup.items():
        found.setdefault(key.half_hour, Sums()).update(sums)
    return found


def shifted(course: Course, by_s: int) -> dict[int, Sums]:
    """Another day's, as if it had been so much later."""
    return {begins + by_s: sums for begins, sums in course.items()}


def until(course: Course, at: float) -> Sums:
    """Of the half hours that were over by then."""
    found = Sums()
    for begins, sums in course.items():
        if begins + HALF_HOUR_S <= at:
            found.update(sums)
    return found


def beside(code: str, today: Course, other: Course, at: float) -> float | None:
    """How much higher the rate of today is; both up to the last half hour that is over. None: one is unknown."""
    ours, theirs = (rate(code, until(course, at)).value for course in (today, other))
    return None if ours is None or theirs is None else ours - theirs


def worst_24h(yesterday: Course, today: Course, midnight: int, at: float) -> Window | None:
    """Of the windows that end today, at midnight or later, by half hours that are over; None: none had a call.

    `rolling_24h` looks at every moment and can find a worse one; it needs every call of two days.
    """
    parts = [*_parts(yesterday, midnight - _IN_24H * HALF_HOUR_S, midnight), *_parts(today, midnight, int(at))]
    worst: Window | None = None
    for first in range(len(parts) - _IN_24H + 1):
        window = parts[first : first + _IN_24H]
        answered, calls = sum(a for a, _ in window), sum(n for _, n in window)
        if calls and (worst is None or answered * worst.calls < worst.answered * calls):
            worst = Window(answered, calls, midnight + first * HALF_HOUR_S)
    return worst


def _parts(course: Course, since: int, until_: int) -> Sequence[tuple[int, int]]:
    """Answered and all calls of each half hour that is over by `until_`."""
    ends = range(since + HALF_HOUR_S, until_ + 1, HALF_HOUR_S)
    found = (course.get(end - HALF_HOUR_S, Sums()) for end in ends)
    return [(sums["answered"], sums["calls"]) for sums in found]
