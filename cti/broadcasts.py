"""Messages of supervisors to agents: who is to read each, who has, and what a page that comes is still to show.

The newest are kept, in the city's record; those of one day need no more.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cti.calls import AgentFact, AgentId, CityFact, Milestone, Value
from cti.exchange import Exchange

_PLACES: Final = 30
"""So many are known at a time."""
_SHOWN_S: Final = 12 * 3600.0
"""A page that comes later than this shows it no more."""


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    at: float
    """UTC seconds"""
    by: str
    text: str
    urgent: bool
    agents: tuple[AgentId, ...]


class Broadcasts:
    """`heard` with each batch of durable milestones, `recover` with those from before. `tell`: an agent's page.
    `name_of`: of a user."""

    def __init__(
        self,
        exchange: Exchange,
        tell: Callable[[AgentId, Mapping[str, Any]], object],
        name_of: Callable[[str], str],
    ) -> None:
        self._exchange = exchange
        self._tell = tell
        self._name_of = name_of
        self._messages: dict[str, Message] = {}
        """By place."""
        self._seen: dict[AgentId, dict[str, float]] = {}

    def recover(self, milestones: Iterable[Milestone]) -> None:
        for milestone in milestones:
            self._fold(milestone)

    def heard(self, batch: Sequence[Milestone]) -> None:
        """What is on disk is told."""
        for milestone in batch:
            self._fold(milestone)
            if milestone.kind == CityFact.BROADCAST:
                message = self._messages[milestone.id]
                for agent_id in message.agents:
                    self._tell(agent_id, self._as_told(message))

    def say(self, text: str, agents: Collection[AgentId], urgent: bool, by: str) -> str:
        """Returns its id. `agents` who are not logged in are told when they come."""
        oldest = min(range(_PLACES), key=lambda n: m.at if (m := self._messages.get(str(n))) else 0.0)
        data: dict[str, Value] = {"broadcast": f"b{secrets.token_hex(4)}", "pii_text": text}
        data |= {"agents": " ".join(agents), "urgent": urgent, "by": by}
        self._exchange.city(CityFact.BROADCAST, str(oldest), data)
        self._fold(Milestone("city", str(oldest), 0, self._exchange.wall(), CityFact.BROADCAST, data))
        return str(data["broadcast"])

    def read(self, broadcast: str, agent_id: AgentId) -> None:
        """He has. KeyError: it is none of his."""
        if not any(m.id == broadcast and agent_id in m.agents for m in self._messages.values()):
            raise KeyError(broadcast)
        seen = self._seen.get(agent_id, {})
        if broadcast in seen:
            return
        known = {message.id for message in self._messages.values()}
        seen = {i: at for i, at in seen.items() if i in known} | {broadcast: self._exchange.wall()}
        data: dict[str, Value] = {"seen": " ".join(f"{i}@{at:.3f}" for i, at in seen.items())}
        self._exchange.agent(AgentFact.BROADCAST_SEEN, agent_id, data)
        self._seen[agent_id] = seen

    def show(self, agent_id: AgentId) -> None:
        """His page has come: what he has not read."""
        now = self._exchange.wall()
        for message in self.newest()[::-1]:
            fresh = now - message.at < _SHOWN_S and message.id not in self._seen.get(agent_id, {})
            if fresh and agent_id in message.agents:
                self._tell(agent_id, self._as_told(message))

    def newest(self) -> list[Message]:
        return sorted(self._messages.values(), key=lambda message: -message.at)

    def rows(self) -> list[dict[str, Any]]:
        """The newest first, each with who has read it when."""
        return [
            {
                "id": m.id,
                "at": m.at,
                "by": m.by,
                "text": m.text,
                "urgent": m.urgent,
                "receipts": [{"agent": a, "seen_at": self._seen.get(a, {}).get(m.id)} for a in m.agents],
            }
            for m in self.newest()
        ]

    def _as_told(self, m: Message) -> dict[str, Any]:
        who = {"by": m.by, "by_name": self._name_of(m.by)}
        return {"type": "broadcast", "id": m.id, "at": m.at, **who, "text": m.text, "urgent": m.urgent}

    def _fold(self, milestone: Milestone) -> None:
        data = milestone.data
        if milestone.kind == CityFact.BROADCAST:
            agents = tuple(AgentId(name) for name in str(data["agents"]).split())
            self._messages[milestone.id] = Message(
                str(data["broadcast"]),
                milestone.at,
                str(data["by"]),
                str(data["pii_text"]),
                bool(data["urgent"]),
                agents,
            )
        elif milestone.kind == AgentFact.BROADCAST_SEEN:
            pairs = (part.partition("@") for part in str(data["seen"]).split())
            self._seen[AgentId(milestone.id)] = {broadcast: float(at) for broadcast, _, at in pairs}
