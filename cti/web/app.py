"""The daemon's small REST API: agents' states, live picture, records, timeline. JSON in, JSON out.

Everything but /api/login and /api/health needs `Authorization: Bearer <token>`: an agent's own, or the administrator's.
Errors are {"error": code, "message": text} with a fitting status.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.roster import RosterError
from agents.status import Status, StatusRefused
from cti.calls import AgentFact, AgentId, CallId
from cti.exchange import Exchange
from cti.web.feed import Feed
from cti.web.passwords import Passwords, TooManyTries
from cti.web.test_agents import TestAgents
from cti.web.tokens import Tokens

_MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Api:
    """What the API works on."""

    exchange: Exchange
    feed: Feed
    tokens: Tokens
    passwords: Passwords
    test_agents: TestAgents
    health: Callable[[], Mapping[str, Any]]
    """The state of every part, with `ok`."""
    phone: Callable[[AgentId], str]
    channels: Callable[[], list[Mapping[str, Any]]]
    call: Callable[[CallId], Awaitable[Mapping[str, Any] | None]]
    """A call's record with its milestones, live or ended."""
    calls_since: Callable[[float], Awaitable[list[Mapping[str, Any]]]]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


Model = TypeVar("Model", bound=_Body)


class Login(_Body):
    agent: str
    password: str = Field(max_length=200)


class StatusChange(_Body):
    status: str
    reason: str = Field("", max_length=100)


class NewTestAgents(_Body):
    count: int = Field(ge=1, le=500)
    skills: dict[str, int] = Field(default_factory=lambda: {"general": 3})
    prefix: str = Field("t", pattern=r"^[a-z][a-z0-9]{0,9}$")
    wrap_up_s: float | None = Field(None, ge=0, le=3600)


API = web.AppKey("api", Api)


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def make_app(api: Api) -> web.Application:
    """The aiohttp application; it owns nothing and can be thrown away."""
    app = web.Application(middlewares=[_errors], client_max_size=_MAX_BODY)
    app[API] = api
    app.add_routes(
        [
            web.get("/api/health", _health),
            web.post("/api/login", _login),
            web.post("/api/logout", _logout),
            web.get("/api/agents", _agents),
            web.post("/api/agents/{id}/status", _status),
            web.post("/api/agents/{id}/finish-wrap-up", _finish_wrap_up),
            web.get("/api/live", _live),
            web.get("/api/channels", _channels),
            web.get("/api/calls", _calls),
            web.get("/api/calls/{id}", _call),
            web.get("/api/timeline", _timeline),
            web.post("/api/test-agents", _add_test_agents),
            web.delete("/api/test-agents", _remove_test_agents),
        ]
    )
    return app


def _json(data: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(data), status=status, content_type="application/json")


@web.middleware
async def _errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except _Refused as refused:
        return _json({"error": refused.code, "message": str(refused)}, refused.status)
    except StatusRefused as refused:
        return _json({"error": refused.code, "message": str(refused)}, 409)
    except web.HTTPException as error:
        return _json({"error": "http", "message": error.reason}, error.status)


async def _body(request: web.Request, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise _Refused(400, "bad_body", f"{where}: {first['msg']}") from None


def _token(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _admin(request: web.Request) -> Api:
    api = request.app[API]
    if not api.tokens.is_admin(_token(request)):
        raise _Refused(403, "not_allowed", "this needs the administrator's token")
    return api


def _anybody(request: web.Request) -> Api:
    api = request.app[API]
    token = _token(request)
    agent_id = api.tokens.agent(token, api.exchange.wall())
    desk = api.exchange.board.desks.get(agent_id) if agent_id is not None else None
    if not api.tokens.is_admin(token) and (desk is None or desk.status is Status.OFFLINE):
        raise _Refused(401, "not_logged_in", "log in first: POST /api/login")
    return api


def _own(request: web.Request) -> tuple[Api, AgentId]:
    """The agent named in the path, if the token is his or the administrator's."""
    api = _anybody(request)
    wanted = AgentId(request.match_info["id"])
    token = _token(request)
    if not api.tokens.is_admin(token) and api.tokens.agent(token, api.exchange.wall()) != wanted:
        raise _Refused(404, "unknown_agent", "there is no such agent")
    if wanted not in api.exchange.board.desks:
        raise _Refused(404, "unknown_agent", "there is no such agent")
    return api, wanted


async def _health(request: web.Request) -> web.Response:
    health = request.app[API].health()
    return _json(health, 200 if health["ok"] else 503)


async def _login(request: web.Request) -> web.Response:
    api, body = request.app[API], await _body(request, Login)
    agent_id = AgentId(body.agent)
    desk = api.exchange.board.desks.get(agent_id)
    try:
        right = await api.passwords.check(body.agent, desk.agent.password_hash if desk else "", body.password)
    except TooManyTries:
        raise _Refused(429, "too_many_tries", "too many wrong passwords: wait half a minute") from None
    if not right or desk is None:
        raise _Refused(401, "wrong_password", "agent or password is wrong")
    api.exchange.agent(AgentFact.LOGGED_IN, agent_id)
    return _json({"token": api.tokens.make(agent_id, api.exchange.wall()), "agent": _row(api, agent_id)})


async def _logout(request: web.Request) -> web.Response:
    api = _anybody(request)
    agent_id = api.tokens.agent(_token(request), api.exchange.wall())
    if agent_id is None or agent_id not in api.exchange.board.desks:
        raise _Refused(404, "unknown_agent", "there is no such agent")
    api.exchange.agent(AgentFact.LOGGED_OUT, agent_id, {"reason": "logout"})
    return _json({"agent": _row(api, agent_id)})


async def _agents(request: web.Request) -> web.Response:
    api = _anybody(request)
    return _json([_row(api, agent_id) for agent_id in api.exchange.board.desks])


async def _status(request: web.Request) -> web.Response:
    api, agent_id = _own(request)
    body = await _body(request, StatusChange)
    if body.status == "offline":
        api.exchange.agent(AgentFact.LOGGED_OUT, agent_id, {"reason": body.reason or "logout"})
    else:
        try:
            api.exchange.agent(AgentFact.STATUS, agent_id, {"status": body.status, "reason": body.reason})
        except ValueError:
            raise _Refused(400, "unknown_status", "status is ready, break, meeting, training or offline") from None
    return _json({"agent": _row(api, agent_id)})


async def _finish_wrap_up(request: web.Request) -> web.Response:
    api, agent_id = _own(request)
    api.exchange.agent(AgentFact.WRAP_UP_FINISHED, agent_id)
    return _json({"agent": _row(api, agent_id)})


async def _live(request: web.Request) -> web.Response:
    api = _anybody(request)
    return _json(api.exchange.board.snapshot(api.exchange.wall()))


async def _channels(request: web.Request) -> web.Response:
    return _json(_admin(request).channels())


async def _calls(request: web.Request) -> web.Response:
    api = _admin(request)
    try:
        since = float(request.query.get("since", "0"))
    except ValueError:
        raise _Refused(400, "bad_since", "since is a time in seconds since 1970, like 1763700000") from None
    return _json(await api.calls_since(since))


async def _call(request: web.Request) -> web.Response:
    record = await _admin(request).call(CallId(request.match_info["id"]))
    if record is None:
        raise _Refused(404, "unknown_call", "there is no such call")
    return _json(record)


async def _timeline(request: web.Request) -> web.StreamResponse:
    return await _admin(request).feed.serve(request)


async def _add_test_agents(request: web.Request) -> web.Response:
    api = _admin(request)
    body = await _body(request, NewTestAgents)
    try:
        made = await api.test_agents.add(body.count, body.skills, body.prefix, body.wrap_up_s)
    except RosterError as error:
        raise _Refused(400, "bad_agent", str(error)) from None
    except TimeoutError:
        raise _Refused(503, "asterisk_away", "the telephones could not be set up: Asterisk does not answer") from None
    now = api.exchange.wall()
    rows = [{**dataclasses.asdict(agent), "token": api.tokens.make(agent.id, now)} for agent in made]
    return _json({"agents": rows}, 201)


async def _remove_test_agents(request: web.Request) -> web.Response:
    _admin(request).test_agents.remove_all()
    return _json({})


def _row(api: Api, agent_id: AgentId) -> dict[str, Any]:
    row = api.exchange.board.desk_row(api.exchange.board.desks[agent_id], api.exchange.wall())
    return {**row, "phone": api.phone(agent_id)}
