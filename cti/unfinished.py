"""Recordings that nobody made when their talk ended: the disk was full, or no daemon came back in time.

They are made at the start, and now and then; where a record says that one is not complete it is told anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final

import structlog

from cti.calls import CallFact, CallId, Milestone
from cti.sound_files import PART, Sound, finish, look
from recordings.naming import UNFINISHED, is_complete, recording_of

log = structlog.get_logger()

_EVERY_S: Final = 600.0
_STILL_S: Final = 60.0
"""What has not grown for so long is not written any more, though nobody came to close it."""
_EMPTY_S: Final = 2 * 86_400.0


class Unfinished:
    """`run` it. `live`: the calls of whose recordings somebody else takes care. `milestones`: all there are of a call;
    TimeoutError: not now. `note`: makes one of a call that has ended durable."""

    def __init__(
        self,
        folder: Path,
        live: Callable[[], Collection[CallId]],
        wall: Callable[[], float],
        milestones: Callable[[CallId], Awaitable[Sequence[Milestone]]],
        note: Callable[[Milestone], object],
    ) -> None:
        self._folder = folder
        self._live = live
        self._wall = wall
        self._milestones, self._note = milestones, note
        self._made: dict[PurePosixPath, tuple[CallId, Sound]] = {}
        """Of those whose record has not been looked at."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.sweep()
            await asyncio.sleep(_EVERY_S)

    async def sweep(self) -> int:
        """How many were made."""
        try:
            made, failed = await asyncio.to_thread(self._sweep, frozenset(self._live()), self._wall())
        except OSError as error:
            made, failed = {}, [error]
        if made:
            log.info("recordings_finished", count=len(made))
        if failed:
            log.error("recordings_not_finished", count=len(failed), problem=failed[0].strerror or "unknown")
        self._made |= made
        for recording, (call_id, sound) in list(self._made.items()):
            try:
                milestones = await self._milestones(call_id)
            except TimeoutError:
                break  # the next time
            if any(m.kind == CallFact.ENDED for m in milestones) or not milestones:
                del self._made[recording]
                if (late := _told_anew(milestones, recording, sound, self._wall())) is not None:
                    self._note(late)
        return len(made)

    def _sweep(
        self, live: Collection[str], now: float
    ) -> tuple[dict[PurePosixPath, tuple[CallId, Sound]], list[OSError]]:
        todo = dict[PurePosixPath, CallId]()
        for path in (self._folder / UNFINISHED).glob("*/*"):
            if path.suffix == PART and _still_s(path, now) >= _STILL_S:
                path.unlink(missing_ok=True)
            elif found := recording_of(PurePosixPath(path)):
                call_id, recording = found
                if call_id not in live and (look(self._folder, recording).closed or _still_s(path, now) >= _STILL_S):
                    todo[recording] = CallId(call_id)
        made, failed = {}, []
        for recording in sorted(todo):
            try:
                if (sound := finish(self._folder, recording)).whole:
                    made[recording] = todo[recording], sound
            except OSError as error:
                failed.append(error)
        for day in (self._folder / UNFINISHED).glob("*"):
            if _still_s(day, now) >= _EMPTY_S:
                with suppress(OSError):  # it is not empty
                    day.rmdir()
        return made, failed


def _told_anew(milestones: Sequence[Milestone], recording: PurePosixPath, sound: Sound, now: float) -> Milestone | None:
    """The milestone of a recording that was noted otherwise than it is; None: it was not, or is as it was noted."""
    kinds = (CallFact.RECORDED, CallFact.RECORDED_LATE)
    noted = next((m for m in reversed(milestones) if m.kind in kinds and m.data.get("file") == str(recording)), None)
    if noted is None:
        return None
    complete = is_complete(sound.seconds, float(noted.data.get("talk_s") or 0.0))
    data = {**noted.data, "bytes": sound.bytes, "complete": complete}
    if data == noted.data:
        return None
    return Milestone("call", noted.id, milestones[-1].seq + 1, now, CallFact.RECORDED_LATE, data)


def _still_s(path: Path, now: float) -> float:
    """Since it was changed."""
    try:
        return now - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
