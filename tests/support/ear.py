"""A caller's ear: receives the sound of one call, and knows our recordings when it hears them.

`Ear` has a socket of its own, and the kernel says when each packet came, however busy we are; `Listener` sits on the
line of a citizen who speaks too.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import time
from types import TracebackType
from typing import Self

from cti.demo import audio
from cti.demo.media import FRAME, Line
from cti.demo.sipp import CITIZEN_HOST
from cti.settings import PROJECT

_SO_TIMESTAMPNS = 35
_CONTROL_SPACE = 64


class Ear:
    """`with Ear() as ear` on a running loop. `heard`: moment (UTC seconds) and sound of each packet."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((CITIZEN_HOST, 0))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 2**20)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[tuple[float, bytes]] = []

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def gaps(self, since: float, until: float) -> list[float]:
        """Seconds between one packet and the next."""
        times = [at for at, _ in self.heard if since <= at <= until]
        return [after - before for before, after in itertools.pairwise(times)]

    def _read(self) -> None:
        while True:
            try:
                data, control, _, _ = self._socket.recvmsg(2048, _CONTROL_SPACE)
            except BlockingIOError:
                return
            for _, kind, value in control:
                if kind == _SO_TIMESTAMPNS:
                    seconds, nanoseconds = struct.unpack("qq", value[:16])
                    self.heard.append((seconds + nanoseconds / 1e9, data[12:]))


class Listener(asyncio.DatagramProtocol):
    """What comes in on this line from now on: moment (UTC seconds) and sound of each packet."""

    def __init__(self, line: Line) -> None:
        self.heard: list[tuple[float, bytes]] = []
        self._line = line
        for transport in line._transports[:1]:
            transport.set_protocol(self)

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        self.heard.append((time.time(), data[12:]))
        self._line.datagram_received(data, addr)

    def error_received(self, exc: Exception) -> None:
        """The other side has closed its port already: the end of a call."""

    def times(self, prompt: str) -> int:
        """How often this recording was heard from its beginning until past its middle."""
        sound = audio.load(str(PROJECT / "asterisk-config" / "sounds" / "zh-CN" / f"{prompt}.wav"))
        frames = [sound[at : at + FRAME] for at in range(0, len(sound) - FRAME + 1, FRAME)]
        # Music has no frame that is like one of a voice to the byte; silence is everywhere.
        telling = [n for n in range(len(frames) // 2 + 1) if len(set(frames[n])) > 40]
        packets = [payload for _, payload in self.heard]
        assert len(telling) > 10, prompt
        return min(packets.count(frames[n]) for n in (telling[0], telling[len(telling) // 2], telling[-1]))

    @property
    def beeps(self) -> list[float]:
        """When each packet of a beep (a pure tone) came."""
        return [at for at, payload in self.heard if _is_tone(payload)]


def _is_tone(payload: bytes) -> bool:
    """1000 Hz crosses zero 40 times in 20 ms, and has few values when there are 8000 a second."""
    crossings = sum((a ^ b) & 0x80 != 0 for a, b in itertools.pairwise(payload))
    return 38 <= crossings <= 41 and len(set(payload)) < 20
