"""Who sits where: the same agents, shifts and skills for every policy.

In each half hour the agents logged in are shared out among the desks one by one: each next seat goes to the desk where
it answers the most calls more (Erlang A). So desks that share nothing connect as many calls as any plan lets them, and
what a sharing policy gains is not owed to a bad plan of the others. An agent of a desk has that desk's skills, in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cti.calls import AgentId
from cti.simulation.scenario import HALF_HOUR_S, HALF_HOURS, Scenario
from queues.erlang import erlang_a


@dataclass(frozen=True, slots=True)
class Seat:
    """One agent of the plan. `on` says for each half hour whether he is logged in."""

    agent_id: AgentId
    desk: str
    skills: Mapping[str, int]
    on: tuple[bool, ...]


def plan(scenario: Scenario) -> list[Seat]:
    """All agents of the day."""
    shared: dict[tuple[int, float], list[int]] = {}
    by_half_hour = []
    for half_hour in range(HALF_HOURS):
        key = scenario.manned(half_hour), scenario.calls_of_half_hour(half_hour)
        if key not in shared:
            shared[key] = _share_out(scenario, *key)
        by_half_hour.append(shared[key])
    seats = []
    for index, desk in enumerate(scenario.desk):
        counts = [row[index] for row in by_half_hour]
        for n in range(max(counts)):
            agent_id = AgentId(f"{desk.name}{n + 1}")
            on = tuple(n < count for count in counts)
            seats.append(Seat(agent_id, desk.name, desk.agents[n % len(desk.agents)], on))
    return seats


def _share_out(scenario: Scenario, manned: int, calls: float) -> list[int]:
    rates = [calls * scenario.share(desk) / HALF_HOUR_S for desk in scenario.desk]

    def answered(index: int, agents: int) -> float:
        handling_s = scenario.handling_s(scenario.desk[index])
        return rates[index] * erlang_a(agents, rates[index], handling_s, scenario.callers.patience_s).answered

    counts = [1] * len(rates)
    gains = [answered(index, 2) - answered(index, 1) for index in range(len(rates))]
    for _ in range(manned - len(rates)):
        best = gains.index(max(gains))
        counts[best] += 1
        gains[best] = answered(best, counts[best] + 1) - answered(best, counts[best])
    return counts
