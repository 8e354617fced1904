"""What all waiting callers share: who calls again, how long it will take, what is broadcast, who can be called back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from agents.status import Status
from cti.calls import AgentId, CallId, Need, Value
from cti.exchange import Exchange
from cti.metrics.record import CallRecord
from cti.settings import Did, Surge, Waiting
from cti.switchboard import Call
from queues.estimate import Estimate
from queues.needs import lacks
from queues.returning import Citizens, PastCall, Wishes, shaped

LANGUAGE_SKILLS = {"yue": "cantonese", "en": "english"}
"""The skill of agents who speak a language that flows can switch to; everybody speaks the city's own."""
_SURGE = "surge"
"""The notice of the ladder's rung `broadcast`."""


class Callbacks(Protocol):
    """Calls of ours to citizens (cti.callbacks)."""

    def possible(self) -> bool:
        """Whether anybody can be called at this hour."""

    def request(self, call: Call) -> CallId | None:
        """Makes the call that keeps this caller's place; None: his number cannot be called."""


class WaitingRoom:
    """`cti.queueing.Room`. Feed `remember` with every record; at a start with those of the last days."""

    def __init__(
        self,
        exchange: Exchange,
        waiting: Waiting,
        surge: Surge,
        did_of: Callable[[str], Did],
        callbacks: Callbacks,
    ) -> None:
        self._exchange = exchange
        self._waiting = waiting
        self._surge = surge
        self._did_of = did_of
        self._callbacks = callbacks
        self._citizens = Citizens(waiting.kept_place_s, waiting.last_agent_days)

    def remember(self, records: Iterable[CallRecord]) -> None:
        """Calls that have ended, in that order."""
        for record in records:
            if record.direction != "in":
                continue
            past = PastCall(
                pii_number=record.pii_caller,
                ended_at=record.ended_at or record.arrived_at,
                queue=record.queue or "",
                queued_at=record.queued_at,
                cut_off=record.ended_place in ("queue", "ringing") or record.ended_side == "interrupted",
                agent=AgentId(record.agents[-1]) if record.agents else None,
            )
            self._citizens.ended(past)

    def admit(self, call: Call, need: Need, language: str) -> Mapping[str, Value]:
        number, now = str(call.facts.get("pii_caller") or ""), self._exchange.wall()
        did = self._did_of(str(call.facts.get("dialled") or ""))
        desks = self._exchange.board.logged_in()
        here = {desk.agent.id: desk.agent.skills for desk in desks if desk.status is Status.READY}
        # Nobody waits for a skill that nobody has who is at work.
        skills = {skill for desk in desks for skill in desk.agent.skills}
        spoken = LANGUAGE_SKILLS.get(language, "")
        wishes = Wishes(
            last_agent=self._citizens.last_agent(number, need.queue, now, here),
            last_agent_s=self._waiting.last_agent_s,
            language_skill=spoken if spoken in skills else "",
            language_s=self._waiting.language_s,
            did_skill=did.skill if did.skill in skills else "",
            did_s=did.skill_s,
        )
        data: dict[str, Value] = {"queue": need.queue, "need": shaped(need, wishes).to_text()}
        if (kept := self._citizens.place(number, need.queue, now)) is not None:
            data |= {"since": kept.since, "steps_since": kept.steps_since, "kept_s": round(kept.kept_s, 3)}
        return data

    def seated(self, need: Need) -> bool:
        lent = {rule.to for rule in self._exchange.board.overflow if rule.queue == need.queue}
        return any(
            lent & desk.agent.skills.keys()
            or any(not lacks(desk.agent.id, desk.agent.skills, need, step) for step in range(len(need.steps) + 1))
            for desk in self._exchange.board.logged_in()
        )

    def estimate(self, call: Call) -> Estimate | None:
        return None

    def notices(self, queue: str) -> Mapping[str, str]:
        board = self._exchange.board
        found = {n.name: n.prompt for n in board.notices(self._exchange.wall()) if not n.queues or queue in n.queues}
        if "broadcast" in board.rungs():
            found[_SURGE] = self._surge.broadcast_prompt
        return found

    @property
    def callback_from_s(self) -> float | None:
        if not self._callbacks.possible():
            return None
        sooner = "callback_sooner" in self._exchange.board.rungs()
        return self._surge.callback_from_s if sooner else self._waiting.callback_from_s

    def call_back(self, call: Call) -> CallId | None:
        return self._callbacks.request(call)
