"""An agent's desk page without a browser: it keeps the WebSocket and answers pings as the page's script does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from tests.support.accounts import session_of
from tests.support.stack import RunningStack


class DeskPage:
    """`desk` and `call` are what it shows. `frozen`: its script does not run, the connection stands."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frozen = False
        self.desk: dict[str, Any] = {}
        self.call: dict[str, Any] = {}
        self.words: list[str] = []
        self.pictures: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        """Everything else that it was told, each with `heard_at` (UTC seconds)."""
        self.closed: int | None = None

    async def _live(self) -> None:
        async for message in self.socket:
            if self.frozen:
                continue
            said = orjson.loads(message.data)
            self.words.append(said["type"])
            if said["type"] == "ping":
                await self.socket.send_str('{"type": "here"}')
            elif said["type"] == "desk":
                self.pictures.append(said)
                self.desk, self.call = said["desk"], said["call"] or {}
            else:
                self.told.append({**said, "heard_at": time.time()})
        self.closed = self.socket.close_code

    def last(self, kind: str) -> dict[str, Any] | None:
        """The last message of this type."""
        return next((said for said in reversed(self.told) if said["type"] == kind), None)

    def kill(self) -> None:
        """As the browser's process would be: the connection is gone without a word."""
        transport = self.socket._conn.transport if self.socket._conn is not None else None
        assert transport is not None
        transport.abort()


@asynccontextmanager
async def desk_page(stack: RunningStack, agent: str, now: float) -> AsyncIterator[DeskPage]:
    """Open until the end of the block."""
    settings = stack.settings
    token = await session_of(settings, agent, now)
    address = f"http://{settings.web.host}:{settings.web.port}/api/agents/{agent}/desk"
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
        await socket.send_str(orjson.dumps({"token": token}).decode())
        page = DeskPage(socket)
        living = asyncio.create_task(page._live())
        try:
            yield page
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
