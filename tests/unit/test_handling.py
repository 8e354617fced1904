"""How long calls keep an agent and how long callers stay."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from queues.handling import UNKNOWN_HANDLING_S, Habit, Handling, History

MONDAY = datetime(2026, 11, 23, 10, 10, tzinfo=UTC)


def test_without_a_call_the_known_default_counts_and_nobody_gives_up() -> None:
    habit = History().usual("general", MONDAY)
    assert (habit.handling_s, habit.patience_s, habit.calls) == (UNKNOWN_HANDLING_S, None, 0.0)
    assert Handling().mean_s("general", Habit(200.0, None, 50.0)) == 200.0
    assert Handling().talk_left("general", 50.0) == 1.0


def test_a_half_hour_has_its_own_mean_and_a_poor_one_that_of_the_queue() -> None:
    history = History()
    for _ in range(2000):
        history.add("general", MONDAY, 10.0, 100.0)
        history.add("general", MONDAY + timedelta(hours=5), 10.0, 300.0)
    assert history.usual("general", MONDAY).handling_s == pytest.approx(100.0, rel=0.06)
    assert history.usual("general", MONDAY + timedelta(minutes=19)).handling_s == pytest.approx(100.0, rel=0.06)
    assert history.usual("general", MONDAY + timedelta(minutes=20)).handling_s == pytest.approx(200.0, rel=0.06)
    assert history.usual("enterprise", MONDAY).calls == 0


def test_old_weeks_fade() -> None:
    history = History()
    for week, handling_s in ((0, 100.0), (4, 300.0)):
        for _ in range(1000):
            history.add("general", MONDAY + timedelta(weeks=week), 10.0, handling_s)
    assert history.usual("general", MONDAY).handling_s == pytest.approx(260.0, rel=0.03)


def test_sums_say_the_same_as_their_calls() -> None:
    one_by_one, at_once = History(), History()
    for handling_s in (None, *[200.0] * 60, *[None] * 30):
        one_by_one.add("general", MONDAY, 30.0, handling_s)
    at_once.add_sums("general", MONDAY, 91, 91 * 30.0, 60, 60 * 200.0)
    assert one_by_one.usual("general", MONDAY) == at_once.usual("general", MONDAY)


def test_patience_is_found_though_answers_cut_it_short() -> None:
    history, rng = History(), random.Random(5)
    for _ in range(4000):
        stays, offered = rng.expovariate(1 / 150), rng.expovariate(1 / 60)
        history.add("general", MONDAY, min(stays, offered), None if stays < offered else 200.0)
    assert history.usual("general", MONDAY).patience_s == pytest.approx(150.0, rel=0.1)


def test_the_last_calls_lead_the_mean_and_long_ago_ones_are_forgotten() -> None:
    handling = Handling()
    for talk_s in [10.0] * 200 + [280.0] * 200:
        handling.add("general", talk_s, 20.0)
    assert handling.mean_s("general", Habit(100.0, None, 1e6)) == pytest.approx((300 * 200 + 100 * 100) / 300)
    assert handling.mean_s("general", Habit(100.0, None, 0.0)) == pytest.approx(300.0, rel=0.02)
    assert handling.wrap_up_s("general") == handling.wrap_up_s("a queue without a call") == 20.0


def test_the_rest_of_a_talk_is_what_longer_talks_had_left() -> None:
    handling = Handling()
    for talk_s in [60.0] * 100 + [600.0] * 100:
        handling.add("general", talk_s, 0.0)
    assert handling.talk_left("general", 0.0) == pytest.approx(1.0)
    assert handling.talk_left("general", 590.0) < 0.3
    assert handling.talk_left("general", 70.0) > 1.4
