"""The language between the daemon and its speech workers: bytes in, frames out. Pure.

A frame is its length (4 bytes), its kind (1), the number of the stream it is about (4), and a body: sound as it is,
everything else JSON.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

_HEAD = struct.Struct(">IBI")
MOST_BYTES = 1 << 20
"""Of a body; sound comes in pieces of some kB, and the words of one utterance are fewer."""


class FrameError(Exception):
    """The other side does not speak this language; the connection is worth nothing any more."""


class Kind(enum.IntEnum):
    # To the worker
    OPEN = 1
    """{"menu": bool, "rate_hz": n, "phrases": […] or null}"""
    SOUND = 2
    FINISH = 3
    DROP = 4
    """Forget the stream, or the recording; answered by ENDED."""
    RECORDING = 5
    """{"path": "…"}: a WAV file, whenever no stream has sound to be heard"""
    # From the worker; stream 0: about itself
    READY = 16
    """{"rss_mb": x, "real_time": cpu seconds a second of speech, or null, "phrases": bool}"""
    PARTIAL = 17
    """{"text": "…"}"""
    FINAL = 18
    """{"channel": n, "words": [[text, start_s, end_s, confidence], …]}"""
    HEARD = 19
    """{"bytes": n} of a stream, {"part": 0…1} of a recording, since its beginning"""
    ENDED = 20
    """{"reason": "finished" | "closed" | "refused" | "no_wav", "seconds": of a recording}"""
    MEMORY = 21
    """{"rss_mb": x}"""


@dataclass(frozen=True, slots=True)
class Frame:
    kind: Kind
    stream: int
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """FrameError."""
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise FrameError(f"a {self.kind.name} frame without JSON") from None
        if not isinstance(value, dict):
            raise FrameError(f"a {self.kind.name} frame without an object")
        return value


def encode(kind: Kind, stream: int, body: bytes | dict[str, Any] = b"") -> bytes:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return _HEAD.pack(len(raw), kind, stream) + raw


class Decoder:
    """Takes bytes as they come, however they are cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Every frame that is complete by now. FrameError."""
        self._buffer += data
        at = 0
        try:
            while len(self._buffer) - at >= _HEAD.size:
                length, kind, stream = _HEAD.unpack_from(self._buffer, at)
                if length > MOST_BYTES:
                    raise FrameError("a frame that is too long")
                end = at + _HEAD.size + length
                if len(self._buffer) < end:
                    break
                try:
                    known = Kind(kind)
                except ValueError:
                    raise FrameError(f"a frame of kind {kind}") from None
                body = bytes(self._buffer[at + _HEAD.size : end])
                at = end
                yield Frame(known, stream, body)
        finally:
            del self._buffer[:at]
