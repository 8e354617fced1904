"""One agent's truth: the status he chose, and the state that follows from it and from his call.

Status is chosen (by the agent, a supervisor, or by us after a ring no answer); state is derived and never set by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from agents.roster import Agent
from cti.calls import CallId


class Status(StrEnum):
    """Chosen."""

    READY = "ready"
    BREAK = "break"
    MEETING = "meeting"
    TRAINING = "training"
    NOT_ANSWERING = "not_answering"
    """Set by us: the telephone rang and nobody took it."""
    OFFLINE = "offline"


CHOOSABLE = frozenset(Status) - {Status.NOT_ANSWERING}


class State(StrEnum):
    """Derived."""

    OFFLINE = "offline"
    IDLE = "idle"
    """Ready and waiting for a call: the only state in which a call is offered."""
    NOT_READY = "not_ready"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class StatusRefused(Exception):
    """The change is not allowed now; the text says why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Desk:
    """An agent at work. Every method returns the desk after the change; times are UTC seconds."""

    agent: Agent
    status: Status = Status.OFFLINE
    reason: str = ""
    status_since: float = 0.0
    call_id: CallId | None = None
    talking: bool = False
    wrap_up_until: float = 0.0
    idle_since: float = 0.0

    def state(self, now: float) -> State:
        if self.call_id is not None:
            return State.TALKING if self.talking else State.OFFERED
        if self.status is Status.OFFLINE:
            return State.OFFLINE
        if now < self.wrap_up_until:
            return State.WRAP_UP
        return State.IDLE if self.status is Status.READY else State.NOT_READY

    def choose(self, status: Status, reason: str, now: float) -> Desk:
        """A new status. While talking it takes effect at the end of the talk; going ready ends the wrap-up."""
        if status is Status.BREAK and not reason:
            raise StatusRefused("reason_missing", "a break needs a reason, like lunch or rest")
        ready = status is Status.READY
        return replace(
            self,
            status=status,
            reason=reason,
            status_since=now,
            wrap_up_until=0.0 if ready or status is Status.OFFLINE else self.wrap_up_until,
            idle_since=now if ready else self.idle_since,
        )

    def offer(self, call_id: CallId) -> Desk:
        return replace(self, call_id=call_id, talking=False)

    def answered(self) -> Desk:
        return replace(self, talking=True)

    def call_over(self, now: float, wrap_up_s: float) -> Desk:
        """The call is gone from this desk. Wrap-up follows a talk only."""
        until = now + wrap_up_s if self.talking and self.status is not Status.OFFLINE else 0.0
        return replace(self, call_id=None, talking=False, wrap_up_until=until, idle_since=max(now, until))

    def finish_wrap_up(self, now: float) -> Desk:
        if now >= self.wrap_up_until:
            raise StatusRefused("no_wrap_up", "there is no wrap-up to finish")
        return replace(self, wrap_up_until=0.0, idle_since=now)
