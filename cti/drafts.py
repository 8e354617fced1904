"""The draft that follows a call: made when an agent is offered it, handed on with the call, closed if nobody needs it.

Which agent has it is what the call's milestones say; bringing the database to that is tried until it has succeeded, so
that neither its failure nor ours loses a draft, and none delays an offer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone
from cti.live_call import Call
from cti.same_number import canonical
from cti.storage.ticket_store import TicketStore
from cti.ticket_book import TicketBook
from cti.tickets.asked import Wanted
from cti.tickets.edit import Edited, Editing, Past
from cti.tickets.first_fill import Known, first_fill, follow_rules
from cti.tickets.form import NOT_ANSWERED, NOTHING_NOTED
from cti.tickets.model import SYSTEM, Ticket
from cti.tickets.refusals import TicketRefused, TicketsAway, UnknownTicket

log = structlog.get_logger()

_AGAIN_S: Final = 2.0
_SWEEP_S: Final = 60.0
_FORGOTTEN_S: Final = 1_800.0
"""An untouched draft so old whose call is over is closed: its agent never said anything."""
_EARLIER: Final = 10


@dataclass(slots=True)
class _Followed:
    """A call with an agent, and what is to become of its draft."""

    call_id: CallId
    agent: str
    facts: Known
    language: str
    arrived_at: float
    ticket: Ticket | None = None
    close: str = ""
    """The finish code to close it with, if nobody has written in it."""
    in_vain: set[str] = field(default_factory=set)
    """Whose telephones have rung and who did not answer: the draft is not theirs to read any more."""
    over: bool = False
    busy: bool = False
    """The database is being brought to this."""


class Drafts:
    """Give it each batch of durable milestones, and the live calls at a start."""

    def __init__(
        self,
        book: TicketBook,
        calls: Callable[[], Collection[Call]],
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        answered: Callable[[CallId], bool],
        area_code: str,
    ) -> None:
        """`calls`: those that live. `answered`: of a call that has ended, asked on the database's thread."""
        self._book = book
        self._calls = calls
        self._timeline = timeline
        self._answered = answered
        self._area_code = area_code
        self._followed: dict[CallId, _Followed] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        for call in self._calls():
            if call.agent is not None:
                self._follow(call.id, call.agent)
        try:
            while True:
                await asyncio.sleep(_SWEEP_S)
                await self._sweep()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def heard(self, batch: Sequence[Milestone]) -> None:
        """Never blocks."""
        for milestone in batch:
            call_id = CallId(milestone.id)
            match milestone.kind:
                case CallFact.OFFERED:
                    agent = str(milestone.data["agent"])
                    self._close_untouched(agent)
                    self._follow(call_id, agent)
                case CallFact.OFFER_FAILED if (followed := self._followed.get(call_id)) is not None:
                    followed.in_vain.add(str(milestone.data["agent"]))
                case CallFact.HANDED_OVER if milestone.data.get("agent"):
                    self._follow(call_id, str(milestone.data["agent"]))
                case CallFact.PARTY_ASKED if milestone.data.get("agent"):
                    self._show(call_id, AgentId(str(milestone.data["agent"])))
                case CallFact.ENDED if (followed := self._followed.get(call_id)) is not None:
                    followed.over = True
                    if not self._was_answered(call_id):
                        followed.close = NOT_ANSWERED
                    self._keep(followed)
                case AgentFact.WRAP_UP_FINISHED | AgentFact.LOGGED_OUT:
                    self._close_untouched(milestone.id)
                case _:
                    pass

    async def of_call(self, call_id: CallId) -> Ticket:
        """The draft of a call that an agent has or had, made if need be. UnknownTicket, TicketsAway."""
        if (found := await self._book.of_call(call_id)) is not None:
            return found
        followed = self._followed.get(call_id) or self._from_timeline(call_id)
        if followed is None:
            raise UnknownTicket
        return await self._open(followed)

    # Inside

    def _follow(self, call_id: CallId, agent: str) -> None:
        followed = self._followed.get(call_id)
        if followed is None:
            if (followed := self._from_timeline(call_id)) is None:
                return
            self._followed[call_id] = followed
        followed.agent = agent
        followed.in_vain.discard(agent)
        self._keep(followed)

    def _show(self, call_id: CallId, agent: AgentId) -> None:
        """Somebody comes to the talk: he has it before him before his telephone rings."""
        followed = self._followed.get(call_id)
        if followed is not None and followed.ticket is not None:
            self._spawn(self._share(followed.ticket.id, agent))

    def _from_timeline(self, call_id: CallId) -> _Followed | None:
        timeline = self._timeline(call_id) or ()
        arrived = next((m for m in timeline if m.kind == CallFact.ARRIVED), None)
        offers = [m for m in timeline if m.kind in (CallFact.OFFERED, CallFact.HANDED_OVER) and m.data.get("agent")]
        if arrived is None or not offers:
            return None
        language = next((str(m.data["language"]) for m in reversed(timeline) if m.data.get("language")), "zh-CN")
        number = canonical(str(arrived.data.get("pii_caller") or ""), self._area_code)
        known = Known(phone=number, path=path_of(timeline))
        return _Followed(call_id, str(offers[-1].data["agent"]), known, language, arrived.at)

    def _keep(self, followed: _Followed) -> None:
        if not followed.busy:
            followed.busy = True
            self._spawn(self._bring(followed))

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bring(self, followed: _Followed) -> None:
        """The database to what the call is now, whatever it takes."""
        while True:
            agent, close = followed.agent, followed.close
            try:
                ticket = followed.ticket or await self._open(followed)
                if agent not in ticket.agents or ticket.agent != agent:
                    ticket = (await self._book.change(ticket.id, _handed_to(agent, frozenset(followed.in_vain)))).ticket
                if close and ticket.state == "draft" and not ticket.touched:
                    ticket = (await self._book.change(ticket.id, closing(close))).ticket
                followed.ticket = ticket
            except TicketsAway:
                await asyncio.sleep(_AGAIN_S)
                continue
            except TicketRefused as refused:  # the database is another one than a moment ago
                log.error("draft_lost", call_id=followed.call_id, code=refused.code)
                break
            if (followed.agent, followed.close) == (agent, close):
                break
        followed.busy = False
        if followed.over:
            self._followed.pop(followed.call_id, None)

    async def _open(self, followed: _Followed) -> Ticket:
        book = self._book
        local = book.rules.local_time(followed.arrived_at)
        at = book.now()
        known = replace(followed.facts, **await book.ask(_earlier, book.store, followed.facts.phone))

        def make(ticket_id: str) -> Edited:
            ticket = Ticket(
                ticket_id,
                followed.call_id,
                created_at=at,
                agent=followed.agent,
                agents=(followed.agent,),
                pii_caller=known.phone,
                language=followed.language,
            )
            editing = Editing(ticket, at)
            editing.note(SYSTEM, "created", new=followed.agent)
            first_fill(editing, known, book.rules.form())
            follow_rules(editing, book.rules.form())
            edited = editing.done()
            return replace(edited, ticket=book.dated(edited.ticket))

        ticket = await book.open(followed.call_id, f"{local:%Y%m%d}", make)
        book.push(ticket)
        return ticket

    async def _share(self, ticket_id: str, agent: AgentId) -> None:
        def share(editing: Editing, _past: Past) -> None:
            if agent not in editing.ticket.agents:
                editing.ticket = replace(editing.ticket, agents=(*editing.ticket.agents, agent))
                editing.note(SYSTEM, "agent", new=agent)

        while True:
            try:
                await self._book.change(ticket_id, share)
            except TicketsAway:
                await asyncio.sleep(_AGAIN_S)
            else:
                return

    def _was_answered(self, call_id: CallId) -> bool:
        return any(m.kind == CallFact.ANSWERED for m in self._timeline(call_id) or ())

    def _close_untouched(self, agent: str) -> None:
        """His work after the talk is done, and he has written nothing."""
        live = {call.id for call in self._calls()}
        for ticket in self._book.untouched_of(agent):
            if ticket.call_id not in live:
                self._spawn(self._close(ticket.id, NOTHING_NOTED))

    async def _close(self, ticket_id: str, finish: str) -> None:
        try:
            await self._book.change(ticket_id, closing(finish))
        except TicketsAway:
            log.info("draft_closed_later", ticket=ticket_id)  # by the sweep

    async def _sweep(self) -> None:
        """Drafts that are left over: of a crash, of agents whose page was closed."""
        live = {call.id for call in self._calls()}
        wanted = Wanted({"draft"}, until=self._book.now() - _FORGOTTEN_S, touched=False)
        try:
            for ticket in await self._book.find(wanted):
                if ticket.call_id in live:
                    continue
                answered = await self._book.ask(self._answered, CallId(ticket.call_id))
                await self._book.change(ticket.id, closing(NOTHING_NOTED if answered else NOT_ANSWERED))
        except TicketsAway:
            return


def path_of(timeline: Sequence[Milestone]) -> list[str]:
    """Nodes of the flow in the order he came by, and last the queues he waited in."""
    path = [str(m.data.get("node")) for m in timeline if m.kind == CallFact.ENTERED]
    return path + [str(m.data.get("queue")) for m in timeline if m.kind == CallFact.QUEUED]


def _handed_to(agent: str, in_vain: Collection[str]) -> Callable[[Editing, Past], None]:
    def edit(editing: Editing, _past: Past) -> None:
        ticket = editing.ticket
        if ticket.agent == agent:
            return
        wrote = {one.by for one in ticket.fields.values()}
        theirs = [a for a in ticket.agents if a != agent and (a not in in_vain or a in wrote)]
        editing.ticket = replace(ticket, agent=agent, agents=(*theirs, agent))
        editing.note(SYSTEM, "agent", old=ticket.agent, new=agent)

    return edit


def closing(finish: str) -> Callable[[Editing, Past], None]:
    """Closes a draft in which nobody has written; another is left as it is."""

    def edit(editing: Editing, _past: Past) -> None:
        if editing.ticket.state == "draft" and not editing.ticket.touched:
            editing.ticket = replace(editing.ticket, state="closed", finish=finish)
            editing.note(SYSTEM, "closed", new=finish)

    return edit


def _earlier(store: TicketStore, number: str) -> dict[str, str]:
    """What agents have settled in the last tickets of this citizen."""
    tickets = store.find(Wanted(number=number, limit=_EARLIER)) if number else []

    def last(name: str) -> str:
        settled = (t.text(name) for t in tickets if t.field(name).state in ("confirmed", "own"))
        return next(filter(None, settled), "")

    return {"name": last("caller_name"), "street": last("street")}
