"""The callers of one simulated day: every chance is drawn beforehand, so that all policies serve the same citizens."""

from __future__ import annotations

import math
import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from cti.simulation.scenario import HALF_HOUR_S, HALF_HOURS, Scenario


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call of a load file: seconds since midnight, desk, and how long it keeps an agent if that is known."""

    at: float
    desk: str
    handling_s: float | None = None


@dataclass(frozen=True, slots=True)
class Citizen:
    """One citizen with one wish. His n-th call waits `patience_s[n]` at most; `redial_s[n]` later he calls again."""

    at: float
    desk: str
    talk_s: float
    wrap_up_s: float
    patience_s: tuple[float, ...]
    redial_s: tuple[float, ...]
    """One for each call that he would make after giving up, so one less than `patience_s`."""


def citizens(scenario: Scenario, seed: int, load: Sequence[Arrival] | None = None) -> list[Citizen]:
    """The callers of a day in the order of their first call.

    Arrivals, talks, patience and redials have a random stream each. With a load file the calls are its calls and nobody
    redials: the redials are in the file already.
    """
    streams = {name: random.Random(f"{seed} {name}") for name in ("arrivals", "handling", "patience", "redial")}
    handling, patience, redial = streams["handling"], streams["patience"], streams["redial"]
    callers, rules = scenario.callers, scenario.redial
    wrap_up_s, patience_rate, redial_rate = callers.wrap_up_s, 1 / callers.patience_s, 1 / rules.after_s
    talk_mean = {desk.name: desk.talk_s or callers.talk_s for desk in scenario.desk}
    # The mean of a lognormal is exp(mu + sigma^2 / 2).
    mu = {name: math.log(mean) - callers.talk_sigma**2 / 2 for name, mean in talk_mean.items()}
    most = 0 if load is not None else rules.most
    drawn = []
    for arrival in _arrivals(scenario, streams["arrivals"]) if load is None else load:
        talk_s, after_s = handling.lognormvariate(mu[arrival.desk], callers.talk_sigma), wrap_up_s
        if arrival.handling_s is not None:
            talk_s, after_s = arrival.handling_s, 0.0
        redial_s: list[float] = []
        while len(redial_s) < most and redial.random() < rules.share:
            redial_s.append(redial.expovariate(redial_rate))
        patience_s = tuple(patience.expovariate(patience_rate) for _ in range(len(redial_s) + 1))
        drawn.append(Citizen(arrival.at, arrival.desk, talk_s, after_s, patience_s, tuple(redial_s)))
    return drawn


def _arrivals(scenario: Scenario, rng: random.Random) -> list[Arrival]:
    """A Poisson process, its rate constant within each half hour."""
    names = [desk.name for desk in scenario.desk]
    up_to = list(accumulate(scenario.share(desk) for desk in scenario.desk))
    found = []
    for half_hour in range(HALF_HOURS):
        rate = scenario.calls_of_half_hour(half_hour) / HALF_HOUR_S
        at, end = half_hour * HALF_HOUR_S, (half_hour + 1) * HALF_HOUR_S
        while rate > 0 and (at := at + rng.expovariate(rate)) < end:
            found.append(Arrival(at, names[min(bisect(up_to, rng.random()), len(names) - 1)]))
    return found
