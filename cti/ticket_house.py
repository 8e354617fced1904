"""Everything about tickets in a running daemon, as one part of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cti.calls import AgentId, CallId, Milestone
from cti.desk_tickets import DeskTickets
from cti.drafts import Drafts
from cti.exchange import Exchange
from cti.form_files import FormFiles
from cti.past_calls import patiently
from cti.same_number import canonical
from cti.storage.records import Records
from cti.storage.sql_tickets import SqlTickets
from cti.story import Stories
from cti.ticket_book import Rules, TicketBook
from cti.ticket_outbox import Outbox


class TicketHouse:
    """Give it each batch of durable milestones (`heard`), and each agent whose page has come (`show`)."""

    def __init__(
        self,
        exchange: Exchange,
        records: Records,
        rules: Callable[[FormFiles], Rules],
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        tell: Callable[[AgentId, Mapping[str, Any]], None],
        recordings: Callable[[CallId], Awaitable[Sequence[str]]],
        *,
        folder: Path,
        key: str,
        webhook: str,
        webhook_secret: str,
        area_code: str,
    ) -> None:
        """`folder`: the city's own files of the form. `key`: numbers are found by their hash with it. SettingsError."""
        self._exchange = exchange
        self._area_code = area_code
        self._worker = records.worker
        self._forms = FormFiles(folder)
        self._store = SqlTickets(records.store, key.encode())
        self.book = TicketBook(self._store, records.worker, exchange, rules(self._forms), tell)

        def answered(call_id: CallId) -> bool:
            record = records.store.call(call_id)
            return record is None or record.answered

        board = exchange.board
        self._drafts = Drafts(self.book, board.calls.values, timeline, answered, area_code)
        self._stories = Stories(self.book, records.store, timeline, tell, area_code)
        self._outbox = Outbox(self.book, board.may_decide, recordings, webhook, webhook_secret)
        self.desk = DeskTickets(self.book, self._drafts)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for job in (self._forms.watch(), self._load(), self._drafts.run(), self._outbox.run()):
                    group.create_task(job)
        finally:
            await self._stories.stop()
            self.book.stop()

    def heard(self, batch: Sequence[Milestone]) -> None:
        self._stories.heard(batch)
        self._drafts.heard(batch)

    def show(self, agent_id: AgentId) -> None:
        """What the page of an agent cannot know by itself: the story and the ticket that he had before him."""
        desk = self._exchange.board.desks.get(agent_id)
        if desk is None:
            return
        if desk.call_id is not None:
            self._stories.show(desk.call_id, agent_id)
        self.book.show(agent_id, desk.call_id)

    def agent_of(self, number: str) -> AgentId | None:
        """Who has an open ticket of the citizen with this number."""
        return self.book.agent_of(canonical(number, self._area_code))

    async def _load(self) -> None:
        await patiently(partial(self._worker.run, self._store.rekey))
        await self.book.load()
