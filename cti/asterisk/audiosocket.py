"""Sound from Asterisk: an AudioSocket server. One connection is one stream of sound that was announced before.

Asterisk says first which one it brings (a uuid); who brings none, one that nobody expects, or anything else than
AudioSocket is hung up on. Nothing is ever sent but the end. Sound is handed on as it comes and kept nowhere, so a slow
recogniser cannot fill our memory from here.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol
from uuid import UUID

import structlog

log = structlog.get_logger()

END, ID, KEY, SOUND, ERROR = 0x00, 0x01, 0x03, 0x10, 0xFF
RATE_HZ: Final = 8000
"""Of the sound: 16 bit, little-endian, one channel."""
MOST_SOUND: Final = 3200
"""Bytes of a frame: 200 ms; Asterisk sends 20 ms."""
ID_WITHIN_S: Final = 2.0
"""Who connects says so soon which stream he brings."""
_LENGTHS: Final = {END: (0, 0), ID: (16, 16), KEY: (1, 1), SOUND: (0, MOST_SOUND), ERROR: (0, 1)}
"""Kinds of frames, and how long each may be."""
_HANG_UP: Final = struct.pack("!BH", END, 0)


class NotAudioSocket(Exception):
    """What comes is no AudioSocket."""


class Frame(NamedTuple):
    kind: int
    payload: bytes


class FrameReader:
    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """NotAudioSocket: an unknown kind, a frame that is too long for its kind, or half a sample."""
        self._buffer += data
        while len(self._buffer) >= 3:
            kind, length = struct.unpack_from("!BH", self._buffer)
            least, most = _LENGTHS.get(kind, (1, 0))
            if not least <= length <= most or (kind == SOUND and length % 2):
                raise NotAudioSocket(f"a frame of kind {kind} and {length} bytes")
            if len(self._buffer) < 3 + length:
                return
            payload = bytes(self._buffer[3 : 3 + length])
            del self._buffer[: 3 + length]
            yield Frame(kind, payload)


class Stream(Protocol):
    """Who expects a stream of sound."""

    def on_connected(self) -> None: ...

    def on_sound(self, pcm: bytes) -> None: ...

    def on_over(self) -> None:
        """It has ended, whoever ended it; once, and only after `on_connected`."""


class AudioSocketServer:
    """`start` and `stop` it. `port` 0: any free one."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._wanted = host, port
        self._server: asyncio.Server | None = None
        self._expected: dict[UUID, Stream] = {}
        self._connections: dict[UUID, _Connection] = {}
        self._open: set[_Connection] = set()
        self.refused = 0
        """Connections that were none of ours."""

    @property
    def address(self) -> str:
        """host:port, as Asterisk is told it; "" while nothing listens."""
        if self._server is None or not self._server.sockets:
            return ""
        return f"{self._host}:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        """OSError: the address cannot be listened on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), self._host, self._wanted)

    async def stop(self) -> None:
        """All streams are over then."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._expected.clear()
        for connection in list(self._open):
            connection.hang_up()

    def expect(self, uuid: UUID, stream: Stream) -> None:
        """It may be brought once from now on, until `forget`."""
        self._expected[uuid] = stream

    def forget(self, uuid: UUID) -> None:
        """Nobody wants it any more: it is hung up, or refused when it comes."""
        self._expected.pop(uuid, None)
        if (connection := self._connections.get(uuid)) is not None:
            connection.hang_up()

    # Connections

    def on_open(self, connection: _Connection) -> None:
        self._open.add(connection)

    def on_id(self, connection: _Connection, uuid: UUID) -> Stream | None:
        stream = self._expected.pop(uuid, None)
        if stream is not None:
            self._connections[uuid] = connection
        return stream

    def on_closed(self, connection: _Connection, uuid: UUID | None) -> None:
        self._open.discard(connection)
        if uuid is not None:
            self._connections.pop(uuid, None)

    def refuse(self, connection: _Connection, why: str) -> None:
        self.refused += 1
        log.warning("audiosocket_refused", reason=why)
        connection.hang_up()


class _Connection(asyncio.Protocol):
    def __init__(self, server: AudioSocketServer) -> None:
        self._server = server
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._uuid: UUID | None = None
        self._stream: Stream | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.on_open(self)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(ID_WITHIN_S, self._server.refuse, self, "no id in time")

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        try:
            for frame in self._reader.feed(data):
                self._on_frame(frame)
                if self._transport.is_closing():
                    return
        except NotAudioSocket as fault:
            self._server.refuse(self, str(fault))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._server.on_closed(self, self._uuid)
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.on_over()

    def hang_up(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_HANG_UP)
            self._transport.close()

    def _on_frame(self, frame: Frame) -> None:
        if frame.kind == ID and self._stream is None:
            uuid = UUID(bytes=frame.payload)
            self._stream = self._server.on_id(self, uuid)
            if self._stream is None:
                self._server.refuse(self, "a stream that nobody expects")
                return
            self._uuid = uuid
            self._stop_timer()
            self._stream.on_connected()
        elif self._stream is None or frame.kind == ID:
            raise NotAudioSocket("an id comes first, and once")
        elif frame.kind == SOUND:
            self._stream.on_sound(frame.payload)
        elif frame.kind in (END, ERROR):
            self.hang_up()
        # A key is the line's business: the caller's own channel reports it.

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
