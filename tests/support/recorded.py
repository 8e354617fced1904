"""Recordings as Asterisk leaves them behind, and what is on which side of one that is made."""

from __future__ import annotations

import wave
from array import array
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from recordings.naming import sides_of
from recordings.wav import RATE_HZ, heading


def leave(folder: Path, recording: str | Path, citizen: bytes, agent: bytes, *, closed: bool = True) -> list[Path]:
    """The two sides of a talk, 16 bits; not `closed`: Asterisk still writes, or died. Returns the files."""
    paths = [folder / side for side in sides_of(PurePosixPath(recording))]
    for path, sound in zip(paths, (citizen, agent), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(heading(1, len(sound) if closed else 0) + sound)
    return paths


def silence(seconds: float) -> bytes:
    return bytes(2 * int(RATE_HZ * seconds))


@dataclass(frozen=True, slots=True)
class Recorded:
    """Samples."""

    citizen: list[int]
    agent: list[int]


def recorded(path: Path) -> Recorded:
    """A recording of a talk: the citizen left, the agent (or whose part it is) right."""
    with wave.open(str(path)) as wav:
        assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (2, 2, RATE_HZ)
        samples = array("h", wav.readframes(wav.getnframes()))
    return Recorded(list(samples[0::2]), list(samples[1::2]))
