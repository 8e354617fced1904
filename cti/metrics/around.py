"""What happened at the desks while a call waited: who was served before him although he came later, and why; and the
agents who went away. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.roster import Agent
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need
from cti.metrics.stretches import Stretch, text
from queues.decision import Decision
from queues.needs import current_step, lacks, rule_of

Reason = Literal["earlier", "kept", "head_start", "skills", "ringing", "unknown"]
"""Why another caller was served first: he had waited longer; he had waited longer with a place kept from an earlier
call; his head start; the agent could not have taken our caller; our caller's offer rang at another desk just then."""

_FAR = 1e12
_AWAY = frozenset({"break", "meeting", "training", "offline", "not_answering"})


@dataclass(frozen=True, slots=True)
class Around:
    """Milestones between queueing and the end of the wait, each list by time."""

    desks: Sequence[Milestone] = ()
    """`Store.at_desks`: offers and answers of all calls."""
    agents: Sequence[Milestone] = ()
    city: Sequence[Milestone] = ()
    cut: bool = False
    """There were more than could be read."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A caller's wait, as routing saw it; times are UTC seconds."""

    call_id: CallId
    need: Need
    queued_at: float
    since: float
    steps_since: float
    kept_s: float

    def score_s(self, at: float) -> float:
        return at - self.since + self.need.priority_s

    def step(self, at: float) -> int:
        return current_step(self.need, at, self.steps_since)


@dataclass(frozen=True, slots=True)
class Other:
    """An offer to another caller while ours waited, of an agent whom ours could have had, or who came later."""

    at: float
    call_id: str
    agent: str
    reason: Reason
    score_s: float
    ours_s: float
    """The score of our caller at that moment."""
    waited_s: float
    kept_s: float
    head_start_s: float
    idle_s: float
    """How long the agent had been idle: 0 for one who had just become free."""
    wants: str
    """What our caller wanted then, in the words of `NeedStep.to_text()`."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An agent who could have taken our caller went away, or came."""

    at: float
    agent: str
    to: str
    """A status, phone_away or page_away."""
    reason: str
    away: bool


def others_meanwhile(
    wait: Wait, stretches: Sequence[Stretch], around: Around, roster: Mapping[AgentId, Agent]
) -> list[Other]:
    """In the order of time."""
    open_ = [s for s in stretches if s.doing == "waiting" or (s.doing == "ringing" and s.outcome)]
    found = []
    for m in around.desks:
        if m.kind != CallFact.OFFERED or m.id == wait.call_id:
            continue
        during = next((s for s in open_ if s.covers(m.at)), None)
        decision = decision_of(m)
        if during is None or decision is None:
            continue
        other = _other(wait, during, m.at, decision, roster)
        if other is not None:
            found.append(other)
    return found


def _other(wait: Wait, during: Stretch, at: float, other: Decision, roster: Mapping[AgentId, Agent]) -> Other | None:
    """None for an offer that took nothing from our caller."""
    step, ours_s = wait.step(at), wait.score_s(at)
    able = _able(wait, step, other, roster)
    reason: Reason
    if other.score_s >= round(ours_s, 3):
        if not able:
            return None
        reason = _reason_ahead(wait, at, other)
    elif during.doing == "ringing":
        if not able:
            return None
        reason = "ringing"
    elif not able or other.ahead > len(other.passed) or any(p.call_id == wait.call_id for p in other.passed):
        reason = "skills"
    else:
        reason = "unknown"
    return Other(
        at=at,
        call_id=other.call_id,
        agent=other.agent_id,
        reason=reason,
        score_s=other.score_s,
        ours_s=round(ours_s, 3),
        waited_s=other.waited_s,
        kept_s=other.kept_s,
        head_start_s=other.head_start_s,
        idle_s=other.idle_s,
        wants=rule_of(wait.need, step),
    )


def _reason_ahead(wait: Wait, at: float, other: Decision) -> Reason:
    """The other had the higher score: because he came earlier, or by what else?"""
    began = at - other.waited_s
    if began + other.kept_s <= wait.queued_at and began <= wait.since:
        return "earlier"
    if began > wait.since:
        return "head_start"
    return "kept" if other.kept_s > 0 else "earlier"


def _able(wait: Wait, step: int, other: Decision, roster: Mapping[AgentId, Agent]) -> bool:
    """Whether the agent could have had our caller, by today's roster; of one who is not in it the rule tells."""
    agent = roster.get(other.agent_id)
    if agent is not None:
        return not lacks(agent.id, agent.skills, wait.need, step)
    return other.rule in {rule_of(wait.need, n) for n in range(len(wait.need.steps) + 1)}


def agents_meanwhile(wait: Wait, until: float, around: Around, roster: Mapping[AgentId, Agent]) -> list[Moved]:
    """Changes of agents who could take our caller at any step of his need, in the order of time."""
    steps = range(len(wait.need.steps) + 1)
    found = []
    for m in around.agents:
        agent = roster.get(AgentId(m.id))
        if not wait.queued_at <= m.at <= until or agent is None:
            continue
        if all(lacks(agent.id, agent.skills, wait.need, step) for step in steps):
            continue
        to, reason = text(m, "status"), text(m, "reason")
        match m.kind:
            case AgentFact.STATUS if to:
                found.append(Moved(m.at, m.id, to, "" if reason == to else reason, to in _AWAY))
            case AgentFact.LOGGED_OUT:
                found.append(Moved(m.at, m.id, "offline", reason, away=True))
            case AgentFact.HELD_BACK if reason in ("phone_away", "page_away"):
                found.append(Moved(m.at, m.id, reason, "", away=True))
    return found


def decision_of(offered: Milestone) -> Decision | None:
    """Why an offer was made; None if the milestone does not say, or not in a way that can be read."""
    try:
        found = Decision.from_text(text(offered, "why"), CallId(offered.id), AgentId(text(offered, "agent")))
    except (ValueError, TypeError, AttributeError):
        return None
    return found if sane(found) else None


def sane(decision: Decision) -> bool:
    """Whether figures are figures and names are names: a line written by a hand must not break an explanation."""
    d = decision
    figures: list[object] = [d.step, d.score_s, d.waited_s, d.kept_s, d.head_start_s, d.idle_s]
    figures += [d.candidates, d.idle_rejected, d.ahead]
    names: list[object] = [d.rule, d.lent_by]
    for candidate in d.others:
        figures += [candidate.skills, candidate.idle_s]
        names.append(candidate.agent_id)
    for rejected in d.rejected:
        names += [rejected.agent_id, rejected.lacks]
    for ahead in d.passed:
        figures.append(ahead.score_s)
        names += [ahead.call_id, ahead.wants]
    return all(isinstance(f, int | float) and abs(f) < _FAR for f in figures) and all(
        isinstance(name, str) for name in names
    )
