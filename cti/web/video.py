"""The citizens' page: how a visit begins, and what its guest may ask for. Everything here is about his own call.

POST /api/visits {invitation | code | nothing, records}  -> {visit, csrf}, and the guest's cookie
GET  /api/visit                      the picture as the channel tells it, with the csrf token
POST /api/visit/telephone            what the page signs one call with, for two minutes
POST /api/visit/chat {text}          a line to the agent
POST /api/visit/key {key}            what a telephone's key would be: 1 while he waits for sign language, the rating
POST /api/visit/camera {on}          whether he shows his picture
POST /api/visit/end                  the talk is over, the rating comes; before it: he leaves
POST /api/visit/message {text, phone}  a message instead of a call
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import web
from pydantic import Field

from cti.accounts.sessions import KeeperAway, Sessions, csrf_of
from cti.settings import Video
from cti.switchboard import UnknownCall
from cti.video.chat import MOST_CHARS, Chat, ChatRefused
from cti.video.gate import Gate
from cti.video.invitations import Invitation, Invitations, NoInvitation
from cti.video.visits import AFTER_S, LASTS_S, TooManyVisits, Visit, Visits
from cti.web.accounts import address_of, set_cookie
from cti.web.http import GUEST_COOKIE, Body, Refused, body_of, json_response, token_of, who

log = structlog.get_logger()

_TEN_MINUTES, _HOUR = 600.0, 3600.0
_ALL_CODES = 60
"""Wrong codes from everywhere in ten minutes: six figures are not many."""
_ONE_LINK = 30
"""How often one link may be opened in ten minutes: each time is a session to be kept."""


class NewVisit(Body):
    invitation: str = Field("", max_length=100)
    code: str = Field("", max_length=12)
    records: bool = False
    """He agrees that the picture is recorded."""


class Line(Body):
    text: str = Field(min_length=1, max_length=MOST_CHARS)


class Key(Body):
    key: str = Field(pattern=r"^[0-9]$")


class Camera(Body):
    on: bool


class Message(Body):
    text: str = Field(min_length=1, max_length=2000)
    phone: str = Field("", pattern=r"^(\+?[0-9]{5,20})?$")


class VideoRoutes:
    """`picture(visit)`: as the channel tells it. `press`, `end` and `leave_message` are what the telephone side does.
    `page`: what the page has to know before anybody has begun."""

    def __init__(
        self,
        settings: Video,
        sessions: Sessions,
        visits: Visits,
        invitations: Invitations,
        chat: Chat,
        wall: Callable[[], float],
        *,
        page: Mapping[str, Any],
        picture: Callable[[Visit], Mapping[str, Any]],
        telephone_ready: Callable[[str], Awaitable[object]],
        press: Callable[[Visit, str], bool],
        end: Callable[[Visit], Awaitable[object]],
        leave_message: Callable[[Visit, str, str], Awaitable[bool]],
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._visits = visits
        self._invitations = invitations
        self._chat = chat
        self._page = page
        self._picture = picture
        self._telephone_ready = telephone_ready
        self._press = press
        self._end = end
        self._leave_message = leave_message
        self._visits_gate = Gate(settings.visits_an_hour, _HOUR, wall)
        self._codes_gate = Gate(settings.code_tries, _TEN_MINUTES, wall)
        self._all_codes_gate = Gate(_ALL_CODES, _TEN_MINUTES, wall)
        self._link_gate = Gate(_ONE_LINK, _TEN_MINUTES, wall)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/video-page", self._page_facts),
            web.post("/api/visits", self._begin),
            web.get("/api/visit", self._visit),
            web.post("/api/visit/telephone", self._telephone),
            web.post("/api/visit/chat", self._say),
            web.post("/api/visit/key", self._key),
            web.post("/api/visit/camera", self._camera),
            web.post("/api/visit/end", self._over),
            web.post("/api/visit/message", self._message),
        ]

    async def _page_facts(self, _request: web.Request) -> web.Response:
        return json_response(self._page)

    async def _begin(self, request: web.Request) -> web.Response:
        body, address = await body_of(request, NewVisit), address_of(request)
        try:
            visit = self._visits.begin(body.records, await self._invitation(body, address))
        except NoInvitation:
            raise _expired() from None
        except TooManyVisits:
            raise Refused(503, "too_many", "too many are here at this moment: try again in a few minutes") from None
        token = await self._sessions.begin_guest(visit.id, visit.id, LASTS_S + AFTER_S)
        answer = json_response({"visit": self._picture(visit), "csrf": csrf_of(token), "token": token}, 201)
        set_cookie(request, answer, GUEST_COOKIE, token, LASTS_S + AFTER_S)
        return answer

    async def _invitation(self, body: NewVisit, address: str) -> Invitation | None:
        try:
            if body.invitation:
                found = await self._invitations.by_link(body.invitation)
                self._pass(self._link_gate, found.id)
                return found
            if body.code:
                return await self._by_code(body.code, address)
        except KeeperAway:
            raise Refused(503, "invitations_away", "invitations cannot be looked up now: try again") from None
        if not self._settings.public:
            raise Refused(403, "invitation_needed", "this page is entered with an invitation")
        self._pass(self._visits_gate, address)
        return None

    async def _by_code(self, code: str, address: str) -> Invitation:
        """Tries count before they are looked at, as tries at one moment are tries."""
        self._pass(self._codes_gate, address)  # first: one address must not use up the tries of everybody
        self._pass(self._all_codes_gate, "")
        try:
            found = await self._invitations.by_code(code)
        except NoInvitation:
            log.info("visit_code_refused")
            raise Refused(404, "wrong_code", "this code is wrong or too old") from None
        self._codes_gate.take_back(address)
        self._all_codes_gate.take_back("")
        return found

    @staticmethod
    def _pass(gate: Gate, key: str) -> None:
        if not gate.open(key):
            raise Refused(429, "too_often", "too often from this address", {"seconds": round(gate.wait_s(key)) + 1})
        gate.count(key)

    async def _visit(self, request: web.Request) -> web.Response:
        visit = self._own(request)
        token = token_of(request) or request.cookies.get(GUEST_COOKIE, "")
        return json_response({"visit": self._picture(visit), "csrf": csrf_of(token)})

    async def _telephone(self, request: web.Request) -> web.Response:
        try:
            account = self._visits.open_telephone(self._own(request))
        except NoInvitation:
            raise _expired() from None
        try:
            await self._telephone_ready(account.user)
        except TimeoutError:
            raise Refused(503, "asterisk_away", "no telephone can be had at this moment: try again") from None
        return json_response(
            {
                "uri": account.uri,
                "user": account.user,
                "password": account.password,
                "realm": account.realm,
                "socket": "/sip",
                "codecs": self._settings.codecs,
                "frames_per_s": self._settings.frames_per_s,
            }
        )

    async def _say(self, request: web.Request) -> web.Response:
        visit, body = self._own(request), await body_of(request, Line)
        call = self._visits.call_of(visit)
        try:
            if call is None:
                raise UnknownCall(visit.call)
            self._chat.say(call.id, body.text)
        except ChatRefused as refused:
            raise Refused(429 if refused.code == "too_fast" else 400, refused.code, str(refused)) from None
        except UnknownCall:
            raise Refused(409, "no_call", "there is no call to write in") from None
        return json_response({}, 202)

    async def _key(self, request: web.Request) -> web.Response:
        visit, body = self._own(request), await body_of(request, Key)
        if not self._press(visit, body.key):
            raise Refused(409, "not_now", "no key is asked for now")
        return json_response({}, 202)

    async def _camera(self, request: web.Request) -> web.Response:
        visit, body = self._own(request), await body_of(request, Camera)
        self._visits.show_camera(visit, body.on)
        return json_response({})

    async def _over(self, request: web.Request) -> web.Response:
        await self._end(self._own(request))
        return json_response({}, 202)

    async def _message(self, request: web.Request) -> web.Response:
        visit, body = self._own(request), await body_of(request, Message)
        if visit.over or not await self._leave_message(visit, body.text.strip(), body.phone or visit.phone):
            raise Refused(409, "not_now", "a message is for who talks to nobody")
        return json_response({}, 201)

    def _own(self, request: web.Request) -> Visit:
        visit = self._visits.find(who(request).call)
        if visit is None:
            raise _expired()
        return visit


def _expired() -> Refused:
    return Refused(410, "expired", "this link is not good any more")
