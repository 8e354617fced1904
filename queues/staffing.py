"""Seats needed for a share of calls answered, by Erlang A: of one queue, and of queues that share agents.

An agent who can serve several queues is a seat of each of them, so seats of queues do not add up. What adds up are
pools: queues that share agents, directly or through others, are one pool, and each agent is in one pool alone. A pool
needs seats as if all its agents could take all its calls: the least that is needed. Each queue needs seats as if it had
them for itself: the sum of these is the most. What is needed with agents of few skills lies between the two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from queues.demand import HALF_HOUR_S
from queues.erlang import agents_needed

_STAYS_S = 7200.0
"""Patience of callers of whom too few gave up to say: longer than any wait that a target would allow."""


@dataclass(frozen=True, slots=True)
class Work:
    """What callers bring to one desk in one half hour."""

    calls: float
    handling_s: float
    """Mean talk and wrap-up."""


@dataclass(frozen=True, slots=True)
class Target:
    share: float
    """Of all calls, below 1."""
    within_s: float | None = None
    """The share is answered within this time; None: answered at all."""

    def agents(self, work: Work, patience_s: float | None) -> int:
        """`patience_s`: mean time after which callers give up; None: they do not."""
        rate, connected = work.calls / HALF_HOUR_S, self.share if self.within_s is None else 0.0
        in_time = 0.0 if self.within_s is None else self.share
        patience_s = _STAYS_S if patience_s is None else patience_s
        return agents_needed(rate, work.handling_s, patience_s, connected, in_time, self.within_s or 0.0)


def together(works: Sequence[Work]) -> Work:
    """One pool of the work of several desks."""
    calls = sum(work.calls for work in works)
    return Work(calls, sum(work.calls * work.handling_s for work in works) / calls if calls else 0.0)


def patience_together(calls: Sequence[float], patience_s: Sequence[float | None]) -> float | None:
    """Of the callers of several queues, each queue with its calls: the mean is of the rates at which they give up."""
    rate = sum(n / one for n, one in zip(calls, patience_s, strict=True) if one is not None)
    return sum(calls) / rate if rate else None


def pools(queues: Iterable[str], agents: Iterable[Collection[str]]) -> list[tuple[str, ...]]:
    """Which queues share agents, each queue in one pool, in the order given. `agents`: the skills of each."""
    order = list(queues)
    pool_of = {queue: {queue} for queue in order}
    for skills in agents:
        for one, other in zip(served := sorted(pool_of.keys() & set(skills)), served[1:], strict=False):
            if pool_of[one] is not pool_of[other]:
                pool_of[one] |= pool_of[other]
                for queue in pool_of[other]:
                    pool_of[queue] = pool_of[one]
    found = {id(pool): tuple(queue for queue in order if queue in pool) for pool in pool_of.values()}
    return list(found.values())
