"""REST of a talk's moves: call somebody in, join him, drop him, leave, send the citizen on, end it.

For the agents of the call, supervisors and administrators. A refusal of the rules is 409 with a code; what is done is
seen on the channel of the desk page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol

from aiohttp import web
from pydantic import Field

from cti.accounts.people import Role
from cti.calls import AgentId, CallId
from cti.directory import Directory, MoveRefused
from cti.exchange import Exchange
from cti.live_call import Call, Party
from cti.web.http import Body, Refused, body_of, json_response, who

_UNKNOWN = ("unknown_target", "unknown_party")


class Mover(Protocol):
    """What can be asked of a talk (cti.moving). MoveRefused; KeyError: the call is not live."""

    def call_in(
        self, call_id: CallId, target: str, mode: Literal["conference", "consult", "whisper"], by: str
    ) -> Party: ...
    def join(self, call_id: CallId, p: int) -> None: ...
    def drop(self, call_id: CallId, p: int) -> None: ...
    async def leave(self, call_id: CallId, agent: AgentId | None) -> None: ...
    async def send_on(self, call_id: CallId, target: str, by: str) -> None: ...
    async def end(self, call_id: CallId) -> None: ...


class NewParty(Body):
    target: str = Field(min_length=1, max_length=60)
    mode: Literal["conference", "consult", "whisper"] = "conference"


class SentOn(Body):
    target: str = Field(min_length=1, max_length=60)


class MovingRoutes:
    def __init__(self, exchange: Exchange, moving: Mover, directory: Directory) -> None:
        self._exchange = exchange
        self._moving = moving
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/directory", self._list),
            web.post("/api/calls/{id}/parties", self._refusing(self._call_in)),
            web.post(r"/api/calls/{id}/parties/{p:\d+}/join", self._refusing(self._join)),
            web.delete(r"/api/calls/{id}/parties/{p:\d+}", self._refusing(self._drop)),
            web.post("/api/calls/{id}/leave", self._refusing(self._leave)),
            web.post("/api/calls/{id}/transfer", self._refusing(self._send_on)),
            web.post("/api/calls/{id}/end", self._refusing(self._end)),
        ]

    def party(self, party: Party) -> dict[str, Any]:
        """As pages get it."""
        name = self._directory.name(party.target) or {"zh": party.target, "en": party.target}
        return {
            "p": party.p,
            "kind": party.kind,
            "target": party.target,
            "name": name,
            "mode": party.mode,
            "state": party.state,
            "since": party.since,
            "agent": party.agent,
        }

    async def _list(self, request: web.Request) -> web.Response:
        return json_response([whom.as_json() for whom in self._directory.all()])

    async def _call_in(self, request: web.Request, call: Call) -> web.Response:
        body = await body_of(request, NewParty)
        party = self._moving.call_in(call.id, body.target, body.mode, who(request).id)
        return json_response(self.party(party), 202)

    async def _join(self, request: web.Request, call: Call) -> web.Response:
        self._moving.join(call.id, int(request.match_info["p"]))
        return json_response({}, 202)

    async def _drop(self, request: web.Request, call: Call) -> web.Response:
        self._moving.drop(call.id, int(request.match_info["p"]))
        return json_response({}, 202)

    async def _leave(self, request: web.Request, call: Call) -> web.Response:
        agent = AgentId(who(request).id)
        await self._moving.leave(call.id, agent if agent in _agents(call) else None)
        return json_response({}, 202)

    async def _send_on(self, request: web.Request, call: Call) -> web.Response:
        body = await body_of(request, SentOn)
        await self._moving.send_on(call.id, body.target, who(request).id)
        return json_response({}, 202)

    async def _end(self, request: web.Request, call: Call) -> web.Response:
        await self._moving.end(call.id)
        return json_response({}, 202)

    def _refusing(
        self, handler: Callable[[web.Request, Call], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Whoever has no part in the call is told no more than that it is not there."""

        async def handle(request: web.Request) -> web.Response:
            call = self._exchange.board.calls.get(CallId(request.match_info["id"]))
            asks = who(request)
            may_all = asks.roles & {Role.SUPERVISOR, Role.ADMINISTRATOR}
            if call is None or not (may_all or asks.id in _agents(call)):
                raise Refused(404, "unknown_call", "there is no such live call")
            try:
                return await handler(request, call)
            except KeyError:
                raise Refused(404, "unknown_call", "there is no such live call") from None
            except MoveRefused as refused:
                raise Refused(404 if refused.code in _UNKNOWN else 409, refused.code, str(refused)) from None

        return handle


def _agents(call: Call) -> set[str]:
    """Those of ours who are in it; who is only being called in has no say yet."""
    there = (party.agent for party in call.parties if party.state != "ringing")
    return {agent for agent in (call.agent, *there) if agent is not None}
