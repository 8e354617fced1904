"""WAV files of telephone sound, 8 kHz and 16 bits: their heading, and the two sides of a talk made one. Pure."""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from typing import Final

RATE_HZ: Final = 8_000
SAMPLE_BYTES: Final = 2
HEADING_BYTES: Final = 44

_HEADING: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_PCM: Final = 1
_MOST: Final = 0xFFFF_FFFF
"""What a size can say; of a longer file it says no more."""


@dataclass(frozen=True, slots=True)
class Heading:
    channels: int
    rate_hz: int
    sound_bytes: int
    """As it was said when the file was closed. Asterisk says 0 until then."""

    @property
    def bytes_per_s(self) -> int:
        return self.channels * self.rate_hz * SAMPLE_BYTES


def heading(channels: int, sound_bytes: int) -> bytes:
    """What a file of RATE_HZ begins with."""
    frame = channels * SAMPLE_BYTES
    shape = (16, _PCM, channels, RATE_HZ, RATE_HZ * frame, frame, SAMPLE_BYTES * 8)
    riff_bytes = min(sound_bytes + HEADING_BYTES - 8, _MOST)
    return _HEADING.pack(b"RIFF", riff_bytes, b"WAVE", b"fmt ", *shape, b"data", min(sound_bytes, _MOST))


def read_heading(head: bytes) -> Heading | None:
    """Of a file that Asterisk or we have written: the sound follows at once. None: it is no such file."""
    if len(head) < HEADING_BYTES:
        return None
    riff, _, wave, fmt, _, form, channels, rate_hz, _, _, bits, data, sound_bytes = _HEADING.unpack_from(head)
    if (riff, wave, fmt, form, bits, data) != (b"RIFF", b"WAVE", b"fmt ", _PCM, SAMPLE_BYTES * 8, b"data"):
        return None
    return Heading(channels, rate_hz, sound_bytes) if channels and rate_hz else None


def interleaved(left: bytes, right: bytes) -> bytes:
    """Two sides as the channels of one; where one is shorter it is silent. Whole samples each."""
    length = max(len(left), len(right))
    both = array("h", bytes(2 * length))
    both[0::2] = array("h", left.ljust(length, b"\0"))
    both[1::2] = array("h", right.ljust(length, b"\0"))
    return both.tobytes()
