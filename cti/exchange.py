"""The switchboard at work: its milestones go to the journal, its offers wake callers, its timers run.

Everything here happens on the event loop without waiting for anything, so that a change and its consequences are one
step that no other change can come between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from agents.roster import Agent
from agents.status import Status
from cti.calls import AgentFact, AgentId, CallFact, CallId, CityFact, Milestone, Value
from cti.switchboard import Effects, Switchboard
from queues.needs import Overflow

log = structlog.get_logger()


class MilestoneLog(Protocol):
    """Where milestones are made durable (cti.storage.journal.Journal)."""

    def append(self, milestone: Milestone) -> None:
        """Takes it at once and keeps the order; never blocks."""


class Exchange:
    """One city's switchboard with its journal and clock (`wall`: UTC seconds)."""

    def __init__(self, board: Switchboard, journal: MilestoneLog, wall: Callable[[], float]) -> None:
        self.board = board
        self.wall = wall
        self.before_wakes: Callable[[Sequence[Milestone]], object] = lambda _milestones: None
        """Hears every change before a caller is woken for it: an offer is on the agent's page before he is rung."""
        self._journal = journal
        self._asleep: dict[CallId, Callable[[], object]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def call(
        self, kind: CallFact, call_id: CallId, data: Mapping[str, Value] | None = None, at: float | None = None
    ) -> None:
        """A fact about a live call. UnknownCall if it is not live."""
        effects = self.board.apply(kind, call_id, self.wall(), data, at)
        if not any(milestone.id == call_id and milestone.kind == kind for milestone in effects.milestones):
            log.info("fact_came_late", kind=kind, call_id=call_id)
        self._carry_out(effects)

    def late(self, milestone: Milestone) -> None:
        """What was found out about a call after its end."""
        if self.board.may_decide():
            self._journal.append(milestone)

    def agent(self, kind: AgentFact, agent_id: AgentId, data: Mapping[str, Value] | None = None) -> None:
        """A fact about an agent. KeyError, StatusRefused as `Switchboard.apply_agent`."""
        self._carry_out(self.board.apply_agent(kind, agent_id, self.wall(), data))

    def city(self, kind: CityFact, name: str, data: Mapping[str, Value]) -> None:
        """A fact about the city as a whole."""
        self._carry_out(self.board.apply_city(kind, name, self.wall(), data))

    def take_roster(self, roster: Mapping[AgentId, Agent]) -> tuple[list[Agent], list[AgentId]]:
        """The agents from now on; temporary ones stay. Returns (new or changed, gone).

        Who is not in it any more is logged out: after a talk that he is in nothing is offered to him.
        """
        for agent_id, desk in list(self.board.desks.items()):
            if agent_id not in roster and not desk.agent.temporary and desk.status is not Status.OFFLINE:
                self.agent(AgentFact.LOGGED_OUT, agent_id, {"reason": "removed"})
        taken = self.board.set_roster(roster)
        self.settle()
        return taken

    def take_overflow(self, rules: Sequence[Overflow]) -> None:
        """The overflow rules from now on, for those who wait already too."""
        self.board.take_overflow(tuple(rules))
        self.settle()

    def attach(self, call_id: CallId, holder: object) -> None:
        self._carry_out(self.board.attach(call_id, holder, self.wall()))

    def detach(self, call_id: CallId, holder: object) -> None:
        self.board.detach(call_id, holder)

    def settle(self) -> None:
        """Routes whatever can be routed now; after a change made on the board itself (recovery, a new roster)."""
        self._carry_out(self.board.tick(self.wall()))

    def fall_asleep(self, call_id: CallId, wake: Callable[[], object]) -> None:
        """The caller waits from now on; `wake` is called, once, when he has an offer."""
        self._asleep[call_id] = wake

    def awake(self, call_id: CallId) -> None:
        """The caller looks at his offer himself from now on."""
        self._asleep.pop(call_id, None)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _carry_out(self, effects: Effects) -> None:
        if not self.board.may_decide():
            return  # another daemon decides now: nothing of this is true any more
        for milestone in effects.milestones:
            self._journal.append(milestone)
        if effects.wakes:
            self.before_wakes(effects.milestones)
        for call_id in effects.wakes:
            if (wake := self._asleep.pop(call_id, None)) is not None:
                wake()
        self._set_timer()

    def _set_timer(self) -> None:
        now = self.wall()
        at = self.board.next_tick_at(now)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at is not None:
            # A millisecond late, so that the moment has really come when the switchboard looks.
            self._timer = asyncio.get_running_loop().call_later(max(0.0, at - now) + 0.001, self.settle)
