"""What a day's callers bring to each desk by half hour, of a scenario or a load file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from cti.simulation.day import Arrival
from cti.simulation.scenario import HALF_HOUR_S, HALF_HOURS, Scenario
from queues.staffing import Work


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
