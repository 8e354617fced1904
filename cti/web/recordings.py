"""REST of the sound of calls: what of one call was recorded, and each recording as a file that a page can seek in.

A file is found by the call's own record and served only from below the folder of recordings. Who listens is noted
before he hears anything.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

from cti.calls import CallId
from cti.web.http import TRAIL, Refused, json_response, records_needed, who

_SAME_S: Final = 3_600.0
"""Who seeks asks for a piece: within so long of the last one it is no other listening."""
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Sound:
    """One recording of a call, as its record has it."""

    segment: str
    file: str
    began_at: float
    seconds: float
    kind: str
    """Of whom he spoke with: agent, department, expert, interpreter, emergency, outside; message: he left one."""
    who: str
    """An agent's id, or the one in the directory; "" where that is not known."""
    name: Mapping[str, str] | None = None
    """What the directory calls him now, in both languages; None: it does not know him, or he is an agent."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call as its player has to know it."""

    began_at: float
    ended_at: float | None
    """None: it lives."""
    why_no_words: str
    """off: there is no model; language: none for this one; "": words come."""
    sounds: Sequence[Sound]


@dataclass(frozen=True, slots=True)
class RecordingRoutes:
    """`of_call`: None for a call that is not known. TimeoutError while the records cannot be had."""

    of_call: Callable[[CallId], Awaitable[Recorded | None]]
    is_his: Callable[[CallId, str], Awaitable[bool]]
    """Whether this agent has or had a part in the call."""
    folder: Path
    wall: Callable[[], float]
    _heard: dict[tuple[str, str], float] = field(default_factory=dict)
    """When who asked for what the last time, the oldest first."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/calls/{id}/recordings", self._list),
            web.get("/api/calls/{id}/recordings/{segment}", self._sound),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        """What of a call was recorded, in order, and whether it is still there. `name`: of whom the directory knows.
        `why_no_words`: off or language, where no transcript comes."""
        recorded = await self._recorded(request)
        there = await asyncio.to_thread(lambda: [_file(self.folder, one.file) is not None for one in recorded.sounds])
        return json_response(
            {
                "call_id": request.match_info["id"],
                "began_at": recorded.began_at,
                "ended_at": recorded.ended_at,
                "why_no_words": recorded.why_no_words,
                "recordings": [
                    {
                        "segment": one.segment,
                        "began_at": one.began_at,
                        "seconds": one.seconds,
                        "kind": one.kind,
                        "who": one.who,
                        "name": one.name,
                        "there": is_there,
                    }
                    for one, is_there in zip(recorded.sounds, there, strict=True)
                ],
            }
        )

    async def _sound(self, request: web.Request) -> web.StreamResponse:
        """One recording as a WAV file, or a piece of it (Range): with two channels the citizen is left and the agent
        right. 410: it is gone. Who listens is noted."""
        recorded, segment = await self._recorded(request), request.match_info["segment"]
        sound = next((one for one in recorded.sounds if one.segment == segment), None)
        if sound is None:
            raise Refused(404, "unknown_recording", "this call has no such recording")
        if not await asyncio.to_thread(self.folder.is_dir):
            raise Refused(503, "recordings_away", "the folder of recordings cannot be reached at the moment")
        path = await asyncio.to_thread(_file, self.folder, sound.file)
        if path is None:
            raise Refused(410, "recording_gone", "this recording is not kept any more")
        self._note(request, f"{request.match_info['id']} {segment}")
        headers = {"Content-Type": "audio/wav", "Cache-Control": "private, no-store"}
        return web.FileResponse(path, headers=headers)

    async def _recorded(self, request: web.Request) -> Recorded:
        asking, call_id = who(request), CallId(request.match_info["id"])
        with records_needed():
            may = asking.may_hear_all or await self.is_his(call_id, asking.id)
            found = await self.of_call(call_id) if may else None
        if found is None:
            raise Refused(404, "unknown_call", "there is no such call")
        return found

    def _note(self, request: web.Request, on: str) -> None:
        """Each listening once: it begins with the beginning of the file, whatever was heard before."""
        if request.method == "HEAD":
            return
        user, now = who(request).id, self.wall()
        before = self._heard.pop((user, on), -math.inf)
        self._heard[user, on] = now
        if len(self._heard) > _MOST:
            del self._heard[next(iter(self._heard))]
        if request.headers.get("Range", "bytes=0-").startswith("bytes=0-") or now - before > _SAME_S:
            request.app[TRAIL].note(user, "listened", on)


def _file(folder: Path, name: str) -> Path | None:
    """Nothing outside the folder, whatever a record says or a link leads to."""
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
