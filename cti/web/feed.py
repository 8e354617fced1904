"""The live timeline as server-sent events: every milestone once it is on disk, to everybody who listens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson
from aiohttp import web

from cti.calls import Milestone

_BACKLOG = 2_000
"""Milestones a slow listener may be behind before he is disconnected; he can read the rest from the records."""


class Feed:
    """Fans milestones out; one bounded queue a listener, so that a stalled one never delays another."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[bytes | None]] = set()

    def publish(self, batch: Sequence[Milestone]) -> None:
        if not self._listeners:
            return
        text = b"".join(b"data: " + orjson.dumps(_row(milestone)) + b"\n\n" for milestone in batch)
        for queue in list(self._listeners):
            try:
                queue.put_nowait(text)
            except asyncio.QueueFull:
                self._listeners.discard(queue)
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)

    def close(self) -> None:
        """Ends every listener's stream."""
        for queue in list(self._listeners):
            if not queue.full():
                queue.put_nowait(None)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One listener, until he goes, is too slow, or the daemon stops."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_BACKLOG)
        self._listeners.add(queue)
        try:
            await response.prepare(request)
            await response.write(b": connected\n\n")
            while (text := await self._next(queue)) is not None:
                await response.write(text)
        except ConnectionError:
            pass
        finally:
            self._listeners.discard(queue)
        return response

    async def _next(self, queue: asyncio.Queue[bytes | None]) -> bytes | None:
        try:
            async with asyncio.timeout(10.0):
                return await queue.get()
        except TimeoutError:
            return b": still here\n\n"


def _row(milestone: Milestone) -> dict[str, object]:
    return {
        "stream": milestone.stream,
        "id": milestone.id,
        "seq": milestone.seq,
        "at": milestone.at,
        "kind": milestone.kind,
        "data": dict(milestone.data),
    }
