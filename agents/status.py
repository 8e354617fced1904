"""One agent's truth: the status he chose, what is held back from him, and the state that follows with his call.

Status is chosen, by the agent or a supervisor, and by us only where the rules end his readiness. What we take from a
ready agent for a while stands beside it (`held_back`), so that what was chosen and what follows never mix.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from agents.orders import Forced, Today
from agents.refusal import StatusRefused as StatusRefused
from agents.roster import Agent
from agents.wrap_up import Kind, WrapUp, WrapUpPolicy
from cti.calls import CallId


class Status(StrEnum):
    """Chosen."""

    READY = "ready"
    BREAK = "break"
    MEETING = "meeting"
    TRAINING = "training"
    OFFLINE = "offline"


class State(StrEnum):
    """Derived."""

    OFFLINE = "offline"
    IDLE = "idle"
    """Ready and waiting for a call: the only state in which a call is offered."""
    NOT_READY = "not_ready"
    NOT_ANSWERING = "not_answering"
    """Ready, but he has just let a call ring: nothing is offered for a while."""
    OFFERED = "offered"
    TALKING = "talking"
    HELD = "held"
    """In a talk, with the citizen on hold."""
    WRAP_UP = "wrap_up"


class Cause(StrEnum):
    """Why calls are held back from an agent who is ready."""

    NO_ANSWER = "no_answer"
    PHONE_AWAY = "phone_away"
    """His telephone is not registered, or its network is gone. Of who is offline too, so that it is known at log-in."""
    PAGE_AWAY = "page_away"
    """His desk page was there and has fallen silent."""
    ELSEWHERE = "elsewhere"
    """He is on the telephone in a call that we did not connect. Of who is offline too."""


@dataclass(frozen=True, slots=True)
class DeskRules:
    """What holds for every desk; an agent of the roster can have a wrap-up of his own."""

    wrap_up: Kind = "optional"
    wrap_up_most_s: float = 300.0
    no_answer_limit: int = 2
    """So many failed offers in a row end the agent's readiness."""
    no_answer_pause_s: float = 10.0

    def wrap_up_of(self, agent: Agent, default_s: float) -> WrapUpPolicy:
        """`default_s` counts for who has no length of his own."""
        seconds = default_s if agent.wrap_up_s is None else agent.wrap_up_s
        return WrapUpPolicy(agent.wrap_up or self.wrap_up, seconds, self.wrap_up_most_s)


_NOTHING: Mapping[Cause, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Desk:
    """An agent at work. Every method returns the desk after the change; times are UTC seconds."""

    agent: Agent
    status: Status = Status.OFFLINE
    reason: str = ""
    status_since: float = 0.0
    call_id: CallId | None = None
    call_since: float = 0.0
    """When his part of the call came to what it is now: offered, talking, held."""
    talking: bool = False
    on_hold: bool = False
    wrap_up: WrapUp | None = None
    idle_since: float = 0.0
    held_back: Mapping[Cause, float] = field(default_factory=lambda: _NOTHING)
    """Cause -> until when; infinite: until the cause is gone."""
    misses: int = 0
    """Offers that failed in a row."""
    page_seen: bool = False
    """He has opened his desk page in this login, so it is expected to be there."""
    softphone: str = ""
    """Of the telephone in his browser: what its password follows from; "": he uses his desk telephone. Who logs out in
    a talk keeps it until the talk is over."""
    forced: Forced | None = None
    """What a supervisor has made him, until he chooses again himself; of who was logged out, until he logs in."""
    today: Today | None = None
    """Other skills than those of the roster; `agent` has them."""

    @property
    def of_roster(self) -> Agent:
        """As the roster has him."""
        return self.agent if self.today is None else replace(self.agent, skills=self.today.own)

    @property
    def is_to_leave(self) -> bool:
        """A supervisor has logged him out, and that waits for the end of his call."""
        return self.forced is not None and self.forced.status == "offline" and self.status is not Status.OFFLINE

    def state(self, now: float) -> State:
        if self.call_id is not None:
            if not self.talking:
                return State.OFFERED
            return State.HELD if self.on_hold else State.TALKING
        if self.status is Status.OFFLINE:
            return State.OFFLINE
        if self.wrap_up is not None and now < self.wrap_up.until:
            return State.WRAP_UP
        if self.status is not Status.READY:
            return State.NOT_READY
        causes = self.causes(now)
        if not causes:
            return State.IDLE
        return State.NOT_ANSWERING if causes == {Cause.NO_ANSWER} else State.NOT_READY

    def at_work(self, now: float) -> bool:
        """He takes calls: he is idle, or will be when what he has on hand is over."""
        match self.state(now):
            case State.IDLE | State.OFFERED | State.NOT_ANSWERING:
                return True
            case State.TALKING | State.HELD | State.WRAP_UP:
                return self.status is Status.READY
            case State.OFFLINE | State.NOT_READY:
                return False

    def state_since(self, now: float) -> float:
        """When he came into his state, as far as it is known; for what a page shows."""
        match self.state(now):
            case State.OFFERED | State.TALKING | State.HELD:
                return self.call_since
            case State.WRAP_UP if self.wrap_up is not None:
                return self.wrap_up.since
            case State.IDLE:
                return self.idle_since
            case _:
                return self.status_since

    def causes(self, now: float) -> set[Cause]:
        """Why calls are held back now, whatever his status."""
        return {cause for cause, until in self.held_back.items() if now < until}

    def next_change_at(self, now: float) -> float | None:
        """When his state changes by itself."""
        times = [self.wrap_up.until] if self.wrap_up is not None else []
        times += self.held_back.values()
        return min((at for at in times if now < at < math.inf), default=None)

    # What he does

    def log_in(self, now: float) -> Desk:
        """Begins on a break. Who is logged in already stays what he is."""
        if self.status is not Status.OFFLINE:
            return self
        return self.choose(Status.BREAK, "logged_in", now)

    def choose(self, status: Status, reason: str, now: float) -> Desk:
        """A new status. While talking it takes effect at the end of the talk; who is ready wants no wrap-up.

        Whoever chooses is there: what his telephone missed is forgotten.
        """
        if status is Status.BREAK and not reason:
            raise StatusRefused("reason_missing", "a break needs a reason, like lunch or rest")
        wrap_up = self.wrap_up
        if status is Status.OFFLINE or (status is Status.READY and wrap_up is not None and wrap_up.kind != "fixed"):
            wrap_up = None
        gone = {Cause.NO_ANSWER} if status is not Status.OFFLINE else {Cause.NO_ANSWER, Cause.PAGE_AWAY}
        held = {cause: until for cause, until in self.held_back.items() if cause not in gone}
        free_at = max([now, *(until for until in held.values() if until < math.inf)])
        if wrap_up is not None:
            free_at = max(free_at, wrap_up.until)
        return replace(
            self,
            status=status,
            reason=reason,
            status_since=now,
            wrap_up=wrap_up,
            idle_since=free_at if status is Status.READY else self.idle_since,
            held_back=held,
            misses=0,
            page_seen=self.page_seen and status is not Status.OFFLINE,
            softphone=self.softphone if status is not Status.OFFLINE or self.call_id is not None else "",
            forced=self.forced if status is Status.OFFLINE or self.is_to_leave else None,
        )

    # His calls

    def offer(self, call_id: CallId, at: float) -> Desk:
        return replace(self, call_id=call_id, call_since=at, talking=False, on_hold=False)

    def answered(self, at: float) -> Desk:
        return replace(self, talking=True, call_since=at)

    def hold(self, on: bool, at: float) -> Desk:
        """The agent puts the citizen on hold, or takes him back."""
        return replace(self, on_hold=on, call_since=at) if self.talking and self.on_hold != on else self

    def call_over(self, at: float) -> Desk:
        """The call is gone from this desk. Who only heard it ring is as long idle as before."""
        return replace(
            self,
            call_id=None,
            talking=False,
            on_hold=False,
            idle_since=at if self.talking else self.idle_since,
            softphone=self.softphone if self.status is not Status.OFFLINE else "",
        )

    def wrap_up_begins(self, wrap_up: WrapUp) -> Desk:
        return replace(self, wrap_up=wrap_up, idle_since=max(self.idle_since, wrap_up.until))

    def wrap_up_ends(self, at: float) -> Desk:
        return self if self.wrap_up is None else replace(self, wrap_up=None, idle_since=at)

    def wrap_up_lasts(self, until: float) -> Desk:
        return self if self.wrap_up is None else self.wrap_up_begins(replace(self.wrap_up, until=until))

    # What a supervisor orders

    def be(self, forced: Forced) -> Desk:
        """What follows for his status is a fact of its own."""
        return replace(self, forced=forced)

    def for_today(self, skills: Mapping[str, int], until: float, by: str) -> Desk:
        """None: those of the roster again."""
        own = self.of_roster
        today = Today(skills, until, by, own.skills) if skills else None
        return replace(self, agent=replace(own, skills=skills) if skills else own, today=today)

    def in_roster_as(self, agent: Agent) -> Desk:
        """The roster says this of him now; what was ordered for today stays."""
        desk = replace(self, agent=agent, today=None)
        return desk if self.today is None else desk.for_today(self.today.skills, self.today.until, self.today.by)

    # What we do

    def hold_back(self, held: Mapping[Cause, float], misses: int, at: float) -> Desk:
        """Exactly this is held back from now on."""
        free_at = max([at, *(until for until in held.values() if until < math.inf)])
        if self.wrap_up is not None:
            free_at = max(free_at, self.wrap_up.until)
        return replace(self, held_back=dict(held), misses=misses, idle_since=free_at)


def held_to_text(held: Mapping[Cause, float]) -> str:
    """`no_answer@1763700010.5 phone_away`, in the order of the alphabet; without a time: until the cause is gone."""
    return " ".join(c if u == math.inf else f"{c}@{u:.3f}" for c, u in sorted(held.items()))


def held_from_text(text: str) -> dict[Cause, float]:
    """Reads what `held_to_text` wrote; ValueError if it is not of that form."""
    parts = (part.partition("@") for part in text.split())
    return {Cause(cause): float(until) if until else math.inf for cause, _, until in parts}
