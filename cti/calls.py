"""The words everybody shares: ids, what a call needs, and the milestones that its life is made of.

Imports the standard library alone, so that the pure folders can use it with nothing installed.
Times named `at` are UTC seconds since the epoch (float); durations carry their unit in the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NewType

CallId = NewType("CallId", str)
"""Asterisk's uniqueid with our per-boot system name in front ("n3f9c…-1763750000.12"): unique for ever."""
AgentId = NewType("AgentId", str)
"""An agent's number and the name of his PJSIP endpoint ("a1001"); never all digits, so no caller's number is one."""

Value = str | int | float | bool | None
Stream = Literal["call", "agent"]


class CallFact(StrEnum):
    """Milestones of a call. In brackets: the keys of `Milestone.data`; a key starting `pii_` is personal data."""

    ARRIVED = "arrived"
    """[pii_caller, dialled, original, city, mode, statistics, medium, channel, sip_call_id, flow, flow_version]"""
    ENTERED = "entered"
    """A flow node was entered [node, type, session]: `session` is the flow session as text, enough to go on."""
    MENU_ENTERED = "menu_entered"
    """The first node that asks the caller for a key or a word [node]"""
    HUMAN_ASKED = "human_asked"
    """First wish for a person: by key, by silence, by error or because the flow has no menu [by]"""
    QUEUED = "queued"
    """[queue, need]: `need` is `Need.to_text()`"""
    LEFT_QUEUE = "left_queue"
    """[reason]: left_by_key or gave_up; the caller stays on the line"""
    OFFERED = "offered"
    """[agent, n, why]: n counts the offers of this call from 1"""
    OFFER_FAILED = "offer_failed"
    """[agent, n, outcome]: outcome is no_answer, rejected, unreachable (these pause the agent), interrupted (we crashed
    before it rang), caller_left, or cut_off (Asterisk died)"""
    ANSWERED = "answered"
    """[agent, n, wait_s]"""
    TALK_ENDED = "talk_ended"
    """[agent, n, side, talk_s]: side is agent, caller or interrupted"""
    RECORDED = "recorded"
    """[n, file, bytes, talk_s, complete]: n is the offer's; complete compares the file's length with the talk"""
    SURVEY_OFFERED = "survey_offered"
    """[scale]"""
    RATED = "rated"
    """[score, satisfied]: score counts from 1 = best"""
    TRANSFERRED = "transferred"
    """[target]: 110, 119, 120 or 122 by policy answered; `at` is when they were dialled"""
    RESUMED = "resumed"
    """A new daemon took the call over [phase]"""
    FELL_BACK = "fell_back"
    """Asterisk's own fallback queue served it while no daemon answered [queue_status]"""
    ENDED = "ended"
    """[side, place, lost_at, estimated]: always the last and exactly once. side: caller, agent, system, interrupted.
    lost_at is None for an answered call, else menu, queue, ringing, no_seat, overflow or fallback.
    estimated: the moment was not seen (no daemon was running), `at` is when it was found out"""


class AgentFact(StrEnum):
    """Milestones of an agent."""

    ADDED = "added"
    """A temporary agent (built-in test agent, demonstration) was added [definition]: JSON text of the roster entry"""
    REMOVED = "removed"
    LOGGED_IN = "logged_in"
    STATUS = "status"
    """[status, reason]: see agents/status.py; not_answering is set by us, its reason is the outcome of the offer"""
    WRAP_UP_FINISHED = "wrap_up_finished"
    """The agent ended his after-call work before its time was over"""
    LOGGED_OUT = "logged_out"
    """[reason]"""


@dataclass(frozen=True, slots=True)
class Milestone:
    """One line of the journal. (stream, id, seq) is its identity: written once, drained into SQL exactly once."""

    stream: Stream
    id: str
    seq: int
    at: float
    kind: str
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SkillNeed:
    """`skill` at `level` (1 to 5) or better."""

    skill: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class NeedStep:
    """All of these skills together, for `expires_s` seconds after queueing; None: no end."""

    all_of: tuple[SkillNeed, ...]
    expires_s: float | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What a caller needs: steps tried in order as time passes, then any agent of the queue."""

    queue: str
    steps: tuple[NeedStep, ...] = ()
    priority_s: float = 0.0
    """Head start in seconds of waiting."""

    def to_text(self) -> str:
        """One line that `from_text` reads back: `general|enterprise>=3&english>=2@20;enterprise>=1|+30`."""
        steps = ";".join(
            "&".join(f"{n.skill}>={n.level}" for n in step.all_of)
            + ("" if step.expires_s is None else f"@{step.expires_s:g}")
            for step in self.steps
        )
        return f"{self.queue}|{steps}|{self.priority_s:+g}"

    @staticmethod
    def from_text(text: str) -> Need:
        """Reads what `to_text` wrote; ValueError if it is not of that form."""
        queue, steps, priority = text.split("|")
        parsed = []
        for step in filter(None, steps.split(";")):
            skills, _, expires = step.partition("@")
            pairs = (part.split(">=") for part in skills.split("&") if part)
            parsed.append(
                NeedStep(tuple(SkillNeed(s, int(level)) for s, level in pairs), float(expires) if expires else None)
            )
        return Need(queue, tuple(parsed), float(priority))
