"""The story of who calls: his last calls, what is open, what he is known by. Read while he waits, told with the offer.

Nothing waits for it: an agent whose page has the call already gets it a moment later. A withheld number has none.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import structlog

from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.metrics.record import CALLBACK, CallRecord
from cti.same_number import canonical, spellings
from cti.storage.store import Store
from cti.storage.ticket_store import TicketStore
from cti.ticket_book import TicketBook
from cti.tickets.asked import Wanted
from cti.tickets.model import Ticket
from cti.tickets.refusals import TicketsAway
from cti.tickets.shown import row

log = structlog.get_logger()

_DAY_S: Final = 86_400.0
_LOOKED_AT: Final = 200
_SHOWN_CALLS, _SHOWN_TICKETS = 10, 10
_LIMIT_S: Final = 20.0
"""Who has waited so long for his story goes without one."""
_KEPT: Final = 2_000

EMPTY: Final[Mapping[str, Any]] = {
    "name": "",
    "tags": [],
    "first_call_at": None,
    "repeat_7d": 0,
    "lost_last": None,
    "calls": [],
    "calls_12m": 0,
    "tickets": [],
    "maybe_same": [],
}


class Stories:
    """Give it each batch of durable milestones."""

    def __init__(
        self,
        book: TicketBook,
        calls: Store,
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        tell: Callable[[AgentId, Mapping[str, Any]], None],
        area_code: str,
    ) -> None:
        self._book = book
        self._calls = calls
        self._timeline = timeline
        self._tell = tell
        self._area_code = area_code
        self._known: OrderedDict[CallId, Mapping[str, Any]] = OrderedDict()
        self._reading: dict[CallId, asyncio.Task[None]] = {}
        self._waiting: dict[CallId, list[AgentId]] = {}
        """Agents who were offered a call before its story was read."""

    def heard(self, batch: Sequence[Milestone]) -> None:
        """Never blocks."""
        for milestone in batch:
            call_id = CallId(milestone.id)
            if milestone.kind == CallFact.QUEUED:
                self._read(call_id)
            elif milestone.kind in (CallFact.OFFERED, CallFact.HANDED_OVER, CallFact.PARTY_ASKED):
                if agent := milestone.data.get("agent"):
                    self.show(call_id, AgentId(str(agent)))
            elif milestone.kind == CallFact.ENDED:
                self._waiting.pop(call_id, None)

    def show(self, call_id: CallId, agent: AgentId) -> None:
        """Tells him, now or as soon as it is read."""
        if (story := self._known.get(call_id)) is not None:
            self._tell(agent, message(call_id, story))
            return
        self._waiting.setdefault(call_id, []).append(agent)
        self._read(call_id)

    async def stop(self) -> None:
        for task in self._reading.values():
            task.cancel()
        await asyncio.gather(*self._reading.values(), return_exceptions=True)

    def _read(self, call_id: CallId) -> None:
        if call_id not in self._known and call_id not in self._reading:
            task = asyncio.create_task(self._prepare(call_id))
            self._reading[call_id] = task
            task.add_done_callback(lambda _: self._reading.pop(call_id, None))

    async def _prepare(self, call_id: CallId) -> None:
        arrived = next((m for m in self._timeline(call_id) or () if m.kind == CallFact.ARRIVED), None)
        number = canonical(str(arrived.data.get("pii_caller") or ""), self._area_code) if arrived is not None else ""
        story: Mapping[str, Any] = EMPTY
        if number:
            try:
                async with asyncio.timeout(_LIMIT_S):
                    story = await self._story(call_id, number)
            except (TicketsAway, TimeoutError):
                log.info("story_not_read", call_id=call_id)
                self._waiting.pop(call_id, None)
                return
        self._known[call_id] = story
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        for agent in self._waiting.pop(call_id, ()):
            self._tell(agent, message(call_id, story))

    async def _story(self, call_id: CallId, number: str) -> Mapping[str, Any]:
        now, tickets = self._book.now(), self._book.store
        known = spellings(number, self._area_code)
        tags = {tag.id: tag for tag in self._book.rules.form().tags}

        def read() -> Mapping[str, Any]:
            return story(call_id, known, self._calls, tickets, now)

        found = dict(await self._book.ask(read))
        found["tags"] = [tags[tag].model_dump() for tag in found["tags"] if tag in tags]
        return found


def message(call_id: CallId, told: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "story", "call_id": call_id, "story": told}


def story(call_id: CallId, numbers: Sequence[str], calls: Store, tickets: TicketStore, now: float) -> dict[str, Any]:
    """Of the caller with these spellings of his number, the canonical one first. On the database's thread."""
    past = [record for record in calls.calls_of(numbers, 0.0, _LOOKED_AT) if record.call_id != call_id]
    of_calls = {
        t.call_id: t for t in tickets.find(Wanted(calls=[r.call_id for r in past[:_SHOWN_CALLS]], limit=_LOOKED_AT))
    }
    his = [t for t in tickets.find(Wanted(number=numbers[0], limit=_LOOKED_AT)) if t.call_id != call_id]
    still_open = [t for t in his if t.open and t.touched]
    came = [record for record in past if record.direction != CALLBACK]
    return {
        "name": next(filter(None, (_settled(t, "caller_name") for t in his)), ""),
        "tags": tickets.tags(numbers),
        "first_call_at": past[-1].arrived_at if past else None,
        "repeat_7d": 1 + sum(record.arrived_at >= now - 7 * _DAY_S for record in came),
        "lost_last": _lost_last(past),
        "calls": [_call(record, of_calls.get(record.call_id)) for record in past[:_SHOWN_CALLS]],
        "calls_12m": sum(record.arrived_at >= now - 365 * _DAY_S for record in came),
        "tickets": [asdict(row(t)) for t in still_open[:_SHOWN_TICKETS]],
        "maybe_same": [],
    }


def _settled(ticket: Ticket, name: str) -> str:
    return ticket.text(name) if ticket.field(name).state in ("confirmed", "own") else ""


def _lost_last(past: Collection[CallRecord]) -> dict[str, Any] | None:
    """The last time he called nobody answered him, and nobody has called him back."""
    for record in past:
        if record.answered or record.outcome == "reached" or record.lost_at == "message":
            return None
        if record.direction != CALLBACK and record.lost_at is not None:
            return {"at": record.arrived_at, "wait_s": record.wait_total_s, "queue": record.queue}
    return None


def _call(record: CallRecord, ticket: Ticket | None) -> dict[str, Any]:
    return {
        "call_id": record.call_id,
        "at": record.arrived_at,
        "queue": record.queue,
        "outcome": _outcome(record),
        "lost_at": record.lost_at,
        "wait_s": record.wait_total_s,
        "talk_s": record.talk_s,
        "satisfied": record.satisfied,
        "title": ticket.text("title") if ticket is not None else "",
        "matter": ticket.text("matter") if ticket is not None else "",
        "finish": ticket.finish if ticket is not None else None,
        "ticket": ticket.id if ticket is not None else None,
    }


def _outcome(record: CallRecord) -> str:
    if record.direction == CALLBACK:
        return "callback"
    if record.answered or record.transferred_to is not None:
        return "answered"
    if record.lost_at == "message":
        return "message"
    if record.lost_at == "callback":
        return "callback"
    return "lost" if record.lost_at is not None else "self_service"
