"""REST of supervisors in talks: to listen, whisper, barge in and take over, and the telephone in the browser for it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from aiohttp import web
from pydantic import Field

from cti.beside import BesideRefused, Mode
from cti.calls import AgentId
from cti.softphones import Account
from cti.web.http import Body, Refused, body_of, json_response, who
from cti.web.sip_proxy import SUPERVISOR_SIP_PATH
from cti.web.softphone import EXPIRES_S

_READY_LIMIT_S = 4.0
_UNKNOWN = ("unknown_telephone",)


class Supervisions(Protocol):
    """cti.supervision.Supervision. KeyError: there is none such of his, or no such agent. BesideRefused."""

    def begin(self, by: str, agent: AgentId, mode: Mode, via: str, why: str) -> dict[str, Any]: ...
    async def change(self, by: str, id_: str, mode: Mode, why: str) -> dict[str, Any]: ...
    def end(self, by: str, id_: str) -> None: ...
    def take_over(self, by: str, id_: str, why: str) -> dict[str, Any]: ...
    def rows(self, by: str) -> list[dict[str, Any]]: ...


class Phones(Protocol):
    """cti.supervisor_phones.SupervisorPhones"""

    def open(self, user: str) -> Account: ...
    def close(self, user: str) -> None: ...


class Begun(Body):
    agent: str
    mode: Mode
    via: str = Field("softphone", min_length=1, max_length=40)
    """softphone, or the name of a telephone in the settings."""
    why: str = Field("", max_length=200)


class Changed(Body):
    mode: Mode
    why: str = Field("", max_length=200)


class Taken(Body):
    why: str = Field("", max_length=200)


class SupervisionRoutes:
    """`ready` returns when Asterisk knows the telephone of this SIP user."""

    def __init__(self, supervisions: Supervisions, phones: Phones, ready: Callable[[str], Awaitable[None]]) -> None:
        self._supervisions = supervisions
        self._phones = phones
        self._ready = ready

    def routes(self) -> list[web.RouteDef]:
        one = "/api/supervision/{supervision}"
        return [
            web.post("/api/supervision/softphone", self._open),
            web.delete("/api/supervision/softphone", self._close),
            web.get("/api/supervision", self._list),
            web.post("/api/supervision", self._refusing(self._begin)),
            web.patch(one, self._refusing(self._change)),
            web.delete(one, self._refusing(self._end)),
            web.post(f"{one}/take-over", self._refusing(self._take_over)),
        ]

    async def _open(self, request: web.Request) -> web.Response:
        account = self._phones.open(who(request).id)
        try:
            async with asyncio.timeout(_READY_LIMIT_S):
                await self._ready(account.user)
        except TimeoutError:
            raise Refused(503, "asterisk_away", "Asterisk does not answer: ask again in a moment") from None
        return json_response({**dataclasses.asdict(account), "socket": SUPERVISOR_SIP_PATH, "expires_s": EXPIRES_S})

    async def _close(self, request: web.Request) -> web.Response:
        self._phones.close(who(request).id)
        return json_response({})

    async def _list(self, request: web.Request) -> web.Response:
        return json_response(self._supervisions.rows(who(request).id))

    async def _begin(self, request: web.Request) -> web.Response:
        body = await body_of(request, Begun)
        try:
            row = self._supervisions.begin(who(request).id, AgentId(body.agent), body.mode, body.via, body.why)
        except KeyError:
            raise Refused(404, "unknown_agent", "there is no such agent") from None
        return json_response(row, 201)

    async def _change(self, request: web.Request) -> web.Response:
        body = await body_of(request, Changed)
        id_ = request.match_info["supervision"]
        return json_response(await self._supervisions.change(who(request).id, id_, body.mode, body.why))

    async def _end(self, request: web.Request) -> web.Response:
        self._supervisions.end(who(request).id, request.match_info["supervision"])
        return json_response({})

    async def _take_over(self, request: web.Request) -> web.Response:
        body = await body_of(request, Taken) if request.can_read_body else Taken(why="")
        id_ = request.match_info["supervision"]
        return json_response(self._supervisions.take_over(who(request).id, id_, body.why), 202)

    def _refusing(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except KeyError:
                raise Refused(404, "unknown_supervision", "you have no such supervision: it may be over") from None
            except BesideRefused as refused:
                raise Refused(404 if refused.code in _UNKNOWN else 409, refused.code, str(refused)) from None

        return handle
