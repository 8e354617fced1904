"""The rules of routing at their plainest: what `queues.routing.Router` must do, with everything looked at each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cti.calls import AgentId, CallId
from queues.decision import LISTED, Ahead, Candidate, Decision, Rejected
from queues.needs import (
    Idle,
    Overflow,
    Waiting,
    changes,
    current_step,
    lacks,
    lender_of,
    lenders,
    place,
    rule_of,
    steps_since,
)


class SlowRouter:
    """The same interface and promises as `Router`; O(waiting x idle)."""

    def __init__(self, overflow: Sequence[Overflow] = ()) -> None:
        self._overflow = tuple(overflow)
        self._borrowing = False
        self._waiting: dict[CallId, Waiting] = {}
        self._idle: dict[AgentId, Idle] = {}

    def wait(self, call: Waiting) -> None:
        self._waiting[call.call_id] = call

    def leave(self, call_id: CallId) -> None:
        self._waiting.pop(call_id, None)

    def free(self, agent: Idle) -> None:
        self._idle[agent.agent_id] = agent

    def busy(self, agent_id: AgentId) -> None:
        self._idle.pop(agent_id, None)

    def borrow(self, on: bool) -> None:
        self._borrowing = on

    def waiting(self) -> list[Waiting]:
        return sorted(self._waiting.values(), key=place)

    def idle(self) -> list[Idle]:
        return list(self._idle.values())

    def position(self, call_id: CallId) -> int:
        mine = self._waiting[call_id]
        same = (call for call in self._waiting.values() if call.need.queue == mine.need.queue)
        return 1 + sum(1 for call in same if place(call) < place(mine))

    def could_take(self, agent_id: AgentId, skills: Mapping[str, int], call: Waiting, now: float) -> bool:
        step = current_step(call.need, now, steps_since(call))
        return not lacks(agent_id, skills, call.need, step) or self._lender(skills, call, now) != ""

    def decide(self, now: float) -> list[Decision]:
        decisions: list[Decision] = []
        reserved: list[Idle] = []
        for call in self.waiting():
            able = [a for a in self._idle.values() if self.could_take(a.agent_id, a.skills, call, now)]
            if not able:
                continue
            able.sort(key=lambda agent: (len(agent.skills), agent.since, agent.agent_id))
            chosen = able[0]
            if call.reachable:
                decisions.append(self._explain(call, able, now))
                del self._waiting[call.call_id]
            else:
                reserved.append(chosen)
            del self._idle[chosen.agent_id]
        for agent in reserved:
            self._idle[agent.agent_id] = agent
        return decisions

    def next_at(self, now: float) -> float | None:
        times = [at for call in self._waiting.values() for at in changes(call, self._overflow) if at > now]
        return min(times, default=None)

    def _lender(self, skills: Mapping[str, int], call: Waiting, now: float) -> str:
        return lender_of(skills, lenders(call, self._overflow, self._borrowing, now))

    def _explain(self, call: Waiting, able: Sequence[Idle], now: float) -> Decision:
        chosen = able[0]
        step = current_step(call.need, now, steps_since(call))
        missing = lacks(chosen.agent_id, chosen.skills, call.need, step)
        unable = [a for a in self._idle.values() if a not in able]
        unable.sort(key=lambda agent: (agent.since, agent.agent_id))
        before = [w for w in self.waiting() if place(w) < place(call)]
        before = [w for w in before if not self.could_take(chosen.agent_id, chosen.skills, w, now)]
        return Decision(
            call_id=call.call_id,
            agent_id=chosen.agent_id,
            step=step,
            rule=rule_of(call.need, step),
            lent_by=self._lender(chosen.skills, call, now) if missing else "",
            score_s=round(now - call.since + call.need.priority_s, 3),
            waited_s=round(now - call.since, 3),
            kept_s=round(call.kept_s, 3),
            head_start_s=call.need.priority_s,
            idle_s=round(now - chosen.since, 3),
            candidates=len(able),
            others=tuple(Candidate(a.agent_id, len(a.skills), round(now - a.since, 3)) for a in able[1 : LISTED + 1]),
            idle_rejected=len(unable),
            rejected=tuple(Rejected(a.agent_id, lacks(a.agent_id, a.skills, call.need, step)) for a in unable[:LISTED]),
            ahead=len(before),
            passed=tuple(
                Ahead(
                    w.call_id,
                    round(now - w.since + w.need.priority_s, 3),
                    rule_of(w.need, current_step(w.need, now, steps_since(w))),
                )
                for w in before[:LISTED]
            ),
        )
