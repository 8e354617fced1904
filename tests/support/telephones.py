"""Telephones that are called, on one UDP socket: agents' softphones, or citizens behind a carrier.

Each answers, refuses, rings on, presses keys and hangs up as its manner says; `rings` tells what happened.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from cti.demo.media import Line, Sound


@dataclass(frozen=True, slots=True)
class Manner:
    answers_after_s: float | None = 0.1
    """None: lets it ring."""
    refuses_with: int | None = None
    keys: str = ""
    keys_after_s: float = 0.4
    hangs_up_after_s: float | None = None
    """Of a talk; None: leaves that to the other side, or to `hang_up`."""


@dataclass(slots=True, eq=False)
class Ring:
    """One INVITE and what became of it. Times are UTC seconds; None: not (yet)."""

    user: str
    """Who was called: an agent's id, or a number."""
    caller: str
    call: str
    """Header X-CTI-Call"""
    at: float
    invite: bytes
    address: tuple[str, int]
    line: Line
    tag: bytes = field(default_factory=lambda: secrets.token_hex(4).encode())
    answered_at: float | None = None
    over_at: float | None = None
    over_side: str = ""
    """here, there, cancelled or refused"""
    cseq: int = 0


class Telephones(asyncio.DatagramProtocol):
    """`async with Telephones("127.0.0.1", port, {"a1": Manner(...)})`; who is not named has the manner `otherwise`."""

    def __init__(
        self, host: str, port: int, manners: Mapping[str, Manner] | None = None, otherwise: Manner | None = None
    ) -> None:
        self.host, self.port = host, port
        self.manners = dict(manners or {})
        self.otherwise = otherwise or Manner()
        self.rings: list[Ring] = []
        self._sound = Sound()
        self._timers: list[asyncio.TimerHandle] = []
        self._jobs: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        await self._sound.__aenter__()
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.host, self.port))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        for timer in self._timers:
            timer.cancel()
        for ring in self.rings:
            self.hang_up(ring)
        if self._transport is not None:
            self._transport.close()
        await self._sound.__aexit__(kind, e, tb)

    @property
    def talking(self) -> list[Ring]:
        return [ring for ring in self.rings if ring.answered_at is not None and ring.over_at is None]

    def press(self, ring: Ring, keys: str) -> None:
        ring.line.press(keys)

    def hang_up(self, ring: Ring) -> None:
        """BYE, if it talks."""
        if ring.answered_at is None or ring.over_at is not None:
            return
        ring.over_at, ring.over_side = time.time(), "here"
        ring.line.silence()
        self._request(ring, b"BYE")

    def vanish(self) -> None:
        """The network of all these telephones is gone: no sound, no answer to anything."""
        for ring in self.rings:
            ring.line.silence()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def hold(self, ring: Ring, on: bool) -> None:
        """Puts the other side on hold, or takes it back."""
        self._request(ring, b"INVITE", self._sdp(ring, b"sendonly" if on else b"sendrecv"))

    def _request(self, ring: Ring, method: bytes, body: bytes = b"") -> None:
        """A request within the dialog."""
        ring.cseq += method != b"ACK"
        found = re.search(rb"<([^>]+)>", _header(ring.invite, b"Contact"))
        lines = [
            b"%s %s SIP/2.0" % (method, found[1] if found else b""),
            b"Via: SIP/2.0/UDP %s:%d;branch=z9hG4bK%s" % (self.host.encode(), self.port, secrets.token_hex(8).encode()),
            b"From: " + self._tagged(ring),
            b"To: " + _header(ring.invite, b"From"),
            b"Call-ID: " + _header(ring.invite, b"Call-ID"),
            b"CSeq: %d %s" % (ring.cseq, method),
            b"Contact: <sip:%s:%d>" % (self.host.encode(), self.port),
            b"Max-Forwards: 70",
        ]
        lines += [b"Content-Type: application/sdp"] if body else []
        self._send(b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body]), ring.address)

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        method, address = data.split(b" ", 1)[0], (str(addr[0]), addr[1])
        ring = next((r for r in self.rings if _header(r.invite, b"Call-ID") == _header(data, b"Call-ID")), None)
        if data.startswith(b"SIP/2.0 "):
            if ring is not None and data.startswith(b"SIP/2.0 200") and b"INVITE" in _header(data, b"CSeq"):
                self._request(ring, b"ACK")
            return
        if method == b"INVITE" and ring is None:
            job = asyncio.get_running_loop().create_task(self._rings(data, address))
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)
        elif method == b"OPTIONS":
            self._reply(data, b"200 OK", address, _header(data, b"To") + b";tag=o")
        elif ring is not None and method == b"BYE":
            if ring.over_at is None:
                ring.over_at, ring.over_side = time.time(), "there"
            ring.line.silence()
            self._reply(data, b"200 OK", address)
        elif ring is not None and method == b"CANCEL" and ring.answered_at is None:
            ring.over_at, ring.over_side = time.time(), "cancelled"
            self._reply(data, b"200 OK", address)
            self._reply(ring.invite, b"487 Request Terminated", address, self._tagged(ring))

    async def _rings(self, invite: bytes, address: tuple[str, int]) -> None:
        user = re.search(rb"INVITE sip:([^@]*)@", invite)
        caller = re.search(rb"sip:([^@>]*)@", _header(invite, b"From"))
        ring = Ring(
            user[1].decode() if user else "",
            caller[1].decode() if caller else "",
            _header(invite, b"X-CTI-Call").decode(),
            time.time(),
            invite,
            address,
            await self._sound.open(self.host),
        )
        self.rings.append(ring)
        manner = self.manners.get(ring.user, self.otherwise)
        if manner.refuses_with is not None:
            ring.over_at, ring.over_side = time.time(), "refused"
            self._reply(invite, b"%d Refused" % manner.refuses_with, address, self._tagged(ring))
            return
        self._reply(invite, b"180 Ringing", address, self._tagged(ring))
        if manner.answers_after_s is not None:
            self._later(manner.answers_after_s, self._answer, ring, manner)

    def _answer(self, ring: Ring, manner: Manner) -> None:
        if ring.over_at is not None:
            return
        ring.answered_at = time.time()
        self._reply(ring.invite, b"200 OK", ring.address, self._tagged(ring), self._sdp(ring, b"sendrecv"))
        port = re.search(rb"m=audio ([0-9]+)", ring.invite)
        ring.line.connect("127.0.0.1", int(port[1]) if port else 9)
        if manner.keys:
            self._later(manner.keys_after_s, self.press, ring, manner.keys)
        if manner.hangs_up_after_s is not None:
            self._later(manner.hangs_up_after_s, self.hang_up, ring)

    def _sdp(self, ring: Ring, direction: bytes) -> bytes:
        here = self.host.encode()
        return (
            b"v=0\r\no=- 1 %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP 8 101\r\n"
            b"a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
            b"a=%s\r\n"
        ) % (ring.cseq + 1, here, here, ring.line.port, direction)

    def _later(self, after_s: float, deed: object, *args: object) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(after_s, deed, *args))  # type: ignore[arg-type]

    def _tagged(self, ring: Ring) -> bytes:
        return _header(ring.invite, b"To") + b";tag=" + ring.tag

    def _reply(
        self, request: bytes, status: bytes, address: tuple[str, int], to: bytes | None = None, body: bytes = b""
    ) -> None:
        lines = [b"SIP/2.0 " + status]
        lines += [b"%s: %s" % (name, _header(request, name)) for name in (b"Via", b"From")]
        lines += [b"To: " + (to or _header(request, b"To"))]
        lines += [b"%s: %s" % (name, _header(request, name)) for name in (b"Call-ID", b"CSeq")]
        lines += [b"Contact: <sip:%s:%d>" % (self.host.encode(), self.port)]
        lines += [b"Content-Type: application/sdp"] if body else []
        self._send(b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body]), address)

    def _send(self, data: bytes, address: tuple[str, int]) -> None:
        if self._transport is not None:
            self._transport.sendto(data, address)


def _header(data: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?im)^%s\s*:\s*(.*?)\r$" % re.escape(name), data)
    return found[1] if found else b""
