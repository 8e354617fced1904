"""The voices of test callers and test agents: RTP with A-law sound and telephone keys (RFC 4733).

SIPp could send both, but its keys need a raw socket, hence root; and a caller has to press when the call has come to
the right point, not at a second fixed beforehand. So SIPp speaks SIP, and the sound of its calls comes from here.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

FRAME = 160
"""Bytes of A-law in 20 ms"""
FRAME_S = 0.02
SILENCE = b"\xd5" * FRAME
PCMA, EVENTS = 8, 101
KEYS = "0123456789*#ABCD"
_KEY_FRAMES, _END_FRAMES, _GAP_FRAMES = 5, 3, 4
"""A key lasts 100 ms, its end is sent three times (RFC 4733, 2.5.1.4), then 80 ms pass before the next."""


@dataclass(frozen=True, slots=True)
class Pressed:
    at: float
    key: str


@dataclass(slots=True, eq=False)
class Line(asyncio.DatagramProtocol):
    """One end of a call's sound. It sends nothing before `connect` and after `silence`."""

    port: int
    pressed: list[Pressed] = field(default_factory=list)
    heard_s: float = 0.0
    """Seconds of sound (not silence) received since `connect`"""
    _to: tuple[str, int] | None = None
    _sound: bytes = b""
    _at: int = 0
    _keys: deque[tuple[str, int]] = field(default_factory=deque)
    _seq: int = 0
    _timestamp: int = 0
    _key_timestamp: int = 0
    _ssrc: int = 0
    _transports: list[asyncio.DatagramTransport] = field(default_factory=list)

    def connect(self, host: str, port: int) -> None:
        """Sends silence to this address from now on, and at once: an Asterisk that answers waits for sound."""
        self._to, self._sound, self._at, self.heard_s = (host, port), b"", 0, 0.0
        self._keys.clear()
        self.pressed = []
        self._ssrc = random.getrandbits(32)
        self.tick()

    def say(self, alaw: bytes) -> None:
        """Repeats this sound until `connect`, `silence` or the next `say`."""
        self._sound, self._at = alaw, 0

    def press(self, keys: str) -> None:
        """Presses these keys one after the other; `pressed` gets each when its first packet goes out."""
        for key in keys:
            self._keys.extend((key, step) for step in range(_KEY_FRAMES + _END_FRAMES + _GAP_FRAMES))

    def silence(self) -> None:
        self._to = None

    def tick(self) -> None:
        """Sends what is due in these 20 ms."""
        if self._to is None:
            return
        self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF
        if self._keys:
            key, step = self._keys.popleft()
            if step >= _KEY_FRAMES + _END_FRAMES:
                self._send(PCMA, False, self._timestamp, SILENCE)
                return
            if step == 0:
                self._key_timestamp = self._timestamp
                self.pressed.append(Pressed(time.time(), key))
            end = 0x80 if step >= _KEY_FRAMES else 0
            length = FRAME * min(step + 1, _KEY_FRAMES)
            event = struct.pack("!BBH", KEYS.index(key), end | 10, length)
            self._send(EVENTS, step == 0, self._key_timestamp, event)
            return
        frame = self._sound[self._at : self._at + FRAME]
        self._at += FRAME
        if len(frame) < FRAME:
            self._at, frame = 0, frame + SILENCE[len(frame) :]
        self._send(PCMA, False, self._timestamp, frame)

    def _send(self, kind: int, marker: bool, timestamp: int, payload: bytes) -> None:
        self._seq = (self._seq + 1) & 0xFFFF
        head = struct.pack("!BBHII", 0x80, kind | (0x80 if marker else 0), self._seq, timestamp, self._ssrc)
        if self._to is not None and self._transports:
            self._transports[0].sendto(head + payload, self._to)

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        # A frame of one value only is silence, whatever that value is.
        if len(data) >= 12 + FRAME and data[1] & 0x7F == PCMA and data.count(data[12], 12) < len(data) - 12:
            self.heard_s += (len(data) - 12) / 8000

    def error_received(self, exc: Exception) -> None:
        """The other side has closed its port already: the end of a call."""

    def close(self) -> None:
        for transport in self._transports:
            transport.close()


class Sound:
    """Opens lines and sends their packets every 20 ms: `async with Sound() as sound`."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._clock: asyncio.Task[None] | None = None

    async def open(self, host: str) -> Line:
        """A line on a free pair of ports of `host` (the upper one, for RTCP, is only held)."""
        loop = asyncio.get_running_loop()
        pair = _free_pair(host)
        line = Line(pair[0].getsockname()[1])
        for sock, protocol in zip(pair, (line, asyncio.DatagramProtocol()), strict=True):
            transport, _ = await loop.create_datagram_endpoint(lambda p=protocol: p, sock=sock)  # type: ignore[misc]
            line._transports.append(transport)
        self._lines.append(line)
        return line

    async def __aenter__(self) -> Self:
        self._clock = asyncio.create_task(self._run(), name="rtp-clock")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)
        for line in self._lines:
            line.close()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            for line in self._lines:
                line.tick()
            due = max(due + FRAME_S, loop.time() - 5 * FRAME_S)
            await asyncio.sleep(max(0.0, due - loop.time()))


def _free_pair(host: str) -> tuple[socket.socket, socket.socket]:
    for _ in range(200):
        lower, upper = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        try:
            port = random.randrange(34000, 60000, 2)
            lower.bind((host, port))
            upper.bind((host, port + 1))
        except OSError:
            lower.close()
            upper.close()
            continue
        for sock in (lower, upper):
            sock.setblocking(False)
        return lower, upper
    raise OSError(f"no free pair of UDP ports on {host}")
