"""How many calls are to be expected: by hand, at the edges of the clock and the calendar, and against drawn days."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.demand import HALF_HOUR_S, Demand, Expected

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = timedelta(days=7)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def begins(moment: datetime) -> int:
    return int(moment.timestamp())


def weekdays(day: date) -> bool:
    return day.weekday() < 5


def expected(
    calls: dict[int, int],
    now: datetime,
    half_hours: int = 1,
    works: Callable[[date], bool] = weekdays,
    seen: Callable[[float, float], bool] = lambda since, until: True,
) -> list[Expected]:
    return Demand(now.timestamp(), SHANGHAI, works, seen).expected(calls, half_hours)


def after(moment: datetime) -> Callable[[float, float], bool]:
    """A hotline that has been recorded since then."""
    return lambda since, until: since >= moment.timestamp()


def weeks(moment: datetime, *calls: int) -> dict[int, int]:
    """This half hour one week ago, two weeks ago …"""
    return {begins(moment - n * WEEK): count for n, count in enumerate(calls, 1)}


# By hand


def test_the_usual_is_the_mean_of_the_same_half_hour_of_the_last_four_weeks() -> None:
    noon = at("2026-11-18T12:00")
    (found,) = expected(weeks(noon, 10, 20, 30, 40, 1000), noon)
    assert (found.calls, found.pace, found.factor) == (25.0, 25.0, 1.0)
    assert (found.days, found.same_weekday, found.came, found.unknown) == (4, True, 0, None)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 25 < found.high


def test_how_the_day_has_gone_scales_what_is_left_of_it() -> None:
    """Given one past week, 200 calls at 11:30 and 100 at 12:00; when 300 came at 11:30 and 70 by 12:15."""
    noon = at("2026-11-18T12:00")
    before, quarter = noon - timedelta(minutes=30), noon + timedelta(minutes=15)
    calls = weeks(noon, 100) | weeks(before, 200) | {begins(before): 300, begins(noon): 70}
    found = expected(calls, quarter, 3, seen=after(noon - WEEK - timedelta(hours=6)))

    # v is the assumed 0.02, one day having no variance. X = 70 + 0.7 x 300, E = 50 + 0.7 x 200.
    assert found[0].factor == pytest.approx((50 + 70 + 210) / (50 + 50 + 140))
    assert found[0].pace == pytest.approx(100 * 330 / 240)
    assert found[0].calls == pytest.approx(70 + 0.5 * 137.5)
    assert found[0].came == 70
    # What lies further ahead is drawn back to the usual.
    assert [one.factor for one in found[1:]] == [
        pytest.approx((50 + 0.7 * 280) / (50 + 0.7 * 190)),
        pytest.approx((50 + 0.49 * 280) / (50 + 0.49 * 190)),
    ]
    assert found[1].came == 0
    assert found[1].calls == 0.0  # nobody called at 12:30 that week
    assert found[1].begins_at == begins(noon) + HALF_HOUR_S


def test_little_evidence_changes_little() -> None:
    """Given one past week; when twice as many come as usual, of a small queue and of a large one."""
    noon = at("2026-11-18T12:00")
    quarter, seen = noon + timedelta(minutes=15), after(noon - WEEK)
    small, large = (expected(weeks(noon, n) | {begins(noon): n}, quarter, seen=seen)[0].factor for n in (2, 2000))
    assert small == pytest.approx((50 + 2) / (50 + 1))
    assert large == pytest.approx((50 + 2000) / (50 + 1000))


def test_days_that_differ_much_make_todays_evidence_count_more() -> None:
    noon = at("2026-11-18T12:00")
    came = {begins(noon): 150}
    alike, unlike = (
        expected(weeks(noon, *past) | came, noon + timedelta(minutes=30) - timedelta(seconds=1))[0]
        for past in ((99, 100, 101, 100), (20, 180, 30, 170))
    )
    assert 1.0 < alike.factor < unlike.factor < 1.5


# What is not known


def test_without_history_a_forecast_is_unknown() -> None:
    noon = at("2026-11-18T12:00")
    (found,) = expected({begins(noon): 40}, noon + timedelta(minutes=20), seen=after(noon))
    assert found.unknown == "no_history"
    assert (found.calls, found.low, found.high, found.pace, found.days) == (None, None, None, None, 0)
    assert found.came == 40


def test_a_queue_that_opened_today_is_unknown_and_one_that_nobody_calls_is_not() -> None:
    noon = at("2026-11-18T12:00")
    (opened,), (quiet,) = expected({begins(noon): 3}, noon + timedelta(minutes=20)), expected({}, noon)
    assert (opened.unknown, opened.calls) == ("new_queue", None)
    assert (quiet.unknown, quiet.calls, quiet.low) == (None, 0.0, 0)


def test_a_week_that_nobody_observed_is_left_out_and_not_a_zero() -> None:
    noon = at("2026-11-18T12:00")
    gap = begins(noon - 2 * WEEK) + 600
    (found,) = expected(weeks(noon, 10, 0, 30, 20), noon, seen=lambda since, until: not since <= gap < until)
    assert (found.days, found.calls) == (3, 20.0)


def test_a_gap_in_this_half_hour_is_no_evidence() -> None:
    noon = at("2026-11-18T12:00")
    now = noon + timedelta(minutes=20)
    calls = weeks(noon, 90, 90, 90, 90) | {begins(noon): 2}
    (found,) = expected(calls, now, seen=lambda since, until: not since <= begins(noon) + 300 < until)
    assert (found.came, found.factor, found.calls) == (None, 1.0, 90.0)


# Clock and calendar


def test_a_half_hour_that_is_running_counts_as_far_as_it_is_over() -> None:
    noon = at("2026-11-18T12:00")
    calls = weeks(noon, 60, 60, 60, 60)
    just, late = expected(calls, noon)[0], expected(calls | {begins(noon): 60}, noon + timedelta(seconds=1799.999))[0]
    assert (just.came, just.calls) == (0, 60.0)
    assert late.came == 60
    assert late.calls == pytest.approx(60, abs=0.01)
    assert (late.low, late.high) == (60, 60)
    (after_it,) = expected(calls | {begins(noon): 60}, noon + timedelta(minutes=30))
    assert after_it.begins_at == begins(noon) + HALF_HOUR_S
    assert after_it.came == 0


def test_past_midnight_the_next_days_own_past_counts() -> None:
    """Given a Friday evening; then the half hours after midnight are a Saturday's."""
    late, saturday = at("2026-11-20T23:30"), at("2026-11-21T00:00")
    calls = weeks(late, 40, 40, 40, 40) | weeks(saturday, 8, 8, 8, 8) | {begins(late - timedelta(days=1)): 999}
    found = expected(calls, late, 2)
    assert [(one.begins_at, one.calls) for one in found] == [(begins(late), 40.0), (begins(saturday), 8.0)]
    # Just after midnight the evening before is still evidence; days quite alike make v the least there is, 0.01.
    calls |= {begins(late): 80}
    assert expected(calls, saturday)[0].factor == pytest.approx((100 + 0.7 * 80) / (100 + 0.7 * 40))


def test_a_holiday_is_compared_with_days_off_and_a_made_up_day_with_days_of_work() -> None:
    wednesday, saturday = date(2026, 11, 18), date(2026, 11, 14)

    def works(day: date) -> bool:
        return day == saturday or (weekdays(day) and day != wednesday)

    calls = {}
    for n in range(1, 40):
        noon = at("2026-11-18T12:00") - timedelta(days=n)
        calls[begins(noon)] = 100 if works(noon.date()) else 20

    (holiday,) = expected(calls, at("2026-11-18T12:00"), works=works)
    assert (holiday.calls, holiday.same_weekday) == (20.0, False)
    assert holiday.days == 7  # four Sundays and, without the one that was worked, three Saturdays
    before = {begun: n for begun, n in calls.items() if begun < begins(at("2026-11-14T00:00"))}
    (made_up,) = expected(before, at("2026-11-14T12:00"), works=works)
    assert (made_up.calls, made_up.same_weekday, made_up.days) == (100.0, False, 20)
    # The Wednesday after does not look at the holiday, nor a Saturday at the one that was worked.
    calls[begins(at("2026-11-18T12:00"))] = 20
    (after_it,) = expected(calls, at("2026-11-25T12:00"), works=works)
    assert (after_it.calls, after_it.days) == (100.0, 3)
    (weekend,) = expected(calls, at("2026-11-21T12:00"), works=works)
    assert (weekend.calls, weekend.days, weekend.same_weekday) == (20.0, 3, True)


def test_in_the_first_week_days_of_the_same_kind_stand_in() -> None:
    calls = {begins(at(f"2026-11-{day}T12:00")): n for day, n in ((16, 10), (17, 20))}
    (found,) = expected(calls, at("2026-11-18T12:00"), seen=after(at("2026-11-16T00:00")))
    assert (found.calls, found.days, found.same_weekday) == (15.0, 2, False)


# Properties


@given(st.lists(st.integers(0, 300), min_size=1, max_size=4), st.integers(0, 300), st.integers(1, 1799))
def test_more_calls_today_never_mean_fewer_to_come(past: list[int], came: int, second: int) -> None:
    noon = at("2026-11-18T12:00")
    first, more = (
        expected(weeks(noon, *past) | {begins(noon): n}, noon + timedelta(seconds=second), 2) for n in (came, came + 1)
    )
    for one, other in zip(first, more, strict=True):
        if one.unknown is None and other.unknown is None:
            assert one.calls is not None
            assert other.calls is not None
            assert other.calls >= one.calls
            assert one.low is not None
            assert one.high is not None
            assert 0 <= (one.came or 0) <= one.low <= one.high
            assert math.isfinite(one.calls)


@pytest.mark.parametrize("usual", [0.3, 4.0, 60.0, 900.0])
def test_nine_in_ten_days_fall_into_the_interval(usual: float) -> None:
    """Given days that differ from their weekday's usual by 15 %; when the morning has been seen."""
    rng = random.Random(int(usual * 10))
    noon = at("2026-11-18T12:00")
    inside = 0
    for _ in range(200):
        calls = {}
        for week in range(5):
            day = rng.gammavariate(1 / 0.0225, 0.0225)
            for n in range(-6, 3):
                calls[begins(noon - week * WEEK + n * timedelta(minutes=30))] = poisson(usual * day, rng)
        then = calls[begins(noon) + HALF_HOUR_S]
        for n in range(3):
            del calls[begins(noon) + n * HALF_HOUR_S]
        found = expected(calls, noon, 2)[1]
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= then <= found.high
    assert 0.87 <= inside / 200 <= 1.0


def poisson(mean: float, rng: random.Random) -> int:
    """By counting arrivals; in a normal's stead where they are many."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    count, at_ = 0, rng.expovariate(1.0)
    while at_ < mean:
        count, at_ = count + 1, at_ + rng.expovariate(1.0)
    return count
