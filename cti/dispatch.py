"""The router of a switchboard, told what has changed: who waits, who is idle, and what everybody at work does."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from agents.doing import Doing
from agents.status import Desk, State, Status
from cti.calls import AgentId, CallId
from cti.live_call import Call
from queues.decision import Decision
from queues.needs import changes, current_step, steps_since, wanted
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
        self._calls_to_see: set[CallId] = set()
        self._desks_to_see: set[AgentId] = set()
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

    def borrow(self, on: bool) -> None:
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
        return self._router.decide(now)

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
        self._calls_to_see.clear()

    def _see_desks(self, now: float) -> None:
        while self._due_desks and self._due_desks[0][0] <= now:
            self._desks_to_see.add(heapq.heappop(self._due_desks)[1])
        for agent_id in self._desks_to_see:
            desk = self._desks.get(agent_id)
            if desk is None:
                self._router.busy(agent_id)
                self._doing.put(agent_id, {}, "")
                continue
            if desk.state(now) is State.IDLE:
                self._router.free(Idle(agent_id, desk.agent.skills, desk.idle_since))
            else:
                self._router.busy(agent_id)
            self._doing.put(agent_id, desk.agent.skills, _doing(desk, now))
            if (at := desk.next_change_at(now)) is not None:
                heapq.heappush(self._due_desks, (at, agent_id))
        self._desks_to_see.clear()


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
