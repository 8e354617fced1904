"""Submitted tickets leave for the city's platform once they cannot be called back any more.

The platform fetches them (GET /api/tickets?since=…), or has them brought: a POST for each, signed as Standard Webhooks
are (standardwebhooks.com), again and again at growing intervals until it answers 2xx. Its id is the same each time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import aiohttp
import orjson
import structlog

from cti.calls import CallId
from cti.ticket_book import TicketBook
from cti.tickets.asked import Wanted
from cti.tickets.edit import Editing, Past
from cti.tickets.model import SYSTEM, Ticket
from cti.tickets.refusals import TicketsAway
from cti.tickets.shown import city_copy
from cti.webhook import Webhook, session

log = structlog.get_logger()

_LOOK_S: Final = 1.0
_FIRST_S, _MOST_S = 5.0, 3600.0
_AT_ONCE: Final = 20


class Outbox:
    """`run` it. `recordings`: files of a call's recordings; TimeoutError: not to be had now."""

    def __init__(
        self,
        book: TicketBook,
        may_decide: Callable[[], bool],
        recordings: Callable[[CallId], Awaitable[Sequence[str]]],
        webhook: str,
        secret: str,
    ) -> None:
        """`webhook`: an address, or "" for a platform that fetches. SettingsError."""
        self._book = book
        self._may_decide = may_decide
        self._recordings = recordings
        self._webhook = Webhook(webhook, secret, "tickets.webhook", "YIHU_WEBHOOK_SECRET") if webhook else None

    async def run(self) -> None:
        """Until cancelled."""
        async with session() as http:
            while True:
                await asyncio.sleep(_LOOK_S)
                if not self._may_decide():
                    continue
                with contextlib.suppress(TicketsAway):
                    await self._release()
                    if self._webhook is not None:
                        await self._deliver(self._webhook, http)

    async def _release(self) -> None:
        now = self._book.now()
        for ticket in await self._book.find(Wanted({"submitted"})):
            if ticket.send_at is not None and ticket.send_at <= now:
                try:
                    recordings = await self._recordings(CallId(ticket.call_id))
                except TimeoutError:
                    raise TicketsAway from None
                await self._book.change(ticket.id, self._leaving(now, recordings))

    def _leaving(self, now: float, recordings: Sequence[str]) -> Callable[[Editing, Past], dict[str, Any] | None]:
        form = self._book.rules.form()

        def edit(editing: Editing, _past: Past) -> dict[str, Any] | None:
            ticket: Ticket = editing.ticket
            if ticket.state != "submitted" or ticket.send_at is None or ticket.send_at > now:
                return None  # it was called back a moment ago
            finish = form.finish(ticket.finish)
            then = finish.then if finish is not None else "closed"
            state: Literal["sent", "closed"] = "sent" if then == "sent" else "closed"
            editing.ticket = replace(ticket, state=state)
            editing.note(SYSTEM, state)
            return None if then == "kept" else city_copy(editing.ticket, form, recordings)

        return edit

    async def _deliver(self, webhook: Webhook, http: aiohttp.ClientSession) -> None:
        store = self._book.store
        due = await self._book.ask(store.undelivered, self._book.now(), _AT_ONCE)
        problems = await asyncio.gather(
            *(webhook.post(http, left.ticket_id, self._book.now(), orjson.dumps(left.body)) for left in due)
        )
        for left, problem in zip(due, problems, strict=True):
            if not problem:
                await self._book.ask(store.delivered, left.seq, self._book.now())
                continue
            wait_s = min(_FIRST_S * 2.0**left.attempts, _MOST_S)
            log.warning("ticket_not_delivered", ticket=left.ticket_id, problem=problem, again_s=wait_s)
            await self._book.ask(store.not_delivered, left.seq, self._book.now() + wait_s, problem)
