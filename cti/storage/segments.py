"""The files of the journal: how a milestone is one line, and how lines are read back after whatever happened.

A line is eight hex digits of CRC-32, a blank, the milestone as JSON, a line feed. Files are `00000001.jsonl`,
`00000002.jsonl`, … in the order of writing. What follows the last good line of a file is a torn tail: a write that
was never acknowledged. A bad line with good ones after it is damage to something that had been acknowledged.
"""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import structlog

from cti.calls import Milestone, Value

log = structlog.get_logger()


class JournalError(Exception):
    """The journal cannot be used; the text names the place and the remedy."""


class Position(NamedTuple):
    """A place between two lines: everything before it has been read."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a journal file that cannot be read. `tail`: nothing good follows (a torn write)."""

    file: Path
    line: int
    lines: int
    size: int
    tail: bool

    def __str__(self) -> str:
        if self.tail:
            return f"{self.file}:{self.line}: torn tail of {self.size} bytes, never acknowledged, cut off"
        return (
            f"{self.file}:{self.line}: {self.lines} damaged line(s) with good ones after them; they are left out. "
            "Check the disk, and restore this file from a backup if there is one"
        )


def encode(milestone: Milestone) -> bytes:
    """The journal line. Never fails for caller data: what UTF-8 or JSON cannot hold is replaced."""
    body = as_json(milestone)
    return b"%08x %s\n" % (zlib.crc32(body), body)


def as_json(milestone: Milestone) -> bytes:
    """A JSON object with the fields of `Milestone`; never fails for caller data."""
    try:
        return orjson.dumps(_fields(milestone, dict(milestone.data)))
    except TypeError:
        return orjson.dumps(_fields(milestone, {key: _plain(value) for key, value in milestone.data.items()}))


def decode(line: bytes) -> Milestone:
    """ValueError if the line (with its line feed) is not exactly as written."""
    body = line[9:-1]
    if line[-1:] != b"\n" or line[8:9] != b" " or line[:8] != b"%08x" % zlib.crc32(body):
        raise ValueError("checksum does not fit")
    return from_fields(orjson.loads(body))


def from_fields(fields: dict[str, Any]) -> Milestone:
    return Milestone(
        fields["stream"], fields["id"], fields["seq"], fields["at"], fields["kind"], fields.get("data") or {}
    )


def _fields(milestone: Milestone, data: dict[str, Value]) -> dict[str, Any]:
    return {
        "stream": milestone.stream,
        "id": milestone.id,
        "seq": milestone.seq,
        "at": milestone.at,
        "kind": str(milestone.kind),
        "data": data,
    }


def _plain(value: Value) -> Value:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return value


def segment_path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.jsonl"


def segments(folder: Path) -> list[int]:
    """Numbers of the files that are there, in order of writing."""
    found = (re.fullmatch(r"(\d{8})\.jsonl", path.name) for path in folder.iterdir()) if folder.is_dir() else ()
    return sorted(int(match[1]) for match in found if match)


def read_segment(path: Path, start: int = 0, end: int | None = None) -> Iterator[tuple[Milestone | Damage, int]]:
    """Milestones and damage from byte `start` to `end` in order, each with the offset of the byte after it."""
    at, bad_from, bad_lines = start, -1, 0
    for line in _lines(path, start, end):
        at += len(line)
        try:
            milestone = decode(line)
        except (ValueError, KeyError, TypeError):
            if bad_from < 0:
                bad_from, bad_lines = at - len(line), 0
            bad_lines += 1
            continue
        if bad_from >= 0:
            good_from = at - len(line)
            yield Damage(path, _line_number(path, bad_from), bad_lines, good_from - bad_from, tail=False), good_from
            bad_from = -1
        yield milestone, at
    if bad_from >= 0:
        yield Damage(path, _line_number(path, bad_from), bad_lines, at - bad_from, tail=True), at


def _lines(path: Path, start: int, end: int | None) -> Iterator[bytes]:
    """Lines by line feed alone: a damaged one may hold any other byte. `end` must be the end of a line."""
    with path.open("rb") as file:
        file.seek(start)
        at = start
        for line in file:
            at += len(line)
            if end is not None and at > end:
                return
            yield line


def _line_number(path: Path, offset: int) -> int:
    with path.open("rb") as file:
        return file.read(offset).count(b"\n") + 1


def log_damage(damage: Damage) -> None:
    write = log.warning if damage.tail else log.error
    write(
        "journal_tail_torn" if damage.tail else "journal_damaged",
        file=str(damage.file),
        line=damage.line,
        lines=damage.lines,
        bytes=damage.size,
        explanation=str(damage),
    )


def read(folder: Path, on_damage: Callable[[Damage], None] = log_damage) -> Iterator[Milestone]:
    """Everything kept, each milestone once, in the order it was appended. Reads only; for recovery at the start.

    Damage is told to `on_damage` with file and line and is never fatal: a hotline that does not start helps nobody.
    """
    seen: set[tuple[str, str, int]] = set()
    for number in segments(folder):
        # A running daemon may just have deleted a file that nobody needs any more.
        with contextlib.suppress(FileNotFoundError):
            for item, _ in read_segment(segment_path(folder, number)):
                if isinstance(item, Damage):
                    on_damage(item)
                elif (key := (item.stream, item.id, item.seq)) not in seen:
                    seen.add(key)
                    yield item


def read_on(folder: Path, position: Position, end: Position, limit: int) -> tuple[list[Milestone], Position]:
    """At most `limit` milestones after `position` and before `end`, and the position after them.

    What cannot be read is passed over (`Journal` has told it). The position moves to the next file at a file's end.
    """
    found: list[Milestone] = []
    for number in segments(folder):
        if number < position.segment:
            continue
        if number > end.segment:
            break
        start = position.offset if number == position.segment else 0
        position = Position(number, start)
        stop = end.offset if number == end.segment else None
        for item, after in read_segment(segment_path(folder, number), start, stop):
            position = Position(number, after)
            if not isinstance(item, Damage):
                found.append(item)
                if len(found) >= limit:
                    return found, position
    return found, end


def distance(folder: Path, start: Position, end: Position) -> int:
    """Bytes from one position to another, as far as their files are there."""
    between = [number for number in segments(folder) if start.segment <= number < end.segment]
    return max(0, sum(_size(segment_path(folder, number)) for number in between) + end.offset - start.offset)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # deleted since it was listed
        return 0


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable (a new file exists only once its folder is on disk)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
