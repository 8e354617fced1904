"""Who waits for what, who is idle, and which of a caller's steps and overflow rules count at a given instant.

All times are UTC seconds. What ends after `x_s` seconds ends at the instant `since + x_s` itself, computed in this one
way everywhere: who is woken at that instant sees the change, however floating point rounds a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cti.calls import AgentId, CallId, Need, NeedStep, SkillNeed


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in the queue; times are UTC seconds."""

    call_id: CallId
    need: Need
    since: float
    """When his waiting began: what his place counts from."""
    steps_since: float | None = None
    """When the steps of his need began to run; None: at `since`."""
    kept_s: float = 0.0
    """How much of his waiting is a place that was kept from an earlier call (for the explanation)."""
    reachable: bool = True
    """False for a moment after a restart of the daemon: his channel has not come back to us yet, his place counts."""


@dataclass(frozen=True, slots=True)
class Idle:
    """An agent who can be offered a call now. `since` is when he became idle (UTC seconds)."""

    agent_id: AgentId
    skills: Mapping[str, int]
    since: float


@dataclass(frozen=True, slots=True)
class Overflow:
    """Agents with the skill `to` may take callers of `queue` too."""

    queue: str
    to: str
    after_s: float | None = None
    """So long after the steps began; None: only while borrowing is on (`Router.borrow`)."""


def place(call: Waiting) -> tuple[float, CallId]:
    """Sort key: the higher score comes first; ties by call id, so that chance has no part."""
    return (call.since - call.need.priority_s, call.call_id)


def score_s(call: Waiting, now: float) -> float:
    """Seconds waited and head start, to the millisecond."""
    return round(now - call.since + call.need.priority_s, 3)


def steps_since(call: Waiting) -> float:
    return call.since if call.steps_since is None else call.steps_since


def current_step(need: Need, now: float, since: float = 0.0) -> int:
    """Index of the step that counts at `now`: one after the other, each for its `expires_s`, from `since` on."""
    for index, step in enumerate(need.steps):
        if step.expires_s is None:
            return index
        since += step.expires_s
        if now < since:
            return index
    return len(need.steps)


def lenders(call: Waiting, rules: Iterable[Overflow], borrowing: bool, now: float) -> tuple[str, ...]:
    """The skills whose agents may take this caller too at `now`, in the order of the rules."""
    since = steps_since(call)
    return tuple(
        rule.to
        for rule in rules
        if rule.queue == call.need.queue and (borrowing if rule.after_s is None else now >= since + rule.after_s)
    )


def changes(call: Waiting, rules: Iterable[Overflow]) -> list[float]:
    """The instants, in order, from which another step or another overflow rule counts."""
    since = at = steps_since(call)
    found = []
    for step in call.need.steps:
        if step.expires_s is None:
            break
        at += step.expires_s
        found.append(at)
    found += [since + r.after_s for r in rules if r.queue == call.need.queue and r.after_s is not None]
    found.sort()
    return found


def wanted(need: Need, step: int) -> NeedStep:
    """That step; past the last any agent of the queue will do."""
    return need.steps[step] if step < len(need.steps) else NeedStep((SkillNeed(need.queue),))


def missing(skills: Mapping[str, int], all_of: Iterable[SkillNeed]) -> str:
    """The first of these that is not among the skills, as "enterprise>=3"; "": none."""
    return next((f"{n.skill}>={n.level}" for n in all_of if skills.get(n.skill, 0) < n.level), "")


def lacks(agent_id: AgentId, skills: Mapping[str, int], need: Need, step: int) -> str:
    """The first thing of that step which the agent does not have; "": he meets it."""
    wants = wanted(need, step)
    if wants.agents:
        return "" if agent_id in wants.agents else rule_of(need, step)
    return missing(skills, wants.all_of)


def lender_of(skills: Mapping[str, int], lending: Iterable[str]) -> str:
    """The first lending skill that the agent has; "": none."""
    return next((skill for skill in lending if skills.get(skill, 0) >= 1), "")


def rule_of(need: Need, step: int) -> str:
    """What the step asks for, in the words of `NeedStep.to_text()` without its time, or "any of general".

    At most 100 characters: a step may name many agents.
    """
    if step >= len(need.steps):
        return f"any of {need.queue}"
    text = NeedStep(need.steps[step].all_of, None, need.steps[step].agents).to_text()
    return text if len(text) <= 100 else text[:99] + "…"
