"""The switchboard at work: its milestones go to the journal, its offers wake callers, its timers run.

Everything here happens on the event loop without waiting for anything, so that a change and its consequences are one
step that no other change can come between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Value
from cti.switchboard import Effects, Switchboard

log = structlog.get_logger()


class MilestoneLog(Protocol):
    """Where milestones are made durable (cti.storage.journal.Journal)."""

    def append(self, milestone: Milestone) -> None:
        """Takes it at once and keeps the order; never blocks."""


class Waker(Protocol):
    """Makes a caller's `wait_for_digit` return (cti.main: AMI PlayDTMF). May fail silently: waits are bounded anyway."""

    def __call__(self, channel: str) -> None: ...


class Exchange:
    """One city's switchboard with its journal, waker and clock (`wall`: UTC seconds)."""

    def __init__(self, board: Switchboard, journal: MilestoneLog, waker: Waker, wall: Callable[[], float]) -> None:
        self.board = board
        self.wall = wall
        self._journal = journal
        self._waker = waker
        self._asleep: dict[CallId, str] = {}
        self._timer: asyncio.TimerHandle | None = None

    def call(
        self, kind: CallFact, call_id: CallId, data: Mapping[str, Value] | None = None, at: float | None = None
    ) -> None:
        """A fact about a live call. UnknownCall if it is not live."""
        self._carry_out(self.board.apply(kind, call_id, self.wall(), data, at))

    def agent(self, kind: AgentFact, agent_id: AgentId, data: Mapping[str, Value] | None = None) -> None:
        """A fact about an agent. KeyError, StatusRefused as `Switchboard.apply_agent`."""
        self._carry_out(self.board.apply_agent(kind, agent_id, self.wall(), data))

    def attach(self, call_id: CallId) -> None:
        self._carry_out(self.board.attach(call_id, self.wall()))

    def detach(self, call_id: CallId) -> None:
        self.board.detach(call_id, self.wall())

    def settle(self) -> None:
        """Routes whatever can be routed now; after a change made on the board itself (recovery, a new roster)."""
        self._carry_out(self.board.tick(self.wall()))

    def fall_asleep(self, call_id: CallId, channel: str) -> None:
        """The caller waits in `wait_for_digit` from now on and wants to be woken for an offer."""
        self._asleep[call_id] = channel

    def awake(self, call_id: CallId) -> None:
        """The caller looks at his offer himself from now on."""
        self._asleep.pop(call_id, None)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _carry_out(self, effects: Effects) -> None:
        for milestone in effects.milestones:
            self._journal.append(milestone)
        for call_id in effects.wakes:
            self._wake(call_id, 0)
        self._set_timer()

    def _wake(self, call_id: CallId, tries: int) -> None:
        """Wakes, and again every 100 ms while he sleeps on: 2 of 18 emulated digits were seen to be lost."""
        channel = self._asleep.get(call_id)
        if channel is None or self.board.offer_of(call_id) is None:
            return
        self._waker(channel)
        if tries < 8:
            asyncio.get_running_loop().call_later(0.1, self._wake, call_id, tries + 1)

    def _set_timer(self) -> None:
        now = self.wall()
        at = self.board.next_tick_at(now)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at is not None:
            # A millisecond late, so that the moment has really come when the switchboard looks.
            self._timer = asyncio.get_running_loop().call_later(max(0.0, at - now) + 0.001, self.settle)
