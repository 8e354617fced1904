"""What the channel of live pages says of seats, queues and calls (topic `seats`). Numbers are masked.

An agent's row is made anew when something is said of him; all of them now and then, for what changes by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from agents.status import State
from cti.calls import AgentId, Milestone
from cti.live_call import Call
from cti.live_view import desk_row
from cti.logs import mask
from cti.metrics.record import CALLBACK
from cti.skills import Skill
from cti.switchboard import Switchboard

_TALKS = ("talk", "party")
_WAITS = ("queue", "ringing")


class SeatsView:
    """`phone`: state of an agent's telephone. `skills`: by id, the most important first."""

    def __init__(
        self, board: Switchboard, phone: Callable[[AgentId], str], skills: Callable[[], Mapping[str, Skill]]
    ) -> None:
        self._board = board
        self._phone = phone
        self._skills = skills
        self._rows: dict[str, dict[str, Any]] = {}

    def named(self, batch: Iterable[Milestone]) -> set[AgentId]:
        """Whom these milestones are about."""
        found: set[AgentId] = set()
        for milestone in batch:
            if milestone.stream == "agent":
                found.add(AgentId(milestone.id))
            elif milestone.stream == "call":
                found |= {AgentId(str(milestone.data[key])) for key in ("agent", "by") if milestone.data.get(key)}
        return found

    def state(self, now: float, changed: Collection[AgentId] | None = None) -> dict[str, Mapping[str, Any]]:
        """Of all agents anew, or of those who changed."""
        desks = self._board.desks
        if changed is None:
            self._rows = {agent: self._agent(agent, now) for agent in desks}
        else:
            for agent in changed:
                if agent in desks:
                    self._rows[agent] = self._agent(agent, now)
                else:
                    self._rows.pop(agent, None)
        return {
            "agents": self._rows,
            "queues": self.queues(now),
            "calls": {call.id: _call(call) for call in self._board.calls.values()},
            "city": {
                "city": {
                    "rungs": sorted(self._board.rungs()),
                    "notices": [notice.name for notice in self._board.notices(now)],
                }
            },
        }

    def queues(self, now: float) -> dict[str, dict[str, Any]]:
        """In the order of the document of skills; a queue that somebody waits in though it has no name comes last."""
        queues = {code: skill for code, skill in self._skills().items() if skill.queue}
        waiting: Counter[str] = Counter()
        talking: Counter[str] = Counter()
        longest: dict[str, float] = {}
        for call in self._board.calls.values():
            if call.need is None or call.facts.get("direction") == CALLBACK:
                continue
            if call.phase in _WAITS:
                queue = call.need.queue
                waiting[queue] += 1
                longest[queue] = min(longest.get(queue, now), call.waits_since)
            elif call.phase in _TALKS:
                talking[call.need.queue] += 1
        ready = Counter(
            skill
            for desk in self._board.desks.values()
            if desk.state(now) is State.IDLE
            for skill, level in desk.agent.skills.items()
            if level >= 1
        )
        return {
            code: {
                "zh": queues[code].zh if code in queues else code,
                "en": queues[code].en if code in queues else code,
                "order": order,
                "waiting": waiting[code],
                "longest_since": longest.get(code),
                "ready": ready[code],
                "talking": talking[code],
            }
            for order, code in enumerate([*queues, *sorted(waiting.keys() - queues.keys())])
        }

    def _agent(self, agent: AgentId, now: float) -> dict[str, Any]:
        desk = self._board.desks[agent]
        call = self._board.calls.get(desk.call_id) if desk.call_id is not None else None
        talk = None
        if call is not None:
            talk = {**_call(call), "call_id": call.id, "since": desk.call_since, "number": _number(call)}
        return {**desk_row(desk, now), "phone": self._phone(agent), "talk": talk}


def _call(call: Call) -> dict[str, Any]:
    return {
        "phase": call.phase,
        "queue": call.need.queue if call.need is not None else None,
        "queued_at": call.queued_at or None,
        "agent": call.agent,
        "since": call.answered_at or call.queued_at or call.arrived_at,
        "number": _number(call),
    }


def _number(call: Call) -> str:
    return str(mask(call.facts.get("pii_caller") or ""))
