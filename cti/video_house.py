"""Everything of the video seats, built from what the daemon has."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from aiohttp import web

from agents.status import Desk
from cti.accounts.sessions import Keeper, KeeperAway, Sessions
from cti.calls import AgentId, CallId, Milestone, Value
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.live_call import Call
from cti.settings import Settings
from cti.video.cards import SHIPPED, read_desk_form
from cti.video.chat import Chat, line_of
from cti.video.invitations import Invitations
from cti.video.pictures import Pictures
from cti.video.sms import SmsGateway
from cti.video.view import picture, seats
from cti.video.visits import Visit, Visits
from cti.video_beside import Act, BesideLines
from cti.video_guests import Guests
from cti.watched_file import WatchedFile
from cti.web.video import VideoRoutes
from cti.web.video_channel import GuestChannels
from cti.web.video_desk import VideoDeskRoutes
from queues.estimate import Estimate

_TELEPHONE_LIMIT_S = 5.0
_MB = 1024 * 1024
_LOAD_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the daemon lends."""

    exchange: Exchange
    keeper: Keeper
    sessions: Sessions
    recordings: Recordings
    act: Act
    key: str
    """Of the installation."""
    timeline: Callable[[CallId], Sequence[Milestone] | None]
    past: Callable[[CallId], Awaitable[Sequence[Milestone]]]
    """The milestones of a call that is in the database."""
    estimate: Callable[[Call], Estimate | None]
    logged_in: Callable[[], Collection[Desk]]
    tell: Callable[[AgentId, Mapping[str, Any]], object]
    end_talk: Callable[[Call], Awaitable[object]]
    place_of: Callable[[str], Mapping[str, Value]]
    telephones_changed: Callable[[], object]
    telephone_written: Callable[[str], Awaitable[object]]


class VideoHouse:
    """`run` it; `heard` with each batch of durable milestones, after the timelines; `opened` when an agent's page has
    come."""

    def __init__(self, settings: Settings, parts: Parts) -> None:
        video, exchange = settings.video, parts.exchange
        self._parts, self._scale = parts, settings.calls.survey_scale
        key = hashlib.sha256(f"video {parts.key}".encode()).hexdigest()
        self.form = WatchedFile(settings.var / video.desk, read_desk_form, SHIPPED.read_text(encoding="utf-8"))
        self.visits = Visits(exchange, parts.keeper, key, video.visit_s, video.most, parts.telephones_changed)
        invitations = Invitations(key, parts.keeper, exchange.wall, video.invitation_s)
        chat = Chat(exchange)
        self.pictures = Pictures(
            exchange,
            settings.recordings_dir,
            self._segment,
            video.record_most_mb * _MB,
            settings.calls.min_free_mb * _MB,
        )
        self.beside = BesideLines(
            exchange,
            self.visits,
            parts.act,
            settings.recordings_dir,
            lambda call_id, number: self._segment(call_id, f"b{number}"),
        )
        self.channels = GuestChannels(self.visits, exchange.wall, self.picture, self._timeline)
        self.guests = Guests(
            exchange,
            self.visits,
            self.beside,
            parts.act,
            away_s=video.away_s,
            gone_since=self.channels.gone_since,
            tell=parts.tell,
            end_talk=parts.end_talk,
            place_of=parts.place_of,
        )
        self.beside.on_change = self.guests.tell_agent
        self.visits.on_change += [self.channels.changed, self.guests.tell_agent]
        self.channels.on_presence.append(self.guests.tell_agent)
        page = {
            "city": settings.city.name,
            "public": video.public,
            "codecs": video.codecs,
            "frames_per_s": video.frames_per_s,
            "scale": settings.calls.survey_scale,
        }
        self._guest_routes = VideoRoutes(
            video,
            parts.sessions,
            self.visits,
            invitations,
            chat,
            exchange.wall,
            page=page,
            picture=self.picture,
            telephone_ready=self._telephone_ready,
            press=self.guests.press,
            end=self.guests.end,
            leave_message=self.guests.leave_message,
        )
        self._desk_routes = VideoDeskRoutes(
            video,
            exchange,
            self.visits,
            invitations,
            chat,
            self.pictures,
            form=lambda: self.form.current,
            timeline=parts.timeline,
            past=parts.past,
            state=self.guests.state,
            sms=SmsGateway(video.sms_webhook).send,
        )

    def routes(self) -> list[web.RouteDef]:
        return [*self._guest_routes.routes(), *self._desk_routes.routes(), *self.channels.routes()]

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._load())
            group.create_task(self.guests.run())
            group.create_task(self.form.watch())

    def heard(self, batch: Sequence[Milestone]) -> None:
        self.channels.heard(batch)
        self.beside.heard(batch)
        self.visits.heard(batch)
        for milestone in batch:
            if (line := line_of(milestone)) is not None:
                self._tell_agents(CallId(milestone.id), line)

    def opened(self, agent_id: AgentId) -> None:
        """An agent's page has come: it is told of the citizen's."""
        for visit in self.visits.all():
            self.guests.tell_agent(visit, agent_id)

    def picture(self, visit: Visit) -> Mapping[str, Any]:
        board, call = self._parts.exchange.board, self.visits.call_of(visit)
        place: tuple[int, Estimate | None] = (0, None)
        if call is not None and call.phase == "queue":
            place = (board.position(call.id) or 0, self._parts.estimate(call))
        return picture(visit, call, self._timeline(visit), place, seats(self._parts.logged_in()), self._scale)

    def _timeline(self, visit: Visit) -> Sequence[Milestone]:
        return self._parts.timeline(CallId(visit.call)) or () if visit.call else ()

    def _tell_agents(self, call_id: CallId, line: Mapping[str, Any]) -> None:
        call = self._parts.exchange.board.calls.get(call_id)
        if call is not None:
            for agent in {call.agent, *(party.agent for party in call.parties)}:
                if agent is not None:
                    self._parts.tell(agent, line)

    def _segment(self, call_id: CallId, name: str) -> PurePosixPath:
        """In the folder of the day on which the call arrived, whether it is over or not."""
        return Contact(self._parts.exchange, call_id, self._parts.recordings).segment(name)

    async def _telephone_ready(self, user: str) -> None:
        async with asyncio.timeout(_TELEPHONE_LIMIT_S):
            await self._parts.telephone_written(user)

    async def _load(self) -> None:
        while True:
            with contextlib.suppress(KeeperAway):
                await self.visits.load()
                return
            await asyncio.sleep(_LOAD_AGAIN_S)
