"""Tickets on a real switchboard: calls, agents and the clock in our hand; the database is memory, or a test's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from agents.roster import Agent
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need, Value
from cti.desk_tickets import DeskTickets
from cti.drafts import Drafts
from cti.exchange import Exchange
from cti.storage.memory import MemoryStore
from cti.storage.memory_tickets import MemoryTickets
from cti.storage.store import Store
from cti.storage.ticket_store import TicketStore
from cti.storage.worker import Worker
from cti.story import Stories
from cti.switchboard import Switchboard
from cti.ticket_book import Rules, TicketBook
from cti.tickets.asked import Asking
from cti.tickets.edit import Change, PersonHow
from cti.tickets.form import load_form
from cti.tickets.model import Ticket
from cti.timelines import Timelines
from ivr_flows.calendar import WorkCalendar
from tests.support.waiting_async import eventually

ZONE = ZoneInfo("Asia/Shanghai")
BEGAN = datetime(2026, 11, 19, 14, 29, tzinfo=ZONE).timestamp()
FORM = load_form()
A1, A2, BOSS = Asking("a1"), Asking("a2"), Asking("boss", sees_all=True)


class TicketDesk:
    """Agents a1 and a2 are ready. What they are told stands in `told`."""

    def __init__(
        self, tickets: TicketStore | None = None, calls: Store | None = None, *, in_turn: bool = False
    ) -> None:
        """`in_turn`: the records of calls are written on the database's thread too, as a real database wants it."""
        self.now = BEGAN
        self.in_turn = in_turn
        self.pending: list[Milestone] = []
        self.told: dict[str, list[Mapping[str, Any]]] = {}
        self.store = tickets or MemoryTickets()
        self.calls = calls or MemoryStore()
        self.board = Switchboard(20.0)
        self.board.set_roster({AgentId(a): Agent(AgentId(a), a, {"general": 3}) for a in ("a1", "a2")})
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.timelines = Timelines()
        self.worker = Worker("sql")
        self.begin()
        for agent in ("a1", "a2"):
            self.exchange.agent(AgentFact.LOGGED_IN, AgentId(agent))
            self.exchange.agent(AgentFact.STATUS, AgentId(agent), {"status": "ready", "reason": ""})

    def begin(self) -> None:
        """As a daemon does: everything that is not in the database is new."""
        rules = Rules(lambda: FORM, WorkCalendar(), lambda at: datetime.fromtimestamp(at, ZONE))
        self.book = TicketBook(self.store, self.worker, self.exchange, rules, self._tell)
        self.drafts = Drafts(self.book, self.board.calls.values, self.timelines.of, self._answered, "0769")
        self.stories = Stories(self.book, self.calls, self.timelines.of, self._tell, "0769")
        self.desk = DeskTickets(self.book, self.drafts)

    async def stop(self) -> None:
        self.exchange.stop()
        await self.stories.stop()
        self.book.stop()
        self.worker.stop()

    def append(self, milestone: Milestone) -> None:
        self.pending.append(milestone)

    def durable(self) -> None:
        """What has happened is on disk, and told."""
        batch, self.pending = self.pending, []
        self.timelines.add(batch)
        if self.in_turn:
            self.worker.give(self.calls.drain, batch)
        else:
            self.calls.drain(batch)
        self.stories.heard(batch)
        self.drafts.heard(batch)

    async def offered(self, call: str = "c1", number: str = "13800001234", agent: str = "a1") -> Ticket:
        """A citizen calls, waits, and is offered to this agent; the draft that is made."""
        self.arrives(call, number)
        self.ready(agent)
        self.queues(call)
        return await self.draft_of(call)

    def ready(self, only: str) -> None:
        """Of both agents."""
        for agent in ("a1", "a2"):
            status = "ready" if agent == only else "break"
            self.exchange.agent(AgentFact.STATUS, AgentId(agent), {"status": status, "reason": "lunch"})

    def arrives(self, call: str = "c1", number: str = "13800001234", **more: Value) -> None:
        facts: dict[str, Value] = {"pii_caller": number, "dialled": "12345", "direction": "in", "medium": "voice"}
        self.exchange.call(CallFact.ARRIVED, CallId(call), {**facts, **more})
        self.exchange.attach(CallId(call), self)
        self.exchange.call(CallFact.ENTERED, CallId(call), {"node": "zero_menu", "type": "say", "session": "{}"})
        self.durable()

    def queues(self, call: str, queue: str = "general") -> None:
        self.exchange.call(CallFact.QUEUED, CallId(call), {"queue": queue, "need": Need(queue).to_text()})
        self.durable()

    def fact(self, kind: CallFact, call: str, **data: Value) -> None:
        live = self.board.calls[CallId(call)]
        self.exchange.call(kind, CallId(call), {"agent": live.agent, "n": live.offers, **data})
        self.durable()

    def answers(self, call: str = "c1") -> None:
        self.fact(CallFact.ANSWERED, call, wait_s=5.0)

    def talk_ends(self, call: str = "c1", side: str = "agent") -> None:
        self.fact(CallFact.TALK_ENDED, call, side=side, talk_s=60.0)

    def ends(self, call: str = "c1", lost_at: str | None = None) -> None:
        data: dict[str, Value] = {"side": "caller", "place": "talk", "lost_at": lost_at, "estimated": False}
        self.exchange.call(CallFact.ENDED, CallId(call), data)
        self.durable()

    async def draft_of(self, call: str) -> Ticket:
        await eventually(lambda: self.book.id_of(CallId(call)), 5.0, f"the draft of {call}")
        return await self.kept(call)

    async def kept(self, call: str) -> Ticket:
        """As the database has it."""
        ticket = await self.worker.run(self.store.of_call, call)
        assert ticket is not None
        return ticket

    async def write(self, asking: Asking, ticket: Ticket, base: int | None = None, **values: Any) -> dict[str, Any]:
        """Types these values, as somebody who has seen the newest ones."""
        now = await self.kept(ticket.call_id)
        how: PersonHow = "typed"
        changes = [Change(n, v, now.field(n).version if base is None else base, how) for n, v in values.items()]
        return await self.desk.change(asking, ticket.id, changes)

    def last_told(self, agent: str, kind: str) -> Mapping[str, Any] | None:
        return next((m for m in reversed(self.told.get(agent, ())) if m["type"] == kind), None)

    async def is_told(self, agent: str, kind: str) -> Mapping[str, Any]:
        await eventually(lambda: self.last_told(agent, kind), 5.0, f"{agent} is told of a {kind}")
        found = self.last_told(agent, kind)
        assert found is not None
        return found

    def _tell(self, agent: AgentId, message: Mapping[str, Any]) -> None:
        self.told.setdefault(agent, []).append(message)

    def _answered(self, call_id: CallId) -> bool:
        record = self.calls.call(call_id)
        return record is None or record.answered


async def settled(desk: TicketDesk) -> None:
    """Everything that was given to the database is done, and what follows from it."""
    for _ in range(5):
        await desk.worker.run(lambda: None)
        await asyncio.sleep(0)
