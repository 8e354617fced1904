"""The policies over many seeds, in processes side by side, summed up with confidence intervals."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from cti.simulation.day import Arrival, citizens
from cti.simulation.engine import Simulation, Tally
from cti.simulation.policies import NAMES, policy
from cti.simulation.scenario import Scenario
from cti.simulation.seats import Seat, plan
from cti.simulation.statistics import Interval

MEASURES: Mapping[str, Callable[[Tally], float]] = {
    "connection_rate": lambda t: t.answered / t.calls,
    "intent_rate": lambda t: t.citizens_answered / t.citizens,
    "asked_answer_rate_15s": lambda t: t.in_time / t.calls,
    "lost": lambda t: float(t.calls - t.answered),
    "calls": lambda t: float(t.calls),
    "asa_s": lambda t: t.wait_s / max(1, t.answered),
    "longest_wait_s": lambda t: t.longest_wait_s,
    "occupancy": lambda t: t.busy_s / t.manned_s,
    "first_choice": lambda t: t.by_first_choice / max(1, t.answered),
}
"""What is told of each policy; the rates by the definitions of docs/architecture.md."""

DIFFERENCES = (("ours", "silo"), ("ours", "penalties"), ("one_pool", "ours"))


@dataclass(frozen=True, slots=True)
class Result:
    """One variant of a scenario: for each policy the tallies, one a seed, all policies in the order of `seeds`."""

    scenario: Scenario
    seeds: tuple[int, ...]
    tallies: Mapping[str, Sequence[Tally]]

    def interval(self, name: str, measure: str) -> Interval:
        return Interval.of([MEASURES[measure](tally) for tally in self.tallies[name]])

    def difference(self, better: str, worse: str, measure: str = "connection_rate") -> Interval:
        """Paired by seed: both served the same citizens."""
        of = MEASURES[measure]
        pairs = zip(self.tallies[better], self.tallies[worse], strict=True)
        return Interval.of([of(a) - of(b) for a, b in pairs])

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.scenario.title,
            "chairs": self.scenario.seats.chairs,
            "manned_peak": max(self.scenario.manned(half_hour) for half_hour in range(48)),
            "policies": {
                name: {measure: asdict(self.interval(name, measure)) for measure in MEASURES} for name in self.tallies
            },
            "differences": {f"{a}_minus_{b}": asdict(self.difference(a, b)) for a, b in DIFFERENCES},
        }


def study(
    variants: Mapping[str, Scenario],
    seeds: Sequence[int],
    load: Sequence[Arrival] | None = None,
    processes: int = 1,
    on_done: Callable[[], None] = lambda: None,
) -> dict[str, Result]:
    """Every variant under every policy and seed. `on_done` is called after each of these days.

    With more than one process it forks, so no thread may be running.
    """
    world = _World(variants, {name: plan(scenario) for name, scenario in variants.items()}, load)
    tasks = [(variant, seed, name) for variant in variants for seed in seeds for name in NAMES]
    tallies: dict[str, dict[str, list[Tally]]] = {v: {name: [] for name in NAMES} for v in variants}

    def collect(results: Any) -> None:
        for (variant, _, name), tally in zip(tasks, results, strict=True):
            tallies[variant][name].append(tally)
            on_done()

    if processes == 1:
        collect(world.day(*task) for task in tasks)
    else:
        fork = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(processes, mp_context=fork, initializer=_begin, initargs=(world,)) as pool:
            collect(pool.map(_day, tasks))
    return {name: Result(variants[name], tuple(seeds), tallies[name]) for name in variants}


@dataclass(frozen=True, slots=True)
class _World:
    variants: Mapping[str, Scenario]
    seats: Mapping[str, list[Seat]]
    load: Sequence[Arrival] | None

    def day(self, variant: str, seed: int, name: str) -> Tally:
        scenario, seats = self.variants[variant], self.seats[variant]
        return Simulation(scenario, citizens(scenario, seed, self.load), seats, policy(name, scenario, seats)).run()


_world: _World | None = None


def _begin(world: _World) -> None:
    global _world
    _world = world


def _day(task: tuple[str, int, str]) -> Tally:
    assert _world is not None
    return _world.day(*task)
