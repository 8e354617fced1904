"""The channel of all live pages: `WS /api/board?ticket=…&topics=wall,seats`.

    server: {"topic", "seq", "at", "full": {section: {key: row}}}                        at first
            {"topic", "seq", "at", "set": {section: {key: row}}, "gone": {section: [key]}}  what has changed since
            {"topic": "", "at"}                                 every second in which there was nothing else
    page:   anything, now and then: its session is in use
`seq` counts by one within a topic. A viewer who does not read is told nothing more once `_MOST_UNREAD` bytes wait for
him; when he has read them he gets each topic in full. So he costs nobody a moment, and the memory for him is bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import WSCloseCode, web

from cti.accounts.people import Role
from cti.accounts.sessions import Session
from cti.web.board_state import State, Topic, beat
from cti.web.http import GUARD, Refused, who

log = structlog.get_logger()

WALL: Final = "wall"
TOPICS: Final = (WALL, "seats", "alerts")
_BEAT_S = 1.0
_LOOK_S = 0.1
"""Those who are behind are looked at so often."""
_MOST_UNREAD = 256 * 1024
_STALLED_S = 60.0
"""Whoever has read nothing for so long is cut off; he is to come back."""
_CLOSING_S = 2.0
LOGGED_OUT: Final = 4001
"""Close code."""


class _Viewer:
    def __init__(self, topics: tuple[Topic, ...], transport: asyncio.WriteTransport, session: str) -> None:
        self.topics = topics
        self.transport = transport
        self.session = session
        self.behind: set[Topic] = set()
        self.behind_since = 0.0
        self.told_at = 0.0
        self.ended = asyncio.Event()
        self.code = WSCloseCode.GOING_AWAY.value

    def tell(self, topic: Topic, message: bytes, now: float) -> None:
        """Never waits. What finds no room is made up for by `catch_up`."""
        if topic in self.behind or self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size() > _MOST_UNREAD:
            self.behind_since = self.behind_since or now
            self.behind.add(topic)
            return
        self.transport.write(message)
        self.told_at = now

    def catch_up(self, now: float) -> None:
        """Tells him everything anew, if he has read what there was."""
        if self.transport.get_write_buffer_size():
            if now - self.behind_since > _STALLED_S:
                self.transport.abort()
            return
        for topic in self.behind:
            self.transport.write(topic.full())
        self.behind.clear()
        self.behind_since, self.told_at = 0.0, now

    def beat(self, message: bytes, now: float) -> None:
        if now - self.told_at >= _BEAT_S and not self.transport.get_write_buffer_size():
            self.transport.write(message)
            self.told_at = now

    def end(self, code: int) -> None:
        self.code = code
        self.ended.set()


class Board:
    """`publish` takes the whole state of a topic as often as there may be something new in it; `run` keeps the beat."""

    def __init__(self, wall: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._topics = {name: Topic(name) for name in TOPICS}
        self._viewers: dict[Topic, set[_Viewer]] = {topic: set() for topic in self._topics.values()}
        self._all: set[_Viewer] = set()
        self._behind: set[_Viewer] = set()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/board", self._serve)]

    @property
    def viewers(self) -> int:
        return len(self._all)

    def publish(self, topic: str, state: State) -> None:
        """Tells all viewers of this topic what differs from the last state. KeyError: there is no such topic."""
        named = self._topics[topic]
        if not (message := named.take(state, self._wall())):
            return
        now = self._monotonic()
        for viewer in self._viewers[named]:
            viewer.tell(named, message, now)
            if viewer.behind:
                self._behind.add(viewer)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            now = self._monotonic()
            for viewer in list(self._behind):
                viewer.catch_up(now)
                if not viewer.behind:
                    self._behind.discard(viewer)
            message = beat(self._wall())
            for viewer in self._all:
                viewer.beat(message, now)

    def session_over(self, session: Session, _why: str) -> None:
        """Ends what was opened with it."""
        for viewer in self._all:
            if viewer.session == session.key:
                viewer.end(LOGGED_OUT)

    def close(self) -> None:
        """Ends every connection; they come back to the next daemon."""
        for viewer in self._all:
            viewer.end(WSCloseCode.GOING_AWAY)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        topics = self._asked(request)
        socket = web.WebSocketResponse(max_msg_size=1024, timeout=1.0, compress=False)
        if not socket.can_prepare(request).ok:
            raise Refused(400, "no_websocket", "this address speaks WebSocket")
        await socket.prepare(request)
        session = who(request).session
        transport = request.transport
        if transport is None:
            return socket
        viewer = _Viewer(topics, transport, session.key if session is not None else "")
        self._enter(viewer)
        ending = asyncio.create_task(_close_when_ended(viewer, socket))
        try:
            async for _ in socket:
                request.app[GUARD].sessions.seen(viewer.session)
        finally:
            self._leave(viewer)
            if not viewer.ended.is_set():
                ending.cancel()
            await asyncio.wait({ending})
        return socket

    def _asked(self, request: web.Request) -> tuple[Topic, ...]:
        names = dict.fromkeys(filter(None, request.query.get("topics", "").split(",")))
        if not names or not names.keys() <= self._topics.keys():
            raise Refused(400, "bad_topics", f"topics is some of {','.join(TOPICS)}")
        if Role.SCREEN in who(request).roles and names.keys() != {WALL}:
            raise Refused(403, "not_your_role", f"a screen is told of {WALL}")
        return tuple(self._topics[name] for name in names)

    def _enter(self, viewer: _Viewer) -> None:
        now = self._monotonic()
        self._all.add(viewer)
        viewer.transport.write(beat(self._wall()))
        for topic in viewer.topics:
            self._viewers[topic].add(viewer)
            if topic.seq:
                viewer.tell(topic, topic.full(), now)

    def _leave(self, viewer: _Viewer) -> None:
        self._all.discard(viewer)
        self._behind.discard(viewer)
        for topic in viewer.topics:
            self._viewers[topic].discard(viewer)


async def _close_when_ended(viewer: _Viewer, socket: web.WebSocketResponse) -> None:
    await viewer.ended.wait()
    try:
        async with asyncio.timeout(_CLOSING_S):
            await socket.close(code=viewer.code)
    except TimeoutError:
        viewer.transport.abort()
