"""What all waiting callers share: who calls again, how long it will take, what is broadcast, who can be called back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from agents.status import Desk, State, Status
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need, Value
from cti.exchange import Exchange
from cti.live_call import Call
from cti.metrics.half_hours import HalfHour
from cti.metrics.past import past_call
from cti.metrics.record import CallRecord
from cti.numbers import Did
from cti.rules import Rules, Surge
from cti.rules import Waiting as WaitingRules
from queues.estimate import Estimate, Outlook, Seat
from queues.handling import Habit, Handling, History
from queues.needs import Waiting, lacks
from queues.returning import Citizens, KeptPlace, Wishes, shaped

LANGUAGE_SKILLS = {"yue": "cantonese", "en": "english"}
"""The skill of agents who speak a language that flows can switch to; everybody speaks the city's own."""
_SURGE = "surge"
"""The notice of the ladder's rung `broadcast`."""
_OUTLOOK_S = 1.0
"""Estimates made within this time rest on the same picture of the queue."""


class Callbacks(Protocol):
    """Calls of ours to citizens (cti.callbacks)."""

    def possible(self) -> bool:
        """Whether anybody can be called at this hour."""

    def request(self, call: Call) -> CallId | None:
        """Makes the call that keeps this caller's place; None: his number cannot be called."""

    def give_back(self, call: Call, queue: str) -> KeptPlace | None:
        """The place of a callback that waits for an agent, to the citizen who calls himself; that call is withdrawn."""


class WaitingRoom:
    """`cti.queueing.Room`. It is fed: calls that ended (`remember`), past weeks (`learn`), milestones (`heard`)."""

    def __init__(
        self,
        exchange: Exchange,
        waiting: WaitingRules,
        surge: Surge,
        did_of: Callable[[str], Did],
        callbacks: Callbacks,
        local_time: Callable[[float], datetime],
        wrap_up_s: float,
    ) -> None:
        self._exchange = exchange
        self._waiting = waiting
        self._surge = surge
        self._did_of = did_of
        self._callbacks = callbacks
        self._local_time = local_time
        self._wrap_up_s = wrap_up_s
        self._history = History()
        self._handling = Handling()
        self._wrapping_up: dict[AgentId, tuple[str, float, float]] = {}
        """Agents after a talk: queue, seconds of the talk, when it ended."""
        self._outlook: tuple[float, Outlook] | None = None
        self._citizens = Citizens(waiting.kept_place_s, waiting.last_agent_days)
        self.agent_of_open_ticket: Callable[[str], AgentId | None] = lambda _number: None
        """Of the citizen with this number, however long ago he called."""

    def take(self, rules: Rules) -> None:
        """What counts from now on, for those who wait already too."""
        self._waiting, self._surge = rules.waiting, rules.surge
        self._citizens.keep(rules.waiting.kept_place_s, rules.waiting.last_agent_days)

    def remember(self, record: CallRecord) -> None:
        """A call that has ended; feed them in the order of their ends, at a start with those of the last days."""
        self._citizens.ended(past_call(record))

    def learn(self, half_hours: Iterable[HalfHour]) -> None:
        """What the last weeks were like, instead of all learnt before; records tell no wrap-up: the usual is added."""
        history = History()
        for sums in half_hours:
            handling_s = sums.talked_s + sums.answered * self._wrap_up_s
            at = self._local_time(sums.begins_at)
            history.add_sums(sums.queue, at, sums.calls, sums.waited_s, sums.answered, handling_s)
        self._history = history

    def admit(self, call: Call, need: Need, language: str) -> Mapping[str, Value]:
        number, now = str(call.facts.get("pii_caller") or ""), self._exchange.wall()
        did = self._did_of(str(call.facts.get("dialled") or ""))
        desks = self._exchange.board.logged_in()
        here = {desk.agent.id: desk.agent.skills for desk in desks if desk.status is Status.READY}
        # Nobody waits for a skill that nobody has who is at work.
        skills = {skill for desk in desks for skill in desk.agent.skills}
        spoken = LANGUAGE_SKILLS.get(language, "")
        wishes = Wishes(
            last_agent=self._familiar(number, need.queue, now, here),
            last_agent_s=self._waiting.last_agent_s,
            language_skill=spoken if spoken in skills else "",
            language_s=self._waiting.language_s,
            did_skill=did.skill if did.skill in skills else "",
            did_s=did.skill_s,
        )
        data: dict[str, Value] = {"queue": need.queue, "need": shaped(need, wishes).to_text()}
        kept = self._callbacks.give_back(call, need.queue)
        if kept is None and not self._waits_elsewhere(call, number):
            kept = self._citizens.place(number, need.queue, now)
        if kept is not None:
            data |= {"since": kept.since, "steps_since": kept.steps_since, "kept_s": round(kept.kept_s, 3)}
        return data

    def _familiar(
        self, number: str, queue: str, now: float, here: Mapping[AgentId, Mapping[str, int]]
    ) -> AgentId | None:
        """Who has an open ticket of his, else who talked to him last, if he is here."""
        agent = self.agent_of_open_ticket(number)
        if agent is not None and here.get(agent, {}).get(queue, 0) >= 1:
            return agent
        return self._citizens.last_agent(number, queue, now, here)

    def _waits_elsewhere(self, call: Call, number: str) -> bool:
        """He has another call in a queue: the place, if it was kept, is that one's."""
        calls = self._exchange.board.calls.values()
        waiting = (other for other in calls if other.phase in ("queue", "ringing") and other.id != call.id)
        return any(other.facts.get("pii_caller") == number for other in waiting)

    def seated(self, need: Need) -> bool:
        lent = {rule.to for rule in self._exchange.board.overflow if rule.queue == need.queue}
        return any(
            lent & desk.agent.skills.keys()
            or any(not lacks(desk.agent.id, desk.agent.skills, need, step) for step in range(len(need.steps) + 1))
            for desk in self._exchange.board.logged_in()
        )

    def estimate(self, call: Call) -> Estimate | None:
        assert call.need is not None
        return self._outlook_now().estimate(Waiting(call.id, call.need, call.since, call.steps_since))

    def heard(self, batch: Iterable[Milestone]) -> None:
        """Durable milestones: how long calls keep their agents."""
        for milestone in batch:
            if milestone.kind == CallFact.TALK_ENDED and milestone.data.get("agent"):
                agent = AgentId(str(milestone.data["agent"]))
                call = self._exchange.board.calls.get(CallId(milestone.id))
                if call is not None and call.need is not None:
                    talk_s = float(milestone.data.get("talk_s") or 0.0)
                    self._wrapping_up[agent] = (call.need.queue, talk_s, milestone.at)
            elif milestone.kind in (AgentFact.WRAP_UP_FINISHED, AgentFact.STATUS, AgentFact.LOGGED_OUT):
                self._wrapped_up(AgentId(milestone.id), milestone.at)
            elif milestone.kind == CallFact.OFFERED:
                self._wrapped_up(AgentId(str(milestone.data["agent"])), milestone.at)

    def habits(self, queues: Iterable[str], at: datetime) -> Mapping[str, Habit]:
        """What is usual in these queues at this time of the week, with the handling time of the last calls."""
        usual = {queue: self._history.usual(queue, at) for queue in queues}
        return {queue: replace(habit, handling_s=self._handling.mean_s(queue, habit)) for queue, habit in usual.items()}

    def wrap_up_s(self, queue: str) -> float:
        """What agents need after its calls of late; before the first call the default of the settings."""
        return self._handling.wrap_up_s(queue) or self._wrap_up_s

    def at_work(self) -> list[Mapping[str, int]]:
        """The skills of each agent who takes calls now."""
        now = self._exchange.wall()
        return [desk.agent.skills for desk in self._exchange.board.logged_in() if desk.at_work(now)]

    def _wrapped_up(self, agent: AgentId, at: float) -> None:
        if (call := self._wrapping_up.pop(agent, None)) is not None:
            queue, talk_s, ended_at = call
            desk = self._exchange.board.desks.get(agent)
            # An idle agent's wrap-up ended by itself before this.
            over_at = min(at, max(desk.idle_since, ended_at)) if desk is not None else at
            self._handling.add(queue, talk_s, max(0.0, over_at - ended_at))

    def _outlook_now(self) -> Outlook:
        now = self._exchange.wall()
        if self._outlook is None or not 0 <= now - self._outlook[0] < _OUTLOOK_S:
            board = self._exchange.board
            seats = [seat for desk in board.logged_in() if (seat := self._seat(desk, now)) is not None]
            borrowing = "borrow" in board.rungs()
            local = self._local_time(now)
            waiting = board.waiting()
            outlook = Outlook(now, local, waiting, seats, self._handling, self._history, board.overflow, borrowing)
            self._outlook = now, outlook
        return self._outlook[1]

    def _seat(self, desk: Desk, now: float) -> Seat | None:
        if not desk.at_work(now):
            return None
        call = self._exchange.board.calls.get(desk.call_id) if desk.call_id is not None else None
        queue = call.need.queue if call is not None and call.need is not None else ""
        agent, since = desk.agent, desk.state_since(now)
        match desk.state(now):
            case State.IDLE:
                return Seat(agent.id, agent.skills, "idle", since)
            case State.OFFERED:
                return Seat(agent.id, agent.skills, "offered", since, queue=queue)
            case State.TALKING | State.HELD:
                return Seat(agent.id, agent.skills, "talking", since, queue=queue)
            case State.WRAP_UP if desk.wrap_up is not None:
                until = desk.wrap_up.until
                return Seat(agent.id, agent.skills, "wrap_up", since, until if until < math.inf else None)
            case State.NOT_ANSWERING:
                return Seat(agent.id, agent.skills, "wrap_up", since, desk.next_change_at(now))
            case _:
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
