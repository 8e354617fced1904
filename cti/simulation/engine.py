"""One simulated day, event by event: callers come, wait, give up and call again; agents talk, wrap up and go home."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from cti.calls import CallId, Need
from cti.simulation.day import Citizen
from cti.simulation.policies import Policy, step_met
from cti.simulation.scenario import DAY_S, HALF_HOUR_S, HALF_HOURS, Scenario
from cti.simulation.seats import Seat
from queues.returning import Citizens, PastCall

IN_TIME_S = 15.0
INTENT_WINDOW_S = 1800.0


@dataclass(slots=True)
class Tally:
    """What came of a day; the rates are those of `docs/metrics.md` (there is no menu here)."""

    citizens: int = 0
    calls: int = 0
    answered: int = 0
    in_time: int = 0
    """Answered within 15 s."""
    citizens_answered: int = 0
    """Within 30 min of their first call."""
    by_first_choice: int = 0
    """Answered by an agent who meets the first step of the caller's need."""
    wait_s: float = 0.0
    """Of the answered, together."""
    busy_s: float = 0.0
    manned_s: float = 0.0
    longest_wait_s: float = 0.0


@dataclass(slots=True)
class _Call:
    id: CallId
    number: str
    citizen: Citizen
    n: int = 0
    at: float = 0.0
    agent: _Agent | None = None
    over: bool = False


@dataclass(slots=True)
class _Agent:
    seat: Seat
    present: bool = False
    """By the plan; whoever talks when it ends goes afterwards."""
    working: bool = False
    """Logged in, or finishing a call after his shift."""
    since: float = 0.0
    call: _Call | None = None
    call_since: float = 0.0


class Simulation:
    """Runs once. Nothing in it is random: chance is in the citizens."""

    def __init__(self, scenario: Scenario, citizens: Sequence[Citizen], seats: Sequence[Seat], policy: Policy) -> None:
        self._policy = policy
        self._answer_s = scenario.callers.answer_s
        self._known = Citizens(scenario.redial.kept_place_s if policy.keeps_places else 0.0, last_agent_days=0)
        needs = {desk.name: Need.from_text(desk.need) for desk in scenario.desk}
        self._first_choice = {
            (seat.agent_id, desk)
            for seat in seats
            for desk, need in needs.items()
            if step_met(seat.agent_id, seat.skills, need) == 0
        }
        self._agents = {seat.agent_id: _Agent(seat) for seat in seats}
        self._calls: dict[CallId, _Call] = {}
        self._events: list[tuple[float, int, Callable[[float, Any], None], Any]] = []
        self._order = count()
        self._wake_at = float("inf")
        self.tally = Tally(citizens=len(citizens))
        for half_hour in range(HALF_HOURS):
            self._push(half_hour * HALF_HOUR_S, self._shift, half_hour)
        for number, citizen in enumerate(citizens):
            self._push(citizen.at, self._arrive, _Call(CallId(""), str(number), citizen))

    def run(self) -> Tally:
        events = self._events
        while events:
            at, _, happen, what = heapq.heappop(events)
            happen(at, what)
        for agent in self._agents.values():
            if agent.working:
                self._sign_off(agent, DAY_S)
        return self.tally

    def _push(self, at: float, happen: Callable[[float, Any], None], what: Any) -> None:
        heapq.heappush(self._events, (at, next(self._order), happen, what))

    def _shift(self, now: float, half_hour: int) -> None:
        for agent in self._agents.values():
            agent.present = agent.seat.on[half_hour]
            if agent.present and not agent.working:
                agent.working, agent.since = True, now
                self._policy.free(agent.seat.agent_id, now)
            elif not agent.present and agent.working and agent.call is None:
                self._policy.busy(agent.seat.agent_id)
                self._sign_off(agent, now)
        self._match(now)

    def _sign_off(self, agent: _Agent, now: float) -> None:
        agent.working = False
        self.tally.manned_s += max(0.0, min(now, DAY_S) - agent.since)

    def _arrive(self, now: float, call: _Call) -> None:
        self.tally.calls += 1
        call.id, call.at = CallId(f"c{self.tally.calls:07d}"), now
        self._calls[call.id] = call
        desk = call.citizen.desk
        self._policy.wait(call.id, desk, now, self._known.place(call.number, desk, now) if call.n else None)
        self._push(now + call.citizen.patience_s[call.n], self._give_up, call)
        self._match(now)

    def _match(self, now: float) -> None:
        for call_id, agent_id in self._policy.decide(now):
            call, agent = self._calls[call_id], self._agents[agent_id]
            call.agent, agent.call, agent.call_since = agent, call, now
            self._push(now + self._answer_s, self._answer, call)
        self._watch(now)

    def _watch(self, now: float) -> None:
        at = self._policy.next_at(now)
        if at is not None and at < self._wake_at:
            self._wake_at = at
            self._push(at, self._wake, None)

    def _wake(self, now: float, _: None) -> None:
        if now >= self._wake_at:
            self._wake_at = float("inf")
            self._match(now)

    def _give_up(self, now: float, call: _Call) -> None:
        if call.over:
            return
        call.over = True
        del self._calls[call.id]
        citizen, n = call.citizen, call.n
        if n < len(citizen.redial_s):
            self._known.ended(PastCall(call.number, now, citizen.desk, call.at, cut_off=True))
            self._push(now + citizen.redial_s[n], self._arrive, _Call(CallId(""), call.number, citizen, n + 1))
        if call.agent is None:
            self._policy.leave(call.id)
        else:
            self._release(now, call.agent)

    def _answer(self, now: float, call: _Call) -> None:
        if call.over:
            return
        call.over = True
        del self._calls[call.id]
        assert call.agent is not None
        tally, citizen, waited_s = self.tally, call.citizen, now - call.at
        tally.answered += 1
        tally.in_time += waited_s <= IN_TIME_S
        tally.citizens_answered += now - citizen.at <= INTENT_WINDOW_S
        tally.by_first_choice += (call.agent.seat.agent_id, citizen.desk) in self._first_choice
        tally.wait_s += waited_s
        tally.longest_wait_s = max(tally.longest_wait_s, waited_s)
        self._push(now + citizen.talk_s + citizen.wrap_up_s, self._release, call.agent)

    def _release(self, now: float, agent: _Agent) -> None:
        self.tally.busy_s += max(0.0, min(now, DAY_S) - agent.call_since)
        agent.call = None
        if agent.present:
            self._policy.free(agent.seat.agent_id, now)
            self._match(now)
        else:
            self._sign_off(agent, now)
