"""How long the routing core takes for a decision and its explanation, and how that grows with agents and callers.

Two moments are measured: an agent becomes idle while callers wait and everybody else talks, and a caller comes while
all agents are idle and callers wait whom none of them can take. Both from the event to the explanation as text.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from cti.bench.timing import figures
from cti.calls import EMERGENCY_S, AgentId, CallId, Need, NeedStep, SkillNeed
from queues.routing import Decision, Idle, Overflow, Router, Waiting

_T = TypeVar("_T")
TARGET_P99_MS = 1.0
MOMENTS = ("agent_becomes_idle", "caller_comes")
_NOON = 1_790_000_000.0
_NOBODY_S_SKILL = "nobody_has_this"
_HANDLING_S = 180.0
_TRIES = 20
"""Events for each decision wanted, at most: where skills are many and agents few, most events lead to none"""


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds of decisions that were made, one a decision."""

    cpu: list[float]
    """Time of the processor spent in them: other programs of the machine are not in it"""
    wall: list[float]
    """The same decisions by the clock on the wall, with all that kept them waiting"""

    def as_json(self) -> dict[str, Any]:
        wall = figures(self.wall)
        return {**figures(self.cpu), **{f"wall_{name}": wall[name] for name in ("p50", "p95", "p99", "max")}}


@dataclass(frozen=True, slots=True)
class Size:
    agents: int
    waiting: int
    moments: dict[str, Taken]


@dataclass(frozen=True, slots=True)
class Growth:
    """Sizes from an eighth to the whole, each twice the one before."""

    skills: int
    seed: int
    sizes: list[Size]

    def ratio(self, moment: str, n: int, which: str) -> float | None:
        """A decision at size n / at the size before: 1 is no growth, 2 linear, 4 quadratic. None for the first."""
        if n == 0:
            return None
        now, before = (figures(self.sizes[k].moments[moment].cpu)[which] for k in (n, n - 1))
        return round(now / before, 2) if now and before else None

    def as_json(self) -> dict[str, Any]:
        whole = self.sizes[-1]
        moments = {f"{moment}_ms": whole.moments[moment].as_json() for moment in MOMENTS}
        return {
            "agents": whole.agents,
            "waiting": whole.waiting,
            "skills": self.skills,
            "seed": self.seed,
            **moments,
            "p99_ms_target": TARGET_P99_MS,
            "p99_ms_met": all((moment["p99"] or 0.0) <= TARGET_P99_MS for moment in moments.values()),
            "growth": [
                {
                    "agents": size.agents,
                    "waiting": size.waiting,
                    **{
                        f"{moment}_ms": {
                            **size.moments[moment].as_json(),
                            **{f"{which}_ratio": self.ratio(moment, n, which) for which in ("p50", "p99")},
                        }
                        for moment in MOMENTS
                    },
                }
                for n, size in enumerate(self.sizes)
            ],
        }


def measure_growth(agents: int, waiting: int, skills: int, decisions: int, seed: int) -> Growth:
    """`decisions` of each moment at each size, fewer if hardly anybody can take anybody.

    The same seed gives the same agents, callers and decisions.
    """
    sizes = []
    for part in (8, 4, 2, 1):
        city = _City(max(1, agents // part), max(1, waiting // part), skills, random.Random(seed))
        moments = dict(zip(MOMENTS, (city.agents_become_idle(decisions), city.callers_come(decisions)), strict=True))
        sizes.append(Size(len(city.agents), city.waiting, moments))
    return Growth(skills, seed, sizes)


class _City:
    """Agents with two to five skills; callers for one skill or two, some for the agent they know, some urgent."""

    def __init__(self, agents: int, waiting: int, skills: int, rng: random.Random) -> None:
        self.waiting = waiting
        self._rng = rng
        self._skills = [f"skill_{n:02d}" for n in range(1, skills + 1)]
        self.agents = {
            AgentId(f"a{1001 + n}"): {
                skill: rng.randint(1, 5) for skill in rng.sample(self._skills, min(skills, rng.randint(2, 5)))
            }
            for n in range(agents)
        }
        self._names = list(self.agents)
        lent = zip(self._skills[::2], self._skills[1::2], strict=False)
        self._overflow = [Overflow(queue, to, 60.0 if n % 2 else None) for n, (queue, to) in enumerate(lent)]
        self._now = _NOON
        self._called = 0

    def agents_become_idle(self, decisions: int) -> Taken:
        router, taken = Router(self._overflow), Taken([], [])
        for _ in range(self.waiting):
            router.wait(self._caller(self._need(), self._now - self._rng.uniform(0, _HANDLING_S)))
        router.decide(self._now)
        for _ in range(_TRIES * decisions):
            if len(taken.cpu) == decisions:
                break
            self._now += _HANDLING_S / len(self.agents)
            name = self._rng.choice(self._names)
            for _ in self._timed(router, router.free, Idle(name, self.agents[name], self._now), taken):
                router.wait(self._caller(self._need(), self._now))
            router.busy(name)
            router.decide(self._now)
        return taken

    def callers_come(self, decisions: int) -> Taken:
        router, taken = Router(self._overflow), Taken([], [])
        nobody_s = Need(_NOBODY_S_SKILL, (NeedStep((SkillNeed(_NOBODY_S_SKILL, 3),), 20.0),))
        for _ in range(self.waiting):
            router.wait(self._caller(nobody_s, self._now - self._rng.uniform(0, _HANDLING_S)))
        for name, skills in self.agents.items():
            router.free(Idle(name, skills, self._now - self._rng.uniform(0, _HANDLING_S)))
        router.decide(self._now)
        for _ in range(_TRIES * decisions):
            if len(taken.cpu) == decisions:
                break
            self._now += _HANDLING_S / len(self.agents)
            caller = self._caller(self._need(), self._now)
            for decision in self._timed(router, router.wait, caller, taken):
                router.free(Idle(decision.agent_id, self.agents[decision.agent_id], self._now))
            router.leave(caller.call_id)
            router.decide(self._now)
        return taken

    def _timed(self, router: Router, tell: Callable[[_T], None], what: _T, taken: Taken) -> list[Decision]:
        wall, cpu = time.perf_counter(), time.thread_time()
        tell(what)
        decisions = router.decide(self._now)
        for decision in decisions:
            decision.to_text()
        cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
        if decisions:
            taken.cpu.append(1000 * cpu)
            taken.wall.append(1000 * wall)
        return decisions

    def _caller(self, need: Need, since: float) -> Waiting:
        self._called += 1
        return Waiting(CallId(f"20261122-{self._called:06d}"), need, since)

    def _need(self) -> Need:
        rng = self._rng
        queue, other = rng.choice(self._skills), rng.choice(self._skills)
        steps: tuple[NeedStep, ...] = (
            NeedStep((SkillNeed(queue, 3),), 20.0),
            NeedStep((SkillNeed(queue, 1),)),
        )
        if rng.random() < 0.3:
            steps = (NeedStep((SkillNeed(queue, 2), SkillNeed(other)), 60.0), *steps)
        if rng.random() < 0.1:
            steps = (NeedStep((), 8.0, (rng.choice(self._names),)), *steps)
        return Need(queue, steps, EMERGENCY_S if rng.random() < 0.01 else 0.0)
