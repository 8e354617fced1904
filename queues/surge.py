"""Is the city about to be swamped? The wait in a quarter of an hour is forecast from the calls that come now, and the
rungs of a ladder of measures switch on and off with it, or by a supervisor.

The forecast is a fluid model: calls in the system change by arrivals less the calls that agents end less those who give
up, dx/dt = lambda - min(x, n)/handling - max(x - n, 0)/patience; who then comes waits until those ahead are served or
gone, patience * ln(1 + q * handling / (n * patience)) for a queue of q (W. Whitt, "Fluid models for multiserver queues
with abandonments", Operations Research 54 (2006)). Saturation is the work that comes over the agents who are there,
lambda * handling / n: above 1 a queue grows until enough give up.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cti.calls import CityFact, Milestone
from queues.handling import Habit

HORIZON_S = 900.0
_STEP_S = 5.0
_MEMORY_S = 600.0
"""An arrival counts e times less after so long."""
_FIRST_S = 60.0
_ONE_CALL_S = 300.0
"""One call is no rush, however soon after the start it comes: it stands for a rate of one in so long."""
_MOST_S = 3600.0
_ROUNDS = 30
BY_RULE = "rule"
"""`by` of a change that no person made; no user may have this name."""


class Arrivals:
    """The rate at which calls enter each queue, those of the last minutes counting most."""

    def __init__(self, now: float) -> None:
        self._began = now
        self._levels: dict[str, tuple[float, float]] = {}

    def add(self, queue: str, at: float) -> None:
        self._levels[queue] = (self._level(queue, at) + 1.0, at)

    def per_s(self, queue: str, now: float) -> float:
        """Over a shorter time while little has been seen, but never over less than a minute."""
        level = self._level(queue, now)
        seen_s = max(_FIRST_S, _ONE_CALL_S / max(1.0, level), now - self._began)
        return level / (_MEMORY_S * -math.expm1(-seen_s / _MEMORY_S))

    def queues(self) -> list[str]:
        return sorted(self._levels)

    def seen(self, now: float) -> float:
        """How many calls of the last minutes it all rests on."""
        return sum(self._level(queue, now) for queue in self._levels)

    def _level(self, queue: str, now: float) -> float:
        level, at = self._levels.get(queue, (0.0, now))
        return level * math.exp(-max(0.0, now - at) / _MEMORY_S)


@dataclass(frozen=True, slots=True)
class Load:
    """One queue now."""

    arrivals_per_s: float
    handling_s: float
    """Mean talk and wrap-up."""
    agents: float
    """At work; of those who serve several queues the part that falls to this one (`shared`)."""
    waiting: int = 0
    patience_s: float | None = None
    """Mean time after which callers give up; None: they do not."""

    @property
    def work(self) -> float:
        """Agents that the arrivals alone keep busy (Erlang)."""
        return self.arrivals_per_s * self.handling_s


def loads_of(
    arrivals_per_s: Mapping[str, float],
    waiting: Mapping[str, int],
    habits: Mapping[str, Habit],
    agents: Iterable[Collection[str]],
) -> list[Load]:
    """One for each queue of `habits`, which say handling and patience; `agents`: the skills of each who is at work."""
    coming = {queue: arrivals_per_s.get(queue, 0.0) + waiting.get(queue, 0) / HORIZON_S for queue in habits}
    have = shared(agents, {queue: coming[queue] * habit.handling_s for queue, habit in habits.items()})
    return [
        Load(arrivals_per_s.get(queue, 0.0), habit.handling_s, have[queue], waiting.get(queue, 0), habit.patience_s)
        for queue, habit in habits.items()
    ]


@dataclass(frozen=True, slots=True)
class Forecast:
    saturation: float
    """Work over agents of the whole city; with no agent at all, as if there were one."""
    wait_s: float
    """The wait that a caller will meet in a quarter of an hour, the mean over those who come; an hour at most."""


def forecast(loads: Collection[Load], horizon_s: float = HORIZON_S) -> Forecast:
    """Each queue weighs as much as calls come to it: one agent's small queue does not set off the city's ladder."""
    agents = sum(load.agents for load in loads)
    work = sum(load.work for load in loads)
    weights = [load.arrivals_per_s + load.waiting / horizon_s for load in loads]
    total = sum(weights)
    if total == 0:
        return Forecast(0.0, 0.0)
    waits = [_wait_in_s(load, horizon_s) for load in loads]
    return Forecast(
        round(work / max(1.0, agents), 3),
        round(sum(weight * wait_s for weight, wait_s in zip(weights, waits, strict=True)) / total, 1),
    )


def _wait_in_s(load: Load, horizon_s: float) -> float:
    gives_up = 0.0 if load.patience_s is None else 1 / load.patience_s
    # While anybody waits all agents are busy; otherwise as many as the arrivals keep so.
    calls = load.agents + load.waiting if load.waiting else min(load.agents, load.work)
    for _ in range(round(horizon_s / _STEP_S)):
        queue = max(0.0, calls - load.agents)
        ended = min(calls, load.agents) / load.handling_s
        calls = max(0.0, calls + _STEP_S * (load.arrivals_per_s - ended - queue * gives_up))
    queue = max(0.0, calls - load.agents)
    if queue < 1e-9:
        return 0.0
    if load.agents <= 0:
        return _MOST_S
    drain_s = queue * load.handling_s / load.agents
    return min(_MOST_S, drain_s if load.patience_s is None else load.patience_s * math.log1p(drain_s / load.patience_s))


def shared(agents: Iterable[Collection[str]], work: Mapping[str, float]) -> dict[str, float]:
    """How many agents each queue of `work` (Erlang) has, when each divides his time among the queues he can serve.

    `agents`: the skills of each who is at work. The division makes queues as equally loaded as skills allow: it
    maximises the sum of work * ln(agents), by the EM algorithm of mixture weights.
    """
    groups = Counter(queues for skills in agents if (queues := frozenset(work.keys() & set(skills))))
    have = dict.fromkeys(work, 1.0)
    shares = {queues: dict.fromkeys(sorted(queues), 1.0) for queues in groups}
    for _ in range(_ROUNDS):
        for part in shares.values():
            pull = {queue: share * (work[queue] + 1e-9) / have[queue] for queue, share in part.items()}
            total = sum(pull.values())
            part.update({queue: value / total for queue, value in pull.items()})
        found: defaultdict[str, float] = defaultdict(float)
        for queues, n in groups.items():
            for queue, share in shares[queues].items():
                found[queue] += n * share
        have = {queue: max(1e-9, found[queue]) for queue in work}
    return {queue: n if n > 1e-6 else 0.0 for queue, n in have.items()}


@dataclass(frozen=True, slots=True)
class Rung:
    """One measure; the meaning of the figures is that of `cti.rules.Rung`."""

    name: str
    on_wait_s: float
    off_wait_s: float
    at_least_s: float = 120.0


Mode = Literal["on", "off", "auto"]


@dataclass(frozen=True, slots=True)
class Change:
    """Data of the milestone `rung`."""

    rung: str
    on: bool
    by: str
    saturation: float
    wait_s: float


@dataclass(frozen=True, slots=True)
class RungState:
    on: bool = False
    since: float = -math.inf
    """UTC seconds"""
    by: str = BY_RULE
    """A person's name: he set it, and it stays so until somebody sets it to auto."""


class Ladder:
    """The rungs. A rung is on above one forecast wait and off below a smaller one, and stays for its least time."""

    def __init__(self, rungs: Sequence[Rung]) -> None:
        self._rungs = {rung.name: rung for rung in rungs}
        self._states = {rung.name: RungState() for rung in rungs}
        self._last = Forecast(0.0, 0.0)

    @property
    def states(self) -> Mapping[str, RungState]:
        """In the order of the rules."""
        return self._states

    def restore(self, milestones: Iterable[Milestone]) -> None:
        """The state as the city's milestones in their order say; others than of rungs are passed over."""
        for milestone in milestones:
            if milestone.kind == CityFact.RUNG:
                data = milestone.data
                self._states[milestone.id] = RungState(data.get("on") is True, milestone.at, str(data.get("by")))

    def step(self, now: float, forecast: Forecast) -> list[Change]:
        """What the rules change now. A rung that is in the rules no more is switched off."""
        self._last = forecast
        changes = []
        for name, state in list(self._states.items()):
            rung = self._rungs.get(name)
            if rung is None:
                if state.on:
                    changes.append(self._set(name, False, BY_RULE, now))
                del self._states[name]
            elif state.by == BY_RULE and not 0 <= now - state.since < rung.at_least_s:
                if not state.on and forecast.wait_s > rung.on_wait_s:
                    changes.append(self._set(name, True, BY_RULE, now))
                elif state.on and forecast.wait_s < rung.off_wait_s:
                    changes.append(self._set(name, False, BY_RULE, now))
        return changes

    def set(self, name: str, mode: Mode, by: str, now: float) -> list[Change]:
        """A supervisor's wish; on and off hold until somebody wants auto. KeyError if there is no such rung."""
        state, _ = self._states[name], self._rungs[name]
        if by == BY_RULE:
            raise ValueError(f"{BY_RULE!r} is no person's name")
        if mode != "auto":
            return [] if (state.on, state.by) == (mode == "on", by) else [self._set(name, mode == "on", by, now)]
        if state.by == BY_RULE:
            return []
        # It stays as it is until the next step; the milestone says that the rules have it again.
        return [self._set(name, state.on, BY_RULE, now)]

    def _set(self, name: str, on: bool, by: str, now: float) -> Change:
        was = self._states[name]
        self._states[name] = RungState(on, was.since if was.on == on else now, by)
        return Change(name, on, by, self._last.saturation, self._last.wait_s)
