"""Submitted tickets leave for the city's platform once they cannot be called back any more.

The platform fetches them (GET /api/tickets?since=…), or has them brought: a POST for each, signed as Standard Webhooks
are (standardwebhooks.com), again and again at growing intervals until it answers 2xx. Its id is the same each time.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import aiohttp
import orjson
import structlog

from cti.calls import CallId
from cti.settings import SettingsError
from cti.storage.ticket_store import Left
from cti.ticket_book import TicketBook
from cti.tickets.asked import Wanted
from cti.tickets.edit import Editing, Past
from cti.tickets.model import SYSTEM, Ticket
from cti.tickets.refusals import TicketsAway
from cti.tickets.shown import city_copy

log = structlog.get_logger()

_LOOK_S: Final = 1.0
_ANSWER_S: Final = 10.0
_FIRST_S, _MOST_S = 5.0, 3600.0
_AT_ONCE: Final = 20
_PREFIX: Final = "whsec_"


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
        self._webhook = webhook
        self._key = _key(secret) if webhook else b""

    async def run(self) -> None:
        """Until cancelled."""
        timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                await asyncio.sleep(_LOOK_S)
                if not self._may_decide():
                    continue
                with contextlib.suppress(TicketsAway):
                    await self._release()
                    if self._webhook:
                        await self._deliver(session)

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

    async def _deliver(self, session: aiohttp.ClientSession) -> None:
        store = self._book.store
        due = await self._book.ask(store.undelivered, self._book.now(), _AT_ONCE)
        problems = await asyncio.gather(*(self._post(session, left) for left in due))
        for left, problem in zip(due, problems, strict=True):
            if not problem:
                await self._book.ask(store.delivered, left.seq, self._book.now())
                continue
            wait_s = min(_FIRST_S * 2.0**left.attempts, _MOST_S)
            log.warning("ticket_not_delivered", ticket=left.ticket_id, problem=problem, again_s=wait_s)
            await self._book.ask(store.not_delivered, left.seq, self._book.now() + wait_s, problem)

    async def _post(self, session: aiohttp.ClientSession, left: Left) -> str:
        """What was wrong, "" if nothing."""
        body = orjson.dumps(left.body)
        headers = {"Content-Type": "application/json", **signed(self._key, left.ticket_id, self._book.now(), body)}
        try:
            async with session.post(self._webhook, data=body, headers=headers, allow_redirects=False) as answer:
                return "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"
        except TimeoutError:
            return "no answer in time"
        except aiohttp.ClientError as error:
            return type(error).__name__


def signed(key: bytes, id_: str, at: float, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks; receivers find libraries for them."""
    timestamp = str(int(at))
    digest = hmac.new(key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id_,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True) if secret.startswith(_PREFIX) else b""
    except binascii.Error:
        key = b""
    if len(key) < 24:
        raise SettingsError(
            "tickets.webhook: $YIHU_WEBHOOK_SECRET has to hold the secret that the city's platform knows: "
            "whsec_ and at least 24 bytes in base64"
        )
    return key
