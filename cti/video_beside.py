"""A guest's second line to the agent whom he talks to: the picture beside a voice call, or a page that was loaded anew.

The call and its journey stay with the first line. This one lives in an AGI session of its own that rings the agent's
page, which answers by itself, and ends with the talk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import structlog

from agents.telephone import VIDEO_SKILLS
from cti.asterisk import names
from cti.asterisk.agi import AgiSession, CallerHungUp
from cti.asterisk.ami import AmiError
from cti.calls import CallFact, CallId, Milestone, Value
from cti.exchange import Exchange
from cti.live_call import Call
from cti.sound_files import finished
from cti.video.visits import Visit, Visits, visit_id_of

log = structlog.get_logger()

_ANSWER_S = 10
_OVER = frozenset({CallFact.TALK_ENDED, CallFact.HANDED_OVER, CallFact.ENDED})


class Act(Protocol):
    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Line:
    call_id: CallId
    channel: str
    reason: str
    """upgrade, reload or crowd"""


class BesideLines:
    """`segment(call, n)`: where in `folder` the sound of the n-th such line is recorded, of a page that came anew;
    beside a voice call there is none."""

    def __init__(
        self,
        exchange: Exchange,
        visits: Visits,
        act: Act,
        folder: Path,
        segment: Callable[[CallId, int], PurePosixPath],
    ) -> None:
        self._exchange = exchange
        self._visits = visits
        self._act = act
        self._folder = folder
        self._segment = segment
        self._lines: dict[str, Line] = {}
        """By visit."""
        self.on_change: Callable[[Visit], object] = lambda visit: None
        self._count: dict[CallId, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, session: AgiSession) -> None:
        """The AGI route `beside`."""
        visit = self._visits.find(visit_id_of(session.env.channel))
        call = self._visits.call_of(visit) if visit is not None else None
        picture_only = names.PICTURE_EXTEN in session.env.args
        if visit is None or call is None or not self._may(visit, call, picture_only=picture_only):
            await session.hangup()
            return
        self.hang_up(visit)
        agent, began_at = call.agent, self._exchange.wall()
        reason = "upgrade" if visit.invited_to_call else "crowd" if picture_only else "reload"
        self._lines[visit.id] = Line(call.id, session.env.channel, reason)
        self.on_change(visit)
        self._exchange.call(CallFact.VIDEO_JOINED, call.id, {"agent": agent, "reason": reason})
        headers = f"b({names.AGENT_HEADERS}^s^1({call.id}^beside))"
        file = PurePosixPath()
        if reason == "reload":
            self._count[call.id] = number = self._count.get(call.id, 0) + 1
            file = self._segment(call.id, number)
            headers += f"U({names.AGENT_ANSWERED}^{file})"
        try:
            await session.exec("Dial", f"PJSIP/{agent}", str(_ANSWER_S), headers)
            await session.hangup()
        except CallerHungUp:
            pass
        finally:
            session.close()
            if (line := self._lines.get(visit.id)) is not None and line.channel == session.env.channel:
                del self._lines[visit.id]
                self.on_change(visit)
            seconds = round(self._exchange.wall() - began_at, 1)
            size = (await finished(self._folder, file)).bytes if file.name else 0
            if call.id in self._exchange.board.calls:
                left: dict[str, Value] = {"agent": agent, "seconds": seconds, "file": str(file.name and file)}
                self._exchange.call(CallFact.VIDEO_LEFT, call.id, {**left, "bytes": size})

    def heard(self, batch: Sequence[Milestone]) -> None:
        """Durable milestones: a line ends with its talk."""
        for milestone in batch:
            if milestone.kind == CallFact.ENDED:
                self._count.pop(CallId(milestone.id), None)
            if milestone.kind in _OVER:
                for id_, line in list(self._lines.items()):
                    if line.call_id == milestone.id:
                        del self._lines[id_]
                        self._cut(line.channel)

    def hang_up(self, visit: Visit) -> None:
        """The line of this visit, if it has one."""
        if (line := self._lines.pop(visit.id, None)) is not None:
            self._cut(line.channel)

    def reason(self, visit: Visit) -> str | None:
        """Of the line that this visit has; None: it has none."""
        line = self._lines.get(visit.id)
        return line.reason if line is not None else None

    def _may(self, visit: Visit, call: Call, *, picture_only: bool) -> bool:
        """Whether the agent is there for him, not aside with somebody, and has a picture if that is all he wants."""
        desk = self._exchange.board.desks.get(call.agent) if call.agent is not None else None
        aside = any(party.state == "consult" for party in call.parties)
        if visit.over or desk is None or call.phase != "talk" or aside:
            return False
        return not (picture_only or visit.invited_to_call) or not VIDEO_SKILLS.isdisjoint(desk.agent.skills)

    def _cut(self, channel: str) -> None:
        task = asyncio.get_running_loop().create_task(self._hang_up(channel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hang_up(self, channel: str) -> None:
        try:
            await self._act.action("Hangup", ("Channel", channel))
        except AmiError as error:
            log.warning("guest_line_not_cut", channel=channel, problem=str(error))
