"""How long routing takes, measured from outside: by the SIP messages at the telephones of citizens and agents. Pure.

The same code measures every system, and none of them is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cti.demo.account import Account, AgentLeg, CitizenCall
from cti.metrics.report import Waits


@dataclass(frozen=True, slots=True)
class Samples:
    """Milliseconds, one a case."""

    agent_free_to_invite: list[float]
    """An agent's telephone sent its BYE, every idle agent had a caller waiting for him -> next INVITE at that agent"""
    idle_to_invite: list[float]
    """A citizen's telephone sent its ACK, nobody else waited, an agent was idle -> INVITE at an agent"""

    def __add__(self, other: Samples) -> Samples:
        return Samples(
            self.agent_free_to_invite + other.agent_free_to_invite, self.idle_to_invite + other.idle_to_invite
        )


def measure(account: Account, agents: Collection[str], numbers: Collection[str]) -> Samples:
    """The samples of the calls with these callers' numbers; all agents serve only them meanwhile."""
    calls = [call for call in account.calls.values() if call.caller in numbers and call.answered_at is not None]
    legs = [leg for leg in account.legs.values() if leg.caller in numbers]
    first_offer = {leg.caller: leg.offered_at for leg in reversed(legs)}
    return Samples(_freed(calls, legs, first_offer, agents), _fresh(calls, legs, first_offer, agents))


def figures(samples: Sequence[float]) -> dict[str, float | int | None]:
    """n, p50, p95, p99 and max; nearest rank, so that each is a case that happened."""
    waits = Waits.of(samples)
    values = {name: getattr(waits, name) for name in ("p50", "p95", "p99", "max")}
    return {"n": waits.n, **{name: None if value is None else round(value, 3) for name, value in values.items()}}


def _freed(
    calls: list[CitizenCall], legs: list[AgentLeg], first_offer: dict[str, float], agents: Collection[str]
) -> list[float]:
    found = []
    for leg in legs:
        if leg.over_side != "agent" or leg.over_at is None:
            continue
        free_at = leg.over_at
        waiting = _waiting(calls, first_offer, free_at)
        others_idle = len(_idle(legs, agents, free_at) - {leg.agent})
        following = [other.offered_at for other in legs if other.agent == leg.agent and other.offered_at > free_at]
        if waiting > others_idle and following:
            found.append(1000 * (min(following) - free_at))
    return found


def _fresh(
    calls: list[CitizenCall], legs: list[AgentLeg], first_offer: dict[str, float], agents: Collection[str]
) -> list[float]:
    found = []
    for call in calls:
        ready_at = call.answered_at or 0.0
        # A moment before: an offer as quick as the ACK must not make its own agent look busy.
        before = ready_at - 0.001
        others = [other for other in calls if other is not call]
        if call.caller in first_offer and _idle(legs, agents, before) and not _waiting(others, first_offer, before):
            found.append(1000 * (first_offer[call.caller] - ready_at))
    return found


def _waiting(calls: list[CitizenCall], first_offer: dict[str, float], at: float) -> int:
    """Answered by the system, still there, and rung for nowhere yet."""
    never = float("inf")
    return sum(
        (call.answered_at or never) < at
        and first_offer.get(call.caller, never) > at
        and (never if call.left_at is None else call.left_at) > at
        for call in calls
    )


def _idle(legs: list[AgentLeg], agents: Collection[str], at: float) -> set[str]:
    busy = {leg.agent for leg in legs if leg.offered_at <= at and (leg.over_at is None or leg.over_at > at)}
    return set(agents) - busy
