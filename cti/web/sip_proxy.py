"""SIP of browsers: a WebSocket on our own address, whose messages are passed on to Asterisk's.

So a page needs one address and one certificate, and Asterisk's port stays on loopback. Who connects is known by his
one-time ticket (cti.web.access); whose telephone it is, by the digest that Asterisk asks for. A message that speaks for
another than the ticket was for ends the connection here already.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable

import aiohttp
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from cti.accounts.people import Role
from cti.accounts.sessions import Session
from cti.supervisor_phones import sip_user
from cti.web.access import enter
from cti.web.http import GUARD, Refused, Who

log = structlog.get_logger()

SIP_PATH = "/sip"
SUPERVISOR_SIP_PATH = "/sip/supervisor"
"""Of the telephone that a supervisor has beside the one that he may have as an agent."""
PROTOCOL = "sip"
MAX_MESSAGE = 32 * 1024
"""An INVITE for sound and picture has less than a third of it."""
HEARTBEAT_S = 3.0
"""A connection that has not answered for half as long again is gone, and its telephone with it."""
_CONNECT_S = 3.0
_BURST, _A_SECOND = 200.0, 40.0
"""Messages of a browser: so many at once, and so many a second."""
TAKEN_OVER, LOGGED_OUT = 4000, 4001
"""Close codes; after any other the page may come back."""
_HEADER = re.compile(r"^(from|f|to|t)[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_USER = re.compile(r"<?\s*sips?:([^@;>\s]+)@", re.IGNORECASE)


class _Line:
    """One browser's connection; `ending` is its close code, once it is to end."""

    def __init__(self, user: str, session: Session | None) -> None:
        self.user = user
        self.session = session.key if session is not None else ""
        self.ending = 0
        self.end = asyncio.Event()


class SipProxy:
    """`asterisk`: address of its WebSocket. `may`: whether this SIP user may speak now; `look` after anything that may
    have changed that. `guest`: the SIP user of a citizen with a link to this call."""

    def __init__(self, asterisk: str, may: Callable[[str], bool], guest: Callable[[str], str]) -> None:
        self._asterisk = asterisk
        self._may = may
        self._guest = guest
        self._lines: dict[str, _Line] = {}
        self._client: aiohttp.ClientSession | None = None

    def routes(self) -> list[web.RouteDef]:
        return [web.get(SIP_PATH, self._serve), web.get(SUPERVISOR_SIP_PATH, self._serve)]

    async def client(self, _app: web.Application) -> AsyncIterator[None]:
        """For `app.cleanup_ctx`."""
        # each connection is a telephone's for as long as it is registered
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as self._client:
            yield

    def look(self) -> None:
        """Ends the connections of those who may not have one any more."""
        for line in self._lines.values():
            if not self._may(line.user):
                self._end(line, LOGGED_OUT)

    def session_ended(self, session: Session, _why: str) -> None:
        """For `Sessions.on_end`."""
        for line in self._lines.values():
            if line.session == session.key:
                self._end(line, LOGGED_OUT)

    def close(self) -> None:
        """Ends every connection; they come back to the next daemon."""
        for line in self._lines.values():
            self._end(line, WSCloseCode.GOING_AWAY)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        browser = web.WebSocketResponse(
            protocols=(PROTOCOL,), max_msg_size=MAX_MESSAGE, heartbeat=HEARTBEAT_S, timeout=1.0, compress=False
        )
        offered = browser.can_prepare(request)
        if not offered.ok or offered.protocol != PROTOCOL:
            raise Refused(400, "no_websocket", "this address speaks SIP over WebSocket")
        asking = await enter(request, None)  # without a ticket nobody has come in yet
        user = sip_user(asking.id) if request.path == SUPERVISOR_SIP_PATH else self._user_of(asking)
        if not self._may(user):
            raise Refused(403, "no_softphone", "open a telephone first: POST /api/agents/{id}/softphone")
        assert self._client is not None
        try:
            async with asyncio.timeout(_CONNECT_S):
                asterisk = await self._client.ws_connect(
                    self._asterisk, protocols=(PROTOCOL,), max_msg_size=MAX_MESSAGE, compress=0
                )
        except (aiohttp.ClientError, OSError, TimeoutError):
            raise Refused(503, "asterisk_away", "Asterisk does not answer: come again in a moment") from None
        async with asterisk:
            await browser.prepare(request)
            if self._may(user) and _is_logged_in(request, asking):
                await self._carry(_Line(user, asking.session), browser, asterisk)
            else:  # that ended while Asterisk was asked
                await browser.close(code=LOGGED_OUT)
        return browser

    def _user_of(self, asking: Who) -> str:
        return self._guest(asking.call) if Role.GUEST in asking.roles else asking.id

    async def _carry(
        self, line: _Line, browser: web.WebSocketResponse, asterisk: aiohttp.ClientWebSocketResponse
    ) -> None:
        """Both ways, until one side ends or the line is to end."""
        if (other := self._lines.get(line.user)) is not None:
            self._end(other, TAKEN_OVER)
            log.info("softphone_taken_over", user=line.user)
        self._lines[line.user] = line
        jobs = [
            asyncio.create_task(self._from_browser(line, browser, asterisk)),
            asyncio.create_task(self._from_asterisk(browser, asterisk)),
            asyncio.create_task(line.end.wait()),
        ]
        try:
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if self._lines.get(line.user) is line:
                del self._lines[line.user]
            for job in jobs:
                job.cancel()
            ended = await asyncio.gather(*jobs, return_exceptions=True)
        for fault in ended:
            if isinstance(fault, Exception) and not isinstance(fault, ConnectionError | aiohttp.ClientError):
                raise fault
        await asterisk.close()  # first: Asterisk forgets the telephone, however long the browser takes
        await browser.close(code=line.ending or WSCloseCode.GOING_AWAY)

    async def _from_browser(
        self, line: _Line, browser: web.WebSocketResponse, asterisk: aiohttp.ClientWebSocketResponse
    ) -> None:
        allowed, at = _BURST, time.monotonic()
        async for message in browser:
            now = time.monotonic()
            allowed, at = min(_BURST, allowed + (now - at) * _A_SECOND), now
            allowed -= 1
            if message.type is not WSMsgType.TEXT or allowed < 0 or not speaks_for(message.data, line.user):
                log.warning("softphone_refused", user=line.user, flood=allowed < 0)
                line.ending = WSCloseCode.POLICY_VIOLATION
                return
            await asterisk.send_str(message.data)

    @staticmethod
    async def _from_asterisk(browser: web.WebSocketResponse, asterisk: aiohttp.ClientWebSocketResponse) -> None:
        async for message in asterisk:
            if message.type is WSMsgType.TEXT:
                await browser.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await browser.send_str(message.data.decode("utf-8", "replace"))

    @staticmethod
    def _end(line: _Line, code: int) -> None:
        line.ending = line.ending or code
        line.end.set()


def _is_logged_in(request: web.Request, asking: Who) -> bool:
    return asking.session is None or request.app[GUARD].sessions.get(asking.session.key) is not None


def speaks_for(message: str, user: str) -> bool:
    """Whether a SIP message can come from this user's telephone: an answer, a request within a call, which Asterisk
    knows by its tags, or a registration or call that names him as its sender."""
    head = message.partition("\r\n\r\n")[0]
    start = head.partition("\r\n")[0]
    if not start.strip() or start.startswith("SIP/2.0 "):
        return True
    headers = [(name[0].lower(), value) for name, value in _HEADER.findall(head)]
    if sorted(name for name, _ in headers) != ["f", "t"]:
        return False
    by_name = dict(headers)
    if re.search(r";\s*tag\s*=", by_name["t"], re.IGNORECASE):
        return True
    sender = _USER.search(by_name["f"])
    return (
        start.partition(" ")[0] in ("REGISTER", "INVITE", "ACK", "CANCEL") and sender is not None and sender[1] == user
    )
