"""Where the recording of a talk lies: one contact, one file a segment, and nothing of the caller in its name."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import PurePosixPath

_SAFE = re.compile(r"[A-Za-z0-9.-]+")


def segment_path(call_id: str, segment: str, started: datetime) -> PurePosixPath:
    """`2026-11-23/<call id>-<segment>.wav`: "1" for the first offer, "p1" for the first party, `message` for what a
    caller left for us.

    The day is the city's own. ValueError for an unsafe call id.
    """
    if not _SAFE.fullmatch(call_id) or ".." in call_id:
        raise ValueError("a call id has letters, digits, dots and hyphens only")
    return PurePosixPath(f"{started:%Y-%m-%d}") / f"{call_id}-{segment}.wav"


WAV_HEADER_BYTES = 44
BYTES_PER_S = 16_000
"""8 kHz, 16 bit, one channel: what MixMonitor writes into a .wav file."""


def sound_s(size_bytes: int) -> float:
    """Seconds of sound in a file of this size."""
    return max(0.0, (size_bytes - WAV_HEADER_BYTES) / BYTES_PER_S)


def is_complete(size_bytes: int, talk_s: float) -> bool:
    """Whether a file is as long as the talk: at least 95 % of it, less half a second for start and end.

    A full disk truncates recordings without any error from Asterisk, so each is measured.
    """
    return size_bytes - WAV_HEADER_BYTES >= BYTES_PER_S * (0.95 * talk_s - 0.5)
