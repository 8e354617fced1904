"""The daemon as a citizen's page sees it, by script: a test says where his visit is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from cti.web.headers import add_headers
from cti.web.site import site_routes
from tests.support.serving import serving

SEATS = {"sign": True, "video": True, "text": True}
CARD = {
    "kind": "list",
    "title": "办理“居住证”需要的材料",
    "text": "请带原件：",
    "items": ["身份证", "租房合同", "近期照片 1 张"],
    "link": "",
    "button": "",
}
LINK = {
    "kind": "link",
    "title": "网上办理居住证",
    "text": "点下面的按钮打开。",
    "items": [],
    "link": "https://www.gov.cn/",
    "button": "打开",
}


def picture(state: str = "ready", **more: Any) -> dict[str, Any]:
    return {
        "id": "v1",
        "state": state,
        "choice": None,
        "invited": False,
        "place": None,
        "minutes": None,
        "since": None,
        "answered_at": None,
        "agent": None,
        "records": True,
        "camera": True,
        "agents_camera": True,
        "seats": SEATS,
        "scale": 3,
        "score": None,
        "until": time.time() + 1200,
    } | more


class FakeVisit:
    """`answers`: what a route answers instead of 200 {}; `asked`: what the page has asked for."""

    def __init__(self) -> None:
        self.picture = picture()
        self.page = {"city": "样例市", "public": True, "codecs": ["vp8"], "frames_per_s": 25, "scale": 3}
        self.answers: dict[str, tuple[int, Mapping[str, Any]]] = {}
        self.asked: list[tuple[str, Any]] = []
        self.url = ""
        self._sockets: list[web.WebSocketResponse] = []
        self._lines = 0

    async def show(self, state: str, **more: Any) -> None:
        self.picture = picture(state, **more)
        await self._say({"type": "visit", "seq": 1, "at": time.time(), "visit": self.picture})

    async def line(self, text: str = "", side: str = "agent", card: Mapping[str, Any] | None = None) -> None:
        self._lines += 1
        said: dict[str, Any] = {"type": "card" if card else "chat", "id": self._lines, "at": time.time(), "side": side}
        await self._say(said | ({"card": card} if card else {"text": text}))

    async def drop(self, code: int) -> None:
        for socket in self._sockets:
            await socket.close(code=code)

    async def _say(self, message: Mapping[str, Any]) -> None:
        for socket in self._sockets:
            if not socket.closed:
                await socket.send_str(json.dumps(message))

    async def _rest(self, request: web.Request) -> web.Response:
        path = request.path
        body = await request.json() if request.can_read_body else None
        self.asked.append((path, body))
        if path in self.answers:
            status, answer = self.answers[path]
            return web.json_response(answer, status=status)
        if path == "/api/video-page":
            return web.json_response(self.page)
        if path in ("/api/visits", "/api/visit"):
            return web.json_response({"visit": self.picture, "csrf": "c", "token": "t"}, status=201)
        return web.json_response({"ticket": "t"})

    async def _channel(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        self._sockets.append(socket)
        await socket.send_str(json.dumps({"type": "visit", "seq": 1, "at": time.time(), "visit": self.picture}))
        pinging = asyncio.create_task(self._ping(socket))
        async for _ in socket:
            pass
        pinging.cancel()
        return socket

    async def _ping(self, socket: web.WebSocketResponse) -> None:
        while not socket.closed:
            await socket.send_str(json.dumps({"type": "ping", "at": time.time()}))
            await asyncio.sleep(2)


@asynccontextmanager
async def fake_visit() -> AsyncIterator[FakeVisit]:
    fake = FakeVisit()
    app = web.Application()
    app.on_response_prepare.append(add_headers)
    app.add_routes(site_routes())
    app.add_routes([web.get("/api/visit/channel", fake._channel), web.route("*", "/api/{rest:.+}", fake._rest)])
    async with serving(app) as fake.url:
        yield fake
