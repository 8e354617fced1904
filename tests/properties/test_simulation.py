"""The simulated hotline: as exact as Erlang's formula where there is one, and as its rules say where there is none."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.calls import AgentId
from cti.simulation.day import Citizen, citizens
from cti.simulation.engine import Simulation, Tally
from cti.simulation.policies import NAMES, policy
from cti.simulation.scenario import Scenario, read
from cti.simulation.seats import Seat, plan
from cti.simulation.study import study
from queues.erlang import erlang_a

ALL_DAY = (True,) * 48
TWO_DESKS = """
title = "two desks"
assumptions = ["a test"]
seats = { chairs = 9, peak = 8, least = 3 }
redial = { share = 0.6, after_s = 240, most = 3 }
[callers]
first_calls = 900
by_hour = [1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 3, 2, 2, 2, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1]
talk_s = 200
talk_sigma = 0.8
wrap_up_s = 30
patience_s = 60
answer_s = 2
[[desk]]
name = "general"
share = 70
need = "general|general>=1|+0"
agents = [{ general = 4 }, { general = 4, special = 1 }]
[[desk]]
name = "special"
share = 30
need = "general|special>=3@4|+0"
agents = [{ special = 4, general = 2 }]
"""


def scenario(text: str = TWO_DESKS) -> Scenario:
    return read(text, "test.toml")["day"]


def seat(name: str, desk: str = "general", on: tuple[bool, ...] = ALL_DAY, **skills: int) -> Seat:
    return Seat(AgentId(name), desk, skills or {"general": 4}, on)


def calls(
    at: float, desk: str = "general", talk_s: float = 100.0, patience_s: Sequence[float] = (1e9,), **more: Any
) -> Citizen:
    return Citizen(at, desk, talk_s, 0.0, tuple(patience_s), **{"redial_s": (), **more})


def outcome(name: str, seats: Sequence[Seat], *callers: Citizen, answer_s: float = 0.0) -> Tally:
    day = scenario(TWO_DESKS.replace("answer_s = 2", f"answer_s = {answer_s}"))
    return Simulation(day, callers, seats, policy(name, day, seats)).run()


@pytest.mark.parametrize("rate", [0.42, 0.62])
def test_one_queue_agrees_with_erlang_a(rate: float) -> None:
    rng, agents, until = random.Random(1), 10, 30_000
    at, callers = 0.0, []
    while (at := at + rng.expovariate(rate)) < until:
        callers.append(calls(at, talk_s=rng.expovariate(1 / 20), patience_s=(rng.expovariate(1 / 10),)))

    tally = outcome("silo", [seat(f"a{n}") for n in range(agents)], *callers)

    # With the means as they were drawn: what is left is the chance of the order, 0.2 points.
    talk_s, patience_s = fmean(c.talk_s for c in callers), fmean(c.patience_s[0] for c in callers)
    exact = erlang_a(agents, len(callers) / until, talk_s, patience_s, within_s=15)
    assert tally.answered / tally.calls == pytest.approx(exact.answered, abs=0.005)
    assert tally.in_time / tally.calls == pytest.approx(exact.in_time, abs=0.005)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(NAMES))
def test_every_call_ends_and_no_agent_works_more_than_he_is_there(seed: int, name: str) -> None:
    day = scenario()
    seats, callers = plan(day), citizens(day, seed)

    tally = Simulation(day, callers, seats, policy(name, day, seats)).run()

    redials = sum(len(citizen.redial_s) for citizen in callers)
    assert len(callers) <= tally.calls <= len(callers) + redials
    assert tally.citizens_answered <= tally.answered <= len(callers)
    assert tally.in_time <= tally.answered
    # Who called four times gave up four times: there are as many losses as redials and citizens never answered.
    assert tally.calls - tally.answered == (tally.calls - len(callers)) + (len(callers) - tally.answered)
    assert 0 < tally.busy_s <= tally.manned_s


def test_with_one_desk_the_three_settings_of_the_router_are_one() -> None:
    one_desk = TWO_DESKS.split('[[desk]]\nname = "special"')[0].replace(", { general = 4, special = 1 }", "")
    day = scenario(one_desk.replace("most = 3", "most = 0"))
    seats, callers = plan(day), citizens(day, 7)
    tallies = [Simulation(day, callers, seats, policy(name, day, seats)).run() for name in ("silo", "ours", "one_pool")]
    assert tallies[0].answered == tallies[1].answered == tallies[2].answered < tallies[0].calls
    assert tallies[0].wait_s == tallies[1].wait_s == tallies[2].wait_s


def test_the_same_seed_brings_the_same_citizens_and_another_brings_others() -> None:
    assert citizens(scenario(), 1) == citizens(scenario(), 1) != citizens(scenario(), 2)


def test_more_patience_does_not_change_who_calls_when_and_for_how_long() -> None:
    hasty, patient = (
        citizens(scenario(TWO_DESKS.replace("patience_s = 60", f"patience_s = {s}")), 1) for s in (60, 90)
    )
    assert [(c.at, c.desk, c.talk_s) for c in hasty] == [(c.at, c.desk, c.talk_s) for c in patient]


def test_talks_have_the_mean_that_was_asked_for() -> None:
    day = scenario(TWO_DESKS.replace("first_calls = 900", "first_calls = 20000"))
    talks = [citizen.talk_s for citizen in citizens(day, 1)]
    assert sum(talks) / len(talks) == pytest.approx(200, rel=0.03)
    assert len(talks) == pytest.approx(20_000, rel=0.02)


def test_who_calls_again_in_time_gets_his_place_back_from_us_alone() -> None:
    # One agent, busy until 100. The first waits from 1 to 11 and is back at 61; the second waits since 30, until 90.
    callers = (
        calls(0, talk_s=100),
        calls(1, talk_s=50, patience_s=(10, 1000), redial_s=(50,)),
        calls(30, talk_s=50, patience_s=(100,)),
    )
    ours, silo = (outcome(name, [seat("a1")], *callers) for name in ("ours", "silo"))
    assert (ours.answered, ours.calls) == (2, 4)  # the second gave up at 130: the first was before him until 150
    assert (silo.answered, silo.calls) == (3, 4)
    assert ours.wait_s == pytest.approx(0 + (100 - 61))
    assert silo.wait_s == pytest.approx(0 + (100 - 30) + (150 - 61))


def test_a_specialist_is_waited_for_and_then_anybody_will_do() -> None:
    general, special = seat("g1"), seat("s1", "special", special=4, general=2)
    busy = calls(0, "special", talk_s=1000)
    alone = outcome("ours", [general, special], busy, calls(10, "special"))
    assert (alone.answered, alone.wait_s, alone.by_first_choice) == (2, pytest.approx(4), 1)
    assert outcome("silo", [general, special], busy, calls(10, "special")).wait_s == pytest.approx(990)
    assert outcome("one_pool", [general, special], busy, calls(10, "special")).wait_s == 0


def test_app_queue_calls_a_lower_penalty_first_and_looks_once_a_second() -> None:
    general, special = seat("g1"), seat("s1", "special", special=4, general=2)
    assert outcome("penalties", [general, special], calls(0, "special")).by_first_choice == 1
    tally = outcome("penalties", [general, special], calls(0, "special"), calls(1, "special"))
    assert (tally.answered, tally.by_first_choice, tally.wait_s) == (2, 1, 0)
    # Both agents busy until 100.3 and 200; the queue `special` looks at half past each second.
    late = [calls(0, talk_s=100.3), calls(0, talk_s=200), calls(5, "special")]
    assert outcome("penalties", [general, special], *late).wait_s == pytest.approx(100.5 - 5)


def test_a_caller_may_give_up_while_the_telephone_rings() -> None:
    tally = outcome("ours", [seat("a1")], calls(0, patience_s=(2,)), calls(10), answer_s=3)
    assert (tally.answered, tally.calls, tally.wait_s) == (1, 2, 3)
    assert tally.busy_s == pytest.approx(2 + 3 + 100)


def test_in_time_is_within_fifteen_seconds_of_the_call() -> None:
    tally = outcome("ours", [seat("a1")], calls(0, talk_s=16), calls(1, talk_s=16), calls(16), calls(1000))
    assert (tally.answered, tally.in_time, tally.longest_wait_s) == (4, 3, 16)


def test_an_agent_goes_home_when_his_talk_is_over() -> None:
    one_half_hour = (True,) + (False,) * 47
    tally = outcome("ours", [seat("a1", on=one_half_hour)], calls(1750, talk_s=100), calls(1760, patience_s=(500,)))
    assert (tally.answered, tally.calls) == (1, 2)
    assert tally.manned_s == pytest.approx(1850)


def test_seats_follow_the_roster_and_every_desk_has_one() -> None:
    day = scenario()
    seats = plan(day)
    for half_hour in range(48):
        on = [s.desk for s in seats if s.on[half_hour]]
        assert len(on) == day.manned(half_hour)
        assert {"general", "special"} <= set(on)
    assert [s.skills for s in seats if s.desk == "general"][:2] == [{"general": 4}, {"general": 4, "special": 1}]


def test_sharing_connects_more_than_silos_and_one_pool_at_most_as_much() -> None:
    result = study({"day": scenario()}, range(1, 4))["day"]
    assert result.difference("ours", "silo").mean > 0.02
    assert result.difference("one_pool", "ours").mean > -0.002
    told = result.as_json()
    assert told["manned_peak"] == 8
    assert set(told["policies"]) == set(NAMES)
    rate = told["policies"]["ours"]["connection_rate"]
    assert 0 < rate["low"] < rate["mean"] < rate["high"] < 1
    assert told["differences"]["ours_minus_silo"]["low"] > 0
