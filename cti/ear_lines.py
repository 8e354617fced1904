"""Telephones that hear a talk beside it: how they are called, sent from talk to talk, and cut when nobody knows them.

Their channels are in no bridge and have ids of ours (names.SUPERVISE_ID). One that no line of this process has is of a
daemon that died, or was asked for when nobody wanted it any more: it is cut.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import structlog

from cti.asterisk import names
from cti.asterisk.ami import AmiError, AmiEvent
from cti.asterisk.channels import Channel
from cti.beside import Mode
from cti.leg import UP, Actions, Leg

log = structlog.get_logger()

LineState = Literal["ringing", "on", "gone"]

WAITS_S: Final = 40.0
"""Without a talk a line is sent back to the music so often: it ends after a minute if nobody does."""
_STRAY_S: Final = 2.0
_LATE_S: Final = 3.0
"""A channel that was asked for comes within this time, or rings for no longer than it was to and this."""


@dataclass(eq=False)
class Line:
    """`heard` is the channel it hears; "": none, just now."""

    leg: Leg
    ring_s: float
    asked_at: float
    mode: Mode
    heard: str
    was_there: bool = False
    was_up: bool = False

    @property
    def uniqueid(self) -> str:
        return self.leg.uniqueid


class EarLines:
    """`on_event` for each event that is observed; `look` now and then; `stop` in the end. `channels`: by uniqueid, None
    while Asterisk is not observed. `wall`: UTC seconds."""

    def __init__(
        self, act: Actions, channels: Callable[[], Mapping[str, Channel] | None], wall: Callable[[], float]
    ) -> None:
        self._act = act
        self._channels = channels
        self._wall = wall
        self._lines: dict[str, Line] = {}
        self._stray_since: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def ring(
        self, dial: str, caller_id: str, ring_s: float, mode: Mode, heard: Channel | None, *variables: str
    ) -> Line:
        """Has this telephone called; who answers hears the channel `heard`."""
        leg = Leg(f"{names.SUPERVISE_ID}{secrets.token_hex(8)}")
        line = Line(leg, ring_s, self._wall(), mode, heard.name if heard is not None else "")
        self._lines[line.uniqueid] = line
        self.spawn(self._ring(line, dial, caller_id, *variables))
        return line

    async def send(self, line: Line, mode: Mode, heard: Channel | None) -> bool:
        """It takes part so, and hears this channel. False: Asterisk did not do it."""
        name = heard.name if heard is not None else ""
        try:
            if heard is not None:
                on = ("Channel", line.uniqueid), ("Variable", names.CTI_HEARD), ("Value", name)
                await self._act.action("Setvar", *on)
            to = (
                ("Channel", line.uniqueid),
                ("Context", names.CONTEXT_SUPERVISE),
                ("Exten", mode if heard is not None else names.SUPERVISE_WAIT),
                ("Priority", "1"),
            )
            await self._act.action("Redirect", *to)
        except AmiError as error:
            log.info("ear_not_sent", line=line.uniqueid, problem=str(error))
            return False
        line.mode, line.heard = mode, name
        return True

    def hang_up(self, line: Line) -> None:
        """Whoever had it does not know it any more."""
        self._lines.pop(line.uniqueid, None)
        line.leg.settle("over")
        self._cut(line.uniqueid)

    def state(self, line: Line) -> LineState:
        """As Asterisk has it now; gone: it was refused, or is over."""
        channels = self._channels()
        if channels is None:
            return "on" if line.was_up else "ringing"
        channel = channels.get(line.uniqueid)
        if channel is not None:
            line.was_there = True
            line.was_up = line.was_up or channel.state == UP
            return "on" if channel.state == UP else "ringing"
        late = self._wall() - line.asked_at > line.ring_s + _LATE_S
        return "gone" if line.was_up or line.was_there or line.leg.outcome.done() or late else "ringing"

    def on_event(self, event: AmiEvent) -> bool:
        """Whether it was about a line of ours."""
        line = self._lines.get(event.fields.get("Uniqueid", ""))
        if line is not None:
            line.leg.on_event(event)
        return line is not None

    def look(self) -> None:
        """Cuts what nobody has."""
        channels, now = self._channels(), self._wall()
        if channels is None:
            return
        strays = {i for i in channels if i.startswith(names.SUPERVISE_ID) and i not in self._lines}
        self._stray_since = {i: self._stray_since.get(i, now) for i in strays}
        for uniqueid, since in self._stray_since.items():
            if now - since >= _STRAY_S:
                self._stray_since[uniqueid] = now
                self._cut(uniqueid)

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ring(self, line: Line, dial: str, caller_id: str, *variables: str) -> None:
        heard = f"{names.CTI_HEARD}={line.heard}"
        exten = line.mode if line.heard else names.SUPERVISE_WAIT
        try:
            await line.leg.ring(
                self._act, dial, names.CONTEXT_SUPERVISE, caller_id, line.ring_s, heard, *variables, exten=exten
            )
        except AmiError as error:
            log.warning("ear_not_called", line=line.uniqueid, problem=str(error))
            line.leg.settle("failed")

    def _cut(self, uniqueid: str) -> None:
        self.spawn(self._hang_up(uniqueid))

    async def _hang_up(self, uniqueid: str) -> None:
        try:
            await self._act.action("Hangup", ("Channel", uniqueid), ("Cause", "16"))
        except AmiError as error:
            log.info("ear_not_cut", line=uniqueid, problem=str(error))
