"""The worst 24 hours: compared with looking at every possible beginning, and its edges told by hand."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from cti.metrics.gaps import Gap
from cti.metrics.groups import Period
from cti.metrics.record import CallRecord, fold
from cti.metrics.rolling import rolling_24h
from tests.support.calls import answered_call, lost_call

HOUR = 3600.0
DAY = 24 * HOUR
ANSWERED, LOST = fold(answered_call("c1", 0.0)), fold(lost_call("c2", 0.0))


def call(at: float, answered: bool) -> CallRecord:
    return dataclasses.replace(ANSWERED if answered else LOST, arrived_at=at)


@given(
    calls=st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=25),
    gap=st.none() | st.tuples(st.integers(0, 59), st.integers(1, 5)),
)
def test_no_window_is_worse(calls: list[tuple[int, bool]], gap: tuple[int, int] | None) -> None:
    """Calls and gaps at whole hours of 60: a window that begins half an hour after any hour is all there can be."""
    period = Period(0.0, 60 * HOUR)
    gaps = [] if gap is None else [Gap(gap[0] * HOUR, (gap[0] + gap[1]) * HOUR)]
    values = []
    for half in range(2 * 36 + 1):
        begins = half * HOUR / 2
        hidden = any(begins < g.until and g.since < begins + DAY for g in gaps)
        inside = [answered for at, answered in calls if begins <= at * HOUR < begins + DAY and at < 60]
        if inside and not hidden:
            values.append(sum(inside) / len(inside))
    worst = rolling_24h([call(at * HOUR, answered) for at, answered in calls], period, gaps)
    seen = worst.rate.numerator / worst.rate.denominator if worst.rate.denominator else None
    assert seen == min(values, default=None)
    assert worst.rate.value == (None if gap else seen)
    assert (worst.window is None) == (not values)
    if worst.window is not None:
        in_window = [answered for at, answered in calls if worst.window.has(at * HOUR) and at < 60]
        assert (sum(in_window), len(in_window)) == (worst.rate.numerator, worst.rate.denominator)


def test_a_window_holds_its_first_moment_and_not_its_last() -> None:
    """Given two losses exactly a day apart, then no window has both, unless it were longer."""
    calls = [call(HOUR, False), call(HOUR + DAY, False), call(HOUR + 60, True), call(2 * HOUR, True)]
    worst = rolling_24h(calls, Period(0.0, 3 * DAY))
    # From just after the second answer on the later loss is alone.
    assert (worst.rate.numerator, worst.rate.denominator) == (0, 1)
    both = rolling_24h(calls[:2], Period(HOUR, HOUR + DAY))
    assert (both.rate.numerator, both.rate.denominator) == (0, 1)


def test_a_period_shorter_than_a_day_has_no_such_rate() -> None:
    worst = rolling_24h([call(0.0, True)], Period(0.0, DAY - 1))
    assert (worst.rate.value, worst.rate.unknown, worst.window) == (None, "short", None)


def test_days_without_calls_have_no_such_rate() -> None:
    assert rolling_24h([], Period(0.0, 2 * DAY)).rate.unknown == "nothing"
    assert rolling_24h([], Period(0.0, 2 * DAY), [Gap(5.0, 6.0)]).rate.unknown == "gap"


def test_the_first_window_after_a_gap_is_looked_at() -> None:
    """Given a loss that only windows from the end of the gap on have alone, then they are the worst that was seen."""
    calls = [call(20 * HOUR, False), call(30 * HOUR, True)]
    worst = rolling_24h(calls, Period(0.0, 60 * HOUR), [Gap(2 * HOUR, 3 * HOUR)])
    assert (worst.rate.numerator, worst.rate.denominator, worst.rate.unknown) == (0, 1, "gap")
    assert worst.window == Period(3 * HOUR, 27 * HOUR)


def test_a_gap_beside_the_period_hides_nothing() -> None:
    gaps = [Gap(-5.0, 0.0), Gap(2 * DAY, 3 * DAY)]
    assert rolling_24h([call(0.0, True)], Period(0.0, 2 * DAY), gaps).rate.value == 1.0


def test_calls_that_are_not_decided_do_not_count() -> None:
    waiting = dataclasses.replace(LOST, ended_at=None, lost_at=None)
    assert rolling_24h([call(5.0, True), waiting], Period(0.0, DAY)).rate.denominator == 1
