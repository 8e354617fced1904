"""The daemon as a desk page sees it, by script: the test says what an agent is told; what he asks for is kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

from cti.tickets.form import load_form
from cti.tickets.model import FIELDS
from cti.web.headers import add_headers
from cti.web.site import site_routes
from tests.support.fake_sip import FakeSip
from tests.support.serving import serving

AGENT = "1032"
ACCOUNT = {"uri": f"sip:{AGENT}@yihu", "user": AGENT, "password": "p", "realm": "yihu", "socket": "/sip"} | {
    "expires_s": 300,
    "video": False,
    "auto_answer_s": None,
}
USER = {"id": AGENT, "name": "李静", "roles": ["agent"], "agent": True, "seat": "A-032"}
CALL = "c-20261119-0873"
Answer = tuple[int, Mapping[str, Any]]


def desk_row(state: str = "idle", status: str = "ready", **more: Any) -> dict[str, Any]:
    now = time.time()
    row: dict[str, Any] = {
        "id": AGENT,
        "name": "李静",
        "skills": {"general": 3},
        "status": status,
        "reason": "",
        "status_since": now - 900,
        "state": state,
        "state_since": now - 135,
        "held_back": [],
        "misses": 0,
        "wrap_up": None,
        "call_id": None,
        "temporary": False,
        "phone": "registered",
        "next_status": None,
        "today": {"answered": 46, "handling_s": 204, "satisfied": 38, "rated": 39},
    }
    return row | more


def pop(phase: str = "ringing", **more: Any) -> dict[str, Any]:
    now = time.time()
    call: dict[str, Any] = {
        "call_id": CALL,
        "direction": "in",
        "medium": "voice",
        "phase": phase,
        "pii_caller": "13800001234",
        "dialled": "12345",
        "original": None,
        "city": "sample",
        "mode": None,
        "queue": "general",
        "path": {"zh": "免导航 → 综合", "en": "no menu → general"},
        "language": "zh-CN",
        "arrived_at": now - 14,
        "queued_at": now - 9,
        "since": now - 10,
        "offered_at": now - 3,
        "answer_by": now + 12,
        "answered_at": None,
        "held_since": None,
        "why": {"zh": "综合 3 级，空闲最久 04:12", "en": "general level 3, idle longest, 04:12"},
        "auto_answer_s": None,
        "recording": phase == "talk",
        "offers": 1,
        "agent": AGENT,
        "reattach": False,
        "parties": [],
        "ticket": None,
    }
    return call | more


def talk(seconds: float = 72, **more: Any) -> dict[str, Any]:
    """A call that was answered so long ago."""
    now = time.time()
    at = {"arrived_at": now - seconds - 14, "queued_at": now - seconds - 9, "offered_at": now - seconds - 4}
    return pop("talk", answered_at=now - seconds, answer_by=None, **{**at, **more})


def party(p: int = 1, state: str = "joined", **more: Any) -> dict[str, Any]:
    return {
        "p": p,
        "kind": "department",
        "target": "tax",
        "name": {"zh": "税务热线", "en": "Taxes"},
        "mode": "conference",
        "state": state,
        "since": time.time() - 20,
        "agent": None,
    } | more


def ticket(call_id: str) -> dict[str, Any]:
    """A draft in which nothing is written yet."""
    empty = {"value": None, "source": None, "confidence": None, "state": "empty", "version": 0, "by": "", "at": None}
    fields = {name: {**empty, "proposal": None, "alternatives": [], "note": None} for name in FIELDS}
    return {
        "id": f"T-{call_id}",
        "call_id": call_id,
        "agent": AGENT,
        "state": "draft",
        "version": 1,
        "created_at": time.time(),
        "saved_at": None,
        "send_at": None,
        "fields": fields,
        "finish": None,
        "deadline": None,
        "related": [],
        "editing": [],
    }


DIRECTORY: list[dict[str, Any]] = [
    *(
        {"id": id_, "kind": "emergency", "zh": f"{id_} {zh}", "en": f"{id_} {en}", "note": "", "state": "open"}
        | {"modes": ["conference", "consult", "whisper", "blind"]}
        for id_, zh, en in (
            ("110", "公安报警", "Police"),
            ("119", "消防救援", "Fire and rescue"),
            ("120", "医疗急救", "Ambulance"),
            ("122", "交通事故报警", "Traffic accidents"),
        )
    ),
    *(
        {"id": id_, "kind": kind, "zh": zh, "en": en, "note": note, "state": state, "modes": modes}
        for id_, kind, zh, en, note, state, modes in (
            ("tax", "department", "税务热线", "Taxes", "12366", "open", ["conference", "consult", "blind"]),
            ("human-resources", "department", "人社热线", "Human resources", "", "closed",
             ["conference", "consult", "blind"]),
            ("legal-aid", "expert", "法律援助", "Legal aid", "12348", "open", ["conference", "consult", "whisper"]),
            ("cantonese-1", "interpreter", "粤语翻译", "Cantonese interpreter", "", "open", ["conference", "whisper"]),
            ("1041", "agent", "周敏", "周敏", "", "idle", ["conference", "consult", "whisper", "blind"]),
            ("1047", "agent", "何雨", "何雨", "", "talking", ["conference", "consult", "whisper", "blind"]),
            ("1032", "agent", "李静", "李静", "", "talking", ["conference", "consult", "whisper", "blind"]),
            ("queue:general", "queue", "综合", "general", "", "open", ["blind"]),
            ("queue:social_security", "queue", "社会保障", "social security", "", "open", ["blind"]),
        )
    ),
]  # fmt: skip

STORY: dict[str, Any] = {
    "name": "王女士",
    "tags": [{"id": "local", "zh": "样例市本地", "en": "Local"}],
    "first_call_at": 1710000000,
    "repeat_7d": 2,
    "lost_last": None,
    "calls": [],
    "calls_12m": 3,
    "tickets": [],
    "maybe_same": [],
}


class FakeDesk:
    """`asked`: (method, path, body) of every request that changes something. `answers`: (method, path) -> what is said
    instead of 200 {}; a list is used up in its order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.answers: dict[tuple[str, str], Answer | list[Answer]] = {}
        self.logged_in = True
        self.away = False
        """The server takes no connection."""
        self.pinging = True
        self.here = 0
        self.opened = 0
        """Connections of desk pages so far."""
        self.sip = FakeSip()
        self.picture: dict[str, Any] = {"desk": desk_row(), "call": None}
        self._seq = 0
        self._tickets: dict[str, dict[str, Any]] = {}
        self._pages: list[web.WebSocketResponse] = []
        self.url = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.on_response_prepare.append(add_headers)
        app.add_routes(site_routes())
        app.add_routes(
            [
                web.get(f"/api/agents/{AGENT}/desk", self._desk),
                web.get("/sip", self.sip.serve),
                web.get("/api/me", self._me),
                web.get("/api/ticket-form", self._form),
                web.route("*", "/api/{path:.*}", self._any),
            ]
        )
        return app

    # What the test says

    async def show(
        self, row: Mapping[str, Any] | None = None, call: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        """His desk and his call from now on."""
        self.picture = {"desk": row or self.picture["desk"], "call": call, **more}
        await self.tell({"type": "desk", **self._now()})

    async def tell(self, message: Mapping[str, Any]) -> None:
        for page in self._pages[-1:]:
            await page.send_json(message)

    async def drop(self) -> None:
        """Every connection ends, as when the daemon dies."""
        for page in list(self._pages):
            if (request := page._req) is not None and request.transport is not None:
                request.transport.abort()

    async def end(self, word: str, code: int) -> None:
        for page in self._pages[-1:]:
            await self._end(page, word, code)

    def was_asked(self, method: str, path: str) -> list[Any]:
        """The bodies."""
        return [body for m, p, body in self.asked if (m, p) == (method, path)]

    # What the page is answered

    def _now(self) -> dict[str, Any]:
        self._seq += 1
        return {"seq": self._seq, "at": time.time(), **self.picture}

    async def _me(self, _request: web.Request) -> web.Response:
        if not self.logged_in:
            return web.json_response({"error": "not_logged_in", "message": ""}, status=401)
        return web.json_response({"user": USER, "csrf": "c"})

    async def _form(self, _request: web.Request) -> web.Response:
        return web.json_response(load_form().as_json())

    async def _any(self, request: web.Request) -> web.Response:
        path = request.path
        if self.away:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        body = json.loads(text) if (text := await request.text()) else None
        if request.method != "GET" and path != "/api/socket-ticket":
            self.asked.append((request.method, path, body))
        said = self.answers.get((request.method, path))
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        if said is not None:
            return web.json_response(said[1], status=said[0])
        if path == "/api/socket-ticket":
            if not self.logged_in:
                return web.json_response({"error": "not_logged_in", "message": ""}, status=401)
            return web.json_response({"ticket": "t"})
        if path == "/api/directory":
            return web.json_response(DIRECTORY)
        if path == "/api/login":
            self.logged_in = True
            return web.json_response({"user": USER, "csrf": "c", "token": "secret"})
        if path.endswith("/softphone"):
            return web.json_response(ACCOUNT)
        if request.method == "GET" and path.endswith("/ticket"):
            return web.json_response(self.ticket(path.split("/")[3]))
        if request.method == "PATCH":
            return web.json_response(self._changed(path.split("/")[3].removeprefix("T-"), body["changes"]))
        if path.endswith("/video"):
            return web.json_response({"visit": None, "lines": []})
        if request.method == "GET":
            return web.json_response(
                [] if path == "/api/tickets" else {"error": "unknown", "message": ""},
                status=200 if path == "/api/tickets" else 404,
            )
        return web.json_response({})

    def ticket(self, call_id: str) -> dict[str, Any]:
        """The draft of a call, as far as the page has changed it."""
        return self._tickets.setdefault(call_id, ticket(call_id))

    def _changed(self, call_id: str, changes: list[dict[str, Any]]) -> dict[str, Any]:
        draft = self.ticket(call_id)
        for change in changes:
            field = draft["fields"][change["field"]]
            field |= {"value": change["value"], "source": "agent", "state": "own", "version": field["version"] + 1}
            field |= {"by": AGENT, "at": time.time()}
            draft["version"] += 1
        return draft

    async def _desk(self, request: web.Request) -> web.StreamResponse:
        if self.away:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        first = await socket.receive()
        if first.type is not WSMsgType.TEXT:
            return socket  # the page has gone before it said who it is
        assert json.loads(first.data) == {"ticket": "t"}
        older = list(self._pages)
        self._pages.append(socket)
        for other in older:
            await self._end(other, "taken_over", 4000)
        self.opened += 1
        await socket.send_json({"type": "desk", **self._now()})
        pinging = asyncio.create_task(self._ping(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT and json.loads(message.data) == {"type": "here"}:
                    self.here += 1
        finally:
            self._pages.remove(socket)
            pinging.cancel()
        return socket

    @staticmethod
    async def _end(page: web.WebSocketResponse, word: str, code: int) -> None:
        with contextlib.suppress(ConnectionError):
            await page.send_json({"type": word})
            await page.close(code=code)

    async def _ping(self, socket: web.WebSocketResponse) -> None:
        with contextlib.suppress(ConnectionError):
            while not socket.closed:
                if self.pinging:
                    await socket.send_json({"type": "ping"})
                await asyncio.sleep(1)


@asynccontextmanager
async def fake_desk() -> AsyncIterator[FakeDesk]:
    desk = FakeDesk()
    async with serving(desk.app()) as desk.url:
        yield desk
