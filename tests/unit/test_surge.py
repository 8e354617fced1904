"""The forecast of the wait, and the ladder whose rungs follow it."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.calls import CityFact, Milestone
from queues.handling import Habit
from queues.surge import Arrivals, Change, Forecast, Ladder, Load, Rung, forecast, loads_of, shared

PROMPTS = Rung("short_prompts", on_wait_s=60.0, off_wait_s=20.0, at_least_s=120.0)
BORROW = Rung("borrow", on_wait_s=120.0, off_wait_s=45.0, at_least_s=120.0)


def ladder() -> Ladder:
    return Ladder((PROMPTS, BORROW))


def swamped(wait_s: float) -> Forecast:
    return Forecast(1.2, wait_s)


def names(changes: list[Change]) -> list[tuple[str, bool, str]]:
    return [(change.rung, change.on, change.by) for change in changes]


# The forecast


def test_the_rate_follows_a_steady_stream_and_forgets_it() -> None:
    arrivals, rng, now = Arrivals(0.0), random.Random(1), 0.0
    while now < 3600:
        now += rng.expovariate(0.5)
        arrivals.add("general", now)
    assert arrivals.per_s("general", now) == pytest.approx(0.5, rel=0.15)
    assert arrivals.per_s("general", now + 1800) < 0.03
    assert arrivals.per_s("enterprise", now) == 0.0


def test_one_call_just_after_the_start_is_no_rush() -> None:
    arrivals = Arrivals(0.0)
    arrivals.add("general", 2.0)
    assert arrivals.per_s("general", 3.0) == pytest.approx(1 / 300, rel=0.3)


def test_a_young_daemon_reckons_with_the_time_it_has_seen() -> None:
    arrivals = Arrivals(0.0)
    for second in range(0, 120, 2):
        arrivals.add("general", float(second))
    assert arrivals.per_s("general", 120.0) == pytest.approx(0.5, rel=0.05)
    first = Arrivals(0.0)
    first.add("general", 1.0)
    assert first.per_s("general", 1.0) < 1 / 55


def test_overload_settles_where_as_many_give_up_as_are_too_many() -> None:
    """n/handling + q/patience = lambda: q = (0.5 - 100/240) * 180 = 15 callers."""
    steady = forecast([Load(0.5, 240.0, 100.0, waiting=15, patience_s=180.0)])
    assert steady.saturation == pytest.approx(1.2)
    assert steady.wait_s == pytest.approx(180 * math.log1p(15 * 240 / 100 / 180), rel=0.02)
    assert forecast([Load(0.5, 240.0, 100.0, patience_s=180.0)]).wait_s == pytest.approx(steady.wait_s, rel=0.05)


def test_without_patience_the_surplus_of_a_quarter_of_an_hour_waits() -> None:
    found = forecast([Load(0.5, 240.0, 100.0)])
    assert found.wait_s == pytest.approx((0.5 - 100 / 240) * 900 * 240 / 100, rel=0.02)


def test_a_queue_that_agents_will_have_worked_off_is_no_surge() -> None:
    found = forecast([Load(0.3, 240.0, 100.0, waiting=40, patience_s=180.0)])
    assert found == Forecast(0.72, 0.0)
    assert forecast([]) == Forecast(0.0, 0.0)


def test_nobody_at_work_is_the_longest_wait_and_a_small_queue_weighs_little() -> None:
    assert forecast([Load(0.01, 240.0, 0.0)]).wait_s == 3600.0
    both = forecast([Load(0.5, 200.0, 120.0), Load(0.0005, 240.0, 0.0)])
    assert 0 < both.wait_s < 10


@given(st.floats(0, 5), st.floats(30, 900), st.integers(0, 300), st.integers(0, 500), st.none() | st.floats(5, 900))
def test_more_agents_never_make_the_wait_longer(
    rate: float, handling_s: float, agents: int, waiting: int, patience_s: float | None
) -> None:
    fewer, more = (forecast([Load(rate, handling_s, float(agents + n), waiting, patience_s)]) for n in (0, 1))
    assert 0 <= more.wait_s <= fewer.wait_s + 1.0
    assert fewer.wait_s <= 3600


def test_agents_of_several_queues_go_where_they_are_needed_as_far_as_skills_allow() -> None:
    found = shared([("a",)] * 4 + [("a", "b", "spare")] * 6 + [("c",)], {"a": 4.0, "b": 4.0, "c": 9.0})
    assert found["a"] == pytest.approx(5.0, abs=0.1)
    assert found["b"] == pytest.approx(5.0, abs=0.1)
    assert found["c"] == pytest.approx(1.0)
    assert shared([("a",)], {"a": 0.0, "b": 2.0}) == {"a": pytest.approx(1.0), "b": 0.0}


def test_loads_of_a_city_count_who_waits_when_agents_are_divided() -> None:
    habits = {"a": Habit(200.0, 120.0, 1e3), "b": Habit(400.0, None, 1e3)}
    found = loads_of({"a": 0.1}, {"b": 45}, habits, [("a", "b")] * 10)
    assert [(load.arrivals_per_s, load.waiting, load.patience_s) for load in found] == [
        (0.1, 0, 120.0),
        (0.0, 45, None),
    ]
    assert [load.agents for load in found] == [pytest.approx(5.0), pytest.approx(5.0)]


# The ladder


def test_rungs_switch_on_above_one_wait_and_off_below_another() -> None:
    steps = ladder()
    assert steps.step(0.0, swamped(60.0)) == []
    assert steps.step(10.0, swamped(70.0)) == [Change("short_prompts", True, "rule", 1.2, 70.0)]
    assert names(steps.step(200.0, swamped(130.0))) == [("borrow", True, "rule")]
    assert steps.step(400.0, swamped(50.0)) == []
    assert names(steps.step(410.0, swamped(44.0))) == [("borrow", False, "rule")]
    assert names(steps.step(420.0, swamped(10.0))) == [("short_prompts", False, "rule")]


def test_a_rung_stays_for_its_least_time() -> None:
    steps = ladder()
    steps.step(0.0, swamped(70.0))
    assert steps.step(119.0, swamped(0.0)) == []
    assert names(steps.step(120.0, swamped(0.0))) == [("short_prompts", False, "rule")]
    assert steps.step(130.0, swamped(70.0)) == []
    assert names(steps.step(240.0, swamped(70.0))) == [("short_prompts", True, "rule")]


def test_what_a_supervisor_sets_holds_until_he_sets_it_to_automatic() -> None:
    steps = ladder()
    assert names(steps.set("borrow", "on", "chen", 0.0)) == [("borrow", True, "chen")]
    assert steps.set("borrow", "on", "chen", 1.0) == []
    assert steps.step(90_000.0, swamped(0.0)) == []
    assert names(steps.set("borrow", "auto", "chen", 90_001.0)) == [("borrow", True, "rule")]
    assert names(steps.step(90_002.0, swamped(0.0))) == [("borrow", False, "rule")]
    steps.set("short_prompts", "off", "chen", 90_003.0)
    assert names(steps.step(91_000.0, swamped(500.0))) == [("borrow", True, "rule")]
    with pytest.raises(KeyError):
        steps.set("no_such_rung", "on", "chen", 0.0)
    with pytest.raises(ValueError, match="no person"):
        steps.set("borrow", "on", "rule", 0.0)


def test_after_a_restart_rungs_and_wishes_are_as_they_were() -> None:
    def rung(seq: int, name: str, on: bool, by: str) -> Milestone:
        return Milestone("city", name, seq, 100.0 * seq, CityFact.RUNG, {"on": on, "by": by})

    steps = ladder()
    water = Milestone("city", "water", 9, 900.0, CityFact.NOTICE, {"on": True})
    steps.restore(
        [rung(1, "borrow", True, "rule"), rung(2, "short_prompts", True, "chen"), rung(3, "gone", True, "rule"), water]
    )
    assert [name for name, state in steps.states.items() if state.on] == ["short_prompts", "borrow", "gone"]
    assert names(steps.step(150.0, swamped(0.0))) == [("gone", False, "rule")]
    assert names(steps.step(300.0, swamped(0.0))) == [("borrow", False, "rule")]
    assert list(steps.states) == ["short_prompts", "borrow"]


@given(st.lists(st.tuples(st.integers(1, 200), st.floats(0, 300)), max_size=60))
def test_no_rung_ever_changes_sooner_than_its_least_time(moments: list[tuple[int, float]]) -> None:
    steps, now = ladder(), 0.0
    changed: dict[str, float] = {}
    on: dict[str, bool] = {}
    for pause_s, wait_s in moments:
        now += pause_s
        for change in steps.step(now, swamped(wait_s)):
            assert now - changed.get(change.rung, -math.inf) >= 120.0
            assert change.on is not on.get(change.rung, False)
            changed[change.rung], on[change.rung] = now, change.on
