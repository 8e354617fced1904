"""The sound of a talk on disk. Asterisk writes each side into a file of its own; the recording is made of both.

Whoever dies in between loses nothing: the sides are deleted when their recording is on the disk, and not before.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, Final
from uuid import uuid4

import structlog

from recordings.naming import sides_of
from recordings.wav import HEADING_BYTES, RATE_HZ, SAMPLE_BYTES, heading, interleaved, read_heading

log = structlog.get_logger()

PART: Final = ".part"
"""Suffix of a recording that is being made."""
_CHUNK_BYTES: Final = 64 * 1024
_FRAME_BYTES: Final = 2 * SAMPLE_BYTES
_LIMIT_S: Final = 2.5
"""Asterisk closes its files on a thread of its own. While it writes a side, the file grows every 2.05 s (32 kB)."""
_LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Sound:
    """What there is of a talk, or of a message."""

    seconds: float = 0.0
    """Of two sides, of the shorter."""
    bytes: int = 0
    """The recording has or will have."""
    closed: bool = False
    """Asterisk has written all that it will."""
    whole: bool = False
    """The recording is there."""


def look(folder: Path, recording: PurePosixPath) -> Sound:
    """As it stands on the disk at this moment."""
    sides = [_file(folder / side) for side in sides_of(recording)]
    whole = _file(folder / recording)
    if not any(side.bytes for side in sides) or (whole.bytes and not all(side.bytes for side in sides)):
        return replace(whole, closed=whole.bytes > 0, whole=whole.bytes > 0)
    frames = max(side.bytes - HEADING_BYTES for side in sides) // SAMPLE_BYTES
    size = HEADING_BYTES + max(0, frames) * _FRAME_BYTES
    return Sound(min(side.seconds for side in sides), size, all(side.closed for side in sides))


def finish(folder: Path, recording: PurePosixPath) -> Sound:
    """Makes the recording of its sides, unless they are still written. OSError: it could not, and they stay."""
    sides = [folder / side for side in sides_of(recording)]
    part = sides[0].with_name(f"{recording.name}.{uuid4().hex}{PART}")
    with ExitStack() as stack:
        files = [_opened(stack, side) for side in sides]
        if not all(files) and (not any(files) or (folder / recording).exists()):
            _delete(sides)  # somebody has made it, and did not come to delete both
            return look(folder, recording)
        lengths = [_sound_bytes(file) for file in files]
        try:
            _write(part, files, lengths)
            if [_sound_bytes(file) for file in files] != lengths:
                return look(folder, recording)
            (folder / recording).parent.mkdir(parents=True, exist_ok=True)
            part.replace(folder / recording)
        finally:
            part.unlink(missing_ok=True)
    _delete(sides)
    return Sound(min(lengths) / (RATE_HZ * SAMPLE_BYTES), HEADING_BYTES + 2 * max(lengths), True, True)


async def finished(folder: Path, recording: PurePosixPath) -> Sound:
    """Of a talk that is over: waits until Asterisk has closed its files, and makes the recording of them.

    Not `whole`: there is no sound, no room for it, or Asterisk still writes; what is there is made a recording later
    (cti.unfinished).
    """
    sound = Sound()
    try:
        sound, over = await _settled(folder, recording)
        if over and not sound.whole:
            sound = await asyncio.to_thread(finish, folder, recording)
    except OSError as error:
        log.error("recording_not_finished", file=str(recording), problem=error.strerror or "unknown")
    return sound


async def _settled(folder: Path, recording: PurePosixPath) -> tuple[Sound, bool]:
    """What there is when nothing more is to come; False: nothing has, or more will."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _LIMIT_S
    first = sound = await asyncio.to_thread(look, folder, recording)
    while not sound.closed and loop.time() < until:
        await asyncio.sleep(_LOOK_S)
        sound = await asyncio.to_thread(look, folder, recording)
    return sound, sound.closed or (sound.bytes > 0 and sound == first)


def _file(path: Path) -> Sound:
    """One file by itself."""
    try:
        with path.open("rb") as file:
            said, size = read_heading(file.read(HEADING_BYTES)), os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return Sound()
    if said is None:
        return Sound(bytes=size)
    seconds = (size - HEADING_BYTES) / said.bytes_per_s
    return Sound(seconds, size, said.sound_bytes > 0)


def _delete(sides: list[Path]) -> None:
    for side in sides:
        side.unlink(missing_ok=True)


def _opened(stack: ExitStack, path: Path) -> IO[bytes] | None:
    try:
        return stack.enter_context(path.open("rb"))
    except FileNotFoundError:
        return None


def _sound_bytes(file: IO[bytes] | None) -> int:
    """Of whole samples."""
    size = os.fstat(file.fileno()).st_size - HEADING_BYTES if file is not None else 0
    return max(0, size) // SAMPLE_BYTES * SAMPLE_BYTES


def _write(part: Path, files: list[IO[bytes] | None], lengths: list[int]) -> None:
    for file in files:
        if file is not None:
            file.seek(HEADING_BYTES)
    with part.open("wb") as out:
        out.write(heading(2, 2 * max(lengths)))
        for at in range(0, max(lengths), _CHUNK_BYTES):
            left, right = (
                file.read(max(0, min(_CHUNK_BYTES, length - at))) if file is not None else b""
                for file, length in zip(files, lengths, strict=True)
            )
            out.write(interleaved(left, right))
        out.flush()
        os.fsync(out.fileno())
