"""FastAGI server: Asterisk connects once a call, and a handler of ours drives that call by commands.

A session that fails, whatever the reason, ends with its socket closed: Asterisk then goes on in the dialplan, which
believes only CTI_DONE, so the caller is served again or falls back to the native queue.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

import structlog

from cti.asterisk.agi_codec import (
    AgiBadValue,
    AgiEnv,
    AgiError,
    AgiFailed,
    AgiProtocolError,
    AgiTimeout,
    CallerHungUp,
    HeaderReader,
)
from cti.asterisk.agi_session import AgiSession
from cti.asterisk.fault import fault

__all__ = [
    "AgiBadValue",
    "AgiEnv",
    "AgiError",
    "AgiFailed",
    "AgiProtocolError",
    "AgiServer",
    "AgiSession",
    "AgiTimeout",
    "CallerHungUp",
]

log = structlog.get_logger()

ACCEPT_AT_ONCE: Final = 16
"""Connections taken in one turn of the loop: a thousand at once must not hold up the calls in progress."""
LISTEN_BACKLOG: Final = 1024
"""Connections the kernel keeps for us meanwhile; Asterisk gives up after 2 s."""

Handler = Callable[[AgiSession], Awaitable[None]]


class AgiServer:
    """Listens for Asterisk. `routes`: the script of agi://host:port/<script> and who serves it.

    `counts` tells what came: sessions, failed, unknown_route, probes (closed without a byte), cut_off (closed within
    the environment), bad_environment, slow_environment, crowded_out.
    """

    def __init__(
        self,
        routes: Mapping[str, Handler],
        *,
        header_timeout_s: float = 2.0,
        max_header_bytes: int = 8192,
        max_sessions: int = 2000,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.port = 0
        self.max_header_bytes = max_header_bytes
        self._routes = routes
        self._header_timeout_s = header_timeout_s
        self._max_sessions = max_sessions
        self._server: asyncio.Server | None = None
        self._stopped = False
        self._waiting: dict[_Connection, None] = {}
        """Connections whose environment has not come yet, oldest first."""
        self._sessions: dict[asyncio.Task[None], _Connection] = {}

    @property
    def sessions(self) -> int:
        """Calls being served now."""
        return len(self._sessions)

    def holds(self) -> set[str]:
        """The uniqueids of the channels in these calls."""
        return {connection.uniqueid for connection in self._sessions.values()}

    async def start(self, host: str, port: int) -> None:
        """AgiError names place and remedy if the address cannot be listened on. Port 0: a free one, see `port`."""
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = socket.create_server((host, port), family=family, backlog=LISTEN_BACKLOG)
        except OSError as error:
            raise AgiError(
                f"AGI: cannot listen on {host} port {port} ({error.strerror}): "
                f"stop the program that uses it, or set [agi] port in the settings to a free one"
            ) from None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=listener, backlog=ACCEPT_AT_ONCE)
        listener.listen(LISTEN_BACKLOG)  # asyncio uses one number for both; the kernel's queue shall be the longer one
        self.port = listener.getsockname()[1]

    async def stop(self, timeout_s: float) -> None:
        """Cancels the handlers and closes every connection; Asterisk goes on in the dialplan with each call."""
        self._stopped = True
        if self._server is not None:
            self._server.close()
        for waiting in list(self._waiting):
            waiting.transport.abort()
        tasks = list(self._sessions)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)
        for connection in list(self._sessions.values()):
            log.error("agi_handler_ignores_cancel", uniqueid=connection.uniqueid)
            connection.transport.abort()
        if self._server is not None:
            await self._server.wait_closed()

    def on_connected(self, connection: _Connection) -> asyncio.TimerHandle:
        """Counts the connection as waiting and returns the timer that ends it; in a crowd the oldest makes room."""
        self._waiting[connection] = None
        if self._stopped:
            connection.transport.abort()  # it was taken while the last ones were closed: nobody would serve it
        if len(self._waiting) > self._max_sessions:
            self._crowd_out(next(iter(self._waiting)))
        loop = asyncio.get_running_loop()
        return loop.call_later(self._header_timeout_s, self._refuse, connection, "slow_environment", "not in time")

    def on_environment(self, connection: _Connection, data: bytes) -> None:
        """Reads on in the environment; when it is complete, starts the session."""
        try:
            found = connection.headers.feed(data)
        except AgiProtocolError as error:
            self._refuse(connection, "bad_environment", str(error))
            return
        if found is None:
            return
        env, rest = found
        self._waiting.pop(connection, None)
        handler = self._routes.get(env.script)
        if handler is None:
            self._refuse(connection, "unknown_route", "no such route")
        elif len(self._sessions) >= self._max_sessions:
            self._crowd_out(connection)
        else:
            self.counts["sessions"] += 1
            session = connection.begin(env)
            task = asyncio.get_running_loop().create_task(self._serve(session, handler), name=f"agi {env.uniqueid}")
            self._sessions[task] = connection
            task.add_done_callback(self._sessions.pop)
            if rest:
                connection.data_received(rest)

    def on_disconnected(self, connection: _Connection) -> None:
        if connection in self._waiting:
            del self._waiting[connection]
            self.counts["cut_off" if connection.spoke else "probes"] += 1

    async def _serve(self, session: AgiSession, handler: Handler) -> None:
        structlog.contextvars.bind_contextvars(call_id=session.env.uniqueid)
        try:
            await handler(session)
        except CallerHungUp as error:
            log.debug("agi_caller_hung_up", how=error.how)
        except Exception as error:  # noqa: BLE001 (closing the socket hands the call back to the dialplan)
            self.counts["failed"] += 1
            log.error("agi_session_failed", script=session.env.script, **fault(error))
        finally:
            session.close()

    def _refuse(self, connection: _Connection, count: str, reason: str) -> None:
        self._waiting.pop(connection, None)
        self.counts[count] += 1
        log.debug("agi_connection_refused", count=count, reason=reason)
        connection.transport.abort()

    def _crowd_out(self, connection: _Connection) -> None:
        log.warning("agi_too_many_connections", limit=self._max_sessions)
        self._refuse(connection, "crowded_out", "too many connections")


class _Connection(asyncio.Protocol):
    """Bytes of one connection, first to the environment, then to the session."""

    transport: asyncio.Transport
    _timer: asyncio.TimerHandle

    def __init__(self, server: AgiServer) -> None:
        self._server = server
        self._session: AgiSession | None = None
        self.headers = HeaderReader(server.max_header_bytes)
        self.spoke = False

    @property
    def uniqueid(self) -> str:
        return self._session.env.uniqueid if self._session else ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are not of that class
        # asyncio sets it only if the listening socket was made with its protocol named, and create_server names none.
        self.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._timer = self._server.on_connected(self)

    def begin(self, env: AgiEnv) -> AgiSession:
        self._timer.cancel()
        self._session = AgiSession(env, self.transport)
        return self._session

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._session is None:
            self.spoke = True
            self._server.on_environment(self, data)
            return
        try:
            self._session.data_received(data)
        except AgiProtocolError as error:
            log.warning("agi_peer_refused", uniqueid=self.uniqueid, reason=str(error))
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        if self._session is not None:
            self._session.connection_lost()
        self._server.on_disconnected(self)
