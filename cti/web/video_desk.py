"""What agents of video seats ask for: the chat of their call, cards, invitations; and invitations by the city's
platform.

    POST /api/invitations {call_id | phone | nothing}  -> {link, code, until, sent}
    GET  /api/video-form                     phrases, cards and codecs
    GET  /api/calls/{id}/video               {visit | null, lines}: what was written so far
    POST /api/calls/{id}/chat {text}
    POST /api/calls/{id}/cards {card, values}
    POST /api/calls/{id}/camera {on}         whether the agent shows his picture
    POST /api/calls/{id}/video-recording     -> {part}: the picture of the talk is recorded from now on
    POST /api/calls/{id}/video-recording/{part}?chunk=0&last=0   bytes of it (WebM), a second at a time
    GET  /api/calls/{id}/video-recording/{part}                  the file
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web
from pydantic import Field

from cti.accounts.people import Role
from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.exchange import Exchange
from cti.live_call import Call
from cti.settings import Video
from cti.video.cards import MOST_CHARS, CardRefused, DeskForm
from cti.video.chat import MOST_CHARS as MOST_CHAT
from cti.video.chat import Chat, ChatRefused, lines_of
from cti.video.gate import Gate
from cti.video.invitations import Invitations
from cti.video.pictures import CHUNK_BYTES, PictureRefused, Pictures
from cti.video.visits import Visit, Visits
from cti.web.accounts import is_tls
from cti.web.http import TRAIL, Body, Refused, body_of, json_response, who

_INVITATIONS_A_CALL = 5


class NewInvitation(Body):
    call_id: str = Field("", max_length=80)
    phone: str = Field("", pattern=r"^(\+?[0-9]{5,20})?$")


class Line(Body):
    text: str = Field(min_length=1, max_length=MOST_CHAT)


class Camera(Body):
    on: bool


class Push(Body):
    card: str = Field(max_length=30)
    values: dict[str, str] = Field(default_factory=dict, max_length=10)


class VideoDeskRoutes:
    """`timeline`: the milestones of a call in memory, `past` of one in the database; `state(visit)`: of the citizen's
    page."""

    def __init__(
        self,
        settings: Video,
        exchange: Exchange,
        visits: Visits,
        invitations: Invitations,
        chat: Chat,
        pictures: Pictures,
        *,
        form: Callable[[], DeskForm],
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        past: Callable[[CallId], Awaitable[Sequence[Milestone]]],
        state: Callable[[Visit], Mapping[str, Any]],
        sms: Callable[[str, str, str], Awaitable[bool]],
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._visits = visits
        self._invitations = invitations
        self._chat = chat
        self._pictures = pictures
        self._form = form
        self._timeline = timeline
        self._past = past
        self._state = state
        self._sms = sms
        self._gate = Gate(_INVITATIONS_A_CALL, 3600.0, exchange.wall)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/invitations", self._invite),
            web.get("/api/video-form", self._video_form),
            web.get("/api/calls/{id}/video", self._video),
            web.post("/api/calls/{id}/chat", self._say),
            web.post("/api/calls/{id}/cards", self._push),
            web.post("/api/calls/{id}/camera", self._camera),
            web.post("/api/calls/{id}/video-recording", self._record),
            web.post("/api/calls/{id}/video-recording/{part}", self._chunk),
            web.get("/api/calls/{id}/video-recording/{part}", self._recorded),
        ]

    async def _invite(self, request: web.Request) -> web.Response:
        body, asking = await body_of(request, NewInvitation), who(request)
        phone = body.phone
        if body.call_id:
            call = self._talk(request, body.call_id)
            if not self._gate.open(call.id):
                raise Refused(429, "too_often", "this call has had invitations enough")
            self._gate.count(call.id)
            phone = phone or str(call.facts.get("pii_caller") or "")
        elif not asking.roles & {Role.SUPERVISOR, Role.ADMINISTRATOR}:
            raise Refused(403, "not_allowed", "an agent invites to his own call")
        invitation, link_text, code = await self._invitations.make(call=body.call_id, phone=phone, by=asking.id)
        link = f"{self._address(request)}/video?i={link_text}"
        sent = bool(body.call_id and phone) and await self._sms(phone, link, code)
        return json_response({"link": link, "code": code, "until": invitation.until, "sent": sent}, 201)

    def _address(self, request: web.Request) -> str:
        if self._settings.address:
            return self._settings.address
        return f"{'https' if is_tls(request) else 'http'}://{request.host}"

    async def _video_form(self, _request: web.Request) -> web.Response:
        form = dataclasses.asdict(self._form())
        return json_response(
            {
                "phrases": form["phrase"],
                "cards": [{key: card[key] for key in ("id", "kind", "name", "ask")} for card in form["card"]],
                "codecs": self._settings.codecs,
                "frames_per_s": self._settings.frames_per_s,
                "most_chars": MOST_CHARS,
            }
        )

    async def _video(self, request: web.Request) -> web.Response:
        call = self._talk(request, request.match_info["id"])
        visit = self._visits.of_call(call.id)
        return json_response(
            {
                "visit": None if visit is None else self._state(visit),
                "lines": lines_of(self._timeline(call.id) or ()),
            }
        )

    async def _say(self, request: web.Request) -> web.Response:
        call, body = self._talk(request, request.match_info["id"]), await body_of(request, Line)
        try:
            self._chat.say(call.id, body.text, AgentId(who(request).id))
        except ChatRefused as refused:
            raise _refused(refused) from None
        return json_response({}, 202)

    async def _push(self, request: web.Request) -> web.Response:
        call, body = self._talk(request, request.match_info["id"]), await body_of(request, Push)
        try:
            filled = self._form().fill(body.card, body.values)
            self._chat.push(call.id, body.card, filled, AgentId(who(request).id))
        except CardRefused as refused:
            raise Refused(400, refused.code, str(refused)) from None
        except ChatRefused as refused:
            raise _refused(refused) from None
        return json_response({}, 202)

    async def _camera(self, request: web.Request) -> web.Response:
        call, body = self._talk(request, request.match_info["id"]), await body_of(request, Camera)
        if (visit := self._visits.of_call(call.id)) is not None:
            self._visits.show_agents_camera(visit, body.on)
        return json_response({})

    async def _record(self, request: web.Request) -> web.Response:
        call = self._talk(request, request.match_info["id"])
        visit = self._visits.of_call(call.id)
        if visit is None or not visit.records:
            raise Refused(409, "not_agreed", "the citizen has not agreed that his picture is recorded")
        if call.phase not in ("talk", "party"):
            raise Refused(409, "no_talk", "there is no talk to record")
        try:
            part = await self._pictures.begin(call.id, AgentId(who(request).id))
        except PictureRefused as refused:
            raise _not_kept(refused) from None
        return json_response({"part": part}, 201)

    async def _chunk(self, request: web.Request) -> web.Response:
        """The last one may come when the talk is over already."""
        call_id, part = CallId(request.match_info["id"]), _number(request.match_info["part"])
        chunk = _number(request.query.get("chunk", ""))
        if self._pictures.agent_of(call_id, part) != who(request).id:
            raise Refused(404, "unknown_part", "there is no such part, or it is not yours: begin a new one")
        data = await _bytes(request)
        try:
            await self._pictures.append(call_id, part, chunk, data, request.query.get("last") == "1")
        except PictureRefused as refused:
            raise _not_kept(refused) from None
        return json_response({"next": chunk + 1})

    async def _recorded(self, request: web.Request) -> web.StreamResponse:
        call_id, part = CallId(request.match_info["id"]), _number(request.match_info["part"])
        timeline = self._timeline(call_id) or await self._past(call_id)
        noted = (m.data for m in timeline if m.kind == CallFact.VIDEO_RECORDED and m.data.get("part") == part)
        data = next(noted, None)
        path = None if data is None else self._pictures.folder / str(data["file"])
        if path is None or not await asyncio.to_thread(path.is_file):
            raise Refused(404, "unknown_recording", "there is no such recording")
        request.app[TRAIL].note(who(request).id, "watched", f"{call_id} part {part}")
        return web.FileResponse(path, headers={"Content-Type": "video/webm"})

    def _talk(self, request: web.Request, call_id: str) -> Call:
        """A live call that who asks has a part in."""
        call, asking = self._exchange.board.calls.get(CallId(call_id)), who(request)
        parts = () if call is None else (call.agent, *(party.agent for party in call.parties))
        if call is None or (asking.id not in parts and not asking.may_see_all):
            raise Refused(404, "unknown_call", "there is no such call, or you have no part in it")
        return call


def _not_kept(refused: PictureRefused) -> Refused:
    status = {"missing_chunk": 409, "unknown_part": 404, "too_large": 413, "disk_full": 507}[refused.code]
    return Refused(status, refused.code, str(refused), {"next": refused.awaited} if refused.awaited >= 0 else None)


async def _bytes(request: web.Request) -> bytes:
    """One chunk, of a size that is allowed here alone."""
    data = bytearray()
    async for some in request.content.iter_any():
        data += some
        if len(data) > CHUNK_BYTES:
            raise Refused(413, "too_large", "a second of a picture is not so large")
    return bytes(data)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise Refused(400, "bad_number", "a part and a chunk are numbers")
    return int(text)


def _refused(refused: ChatRefused) -> Refused:
    return Refused(429 if refused.code == "too_fast" else 400, refused.code, str(refused))
