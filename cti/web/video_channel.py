"""The channel of a citizen's page: a WebSocket that tells him where he is, and what the agent writes.

    server: {"type": "visit", "seq", "at", "visit"}      at once and at every change (cti.video.view)
            {"type": "chat" | "card", …}                 what was written, from the beginning, then as it comes
            {"type": "ping", "at"}                       every 2 s; the page answers {"type": "here"}
            {"type": "taken_over"}                       then it closes: the visit is open in another page
    page:   {"ticket": …} first
One page at a time; another device with the same link takes the visit over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from cti.calls import Milestone
from cti.video.chat import line_of, lines_of
from cti.video.visits import Visit, Visits
from cti.web.access import enter
from cti.web.http import GUARD, NOBODY, Refused, who

log = structlog.get_logger()

PING_S = 2.0
_LOOK_S = 1.0
_FIRST_WORD_S = 5.0
_SEND_LIMIT_S = 5.0
_SILENT_S = 20.0
_OUTBOX = 500
TAKEN_OVER, OVER = 4000, 4001
"""Close codes."""


class _Page:
    def __init__(self, visit: Visit, session: str, now: float) -> None:
        self.visit = visit
        self.session = session
        self.heard_at = now
        self.changed = asyncio.Event()
        self.changed.set()
        self.ending = 0
        self.outbox: list[Mapping[str, Any]] = []


class GuestChannels:
    """`picture(visit)` and `timeline(visit)`, the milestones of his call, make what a page is told; `heard` with each
    batch of durable milestones; `changed(visit)` for whatever else there is. `on_presence`: a page has come or gone."""

    def __init__(
        self,
        visits: Visits,
        wall: Callable[[], float],
        picture: Callable[[Visit], Mapping[str, Any]],
        timeline: Callable[[Visit], Sequence[Milestone]],
    ) -> None:
        self._visits = visits
        self._wall = wall
        self._picture = picture
        self._timeline = timeline
        self._began_at = wall()
        self._pages: dict[str, _Page] = {}
        self._gone_at: dict[str, float] = {}
        self.on_presence: list[Callable[[Visit], object]] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/visit/channel", self._serve)]

    def gone_since(self, visit: Visit) -> float | None:
        """None: his page is here."""
        if visit.id in self._pages:
            return None
        return self._gone_at.get(visit.id, max(self._began_at, visit.began_at))

    def changed(self, visit: Visit) -> None:
        if (page := self._pages.get(visit.id)) is not None:
            page.changed.set()

    def heard(self, batch: Sequence[Milestone]) -> None:
        for milestone in batch if self._pages else ():
            if (line := line_of(milestone)) is None:
                continue
            for page in self._pages.values():
                if page.visit.call == milestone.id:
                    page.outbox.append(line)
                    page.changed.set()

    def close(self) -> None:
        """Ends every connection; they come back to the next daemon."""
        for page in self._pages.values():
            page.ending = WSCloseCode.GOING_AWAY
            page.changed.set()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=1024, timeout=1.0)
        if not socket.can_prepare(request).ok:
            raise Refused(400, "no_websocket", "this address speaks WebSocket")
        await socket.prepare(request)
        page = await self._let_in(request, socket)
        if page is None:
            await socket.close(code=OVER, message=b"not_invited")
            return socket
        telling = asyncio.create_task(self._tell(page, socket, request.transport))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    page.heard_at = self._wall()
                    request.app[GUARD].sessions.seen(page.session)
        finally:
            telling.cancel()
            if self._pages.get(page.visit.id) is page:
                del self._pages[page.visit.id]
                self._gone_at[page.visit.id] = self._wall()
                self._present(page.visit)
            await asyncio.wait({telling})
        if not telling.cancelled() and (fault := telling.exception()) is not None:
            raise fault
        return socket

    async def _let_in(self, request: web.Request, socket: web.WebSocketResponse) -> _Page | None:
        try:
            said = None
            if who(request) is NOBODY:
                said = orjson.loads(await socket.receive_str(timeout=_FIRST_WORD_S))
            asking = await enter(request, said)
        except (TimeoutError, TypeError, ValueError, Refused):
            return None
        visit = self._visits.find(asking.call)
        if visit is None or asking.session is None:
            return None
        page = _Page(visit, asking.session.key, self._wall())
        page.outbox += lines_of(self._timeline(visit))
        if (other := self._pages.get(visit.id)) is not None:
            other.ending = TAKEN_OVER
            other.changed.set()
        self._pages[visit.id] = page
        self._gone_at = {id_: at for id_, at in self._gone_at.items() if self._visits.find(id_) is not None}
        self._gone_at.pop(visit.id, None)
        self._present(visit)
        return page

    def _present(self, visit: Visit) -> None:
        for tell in self.on_presence:
            tell(visit)

    async def _tell(self, page: _Page, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        seq, ping_at, last = 0, 0.0, b""
        try:
            while not page.ending:
                page.changed.clear()
                now = self._wall()
                picture = orjson.dumps(self._picture(page.visit))
                if picture != last:
                    last, seq = picture, seq + 1
                    head = orjson.dumps({"type": "visit", "seq": seq, "at": now})
                    await self._send(socket, head[:-1] + b',"visit":' + picture + b"}")
                if len(page.outbox) > _OUTBOX:
                    raise TimeoutError
                while page.outbox:
                    await self._send(socket, orjson.dumps(page.outbox.pop(0)))
                if now >= ping_at:
                    if now - page.heard_at > _SILENT_S:
                        raise TimeoutError
                    ping_at = now + PING_S
                    await self._send(socket, orjson.dumps({"type": "ping", "at": now}))
                if self._visits.find(page.visit.id) is None:
                    page.ending = OVER
                    break
                try:
                    async with asyncio.timeout(_LOOK_S):
                        await page.changed.wait()
                except TimeoutError:
                    pass
            if page.ending == TAKEN_OVER:
                await self._send(socket, b'{"type": "taken_over"}')
            await socket.close(code=page.ending)
        except (ConnectionError, TimeoutError):
            if transport is not None:
                transport.abort()

    @staticmethod
    async def _send(socket: web.WebSocketResponse, message: bytes) -> None:
        async with asyncio.timeout(_SEND_LIMIT_S):
            await socket.send_str(message.decode())
