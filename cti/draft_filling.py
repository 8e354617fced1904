"""What is heard fills the draft: guesses for its fields, written as they change, in none that a person has settled.

The reading is done on a thread of its own, and a call's words are read again only when they have been read; so a call
never waits, and a fault costs the filling alone.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Final

import structlog

from cti.calls import CallId, Milestone
from cti.drafts import path_of
from cti.key_words import Span
from cti.storage.worker import Worker
from cti.ticket_book import TicketBook
from cti.tickets.edit import Editing, Past
from cti.tickets.first_fill import Known
from cti.tickets.model import Guess, Ticket, Value
from cti.tickets.prefill.city import City
from cti.tickets.prefill.fill import Filled, prefill, write
from cti.tickets.prefill.intent import NOTHING, Intent, menu_intent
from cti.tickets.prefill.words import said
from cti.tickets.refusals import TicketRefused, TicketsAway
from recordings.transcript import Word

log = structlog.get_logger()

_AFTER_S: Final = 0.3
_AGAIN_S: Final = 2.0
_TRIES: Final = 30
_KEPT: Final = 2_000
_INTENT_S: Final = 0.5
"""A caller waits for it, and a person is never wrong."""
_WARM: Final = "你好我要投诉楼下烧烤店晚上噪音很大"
_WRITTEN_FROM_ALL: Final = frozenset({"title", "content"})

Reads = Callable[[Sequence[Word], Known, City, date | None, Mapping[str, Filled] | None], dict[str, Filled]]


@dataclass(slots=True)
class _Call:
    words: Sequence[Word] = ()
    complete: bool = False
    new: bool = False
    """There are words that have not been read."""
    name: str = ""
    """Of the caller, as earlier tickets have it."""
    read: Mapping[str, Filled] = field(default_factory=dict)
    written: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


class DraftFilling:
    """Give it the words of a call as they come (`heard`), and each ticket that is opened (`opened`)."""

    def __init__(
        self,
        book: TicketBook,
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        on_spans: Callable[[CallId, Mapping[str, Span]], object],
        city: Callable[[], City],
        reads: Reads = prefill,
    ) -> None:
        """`on_spans`: when that was said which fields were filled from; seconds on the clock of the words. `city`: what
        to read with; it is asked on the reader's thread."""
        self._book = book
        self._timeline = timeline
        self._on_spans = on_spans
        self._reads = reads
        self._city = city
        self._reader = Worker("prefill")
        self._calls: OrderedDict[CallId, _Call] = OrderedDict()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            self._reader.give(self._warm)
            await asyncio.Event().wait()
        finally:
            tasks = [call.task for call in self._calls.values() if call.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._reader.stop()

    def heard(self, call_id: CallId, words: Sequence[Word], *, complete: bool = False) -> None:
        """All words of the citizen so far; `complete`: he has said what he had to say. Never blocks."""
        call = self._calls.setdefault(call_id, _Call())
        while len(self._calls) > _KEPT:
            self._calls.popitem(last=False)
        call.words, call.complete, call.new = words, complete, True
        self._go_on(call_id, call)

    def opened(self, ticket: Ticket) -> None:
        """What was said before there was a draft goes into it."""
        call_id = CallId(ticket.call_id)
        if (call := self._calls.get(call_id)) is not None:
            call.new = True
            self._go_on(call_id, call)

    async def matter_of(self, text: str) -> tuple[str, float]:
        """`cti.question.MatterOf`"""
        try:
            async with asyncio.timeout(_INTENT_S):
                intent = await self._reader.run(self._intent, text)
        except TimeoutError:
            intent = NOTHING
        except Exception as fault:  # noqa: BLE001 - its text may hold what was said
            log.error("intent_failed", fault=type(fault).__name__)
            intent = NOTHING
        # Of a type alone, without a matter, no rule of a flow speaks.
        return (intent.matter, intent.confidence) if intent.matter else ("", 0.0)

    # Inside

    def _go_on(self, call_id: CallId, call: _Call) -> None:
        if call.task is None:
            call.task = asyncio.create_task(self._fill_while_new(call_id, call))

    async def _fill_while_new(self, call_id: CallId, call: _Call) -> None:
        try:
            await self._fill(call_id, call)
        finally:
            call.task = None  # in the same step as the last look: whoever comes later begins anew

    async def _fill(self, call_id: CallId, call: _Call) -> None:
        tries = 0
        while call.new and tries < _TRIES:
            ticket_id = self._book.id_of(call_id)
            if ticket_id is None or (ticket := self._book.known(ticket_id)) is None:
                return  # `opened` comes
            call.new = False
            if call.complete:
                await asyncio.sleep(_AFTER_S)  # his agent is free now: the next citizen comes first
            try:
                filled = await self._reader.run(self._read, call, self._known(call_id, call, ticket), self._day(ticket))
                call.read = filled
                if (values := _values(filled)) != call.written:
                    await self._book.change(ticket_id, partial(_write, filled))
                    call.written = values
            except TicketsAway:
                call.new, tries = True, tries + 1
                await asyncio.sleep(_AGAIN_S)
                continue
            except TicketRefused as refused:
                log.warning("draft_not_filled", call_id=call_id, code=refused.code)
                continue
            except Exception as fault:  # noqa: BLE001 - its text may hold what was said
                log.error("prefill_failed", call_id=call_id, fault=type(fault).__name__)
                continue
            self._on_spans(call_id, spans(filled))

    def _read(self, call: _Call, known: Known, day: date) -> dict[str, Filled]:
        """On the reader's thread."""
        return self._reads(call.words, known, self._city(), day, None if call.complete else call.read)

    def _intent(self, text: str) -> Intent:
        """On the reader's thread."""
        return menu_intent(text, self._city())

    def _warm(self) -> None:
        """The first reading loads dictionaries, for which no citizen is to wait."""
        try:
            self._reads(said(_WARM), Known(), self._city(), None, None)
        except Exception as fault:  # noqa: BLE001 - `give` is for what cannot fail
            log.error("prefill_failed", call_id="", fault=type(fault).__name__)

    def _known(self, call_id: CallId, call: _Call, ticket: Ticket) -> Known:
        name = ticket.field("caller_name")
        if name.source == "history" and isinstance(name.value, str):
            call.name = name.value
        return Known(phone=ticket.pii_caller, path=path_of(self._timeline(call_id) or ()), name=call.name)

    def _day(self, ticket: Ticket) -> date:
        return self._book.rules.local_time(ticket.created_at).date()


def spans(filled: Mapping[str, Filled]) -> dict[str, Span]:
    """Of the fields that were taken from some words, not from all."""
    found = {name: one.guess.span for name, one in filled.items() if name not in _WRITTEN_FROM_ALL}
    return {name: (span[0] / 1000, span[1] / 1000) for name, span in found.items() if span is not None}


def _values(filled: Mapping[str, Filled]) -> dict[str, list[Value]]:
    """What of it a draft shows: a guess that is only a little surer now is no news."""
    return {name: [one.guess.value, *(other.value for other in one.alternatives)] for name, one in filled.items()}


def _write(filled: Mapping[str, Filled], editing: Editing, _past: Past) -> None:
    """Into a draft; a ticket that is submitted is not touched."""
    if editing.ticket.state == "draft":
        write(editing, {name: Filled(_placed(one.guess), tuple(map(_placed, one.alternatives)))
                        for name, one in filled.items()})  # fmt: skip


def _placed(guess: Guess) -> Guess:
    """What was said before the talk has no place in its recording."""
    return replace(guess, span=None) if guess.span is not None and guess.span[0] < 0 else guess
