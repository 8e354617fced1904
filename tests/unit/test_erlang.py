"""Erlang's formulas against the plain birth-death chain they are derived from, and against published figures."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from queues.erlang import Steady, agents_needed, erlang_a, erlang_b

AGENTS = st.integers(1, 2000)
HANDLING_S = st.floats(20, 1200)
PATIENCE_S = st.floats(2, 7200)
PRESSURE = st.floats(0.05, 4.0)
"""Load in Erlang for each agent."""


def chain(agents: int, rate: float, handling_s: float, patience_s: float) -> dict[int, float]:
    """How likely each number of calls in the system is: from the likeliest on, up and down."""

    def leaving(calls: int) -> float:
        return min(calls, agents) / handling_s + max(0, calls - agents) / patience_s

    start = next(k for k in range(1, 10_000_000) if leaving(k) >= rate)
    weights = {start: 1.0}
    k = start
    while weights[k] > 1e-20:
        weights[k + 1] = weights[k] * rate / leaving(k + 1)
        k += 1
    k = start
    while k > 0 and weights[k] > 1e-300:
        weights[k - 1] = weights[k] * leaving(k) / rate
        k -= 1
    total = math.fsum(weights.values())
    return {k: weight / total for k, weight in weights.items()}


@settings(max_examples=60, deadline=None)
@given(AGENTS, PRESSURE, HANDLING_S, PATIENCE_S)
def test_erlang_a_is_the_birth_death_chain(agents: int, pressure: float, handling_s: float, patience_s: float) -> None:
    rate = pressure * agents / handling_s
    states = chain(agents, rate, handling_s, patience_s)

    steady = erlang_a(agents, rate, handling_s, patience_s)

    waiting = math.fsum((k - agents) * share for k, share in states.items() if k > agents)
    assert steady.waits == pytest.approx(math.fsum(s for k, s in states.items() if k >= agents), abs=1e-9)
    assert steady.gives_up == pytest.approx(waiting / patience_s / rate, abs=1e-9)
    assert steady.wait_s == pytest.approx(waiting / rate, abs=1e-9 * patience_s)  # Little's law
    assert steady.answered == 1 - steady.gives_up


@settings(max_examples=30, deadline=None)
@example(48, 2.0, 60.0, 190.0, 1.0)
@given(st.integers(1, 60), st.floats(0.3, 2.0), st.floats(60, 400), st.floats(20, 400), st.floats(1, 60))
def test_answered_in_time_is_the_integral_over_the_offered_wait(
    agents: int, pressure: float, handling_s: float, patience_s: float, within_s: float
) -> None:
    rate = pressure * agents / handling_s
    states = chain(agents, rate, handling_s, patience_s)

    def answered_after(t: float) -> float:
        stays = math.exp(-t / patience_s)
        gone = rate * patience_s * (1 - stays) - agents * t / handling_s
        return states[agents - 1] * rate * math.exp(gone) * stays

    steps = 2000
    weights = (1 if i in (0, steps) else 4 if i % 2 else 2 for i in range(steps + 1))
    width = within_s / steps
    waited = sum(w * answered_after(i * width) for i, w in enumerate(weights)) * width / 3
    at_once = math.fsum(share for k, share in states.items() if k < agents)

    assert erlang_a(agents, rate, handling_s, patience_s, within_s).in_time == pytest.approx(at_once + waited, abs=1e-7)


@given(AGENTS, PRESSURE, HANDLING_S, PATIENCE_S, st.floats(0, 600))
def test_shares_are_shares_and_more_agents_never_harm(
    agents: int, pressure: float, handling_s: float, patience_s: float, within_s: float
) -> None:
    rate = pressure * agents / handling_s
    here, more = (erlang_a(n, rate, handling_s, patience_s, within_s) for n in (agents, agents + 1))
    assert 0 <= here.in_time <= here.answered <= 1
    assert 0 <= here.waits <= 1
    assert more.answered >= here.answered - 1e-9
    assert more.in_time >= here.in_time - 1e-9
    assert erlang_a(agents, rate, handling_s, patience_s, 1e9).in_time == pytest.approx(here.answered, abs=1e-9)


def erlang_c(agents: int, calls_per_s: float, handling_s: float, within_s: float = 0.0) -> Steady:
    """M/M/n: callers wait for ever. What Erlang A comes to as patience grows."""
    load = calls_per_s * handling_s
    blocked = erlang_b(agents, load)
    waits = blocked / (1.0 - (load / agents) * (1.0 - blocked))
    spare = (agents - load) / handling_s
    return Steady(waits, 0.0, waits / spare, 1.0 - waits * math.exp(-spare * within_s))


def test_textbook_values() -> None:
    assert erlang_b(10, 5.0) == pytest.approx(0.018385, abs=1e-6)
    assert erlang_c(10, 5.0, 1.0).waits == pytest.approx(0.036105, abs=1e-6)
    # Two agents, one Erlang: C = 1/3, mean wait C / (n mu - lambda).
    assert erlang_c(2, 1.0, 1.0).wait_s == pytest.approx(1 / 3)
    assert erlang_c(2, 1.0, 1.0, within_s=1.0).in_time == pytest.approx(1 - math.exp(-1) / 3)


def test_without_impatience_erlang_a_is_erlang_c() -> None:
    patient, eternal = erlang_a(50, 45 / 300, 300, 1e9, 15), erlang_c(50, 45 / 300, 300, 15)
    assert patient.waits == pytest.approx(eternal.waits, rel=1e-4)
    assert patient.in_time == pytest.approx(eternal.in_time, rel=1e-4)


@pytest.mark.parametrize(("patience_s", "needed"), [(60, 302), (120, 301)])
def test_the_busy_hour_of_a_50000_call_day_needs_300_agents_for_90_percent(patience_s: float, needed: int) -> None:
    assert agents_needed(5000 / 3600, 240, patience_s, connected=0.9) == needed


@given(st.floats(0.001, 1.0), HANDLING_S, st.floats(10, 600), st.floats(0.3, 0.99), st.floats(0, 0.99))
@settings(max_examples=50, deadline=None)
def test_the_agents_needed_reach_the_target_and_one_less_does_not(
    rate: float, handling_s: float, patience_s: float, connected: float, in_time: float
) -> None:
    needed = agents_needed(rate, handling_s, patience_s, connected, in_time, 15)
    enough = erlang_a(needed, rate, handling_s, patience_s, 15)
    assert enough.answered >= connected
    assert enough.in_time >= in_time
    less = erlang_a(needed - 1, rate, handling_s, patience_s, 15)
    assert less.answered < connected or less.in_time < in_time


def test_no_calls_need_nobody_and_a_target_of_all_is_refused() -> None:
    assert agents_needed(0, 240, 90, 0.95) == 0
    with pytest.raises(ValueError, match="below 1"):
        agents_needed(1, 240, 90, 1.0)


@pytest.mark.parametrize("pressure", [0.001, 1.0, 1000.0])
def test_extremes_do_not_overflow(pressure: float) -> None:
    steady = erlang_a(2000, pressure * 2000 / 300, 300, 3600, 15)
    assert steady.answered == pytest.approx(min(1.0, 1 / pressure), abs=0.01)
