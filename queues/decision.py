"""What was decided and why: who else could have taken the call, who could not, who was passed over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cti.calls import AgentId, CallId

LISTED = 5
"""So many of each list are kept; how many there were is kept as a number."""
_MAX_CHARACTERS = 1999
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Candidate:
    """An idle agent who could take the call."""

    agent_id: AgentId
    skills: int
    idle_s: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """An idle agent who could not, and the first thing that he lacks, as "enterprise>=3"."""

    agent_id: AgentId
    lacks: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """A caller with a higher score whom the chosen agent could not take, and what that caller wants."""

    call_id: CallId
    score_s: float
    wants: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Offer `call_id` to `agent_id`. The rest says why, and is kept with the call; lists hold at most five."""

    call_id: CallId
    agent_id: AgentId
    step: int
    """Index of the need's step that counts; len(steps): any agent of the queue."""
    rule: str
    """What that asks for, in the words of `NeedStep.to_text()` without its time, or "any of general"."""
    lent_by: str
    """The skill by which an overflow rule let this agent take the call; "": he meets the need himself."""
    score_s: float
    """waited_s + head_start_s"""
    waited_s: float
    kept_s: float
    """The part of waited_s that comes from an earlier call."""
    head_start_s: float
    idle_s: float
    candidates: int
    """Idle agents who could take the call, the chosen one included."""
    others: tuple[Candidate, ...]
    """The next best candidates."""
    idle_rejected: int
    rejected: tuple[Rejected, ...]
    """The longest idle of them."""
    ahead: int
    """Callers with a higher score whom this agent could not take."""
    passed: tuple[Ahead, ...]
    """The first of them."""

    def to_text(self) -> str:
        """JSON of less than 2,000 characters, which `from_text` reads back; very long ids shorten the lists."""
        kept: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        lists = {name: _rows(getattr(self, name)) for name in _LISTS}
        kept |= lists
        text = _encode(kept)
        while len(text) > _MAX_CHARACTERS and any(lists.values()):
            max(lists.values(), key=lambda rows: len(_encode(rows))).pop()
            text = _encode(kept)
        return text

    @staticmethod
    def from_text(text: str, call_id: CallId, agent_id: AgentId) -> Decision:
        """ValueError if the text is not of that form."""
        try:
            raw = json.loads(text)
            raw["others"] = tuple(Candidate(**row) for row in raw["others"])
            raw["rejected"] = tuple(Rejected(**row) for row in raw["rejected"])
            raw["passed"] = tuple(Ahead(**row) for row in raw["passed"])
            return Decision(call_id=call_id, agent_id=agent_id, **raw)
        except (TypeError, KeyError) as error:
            raise ValueError(f"no decision: {error}") from None


_LISTS = ("others", "rejected", "passed")
_PLAIN = tuple(name for name in Decision.__slots__ if name not in ("call_id", "agent_id", *_LISTS))


def _rows(rows: Sequence[Candidate | Rejected | Ahead]) -> list[dict[str, Any]]:
    return [{name: getattr(row, name) for name in row.__slots__} for row in rows]
