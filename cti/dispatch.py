"""The router of a switchboard, told what has changed: who waits, who is idle, and what everybody at work does."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from agents.doing import Doing
from agents.status import Desk, State, Status
from cti.calls import AgentId, CallId
from cti.live_call import Call
from queues.decision import Decision
from queues.needs import changes, current_step, rule_of, score_s, steps_since, wanted
from queues.routing import Idle, Overflow, Router, Waiting


class Dispatch:
    """`calls` and `desks` are the switchboard's own; whatever changes in them is to be looked at."""

    def __init__(
        self, calls: Mapping[CallId, Call], desks: Mapping[AgentId, Desk], overflow: Sequence[Overflow]
    ) -> None:
        self._calls = calls
        self._desks = desks
        self._router = Router(overflow)
        self._doing = Doing()
        self._waits_for_lost = False
        self._borrowing = False
        self._calls_to_see: set[CallId] = set()
        self._desks_to_see: set[AgentId] = set()
        self._awaited: dict[CallId, AgentId] = {}
        """Whose agent's line went dead in the talk: nobody else gets either of them while the caller waits for him."""
        self._due_steps: list[tuple[float, CallId]] = []
        """Heap of the moments at which a step of a waiting caller's need ends."""
        self._due_desks: list[tuple[float, AgentId]] = []
        """Heap of the moments at which a desk's state changes by itself; one that does not any more is harmless."""

    def look_at_call(self, call: Call) -> None:
        """Something about it has changed."""
        self._calls_to_see.add(call.id)

    def note_steps(self, call: Call) -> None:
        """It waits from now on, or again: a step may have run out while an agent's telephone rang."""
        for at in changes(call.waiting(), ()):
            heapq.heappush(self._due_steps, (at, call.id))

    def look_at_desk(self, agent_id: AgentId) -> None:
        """Something about it has changed, or it is gone."""
        self._desks_to_see.add(agent_id)

    def wait_for_lost(self, on: bool) -> None:
        """Whether callers whom no session of ours holds keep their turn: for a while after a restart."""
        self._waits_for_lost = on
        self._calls_to_see.update(self._calls)

    def take_overflow(self, rules: Sequence[Overflow]) -> None:
        """Other rules from now on: everybody is looked at anew."""
        self._router = Router(rules)
        self._router.borrow(self._borrowing)
        self._calls_to_see.update(self._calls)
        self._desks_to_see.update(self._desks)

    def borrow(self, on: bool) -> None:
        self._borrowing = on
        self._router.borrow(on)

    def waiting(self) -> list[Waiting]:
        """Who waits, first the one who is next."""
        self._see_calls()
        return self._router.waiting()

    def position(self, call_id: CallId) -> int:
        """Place in its queue from 1; KeyError if it does not wait."""
        self._see_calls()
        return self._router.position(call_id)

    def decide(self, now: float) -> list[Decision]:
        """The offers to make now."""
        self._see_calls()
        self._see_desks(now)
        again = [
            _again(self._calls[call_id].waiting(), agent, now)
            for call_id, agent in self._awaited.items()
            if self._is_back(self._calls[call_id], agent, now)
        ]
        for decision in again:
            self._router.leave(decision.call_id)
        return again + self._router.decide(now)

    def next_at(self, now: float) -> float | None:
        """When `decide` may decide otherwise without anything being looked at."""
        times = [self._due_desks[0][0]] if self._due_desks else []
        if (at := self._router.next_at(now)) is not None:
            times.append(at)
        return min(times, default=None)

    def relaxed(self, now: float) -> Iterator[tuple[Call, int]]:
        """Waiting calls for which another step of their need counts since the last time, with that step."""
        while self._due_steps and self._due_steps[0][0] <= now:
            call = self._calls.get(heapq.heappop(self._due_steps)[1])
            if call is not None and call.phase == "queue" and call.need is not None:
                step = current_step(call.need, now, call.steps_since)
                if step > call.step:
                    yield call, step

    def able(self, waiting: Waiting, now: float) -> str:
        """How many agents could take this caller, by what they do: "idle 1, talking 8"."""
        self._see_desks(now)
        need = waiting.need
        if named := wanted(need, current_step(need, now, steps_since(waiting))).agents:
            doing = self._doing.of(named)
        else:
            nobody = AgentId("")
            doing = self._doing.able(lambda skills: self._router.could_take(nobody, skills, waiting, now))
        return ", ".join(f"{what} {count}" for what, count in sorted(doing.items()))

    def _see_calls(self) -> None:
        for call_id in self._calls_to_see:
            call = self._calls.get(call_id)
            if call is None or call.phase != "queue" or not (call.attached or self._waits_for_lost):
                self._router.leave(call_id)
            elif call.need is not None:
                self._router.wait(call.waiting())
            self._see_awaited(call_id, None if call is None else self._awaits(call))
        self._calls_to_see.clear()

    def _see_awaited(self, call_id: CallId, agent: AgentId | None) -> None:
        before = self._awaited.pop(call_id, None)
        if agent is not None:
            self._awaited[call_id] = agent
        if before != agent:
            self._desks_to_see.update(one for one in (before, agent) if one is not None)

    def _awaits(self, call: Call) -> AgentId | None:
        """The agent whom this caller, who was in talk with him, waits for alone."""
        desk = self._desks.get(call.reattach) if call.reattach is not None else None
        if desk is None or not desk.softphone or not call.attached:
            return None
        step = None if call.need is None else wanted(call.need, call.step)
        named = call.phase == "queue" and step is not None and step.agents == (call.reattach,)
        return call.reattach if named or call.phase == "after_talk" else None

    def _is_back(self, call: Call, agent: AgentId, now: float) -> bool:
        """Whatever he chose meanwhile: it counts after the talk."""
        desk = self._desks.get(agent)
        if desk is None or desk.call_id is not None or desk.status is Status.OFFLINE or desk.causes(now):
            return False
        return call.phase == "queue" and call.attached

    def _see_desks(self, now: float) -> None:
        while self._due_desks and self._due_desks[0][0] <= now:
            self._desks_to_see.add(heapq.heappop(self._due_desks)[1])
        for agent_id in self._desks_to_see:
            desk = self._desks.get(agent_id)
            if desk is None:
                self._router.busy(agent_id)
                self._doing.put(agent_id, {}, "")
                continue
            if desk.state(now) is State.IDLE and agent_id not in self._awaited.values():
                self._router.free(Idle(agent_id, desk.agent.skills, desk.idle_since))
            else:
                self._router.busy(agent_id)
            self._doing.put(agent_id, desk.agent.skills, _doing(desk, now))
            if (at := desk.next_change_at(now)) is not None:
                heapq.heappush(self._due_desks, (at, agent_id))
        self._desks_to_see.clear()


def _again(call: Waiting, agent: AgentId, now: float) -> Decision:
    """He is back and gets his citizen again, before everybody else and whoever else is idle."""
    return Decision(
        call_id=call.call_id,
        agent_id=agent,
        step=0,
        rule=rule_of(call.need, 0),
        lent_by="",
        score_s=score_s(call, now),
        waited_s=round(now - call.since, 3),
        kept_s=round(call.kept_s, 3),
        head_start_s=call.need.priority_s,
        idle_s=0.0,
        candidates=1,
        others=(),
        idle_rejected=0,
        rejected=(),
        ahead=0,
        passed=(),
    )


def _doing(desk: Desk, now: float) -> str:
    """His state; if he is not ready, what he chose or why calls are held back from him."""
    match desk.state(now):
        case State.OFFLINE:
            return ""
        case State.NOT_READY if desk.status is Status.READY:
            return min(desk.causes(now), default="")
        case State.NOT_READY:
            return desk.status
        case state:
            return state
