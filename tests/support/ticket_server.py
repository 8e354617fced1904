"""The desk page with a server of its own: real tickets (book, desk, routes), a made-up call, outages on request."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import orjson
from aiohttp import WSMsgType, web

from cti.accounts.people import Role
from cti.accounts.sessions import Session
from cti.calls import AgentId, CallId
from cti.desk_tickets import DeskTickets
from cti.drafts import Drafts
from cti.exchange import Exchange
from cti.storage.memory_tickets import MemoryTickets
from cti.storage.worker import Worker
from cti.ticket_book import Rules, TicketBook
from cti.tickets.asked import Asking
from cti.tickets.edit import Change, Edited, Editing, Past
from cti.tickets.first_fill import Known, first_fill, follow_rules
from cti.tickets.form import load_form
from cti.tickets.model import Guess, Ticket, Value
from cti.tickets.refusals import UnknownTicket
from cti.web.headers import add_headers
from cti.web.http import TRAIL, WHO, Who, errors, json_response
from cti.web.site import site_routes
from cti.web.tickets import TicketRoutes
from ivr_flows.calendar import WorkCalendar
from tests.support.accounts import NotedTrail
from tests.support.serving import serving

ME, COLLEAGUE = AgentId("1032"), AgentId("1001")
CALLER = "13800001234"
_PLACE = ZoneInfo("Asia/Shanghai")
_DESK: Mapping[str, Any] = {
    "id": ME,
    "name": "李静",
    "skills": {"general": 3},
    "status": "ready",
    "reason": "",
    "status_since": 0,
    "state": "idle",
    "state_since": 0,
    "held_back": [],
    "misses": 0,
    "wrap_up": None,
    "call_id": None,
    "temporary": False,
    "phone": "sip",
    "next_status": None,
    "today": {"answered": 46, "handling_s": 204, "satisfied": 38, "rated": 39},
}
_CALL: Mapping[str, Any] = {
    "direction": "in",
    "medium": "voice",
    "phase": "ringing",
    "pii_caller": CALLER,
    "dialled": "12345",
    "original": None,
    "city": "dongguan",
    "mode": "guided",
    "queue": "general",
    "path": {"zh": "免导航 → 综合", "en": "no menu → general"},
    "language": "zh-CN",
    "held_since": None,
    "why": {"zh": "综合 3 级，空闲最久 04:12", "en": "general 3, idle longest, 04:12"},
    "auto_answer_s": None,
    "recording": False,
    "offers": 1,
    "agent": ME,
    "reattach": False,
    "parties": [],
    "ticket": None,
}


@dataclass
class _Board:
    desks: dict[AgentId, SimpleNamespace]


@dataclass
class _Floor:
    """What tickets ask the telephone side: the time, and who is on which call."""

    board: _Board

    @staticmethod
    def wall() -> float:
        return time.time()


@dataclass
class TicketServer:
    """`away`: whatever /api/tickets is asked is lost. `requests`: (method, path) of all that changed something."""

    book: TicketBook
    desk: DeskTickets
    floor: _Floor
    url: str = ""
    away: bool = False
    lose_answers: int = 0
    """Of so many changes the answer is lost; they are done."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    picture: dict[str, Any] = field(default_factory=lambda: {"desk": dict(_DESK), "call": None})
    story: dict[str, Any] | None = None
    said: list[dict[str, Any]] = field(default_factory=list)
    ready: bool = False
    """Whether the wrap-up was finished from the page."""
    extended: int = 0
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    _seq: int = 0

    # The call

    async def ring(self, call_id: str = "c1", **known: Any) -> Ticket:
        """A call is offered; its draft is made and filled as the daemon does."""
        now, phone = time.time(), known.pop("phone", CALLER)
        call = {
            **_CALL,
            "pii_caller": phone,
            "call_id": call_id,
            "arrived_at": now - 11,
            "queued_at": now - 6,
            "since": now - 6,
            "offered_at": now,
            "answer_by": now + 15,
            "answered_at": None,
        }
        self.floor.board.desks[ME].call_id = CallId(call_id)
        self.picture = {"desk": {**_DESK, "state": "offered", "state_since": now, "call_id": call_id}, "call": call}
        ticket = await self._made(call_id, Known(phone=phone, path=["general"], **known))
        await self.send({"type": "desk", **self._picture()})
        self.book.push(ticket)
        return ticket

    async def answer(self) -> None:
        now = time.time()
        call = {**self.picture["call"], "phase": "talk", "answered_at": now, "recording": True, "answer_by": None}
        await self.show({**self.picture["desk"], "state": "talking", "state_since": now}, call)

    async def hang_up(self, wrap_up_s: float = 45.0) -> None:
        """The talk is over: work after the call begins."""
        now = time.time()
        self.floor.board.desks[ME].call_id = None
        wrap_up = {"kind": "extendable", "until": now + wrap_up_s, "most_until": now + 300}
        await self.show({**_DESK, "state": "wrap_up", "state_since": now, "wrap_up": wrap_up}, None)

    async def idle(self) -> None:
        self.floor.board.desks[ME].call_id = None
        await self.show({**_DESK, "state_since": time.time()}, None)

    async def show(self, desk: Mapping[str, Any], call: Mapping[str, Any] | None) -> None:
        self.picture = {"desk": dict(desk), "call": dict(call) if call is not None else None}
        await self.send({"type": "desk", **self._picture()})

    async def tell_story(self, story: Mapping[str, Any]) -> None:
        call_id = self.picture["call"]["call_id"]
        self.story = {"type": "story", "call_id": call_id, "story": dict(story)}
        await self.send(self.story)

    async def say(
        self, line: str, side: str, text: str, *, final: bool = True, marks: Mapping[str, str] | None = None
    ) -> None:
        """`marks`: what of the text says something about which field."""
        found = [
            {"from": text.index(what), "to": text.index(what) + len(what), "kind": kind}
            for what, kind in (marks or {}).items()
        ]
        words = {
            "type": "words",
            "call_id": self.picture["call"]["call_id"],
            "line": line,
            "side": side,
            "text": text,
            "final": final,
            "at": time.time(),
            "marks": found,
        }
        self.said.append(words)
        await self.send(words)

    # The ticket

    async def fill(self, ticket_id: str, **guesses: Value | tuple[Value, float]) -> None:
        """A machine heard it."""

        def edit(editing: Editing, _past: Past) -> None:
            for name, guess in guesses.items():
                value, sure = guess if isinstance(guess, tuple) else (guess, 0.8)
                editing.guess(name, Guess(value, "speech", sure))
            follow_rules(editing, self.book.rules.form())

        await self.book.change(ticket_id, edit)

    async def colleague(self, ticket_id: str, name: str, value: Value) -> None:
        """A supervisor writes in it, having seen what is there now."""
        base = (await self.book.get(ticket_id)).field(name).version
        await self.desk.change(Asking(COLLEAGUE, sees_all=True), ticket_id, [Change(name, value, base)])

    async def of(self, ticket_id: str) -> Ticket:
        return await self.book.get(ticket_id)

    async def expect(self, ticket_id: str, **values: Value) -> None:
        """Returns when the ticket has these; AssertionError when it has not in time."""
        for _ in range(500):
            found = await self.values(ticket_id)
            if {name: found.get(name) for name in values} == values:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{values} is not in the ticket but {found}")

    async def values(self, ticket_id: str) -> dict[str, Value]:
        return {name: f.value for name, f in (await self.of(ticket_id)).fields.items() if f.value is not None}

    async def other_ticket(self, call_id: str, **values: Value) -> Ticket:
        """An older one, of another citizen, that is being dealt with."""
        ticket = await self._made(call_id, Known(phone="13900005678"))
        await self.desk.change(
            Asking(COLLEAGUE, sees_all=True), ticket.id, [Change(name, value, 0) for name, value in values.items()]
        )

        def sent(editing: Editing, _past: Past) -> None:
            editing.ticket = replace(editing.ticket, state="sent", finish="dispatch")
            editing.note(COLLEAGUE, "sent")

        return (await self.book.change(ticket.id, sent)).ticket

    async def _made(self, call_id: str, known: Known) -> Ticket:
        now, form = time.time(), self.book.rules.form()

        def make(ticket_id: str) -> Edited:
            ticket = Ticket(ticket_id, call_id, created_at=now, agent=ME, agents=(ME,), pii_caller=known.phone)
            editing = Editing(ticket, now)
            editing.note("", "created", new=ME)
            first_fill(editing, known, form)
            follow_rules(editing, form)
            return editing.done()

        return await self.book.open(call_id, f"{datetime.fromtimestamp(now, _PLACE):%Y%m%d}", make)

    # The page

    def _picture(self) -> dict[str, Any]:
        self._seq += 1
        return {"seq": self._seq, "at": time.time(), **self.picture}

    async def send(self, message: Mapping[str, Any]) -> None:
        for socket in list(self.sockets):
            if not socket.closed:
                await socket.send_str(orjson.dumps(message).decode())

    async def serve_desk(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        self.sockets.append(socket)
        await socket.send_str(orjson.dumps({"type": "desk", **self._picture()}).decode())
        if self.picture["call"] is not None:
            for message in ([self.story] if self.story else []) + self.said:
                await socket.send_str(orjson.dumps(message).decode())
        self.book.show(ME, self.floor.board.desks[ME].call_id)
        pinging = asyncio.create_task(self._ping(socket))
        async for heard in socket:
            if heard.type is not WSMsgType.TEXT:
                break
        pinging.cancel()
        self.sockets.remove(socket)
        return socket

    @staticmethod
    async def _ping(socket: web.WebSocketResponse) -> None:
        with contextlib.suppress(ConnectionError):
            while not socket.closed:
                await socket.send_str('{"type": "ping"}')
                await asyncio.sleep(2)

    async def drop_pages(self) -> None:
        for socket in list(self.sockets):
            await socket.close(code=1001)

    async def finish_wrap_up(self, _request: web.Request) -> web.Response:
        self.ready = True
        await self.idle()
        return json_response({})

    async def extend_wrap_up(self, _request: web.Request) -> web.Response:
        self.extended += 1
        desk = self.picture["desk"]
        until = desk["wrap_up"]["until"] + 30
        await self.show({**desk, "wrap_up": {**desk["wrap_up"], "until": until}}, None)
        return json_response({})

    @web.middleware
    async def watch(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            self.requests.append((request.method, request.path))
        if self.away and request.path.startswith("/api/tickets"):
            if request.transport is not None:
                request.transport.abort()
            raise web.HTTPServiceUnavailable
        now = time.time()
        session = Session("key", ME, "李静", frozenset({Role.AGENT}), "", now, now + 3600, now)
        request[WHO] = Who(ME, frozenset({Role.AGENT}), session)
        answer = await handler(request)
        if self.lose_answers and request.method == "PATCH" and request.transport is not None:
            self.lose_answers -= 1
            request.transport.abort()
        return answer


async def _nothing(_request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=("sip",))
    await socket.prepare(_request)
    async for _ in socket:
        pass
    return socket


@asynccontextmanager
async def ticket_server() -> AsyncIterator[TicketServer]:
    form = load_form()
    desks = {agent: SimpleNamespace(call_id=None) for agent in (ME, COLLEAGUE)}
    floor = _Floor(_Board(desks))
    rules = Rules(lambda: form, WorkCalendar(), lambda at: datetime.fromtimestamp(at, _PLACE))
    sending: set[asyncio.Task[None]] = set()
    worker = Worker("tickets-test")
    book = TicketBook(
        MemoryTickets(), worker, cast(Exchange, floor), rules, lambda agent, message: tell(agent, message)
    )

    class NoDrafts:
        async def of_call(self, call_id: CallId) -> Ticket:
            if (found := await book.of_call(call_id)) is None:
                raise UnknownTicket
            return found

    server = TicketServer(book, DeskTickets(book, cast(Drafts, NoDrafts())), floor)

    def tell(agent: AgentId, message: Mapping[str, Any]) -> None:
        if agent == ME:
            task = asyncio.create_task(server.send(message))
            sending.add(task)
            task.add_done_callback(sending.discard)

    app = web.Application(middlewares=[errors, server.watch])
    app[TRAIL] = NotedTrail()
    app.on_response_prepare.append(add_headers)
    app.add_routes(site_routes())
    app.add_routes(TicketRoutes(server.desk).routes())
    me = {"user": {"id": ME, "name": "李静", "roles": ["agent"], "agent": True}, "csrf": "x"}

    async def who_am_i(_request: web.Request) -> web.Response:
        return json_response(me)

    async def socket_ticket(_request: web.Request) -> web.Response:
        return json_response({"ticket": "t"})

    async def directory(_request: web.Request) -> web.Response:
        return json_response([])

    async def softphone(_request: web.Request) -> web.Response:
        return json_response(
            {
                "uri": "sip:x@invalid",
                "user": "x",
                "password": "x",
                "realm": "yihu",
                "socket": "/sip",
                "expires_s": 3600,
                "video": False,
                "auto_answer_s": None,
            }
        )

    app.add_routes(
        [
            web.get("/api/me", who_am_i),
            web.post("/api/socket-ticket", socket_ticket),
            web.get("/api/directory", directory),
            web.post("/api/agents/{id}/softphone", softphone),
            web.post("/api/agents/{id}/finish-wrap-up", server.finish_wrap_up),
            web.post("/api/agents/{id}/extend-wrap-up", server.extend_wrap_up),
            web.get("/api/agents/{id}/desk", server.serve_desk),
            web.get("/sip", _nothing),
        ]
    )
    try:
        async with serving(app) as address:
            server.url = f"{address}/agent"
            yield server
    finally:
        book.stop()
        worker.stop()
