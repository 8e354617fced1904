"""All tickets, for the event loop: read and changed in the database, told to desks, known by what is open.

Nobody waits for a database that does not answer: `TicketsAway` says so in time. What a caller gave up before its turn
came is not done; what had begun may be done after all, and doing it again is the same as doing it once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog

from cti.calls import AgentId, CallId
from cti.exchange import Exchange
from cti.logs import mask
from cti.storage.store import StoreError, StoreRefusedError
from cti.storage.ticket_store import TicketStore
from cti.storage.worker import Worker
from cti.tickets.asked import Wanted
from cti.tickets.deadlines import deadline
from cti.tickets.duplicates import Like, OpenTickets
from cti.tickets.edit import Edited, Editing, Past
from cti.tickets.form import Form
from cti.tickets.model import Ticket
from cti.tickets.refusals import BadValue, TicketsAway, UnknownTicket
from cti.tickets.shown import masked, shown_json
from ivr_flows.calendar import WorkCalendar

log = structlog.get_logger()

_LIMIT_S = 4.0
_AGAIN_S = 5.0
_KEPT: Final = 2_000
_PAGE: Final = 500
_OPEN_S: Final = 90 * 86_400.0
"""A ticket older than this is not compared with new ones, and its agent not looked for."""
_PRESENT_S: Final = 60.0
"""Who has opened a ticket, and said nothing since, has closed it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rules:
    """By which tickets are made, live."""

    form: Callable[[], Form]
    calendar: WorkCalendar
    local_time: Callable[[float], datetime]


class TicketBook:
    def __init__(
        self,
        store: TicketStore,
        worker: Worker,
        exchange: Exchange,
        rules: Rules,
        tell: Callable[[AgentId, Mapping[str, Any]], None],
    ) -> None:
        """`tell`: one message to the page of an agent."""
        self.store, self.rules = store, rules
        self._worker = worker
        self._exchange = exchange
        self._tell = tell
        self._known: OrderedDict[str, Ticket] = OrderedDict()
        """Those that were used last."""
        self._of_call: dict[str, str] = {}
        self._untouched: dict[str, set[str]] = {}
        """Agent -> his drafts in which nobody has written."""
        self._open = OpenTickets(rules.form, rules.local_time)
        self._comparing = Worker("tickets")
        """Knows `_open`, alone."""
        self._agents_of: dict[str, dict[str, tuple[float, str]]] = {}
        """Number of a citizen -> his open tickets -> when they were made, and who has them."""
        self._present: dict[str, dict[str, float]] = {}
        """Ticket -> who has it before him, and since when he was last heard of."""
        self.on_open: Callable[[Ticket], object] = lambda _ticket: None
        """The ticket of a call is there, new or not."""

    # What is known at once

    def now(self) -> float:
        return self._exchange.wall()

    def id_of(self, call_id: CallId) -> str | None:
        """The ticket of a live call, as soon as it is there."""
        return self._of_call.get(call_id)

    def known(self, ticket_id: str) -> Ticket | None:
        """As this process saw it last."""
        return self._known.get(ticket_id)

    def agent_of(self, number: str) -> AgentId | None:
        """Who has the newest open ticket of this citizen."""
        found = self._agents_of.get(number)
        return AgentId(max(found.values())[1]) if found else None

    def untouched_of(self, agent: str) -> list[Ticket]:
        """His drafts, of those this process has seen, in which nobody has written."""
        return [self._known[ticket_id] for ticket_id in self._untouched.get(agent, ())]

    def is_on(self, user: str, ticket: Ticket) -> bool:
        """Whether it has gone through his hands, or its call is at his desk: he may see the number."""
        return user in ticket.agents or user in self._on_call(ticket)

    def editing(self, ticket: Ticket) -> list[str]:
        since = self.now() - _PRESENT_S
        present = [user for user, at in self._present.get(ticket.id, {}).items() if at >= since]
        return list(dict.fromkeys([*self._on_call(ticket), *present]))

    def message(self, ticket: Ticket, user: str) -> dict[str, Any]:
        """For the page of this user."""
        return {"type": "ticket", "ticket": self.shown(ticket, user)}

    def shown(self, ticket: Ticket, user: str) -> dict[str, Any]:
        """As this user gets it."""
        seen = self.dated(ticket)
        return shown_json(seen if self.is_on(user, ticket) else masked(seen, mask), self.editing(ticket))

    def dated(self, ticket: Ticket) -> Ticket:
        """A deadline is promised when it is submitted; a provisional one is reckoned anew when the year is known."""
        if ticket.state != "draft" and (ticket.deadline is None or not ticket.deadline.provisional):
            return ticket
        found = deadline(
            self.rules.form().rules,
            ticket.text("type"),
            ticket.text("urgency"),
            ticket.created_at,
            self.rules.calendar,
            self.rules.local_time,
        )
        return replace(ticket, deadline=found)

    # Reading and changing. TicketsAway

    async def open(self, call_id: str, day: str, make: Callable[[str], Edited]) -> Ticket:
        """The ticket of this call, made now if it has none. `make` runs on the database's thread."""

        def seen(ticket: Ticket) -> None:
            self._saw(ticket)
            self.on_open(ticket)

        return await self._do(self.store.open, call_id, day, make, seen=seen)

    async def get(self, ticket_id: str) -> Ticket:
        """UnknownTicket."""
        if (found := await self._do(self.store.get, ticket_id)) is None:
            raise UnknownTicket
        self._saw(found)
        return found

    async def of_call(self, call_id: str) -> Ticket | None:
        return await self._do(self.store.of_call, call_id)

    async def change(self, ticket_id: str, edit: Callable[[Editing, Past], Mapping[str, Any] | None]) -> Edited:
        """What `edit` does to it on the database's thread, and what it gives leaves for the city's platform.

        UnknownTicket, and whatever `edit` raises: then nothing has changed.
        """
        at = self.now()

        def whole(ticket: Ticket, past: Past) -> Edited:
            editing = Editing(ticket, at)
            leaves = edit(editing, past)
            edited = editing.done()
            return replace(edited, ticket=self.dated(edited.ticket), leaves=leaves)

        def seen(edited: Edited | None) -> None:
            if edited is not None:
                self._saw(edited.ticket)
                if edited.entries:
                    self.push(edited.ticket)

        edited = await self._do(self.store.change, ticket_id, whole, seen=seen)
        if edited is None:
            raise UnknownTicket
        return edited

    async def relate(self, ticket_id: str, other_id: str, *, same: bool, by: str) -> Ticket:
        """UnknownTicket if either is not there, or both are one."""

        def seen(pair: tuple[Ticket, Ticket] | None) -> None:
            for ticket in pair or ():
                self._saw(ticket)
                self.push(ticket)

        kind = "same" if same else "different"
        pair = await self._do(self.store.relate, ticket_id, other_id, kind, by, self.now(), seen=seen)
        if pair is None:
            raise UnknownTicket
        return pair[0]

    async def find(self, wanted: Wanted) -> list[Ticket]:
        return await self._do(self.store.find, wanted)

    async def ask(self, job: Callable[..., T], *args: Any) -> T:
        """Anything else of the store."""
        return await self._do(job, *args)

    async def like(self, ticket: Ticket) -> list[tuple[Ticket, Like]]:
        """Open tickets that may be about the same matter."""
        found = await self._comparing.run(self._open.like, ticket)
        known = {ticket.id: ticket for ticket in await self._do(self._all, [like.id for like in found])}
        return [(known[like.id], like) for like in found if like.id in known]

    # Telling

    def push(self, ticket: Ticket) -> None:
        """To the page of everybody who has it before him, or had it last."""
        for user in dict.fromkeys([*self.editing(ticket), ticket.agent]):
            if user in self._exchange.board.desks:
                self._tell(AgentId(user), self.message(ticket, user))

    def show(self, agent: AgentId, call_id: CallId | None) -> None:
        """To a page that has come: the ticket of his call; without a call the one he wrote in last."""
        his = (t for t in reversed(self._known.values()) if t.agent == agent and t.state in ("draft", "submitted"))
        ticket_id = self._of_call.get(call_id) if call_id is not None else None
        ticket = self._known[ticket_id] if ticket_id is not None else next(his, None) if call_id is None else None
        if ticket is not None:
            self._tell(agent, self.message(ticket, agent))

    def opened_by(self, ticket: Ticket, user: str) -> None:
        """He has it before him; others see it."""
        present = self._present.setdefault(ticket.id, {})
        new = present.get(user, 0.0) < self.now() - _PRESENT_S and user not in self.editing(ticket)
        present[user] = self.now()
        if new:
            self.push(ticket)

    async def load(self) -> None:
        """Everything that is open, as soon as the database answers; bit by bit, for others need it too."""
        since, until = self.now() - _OPEN_S, None
        while True:
            wanted = Wanted(("draft", "submitted", "sent"), since=since, until=until, touched=True, limit=_PAGE)
            try:
                page = await self.find(wanted)
            except TicketsAway:
                await asyncio.sleep(_AGAIN_S)
                continue
            for ticket in page:
                if ticket.id not in self._known:
                    self._compare(ticket)
            if len(page) < _PAGE:
                return
            until = page[-1].created_at

    def stop(self) -> None:
        self._comparing.stop()

    # Inside

    def _on_call(self, ticket: Ticket) -> list[str]:
        return [i for i, desk in self._exchange.board.desks.items() if desk.call_id == ticket.call_id]

    def _saw(self, ticket: Ticket) -> None:
        """It is so in the database."""
        known = self._known.get(ticket.id)
        if known is not None and known.version > ticket.version:
            return
        if known is not None:
            self._untouched.get(known.agent, set()).discard(ticket.id)
        if ticket.state == "draft" and not ticket.touched:
            self._untouched.setdefault(ticket.agent, set()).add(ticket.id)
        self._known[ticket.id] = ticket
        self._known.move_to_end(ticket.id)
        self._of_call[ticket.call_id] = ticket.id
        while len(self._known) > _KEPT:
            old_id, old = self._known.popitem(last=False)
            self._of_call.pop(old.call_id, None)
            self._untouched.get(old.agent, set()).discard(old_id)
            self._present.pop(old_id, None)
        self._compare(ticket)

    def _compare(self, ticket: Ticket) -> None:
        self._comparing.give(self._open.put, ticket)
        if not (number := ticket.pii_caller):
            return
        his = self._agents_of.setdefault(number, {})
        if ticket.open and ticket.touched and ticket.agent:
            his[ticket.id] = ticket.created_at, ticket.agent
        else:
            his.pop(ticket.id, None)
            if not his:
                del self._agents_of[number]

    def _all(self, ids: Collection[str]) -> list[Ticket]:
        return [ticket for id_ in ids if (ticket := self.store.get(id_)) is not None]

    async def _do(self, job: Callable[..., T], *args: Any, seen: Callable[[T], None] | None = None) -> T:
        """`seen` gets the result in any case, also when nobody waits for it any more."""
        given_up = False

        def work() -> T:
            if given_up:
                raise TicketsAway
            return job(*args)

        future = self._worker.submit(work)

        def done(future: asyncio.Future[T]) -> None:
            if not future.cancelled() and future.exception() is None and seen is not None:
                seen(future.result())

        future.add_done_callback(done)
        try:
            async with asyncio.timeout(_LIMIT_S):
                return await asyncio.shield(future)
        except TimeoutError:
            log.warning("tickets_away", problem="no answer in time")
            raise TicketsAway from None
        except StoreRefusedError:
            raise BadValue("bad_value", "the database refuses this text") from None
        except StoreError as error:
            log.warning("tickets_away", problem=str(error))
            raise TicketsAway from None
        finally:
            given_up = True
