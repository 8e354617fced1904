"""Who talks to whom next: a pure function from (who waits, who is idle, now) to decisions that explain themselves.

Deterministic: the same arguments give the same decisions. The live switchboard, a replay of yesterday and a simulation
call this one function. The policy today is longest waiting first, then longest idle; it changes here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cti.calls import AgentId, CallId, Need


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in the queue. `since` is when his waiting began (UTC seconds), a kept place included."""

    call_id: CallId
    need: Need
    since: float
    reachable: bool = True
    """False for a moment after a restart of the daemon: his channel has not come back to us yet, his place counts."""


@dataclass(frozen=True, slots=True)
class Idle:
    """An agent who can be offered a call now. `since` is when he became idle (UTC seconds)."""

    agent_id: AgentId
    skills: Mapping[str, int]
    since: float


@dataclass(frozen=True, slots=True)
class Decision:
    """Offer `call_id` to `agent_id`. The rest says why, and is kept with the call."""

    call_id: CallId
    agent_id: AgentId
    step: int
    """Index of the need's step that the agent met; len(steps): any agent of the queue."""
    waited_s: float
    idle_s: float
    candidates: int
    """Idle agents who could have taken this call."""
    passed_over: int
    """Callers who wait longer but whose need no idle agent meets."""

    def why(self) -> str:
        """One line for people and for the record."""
        return (
            f"longest waiting ({self.waited_s:.1f} s, {self.passed_over} ahead unmatched); step {self.step}; "
            f"longest idle of {self.candidates} ({self.idle_s:.1f} s)"
        )


def place(call: Waiting) -> tuple[float, str]:
    """Sort key: who waits longer, with his head start, comes first; ties by call id, so that chance has no part."""
    return (call.since - call.need.priority_s, call.call_id)


def current_step(need: Need, waited_s: float) -> int:
    """Index of the step that counts after `waited_s`: steps run one after the other, each for its `expires_s`."""
    for index, step in enumerate(need.steps):
        if step.expires_s is None or waited_s < step.expires_s:
            return index
        waited_s -= step.expires_s
    return len(need.steps)


def next_step_at(call: Waiting, now: float) -> float | None:
    """When this call's need relaxes next (UTC seconds), so that routing is asked again then; None: never."""
    at = call.since
    for step in call.need.steps:
        if step.expires_s is None:
            return None
        at += step.expires_s
        if at > now:
            return at
    return None


def meets(agent: Idle, need: Need, step: int) -> bool:
    """Whether the agent has every skill of that step at its level; past the last step, the queue's skill at all."""
    if step < len(need.steps):
        return all(agent.skills.get(n.skill, 0) >= n.level for n in need.steps[step].all_of)
    return agent.skills.get(need.queue, 0) >= 1


def decide(waiting: Sequence[Waiting], idle: Sequence[Idle], now: float) -> list[Decision]:
    """The offers to make now: each caller and each agent at most once.

    A caller who is not reachable yet keeps his turn: nobody behind him takes an agent that he could have.
    """
    free = sorted(idle, key=lambda agent: (agent.since, agent.agent_id))
    decisions: list[Decision] = []
    passed_over = 0
    for call in sorted(waiting, key=place):
        if not free:
            break
        step = current_step(call.need, now - call.since)
        able = [agent for agent in free if meets(agent, call.need, step)]
        if not able:
            passed_over += 1
            continue
        chosen = able[0]
        free.remove(chosen)
        if call.reachable:
            decisions.append(
                Decision(
                    call.call_id, chosen.agent_id, step, now - call.since, now - chosen.since, len(able), passed_over
                )
            )
    return decisions


def position(waiting: Sequence[Waiting], call_id: CallId) -> int:
    """Place of a call among those who wait for the same queue, from 1. KeyError if it does not wait."""
    mine = next((call for call in waiting if call.call_id == call_id), None)
    if mine is None:
        raise KeyError(call_id)
    return 1 + sum(1 for call in waiting if call.need.queue == mine.need.queue and place(call) < place(mine))
