"""A caller's ear: receives the sound of one call; the kernel says when each packet came, however busy we are."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
from types import TracebackType
from typing import Self

from cti.demo.sipp import CITIZEN_HOST

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
