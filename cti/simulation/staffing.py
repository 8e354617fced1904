"""Agents needed per half hour and desk, by Erlang A: each half hour is taken as a steady state of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cti.simulation.day import Arrival
from cti.simulation.scenario import HALF_HOUR_S, HALF_HOURS, Scenario
from queues.erlang import agents_needed


@dataclass(frozen=True, slots=True)
class Work:
    """What callers bring to one desk in one half hour."""

    calls: float
    handling_s: float


@dataclass(frozen=True, slots=True)
class Target:
    share: float
    """Of all calls, below 1."""
    within_s: float | None = None
    """The share is answered within this time; None: answered at all."""

    def agents(self, work: Work, patience_s: float) -> int:
        rate, connected = work.calls / HALF_HOUR_S, self.share if self.within_s is None else 0.0
        in_time = 0.0 if self.within_s is None else self.share
        return agents_needed(rate, work.handling_s, patience_s, connected, in_time, self.within_s or 0.0)


def together(works: Sequence[Work]) -> Work:
    """One pool of the work of several desks."""
    calls = sum(work.calls for work in works)
    return Work(calls, sum(work.calls * work.handling_s for work in works) / calls if calls else 0.0)


def of_scenario(scenario: Scenario) -> dict[str, list[Work]]:
    """For each desk the 48 half hours. First calls only: with enough agents hardly anybody calls again."""
    return {
        desk.name: [
            Work(scenario.calls_of_half_hour(half_hour) * scenario.share(desk), scenario.handling_s(desk))
            for half_hour in range(HALF_HOURS)
        ]
        for desk in scenario.desk
    }


def of_load(arrivals: Sequence[Arrival], handling_s: Mapping[str, float] | float) -> dict[str, list[Work]]:
    """The same from the calls of a load file; calls without a time take `handling_s`, by desk or one for all."""
    seconds: dict[str, list[list[float]]] = defaultdict(lambda: [[] for _ in range(HALF_HOURS)])
    for arrival in arrivals:
        usual = handling_s if isinstance(handling_s, float) else handling_s[arrival.desk]
        cell = seconds[arrival.desk][int(arrival.at // HALF_HOUR_S)]
        cell.append(usual if arrival.handling_s is None else arrival.handling_s)
    return {
        desk: [Work(len(cell), sum(cell) / len(cell) if cell else 0.0) for cell in cells]
        for desk, cells in sorted(seconds.items())
    }
