"""What a citizen's page and the agent write to each other: facts of the call, and so in its record for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.exchange import Exchange
from cti.video.gate import Gate

MOST_CHARS = 500
_A_MINUTE = 40
"""Lines of one writer."""


class ChatRefused(Exception):
    """`code` is stable, the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Chat:
    """Lines and cards; who has seen which is known by the milestone's number, which is a line's id."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._gate = Gate(_A_MINUTE, 60.0, exchange.wall)

    def say(self, call_id: CallId, text: str, agent: AgentId | None = None) -> None:
        """`agent`: who writes; None: the citizen. ChatRefused; UnknownCall if the call is over."""
        said = "".join(c for c in text.strip() if c == "\n" or c.isprintable())
        if not said or len(said) > MOST_CHARS:
            raise ChatRefused("bad_text", f"1 to {MOST_CHARS} characters")
        self._pass(call_id, agent)
        side = "citizen" if agent is None else "agent"
        self._exchange.call(CallFact.CHAT, call_id, {"side": side, "agent": agent, "pii_text": said})

    def push(self, call_id: CallId, card: str, filled: Mapping[str, Any], agent: AgentId) -> None:
        """As `say`; `filled` is what the page shows (cti.video.cards)."""
        self._pass(call_id, agent)
        data = {"agent": agent, "card": card, "pii_card": orjson.dumps(filled).decode()}
        self._exchange.call(CallFact.CARD_PUSHED, call_id, data)

    def _pass(self, call_id: CallId, agent: AgentId | None) -> None:
        writer = f"{call_id} {agent or ''}"
        if not self._gate.open(writer):
            raise ChatRefused("too_fast", "wait a moment before the next line")
        self._gate.count(writer)


def lines_of(timeline: Iterable[Milestone]) -> list[dict[str, Any]]:
    """The messages of a call's chat, in order."""
    return [line for milestone in timeline if (line := line_of(milestone)) is not None]


def line_of(milestone: Milestone) -> dict[str, Any] | None:
    """The message that this milestone is; None: none."""
    data = milestone.data
    said = {"call_id": milestone.id, "id": milestone.seq, "at": milestone.at, "agent": data.get("agent")}
    if milestone.kind == CallFact.CHAT:
        return {"type": "chat", **said, "side": data.get("side"), "text": data.get("pii_text")}
    if milestone.kind == CallFact.CARD_PUSHED:
        return {"type": "card", **said, "side": "agent", "card": orjson.loads(str(data.get("pii_card")))}
    return None
