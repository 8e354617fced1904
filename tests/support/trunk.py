"""A carrier's line made of one UDP socket: calls written byte by byte, so that they can be as wrong as can be."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from cti.demo.sipp import CITIZEN_HOST

_RESEND_S = 0.5
_TRIES = 8


@dataclass(slots=True, eq=False)
class TrunkCall:
    """One call. Times are UTC seconds; None: not (yet)."""

    call_id: str
    number: bytes
    name: bytes
    dialled: bytes
    rtp_port: int
    placed_at: float
    audio_port: int = 0
    """Where Asterisk wants the sound, once it has answered"""
    answered_at: float | None = None
    status: int = 0
    """The final answer; 0: none yet"""
    over_at: float | None = None
    over_side: str = ""
    """caller, system or refused"""
    to: bytes = b""
    contact: bytes = b""
    branch: bytes = b""
    cseq: int = 1


@dataclass(slots=True, eq=False)
class Trunk(asyncio.DatagramProtocol):
    """`async with Trunk(host, port) as trunk`: then `call`. It hangs up what is still up at the end."""

    host: str
    port: int
    calls: dict[str, TrunkCall] = field(default_factory=dict)
    on_answer: Callable[[TrunkCall], None] = lambda call: None
    _transport: asyncio.DatagramTransport | None = None
    _here: bytes = b""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(CITIZEN_HOST, 0))
        self._transport = transport
        self._here = b"%s:%d" % (CITIZEN_HOST.encode(), transport.get_extra_info("sockname")[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._transport is not None
        for call in self.calls.values():
            if call.answered_at is not None and call.over_at is None:
                self.hang_up(call)
        self._transport.close()

    def call(
        self, dialled: bytes, number: bytes = b"13800138000", name: bytes = b"", rtp_port: int = 9, resend: bool = True
    ) -> TrunkCall:
        """Sends the INVITE, with `number` and `name` as they are."""
        call_id = f"{secrets.token_hex(8)}@{CITIZEN_HOST}"
        call = self.calls[call_id] = TrunkCall(call_id, number, name, dialled, rtp_port, time.time())
        call.branch = secrets.token_hex(8).encode()
        self._invite(call, _TRIES if resend else 1)
        return call

    def hang_up(self, call: TrunkCall) -> None:
        """BYE; the call must have been answered and not be over."""
        call.over_at, call.over_side = time.time(), "caller"
        call.cseq += 1
        self._send(self._request(b"BYE", call, b"z9hG4bK" + secrets.token_hex(8).encode()))

    def _invite(self, call: TrunkCall, tries: int) -> None:
        if call.status or not tries or self._transport is None or self._transport.is_closing():
            return
        sdp = (
            b"v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP 8 101\r\n"
            b"a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
        ) % (CITIZEN_HOST.encode(), CITIZEN_HOST.encode(), call.rtp_port)
        self._send(self._request(b"INVITE", call, b"z9hG4bK" + call.branch, sdp))
        asyncio.get_running_loop().call_later(_RESEND_S, self._invite, call, tries - 1)

    def _request(self, method: bytes, call: TrunkCall, branch: bytes, body: bytes = b"") -> bytes:
        target = b"sip:%s@%s:%d" % (call.dialled, self.host.encode(), self.port)
        lines = [
            b"%s %s SIP/2.0" % (method, call.contact or target),
            b"Via: SIP/2.0/UDP %s;branch=%s" % (self._here, branch),
            b"From: %s <sip:%s@%s>;tag=t" % (call.name, call.number, self._here),
            b"To: %s" % (call.to or b"<%s>" % target),
            b"Call-ID: " + call.call_id.encode(),
            b"CSeq: %d %s" % (call.cseq, method),
            b"Contact: <sip:carrier@%s>" % self._here,
            b"Max-Forwards: 70",
            *([b"Content-Type: application/sdp"] if body else []),
            b"Content-Length: %d" % len(body),
        ]
        return b"\r\n".join([*lines, b"", body])

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(data, (self.host, self.port))

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there at the moment."""

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        call = self.calls.get(_header(data, b"Call-ID").decode("ascii", "replace"))
        if call is None:
            return
        if not data.startswith(b"SIP/2.0 "):
            self._on_request(call, data)
            return
        status, method = int(data[8:11]), _header(data, b"CSeq").split()[-1]
        if method != b"INVITE" or status < 200:
            call.status = call.status or (1 if method == b"INVITE" else 0)
            return
        call.to = _header(data, b"To")
        if status >= 300:
            self._send(self._request(b"ACK", call, b"z9hG4bK" + call.branch))
            if call.status < 200:
                call.status, call.over_at, call.over_side = status, time.time(), "refused"
            return
        found = re.search(rb"<([^>]+)>", _header(data, b"Contact"))
        call.contact = found[1] if found else b""
        cseq, call.cseq = call.cseq, 1
        self._send(self._request(b"ACK", call, b"z9hG4bK" + secrets.token_hex(8).encode()))
        call.cseq = cseq
        if call.status < 200:
            port = re.search(rb"m=audio ([0-9]+)", data)
            call.audio_port = int(port[1]) if port else 0
            call.status, call.answered_at = status, time.time()
            self.on_answer(call)

    def _on_request(self, call: TrunkCall, data: bytes) -> None:
        lines = [b"SIP/2.0 200 OK"]
        lines += [b"%s: %s" % (name, _header(data, name)) for name in (b"Via", b"From", b"To", b"Call-ID", b"CSeq")]
        self._send(b"\r\n".join([*lines, b"Content-Length: 0", b"", b""]))
        if data.startswith(b"BYE ") and call.over_at is None:
            call.over_at, call.over_side = time.time(), "system"


def _header(data: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?im)^%s\s*:\s*(.*?)\r$" % re.escape(name), data)
    return found[1] if found else b""
