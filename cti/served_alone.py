"""Calls that Asterisk served alone while no daemon answered: what it noted becomes part of their records."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import structlog

from cti.calls import CallFact, CallId, Milestone, Value
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.storage import journal as journals
from cti.storage.journal import Journal
from cti.storage.spool import finish_import, has_spool, import_spool, known_calls
from cti.storage.store import StoreError

log = structlog.get_logger()

_EVERY_S = 2.0


class ServedAlone:
    """Reads the emergency script's notes now and then, each exactly once.

    `recorded` gives the milestones that SQL has of a call; `place_of` city, mode and statistics of a number.
    """

    def __init__(
        self,
        exchange: Exchange,
        recordings: Recordings,
        spool: Path,
        journal: Journal,
        recorded: Callable[[CallId], Awaitable[list[Milestone]]],
        place_of: Callable[[str], Mapping[str, Value]],
    ) -> None:
        self.read = asyncio.Event()
        """Set when what was noted before our start has been read."""
        self._exchange = exchange
        self._recordings = recordings
        self._spool = spool
        self._journal = journal
        self._recorded = recorded
        self._place_of = place_of

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._import()
            except (StoreError, OSError) as error:
                log.warning("spool_import_postponed", problem=str(error))
            self.read.set()
            await asyncio.sleep(_EVERY_S)

    async def _import(self) -> None:
        if not await asyncio.to_thread(has_spool, self._spool):
            return
        await self._journal.durable()
        known = await asyncio.to_thread(lambda: known_calls(journals.read(self._journal.folder)))
        made = await asyncio.to_thread(import_spool, self._spool, known, self._place_of)
        finished = set()
        for call_id in {CallId(m.id) for m in made if m.kind == CallFact.ARRIVED}:
            if await self._recorded(call_id):
                finished.add(call_id)  # ended and gone from the journal's files: its record stands
        for milestone in made:
            call_id = CallId(milestone.id)
            # A call that ended meanwhile has its record; what the spool adds to it came too late to change it.
            live = milestone.kind == CallFact.ARRIVED or call_id in self._exchange.board.calls
            if live and call_id not in finished:
                await self._take_over(milestone)
        await self._journal.durable()
        await asyncio.to_thread(finish_import, self._spool)
        log.info("spool_imported", milestones=len(made))

    async def _take_over(self, milestone: Milestone) -> None:
        """One fact from the spool; of a talk that a daemon began we know the agent, and there is a recording."""
        kind, call_id = CallFact(milestone.kind), CallId(milestone.id)
        call, contact = self._exchange.board.calls.get(call_id), Contact(self._exchange, call_id, self._recordings)
        agent = call.agent if call is not None else None
        if kind is CallFact.ANSWERED and agent is not None:
            contact.answered(agent, milestone.at)
        elif kind is CallFact.TALK_ENDED and agent is not None:
            contact.end_talk("interrupted", milestone.at)
            await contact.settled()
        else:
            self._exchange.call(kind, call_id, milestone.data, milestone.at)
