"""The policies that are compared: three ways to set up the real Router, and Asterisk's app_queue.

silo       each desk has its own agents, who take nothing else
penalties  app_queue: agents are members of several queues with one integer penalty each, queues look once a second
ours       the Router with skills and levels, timed relaxation, and the place kept for who calls again
one_pool   the bound: every agent can do everything at once, callers served in order; nobody can route better
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from cti.calls import AgentId, CallId, Need
from cti.simulation.scenario import Scenario
from cti.simulation.seats import Seat
from queues.needs import lacks
from queues.returning import KeptPlace
from queues.routing import Idle, Router, Waiting

NAMES = ("silo", "penalties", "ours", "one_pool")


class Policy(Protocol):
    """Who talks to whom. Times are seconds of the simulated day."""

    keeps_places: bool
    """Whether who gave up and calls again gets his place back."""

    def wait(self, call_id: CallId, desk: str, now: float, place: KeptPlace | None) -> None: ...
    def leave(self, call_id: CallId) -> None: ...
    def free(self, agent_id: AgentId, now: float) -> None: ...
    def busy(self, agent_id: AgentId) -> None: ...

    def decide(self, now: float) -> list[tuple[CallId, AgentId]]:
        """Pairs to connect now; both are taken out."""

    def next_at(self, now: float) -> float | None:
        """When to ask again though nobody came or went."""


def policy(name: str, scenario: Scenario, seats: Sequence[Seat]) -> Policy:
    needs = {desk.name: Need.from_text(desk.need) for desk in scenario.desk}
    if name == "silo":
        return Routed({n: Need(n) for n in needs}, {s.agent_id: {s.desk: 1} for s in seats}, keeps_places=False)
    if name == "penalties":
        return Penalties(needs, {seat.agent_id: seat.skills for seat in seats})
    if name == "ours":
        return Routed(needs, {seat.agent_id: seat.skills for seat in seats}, keeps_places=True)
    if name == "one_pool":
        return Routed({n: Need("all") for n in needs}, {s.agent_id: {"all": 1} for s in seats}, keeps_places=True)
    raise ValueError(f"no policy {name!r}")


class Routed:
    """`queues.routing.Router`, the very class that serves the live city."""

    def __init__(
        self, needs: Mapping[str, Need], skills: Mapping[AgentId, Mapping[str, int]], keeps_places: bool
    ) -> None:
        self.keeps_places = keeps_places
        self._needs, self._skills = needs, skills
        self._router = Router()
        self.leave, self.busy, self.next_at = self._router.leave, self._router.busy, self._router.next_at

    def wait(self, call_id: CallId, desk: str, now: float, place: KeptPlace | None) -> None:
        kept = place or KeptPlace(now, now, 0.0)
        self._router.wait(Waiting(call_id, self._needs[desk], kept.since, kept.steps_since, kept.kept_s))

    def free(self, agent_id: AgentId, now: float) -> None:
        self._router.free(Idle(agent_id, self._skills[agent_id], now))

    def decide(self, now: float) -> list[tuple[CallId, AgentId]]:
        return [(decision.call_id, decision.agent_id) for decision in self._router.decide(now)]


class Penalties:
    """app_queue with `autofill=yes`, `strategy=leastrecent`, `retry=1`, written from its documented behaviour.

    One queue a desk, first come first served. An agent is a member of each queue whose callers our Router might ever
    give him; his penalty is the number of the first step of their need that he meets, so both know the same of his
    skills. The lowest penalty among the free members is called, then who has been free longest. A queue looks for free
    members when a caller joins it and nobody waits before him, and else once a second, the queues one after the other
    in a fixed order (measured on Asterisk 22: free agent to INVITE 0.4 s on average).
    """

    keeps_places = False

    def __init__(self, needs: Mapping[str, Need], skills: Mapping[AgentId, Mapping[str, int]]) -> None:
        self._queues = list(needs)
        self._memberships: dict[AgentId, list[tuple[int, int]]] = {
            agent_id: [
                (index, penalty)
                for index, name in enumerate(self._queues)
                if (penalty := step_met(agent_id, has, needs[name])) is not None
            ]
            for agent_id, has in skills.items()
        }
        self._waiting: list[dict[CallId, None]] = [{} for _ in self._queues]
        self._queue_of: dict[CallId, int] = {}
        self._free: list[list[tuple[int, float, AgentId]]] = [[] for _ in self._queues]
        """Heaps of members by penalty and since when they are free; who is no longer is dropped when he comes up."""
        self._free_since: dict[AgentId, float] = {}
        self._fresh: list[int] = []
        self._look_at = [-1.0] * len(self._queues)

    def wait(self, call_id: CallId, desk: str, now: float, place: KeptPlace | None) -> None:
        index = self._queues.index(desk)
        if not self._waiting[index]:
            self._fresh.append(index)
        self._waiting[index][call_id] = None
        self._queue_of[call_id] = index

    def leave(self, call_id: CallId) -> None:
        index = self._queue_of.pop(call_id, None)
        if index is not None:
            del self._waiting[index][call_id]

    def free(self, agent_id: AgentId, now: float) -> None:
        self._free_since[agent_id] = now
        for index, penalty in self._memberships[agent_id]:
            heapq.heappush(self._free[index], (penalty, now, agent_id))

    def busy(self, agent_id: AgentId) -> None:
        self._free_since.pop(agent_id, None)

    def decide(self, now: float) -> list[tuple[CallId, AgentId]]:
        pairs = []
        for index, waiting in enumerate(self._waiting):
            if now == self._look_at[index] or index in self._fresh:
                while waiting and (agent_id := self._best(index)) is not None:
                    call_id = next(iter(waiting))
                    self.leave(call_id)
                    self.busy(agent_id)
                    pairs.append((call_id, agent_id))
        self._fresh.clear()
        return pairs

    def next_at(self, now: float) -> float | None:
        """The next look that can come to anything."""
        times = []
        for index, waiting in enumerate(self._waiting):
            if waiting and self._best(index) is not None:
                phase = index / len(self._queues)
                self._look_at[index] = phase + math.floor(now - phase) + 1
                times.append(self._look_at[index])
        return min(times, default=None)

    def _best(self, index: int) -> AgentId | None:
        heap = self._free[index]
        while heap:
            _, since, agent_id = heap[0]
            if self._free_since.get(agent_id) == since:
                return agent_id
            heapq.heappop(heap)
        return None


def step_met(agent_id: AgentId, skills: Mapping[str, int], need: Need) -> int | None:
    """The first step of the need that this agent meets; len(steps): he is one of the queue; None: never."""
    steps = range(len(need.steps) + 1)
    return next((step for step in steps if not lacks(agent_id, skills, need, step)), None)
