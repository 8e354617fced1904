"""What agents of video seats ask for: the chat of their call, cards, invitations; and invitations by the city's
platform.

    POST /api/invitations {call_id | phone | nothing}  -> {link, code, until, sent}
    GET  /api/video-form                     phrases, cards and codecs
    GET  /api/calls/{id}/video               {visit | null, lines}: what was written so far
    POST /api/calls/{id}/chat {text}
    POST /api/calls/{id}/cards {card, values}
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web
from pydantic import Field

from cti.accounts.people import Role
from cti.calls import AgentId, CallId, Milestone
from cti.exchange import Exchange
from cti.live_call import Call
from cti.settings import Video
from cti.video.cards import MOST_CHARS, CardRefused, DeskForm
from cti.video.chat import MOST_CHARS as MOST_CHAT
from cti.video.chat import Chat, ChatRefused, lines_of
from cti.video.gate import Gate
from cti.video.invitations import Invitations
from cti.video.visits import Visit, Visits
from cti.web.accounts import is_tls
from cti.web.http import Body, Refused, body_of, json_response, who

_INVITATIONS_A_CALL = 5


class NewInvitation(Body):
    call_id: str = Field("", max_length=80)
    phone: str = Field("", pattern=r"^(\+?[0-9]{5,20})?$")


class Line(Body):
    text: str = Field(min_length=1, max_length=MOST_CHAT)


class Push(Body):
    card: str = Field(max_length=30)
    values: dict[str, str] = Field(default_factory=dict, max_length=10)


class VideoDeskRoutes:
    """`timeline`: the milestones of a call in memory; `state(visit)`: of the citizen's page."""

    def __init__(
        self,
        settings: Video,
        exchange: Exchange,
        visits: Visits,
        invitations: Invitations,
        chat: Chat,
        *,
        form: Callable[[], DeskForm],
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        state: Callable[[Visit], Mapping[str, Any]],
        sms: Callable[[str, str, str], Awaitable[bool]],
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._visits = visits
        self._invitations = invitations
        self._chat = chat
        self._form = form
        self._timeline = timeline
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

    def _talk(self, request: web.Request, call_id: str) -> Call:
        """A live call that who asks has a part in."""
        call, asking = self._exchange.board.calls.get(CallId(call_id)), who(request)
        parts = () if call is None else (call.agent, *(party.agent for party in call.parties))
        if call is None or (asking.id not in parts and not asking.may_see_all):
            raise Refused(404, "unknown_call", "there is no such call, or you have no part in it")
        return call


def _refused(refused: ChatRefused) -> Refused:
    return Refused(429 if refused.code == "too_fast" else 400, refused.code, str(refused))
