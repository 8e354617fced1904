"""Where the recording of a talk lies: one contact, one file a segment, and nothing of the caller in its name."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from recordings.spoken import LEFT, RIGHT

_SAFE = re.compile(r"[A-Za-z0-9.-]+")

UNFINISHED: Final = "unfinished"
"""The folder, among those of the days, of talks of which no recording has been made yet."""


def segment_path(call_id: str, segment: str, started: datetime) -> PurePosixPath:
    """`2026-11-23/<call id>-<segment>.wav`: "1" for the first offer, "p1" for the first party, `message` for what a
    caller left for us.

    The day is the city's own. ValueError for an unsafe call id.
    """
    if not _SAFE.fullmatch(call_id) or ".." in call_id:
        raise ValueError("a call id has letters, digits, dots and hyphens only")
    return PurePosixPath(f"{started:%Y-%m-%d}") / f"{call_id}-{segment}.wav"


def sides_of(recording: PurePosixPath) -> tuple[PurePosixPath, PurePosixPath]:
    """What Asterisk writes while a talk goes on, the citizen's side and the agent's: two files, of which the recording
    has the first as its left channel and the second as its right one."""
    folder = PurePosixPath(UNFINISHED) / recording.parent
    return folder / f"{recording.name}.{LEFT}.wav", folder / f"{recording.name}.{RIGHT}.wav"


def recording_of(side: PurePosixPath) -> tuple[str, PurePosixPath] | None:
    """The call and the recording that a file in UNFINISHED belongs to; None: it is nothing of the kind."""
    for known in (LEFT, RIGHT):
        name = side.name.removesuffix(f".{known}.wav")
        call_id = name.removesuffix(".wav").rpartition("-")[0]
        if name != side.name and name.endswith(".wav") and call_id:
            return call_id, PurePosixPath(side.parent.name) / name
    return None


def is_complete(sound_s: float, talk_s: float) -> bool:
    """Whether there is as much sound as the talk was long: at least 95 % of it, less half a second for start and end.

    A full disk truncates recordings without any error from Asterisk, so each is measured.
    """
    return sound_s >= 0.95 * talk_s - 0.5
