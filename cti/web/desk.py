"""The channel of an agent's desk page: a WebSocket that tells him what he is and whom he is offered, and us that he is.

The page answers each ping in its own script, so an answer means that the page lives and not only its browser.
    server: {"type": "desk", "seq", "at", "desk", "call"}   at every change; "call" (cti.pop): offered, or talked to
            what others `tell` him, each with a type of its own: story, ticket, words, chat, note…
            {"type": "ping"}                                 every 2 s; the page answers {"type": "here"}
            {"type": "taken_over"}, {"type": "logged_out", "forced"}   then it closes: do not come back by yourself;
            "forced": by which supervisor, and why, or null
    page:   {"ticket": "…"} first, or a program's {"token": "…"}, unless the request had one already; then
            {"type": "here"}
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import orjson
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from agents.lease import PageSign
from agents.status import Cause, Desk, Status
from cti.accounts.sessions import Session
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone
from cti.exchange import Exchange
from cti.live_call import Call
from cti.web.access import enter
from cti.web.http import GUARD, NOBODY, Refused, who

log = structlog.get_logger()

PING_S = 2.0
_FIRST_WORD_S = 5.0
_SEND_LIMIT_S = 5.0
_SILENT_S = 30.0
_OUTBOX = 500
"""A page that takes nothing any more is told so much at most."""
TAKEN_OVER, LOGGED_OUT = 4000, 4001
"""Close codes."""
_OF_SEVERAL = (
    CallFact.PARTY_ASKED,
    CallFact.PARTY_JOINED,
    CallFact.PARTY_FAILED,
    CallFact.PARTY_LEFT,
    CallFact.HANDED_OVER,
    CallFact.MOVED,
)


class Show(Protocol):
    """What a page is shown (cti.desk_view)."""

    def desk(self, desk: Desk, now: float) -> Mapping[str, Any]: ...

    def call(self, call: Call, desk: Desk, his: bool) -> Mapping[str, Any]:
        """`his`: the page is the agent's own, and he may see the number."""

    def speech(self) -> str:
        """Whether words of calls come: ok, demo, lost, none."""


class _Page:
    """One open page. `is_his`: the agent's own; a supervisor's only looks on. `session`: the key of his session."""

    def __init__(self, agent_id: AgentId, is_his: bool, now: float, session: str = "") -> None:
        self.agent_id = agent_id
        self.is_his = is_his
        self.session = session
        self.heard_at = now
        self.changed = asyncio.Event()
        self.changed.set()
        self.ending = 0
        """Close code, once it is to end."""
        self.outbox: list[Mapping[str, Any]] = []
        """What he is to be told beside the picture, in order."""


class DeskPages:
    """All open desk pages. `heard` with each batch of durable milestones, `offers` with those that wake a caller;
    `sign`: the heartbeat of an agent's page."""

    def __init__(self, exchange: Exchange, show: Show, on_open: Callable[[AgentId], object]) -> None:
        """`on_open`: an agent's page has come, for the first time or again, and is told what else it needs to know."""
        self._exchange = exchange
        self._show = show
        self._on_open = on_open
        self._began_at = exchange.wall()
        self._his: dict[AgentId, _Page] = {}
        self._pages: set[_Page] = set()
        self._closed_at: dict[AgentId, float] = {}

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/agents/{id}/desk", self._serve)]

    def sign(self, agent_id: AgentId) -> PageSign | None:
        """None: he has no page and needs none."""
        if (page := self._his.get(agent_id)) is not None:
            return PageSign(page.heard_at, True)
        desk = self._exchange.board.desks.get(agent_id)
        if desk is None or not desk.page_seen:
            return None
        # A page that was open when another daemon ended has as long to find us as one whose connection was cut.
        was_open = agent_id not in self._closed_at and Cause.PAGE_AWAY not in desk.held_back
        return PageSign(self._closed_at.get(agent_id, self._began_at), was_open)

    def heard(self, batch: Sequence[Milestone]) -> None:
        """Pages of the agents whom these milestones name get their desk anew, or who are in a talk that others come to
        and leave."""
        if not self._pages:
            return
        named = {m.id if m.stream == "agent" else m.data.get("agent") for m in batch}
        for m in batch:
            if m.kind in _OF_SEVERAL:
                named |= {m.data.get("by"), *self._in(CallId(m.id))}
        for page in self._pages:
            if page.agent_id in named:
                page.changed.set()

    def _in(self, call_id: CallId) -> set[AgentId | None]:
        """Our agents in this talk."""
        call = self._exchange.board.calls.get(call_id)
        return set() if call is None else {call.agent, *(party.agent for party in call.parties)}

    def session_over(self, session: Session, why: str) -> None:
        """Ends the pages that were opened with it."""
        for page in self._pages:
            if page.session == session.key:
                page.ending = TAKEN_OVER if why == "taken_over" else LOGGED_OUT
                page.changed.set()

    def offers(self, batch: Sequence[Milestone]) -> None:
        """As `heard`, of milestones that are not on disk yet: whom an agent is offered he sees before he is rung."""
        self.heard([m for m in batch if m.kind == CallFact.OFFERED])

    def poke(self, agent_id: AgentId) -> None:
        """His picture anew: something in it has changed that is no milestone."""
        for page in self._pages:
            if page.agent_id == agent_id:
                page.changed.set()

    def tell(self, agent_id: AgentId, message: Mapping[str, Any]) -> None:
        """One message with a `type` of its own to the agent's page, if it is there; in order, after the picture."""
        if (page := self._his.get(agent_id)) is None or page.ending:
            return
        if len(page.outbox) >= _OUTBOX:
            page.ending = WSCloseCode.TRY_AGAIN_LATER  # it comes back and is told the whole
        page.outbox.append(message)
        page.changed.set()

    def close(self) -> None:
        """Ends every page's connection; they come back to the next daemon."""
        for page in self._pages:
            page.ending = WSCloseCode.GOING_AWAY
            page.changed.set()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=4096, timeout=1.0)
        if not socket.can_prepare(request).ok:
            raise Refused(400, "no_websocket", "this address speaks WebSocket")
        await socket.prepare(request)
        page = await self._let_in(request, socket)
        if page is None:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"not_logged_in")
            return socket
        self._pages.add(page)
        telling = asyncio.create_task(self._tell(page, socket, request.transport))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    page.heard_at = self._exchange.wall()
                    request.app[GUARD].sessions.seen(page.session)
        finally:
            telling.cancel()
            self._pages.discard(page)
            if self._his.get(page.agent_id) is page:
                del self._his[page.agent_id]
                self._closed_at[page.agent_id] = self._exchange.wall()
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
        agent_id, now = AgentId(request.match_info["id"]), self._exchange.wall()
        desk = self._exchange.board.desks.get(agent_id)
        session = asking.session.key if asking.session is not None else ""
        if desk is None:
            return None
        if not session or asking.id != agent_id:
            return _Page(agent_id, False, now, session)
        if desk.status is Status.OFFLINE:
            return None
        page = _Page(agent_id, True, now, session)
        if (other := self._his.get(agent_id)) is not None:
            other.ending = TAKEN_OVER
            other.changed.set()
            log.info("desk_page_taken_over", agent=agent_id)
        self._his[agent_id] = page
        self._exchange.agent(AgentFact.PAGE_OPENED, agent_id)
        self._on_open(agent_id)
        return page

    async def _tell(self, page: _Page, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        """Until it ends or is cancelled. A page that takes or says nothing for long is cut off: it is to come back."""
        seq, ping_at = 0, self._exchange.wall() + PING_S
        try:
            while not page.ending:
                if page.changed.is_set():
                    page.changed.clear()
                    seq += 1
                    if (desk := self._exchange.board.desks.get(page.agent_id)) is None or self._is_out(page, desk):
                        page.ending = LOGGED_OUT
                        break
                    await self._send(socket, {"type": "desk", "seq": seq, **self._picture(page, desk)})
                while page.outbox and not page.ending:
                    await self._send(socket, page.outbox.pop(0))
                now = self._exchange.wall()
                if now >= ping_at:
                    if now - page.heard_at > _SILENT_S:
                        raise TimeoutError
                    ping_at = now + PING_S
                    await self._send(socket, {"type": "ping"})
                await self._sleep(page, ping_at)
            if page.ending in (TAKEN_OVER, LOGGED_OUT):
                word = "taken_over" if page.ending == TAKEN_OVER else "logged_out"
                await self._send(socket, {"type": word, "forced": self._forced(page)})
            await socket.close(code=page.ending)
        except (ConnectionError, TimeoutError):
            if transport is not None:
                transport.abort()

    async def _sleep(self, page: _Page, ping_at: float) -> None:
        """Until something changes, by itself too, or the next ping is due."""
        now = self._exchange.wall()
        desk = self._exchange.board.desks.get(page.agent_id)
        change_at = desk.next_change_at(now) if desk is not None else None
        until = min(ping_at, change_at or ping_at)
        try:
            async with asyncio.timeout(max(0.0, until - now) + 0.001):
                await page.changed.wait()
        except TimeoutError:
            if change_at is not None and self._exchange.wall() >= change_at:
                page.changed.set()

    @staticmethod
    async def _send(socket: web.WebSocketResponse, message: Mapping[str, Any]) -> None:
        async with asyncio.timeout(_SEND_LIMIT_S):
            await socket.send_str(orjson.dumps(message).decode())

    @staticmethod
    def _is_out(page: _Page, desk: Desk) -> bool:
        return page.is_his and desk.status is Status.OFFLINE

    def _forced(self, page: _Page) -> Mapping[str, Any] | None:
        """By whom he was logged out, and why."""
        desk = self._exchange.board.desks.get(page.agent_id)
        if not page.is_his or desk is None or desk.status is not Status.OFFLINE:
            return None
        if desk.forced is None or desk.forced.status != "offline":
            return None
        return self._show.desk(desk, self._exchange.wall()).get("forced")

    def _picture(self, page: _Page, desk: Desk) -> dict[str, Any]:
        now, call = self._exchange.wall(), None
        if desk.call_id is not None and (live := self._exchange.board.calls.get(desk.call_id)) is not None:
            call = self._show.call(live, desk, page.is_his)
        return {"at": now, "desk": self._show.desk(desk, now), "call": call, "speech": self._show.speech()}
