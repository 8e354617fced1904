"""Agents' time by half hour: exact for shifts of which everything is known, kept live and made anew."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta, timezone
from functools import cache

import pytest

from cti.calls import Milestone
from cti.metrics.definitions import of_source
from cti.metrics.groups import AgentKey, Period
from cti.metrics.live_agents import LiveAgents
from cti.metrics.rates import rate, rates_by, total
from cti.metrics.rollups import AgentRollup, add, repairs, roll_up_agents_time
from tests.support.known_shifts import KnownShifts, known_shifts

ZONE = timezone(timedelta(hours=8))
BEGINS = int(datetime(2026, 11, 20, 21, 0, tzinfo=ZONE).timestamp())
"""The shifts of five hours go over midnight."""
PERIOD = Period(BEGINS, BEGINS + 8 * 3600)


@cache
def shifts() -> KnownShifts:
    return known_shifts(12, BEGINS * 1000, 5, seed=11)


def as_known(known: KnownShifts, since: float, until: float) -> AgentRollup:
    return {AgentKey(*key): sums for key, sums in known.sums(round(since * 1000), round(until * 1000)).items()}


def test_seconds_lie_where_they_were_spent_and_talks_where_they_ended() -> None:
    found = roll_up_agents_time(shifts().milestones, PERIOD)
    assert not repairs(found, as_known(shifts(), PERIOD.since, PERIOD.until))
    assert total(found)["agent_talks"] > 300


@pytest.mark.parametrize("cut_s", [1800, 5400, 9000])
def test_parts_of_a_period_add_up_to_the_whole(cut_s: int) -> None:
    """Who was talking when a part began is known from what he did before."""
    cut = PERIOD.since + cut_s
    parts = roll_up_agents_time(shifts().milestones, Period(PERIOD.since, cut))
    add(parts, roll_up_agents_time(shifts().milestones, Period(cut, PERIOD.until)))
    assert not repairs(parts, roll_up_agents_time(shifts().milestones, PERIOD))


KNOWN = {
    "occupancy": (("talking_ms", "on_hold_ms", "wrap_up_ms"), ("talking_ms", "on_hold_ms", "wrap_up_ms", "idle_ms")),
    "handling_time": (("talking_ms", "on_hold_ms", "wrap_up_ms"), ("agent_talks",)),
    "after_call_time": (("wrap_up_ms",), ("agent_talks",)),
    "non_response_rate": (("agent_missed",), ("agent_offers",)),
}


@pytest.mark.parametrize("code", [d.code for d in of_source("agents")])
def test_metrics_of_agents_are_exact_together_and_each(code: str) -> None:
    rollup = roll_up_agents_time(shifts().milestones, PERIOD)
    known = as_known(shifts(), PERIOD.since, PERIOD.until)
    above, below = KNOWN[code]

    def value(sums: Counter[str]) -> float:
        numerator, denominator = (sum(sums[name] for name in side) for side in (above, below))
        return numerator / denominator / (1000 if below == ("agent_talks",) else 1)

    whole: Counter[str] = Counter()
    by_agent: dict[str, Counter[str]] = {}
    for key, sums in known.items():
        whole.update(sums)
        by_agent.setdefault(key.agent, Counter()).update(sums)
    assert rate(code, total(rollup)).value == pytest.approx(value(whole), rel=1e-12)
    found = rates_by(code, rollup, "agent", ZONE, PERIOD)
    assert {agent: one.value for agent, one in found.items()} == pytest.approx(
        {agent: value(sums) for agent, sums in by_agent.items()}, rel=1e-12
    )


@pytest.mark.parametrize("seed", range(3))
def test_live_sums_are_the_recomputed_ones_at_any_moment(seed: int) -> None:
    """Given batches of any size, half hours settled and crashes between them, when asked, then nothing differs."""
    rng = random.Random(seed)
    known = known_shifts(3, BEGINS * 1000, 5, seed)
    journal, at = known.milestones, 0
    live = LiveAgents(PERIOD.since)
    while at < len(journal):
        begun, at = at, at + rng.choice((1, 2, 10, 100))
        while at < len(journal) and journal[at].at == journal[at - 1].at:
            at += 1  # what happens at one moment is one change
        if rng.random() < 0.1:
            live, begun = LiveAgents(PERIOD.since), 0
        # Also some of what it has heard already: where two readings overlap, milestones come twice.
        live.add(journal[max(0, begun - 20) : at])
        now = journal[min(at, len(journal)) - 1].at + 0.001
        assert not repairs(live.sums(now), as_known(known, PERIOD.since, now))
        if rng.random() < 0.3:
            live.settle(now)
    assert not live.doubtful


def test_what_comes_too_late_makes_settled_half_hours_doubtful() -> None:
    journal = shifts().milestones
    late = next(m for m in journal if m.stream == "agent" and m.at > PERIOD.since + 3000 and m.kind == "status")
    live = LiveAgents(PERIOD.since)
    # Only milestones of other agents and calls, for numbers of one stream come in their order.
    live.add(m for m in journal if m.id != late.id)
    live.settle(PERIOD.since + 7200)
    live.add([late])
    first = int(late.at // 1800 * 1800)
    assert live.doubtful == set(range(first, int(PERIOD.since) + 7200, 1800))


def test_what_is_said_as_a_half_hour_begins_belongs_to_it() -> None:
    said = Milestone("agent", "a1", 1, PERIOD.since + 1800, "logged_in")
    live = LiveAgents(PERIOD.since)
    live.add([said])
    live.settle(PERIOD.since + 1800)
    (key,) = sums = live.sums(PERIOD.since + 3600)
    assert (key.half_hour, sums[key]) == (PERIOD.since + 1800, Counter(not_ready_ms=1_800_000))


def test_sums_of_forgotten_half_hours_are_gone() -> None:
    live = LiveAgents(PERIOD.since)
    live.add(shifts().milestones)
    live.settle(PERIOD.until)
    live.forget(PERIOD.since + 7200)
    expected = roll_up_agents_time(shifts().milestones, PERIOD)
    kept = {key: sums for key, sums in expected.items() if key.half_hour >= PERIOD.since + 7200}
    assert not repairs(live.sums(PERIOD.until), kept)
