"""Who hears whom: each party of a call sings a note of his own, and what the others hear is taken apart into notes."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Iterable

from cti.demo import audio
from cti.demo.media import Line
from tests.support.ear import Listener

NOTES = {"citizen": 400, "agent": 560, "expert": 760, "second": 980, "third": 1240}
"""Hz. No note is a multiple of another, and the ring tone of the network (450 Hz) is none of them."""
MUSIC = "music"
_LOUD, _LEVEL = 400.0, 4000.0
"""Of a note that is heard, in steps of 16 bit; of one that is sung."""
_SILENT = 60.0
_PERIOD_S = 0.5


def note(name: str) -> bytes:
    """As A-law, to be said over and over: half a second holds whole waves of each."""
    step = 2 * math.pi * NOTES[name] / audio.RATE
    return audio.encode([round(_LEVEL * math.sin(step * n)) for n in range(int(audio.RATE * _PERIOD_S))])


class Ears:
    """What comes in on a line. `notes` of the last moment."""

    def __init__(self, line: Line) -> None:
        self._listener = Listener(line)

    def notes(self, over_s: float = 0.4) -> set[str]:
        """The names of those who are heard now; MUSIC if there is sound of nobody's."""
        since = time.time() - over_s
        samples = [s for at, payload in self._listener.heard if at >= since for s in _decoded(payload)]
        if len(samples) < audio.RATE * over_s * 0.5:
            return set()
        found = {name for name, hz in NOTES.items() if _level(samples, hz) > _LOUD}
        power = math.sqrt(sum(s * s for s in samples) / len(samples))
        if not found and power > _SILENT:
            found = {MUSIC}
        return found


def sung(samples: list[int], name: str) -> float:
    """Seconds of a recording in which this note is heard."""
    step = audio.RATE // 10
    parts = (samples[at : at + step] for at in range(0, len(samples) - step + 1, step))
    return sum(_level(part, NOTES[name]) > _LOUD for part in parts) / 10


def began_s(samples: list[int], name: str) -> float:
    """The second of a recording in which this note is heard first, to a twentieth."""
    step = audio.RATE // 20
    found = (
        at for at in range(0, len(samples) - step + 1, step) if _level(samples[at : at + step], NOTES[name]) > _LOUD
    )
    return next(found) / audio.RATE


def _level(samples: list[int], hz: int) -> float:
    """How loud this note is among the samples (Goertzel)."""
    factor = 2 * math.cos(2 * math.pi * hz / audio.RATE)
    one = two = 0.0
    for sample in samples:
        one, two = sample + factor * one - two, one
    return 2 * math.sqrt(max(0.0, one * one + two * two - factor * one * two)) / len(samples)


def _decoded(payload: bytes) -> Iterable[int]:
    table = _table()
    return (table[byte] for byte in payload)


@functools.cache
def _table() -> tuple[int, ...]:
    return tuple(_linear(byte) for byte in range(256))


def _linear(byte: int) -> int:
    byte ^= 0x55
    exponent, mantissa = byte >> 4 & 7, byte & 0x0F
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return size if byte & 0x80 else -size
