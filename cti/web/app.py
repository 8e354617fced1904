"""The daemon's small REST API: agents' states, live picture, records, timeline. JSON in, JSON out.

Who may ask what stands in cti/web/access.py. A browser has its session in a cookie, a program sends
`Authorization: Bearer <token>`. Errors are {"error": code, "message": text} with a fitting status.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import Field

from agents.roster import RosterError
from cti.accounts.trail import Trail
from cti.calls import AgentFact, AgentId, CallId
from cti.exchange import Exchange
from cti.live_view import desk_row, snapshot
from cti.metrics.words import Lang
from cti.web.access import access
from cti.web.accounts import AccountRoutes
from cti.web.audit import audit_routes
from cti.web.feed import Feed
from cti.web.headers import add_headers
from cti.web.http import (
    EXCHANGE,
    GUARD,
    TRAIL,
    Body,
    Guard,
    Refused,
    Who,
    agent_of,
    body_of,
    errors,
    json_response,
    records_needed,
    who,
)
from cti.web.masking import masked
from cti.web.test_agents import TestAgents

_MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Api:
    """What the API works on."""

    exchange: Exchange
    feed: Feed
    guard: Guard
    trail: Trail
    accounts: AccountRoutes
    test_agents: TestAgents
    health: Callable[[], Mapping[str, Any]]
    """The state of every part, with `ok`."""
    phone: Callable[[AgentId], str]
    channels: Callable[[], list[Mapping[str, Any]]]
    call: Callable[[CallId], Awaitable[Mapping[str, Any] | None]]
    """A call's record with its milestones, live or ended."""
    why: Callable[[str, Lang], Awaitable[Mapping[str, Any] | None]]
    """Why a caller waited (`explain_text.answer`); None: no such call. TimeoutError while records are behind."""
    calls_since: Callable[[float], Awaitable[list[Mapping[str, Any]]]]


class StatusChange(Body):
    status: str
    reason: str = Field("", max_length=100)


class WrapUpExtension(Body):
    seconds: float = Field(60.0, gt=0, le=3600)


class NewTestAgents(Body):
    count: int = Field(ge=1, le=500)
    skills: dict[str, int] = Field(default_factory=lambda: {"general": 3})
    prefix: str = Field("t", pattern=r"^[a-z][a-z0-9]{0,9}$")
    wrap_up_s: float | None = Field(None, ge=0, le=3600)


API = web.AppKey("api", Api)


def make_app(api: Api) -> web.Application:
    """The aiohttp application; it owns nothing and can be thrown away."""
    app = web.Application(middlewares=[errors, access], client_max_size=_MAX_BODY)
    app[API], app[GUARD], app[EXCHANGE], app[TRAIL] = api, api.guard, api.exchange, api.trail
    app.on_response_prepare.append(add_headers)
    app.add_routes(api.accounts.routes())
    app.add_routes(audit_routes())
    app.add_routes(
        [
            web.get("/api/health", _health),
            web.get("/api/agents", _agents),
            web.post("/api/agents/{id}/status", _status),
            web.post("/api/agents/{id}/finish-wrap-up", _finish_wrap_up),
            web.post("/api/agents/{id}/extend-wrap-up", _extend_wrap_up),
            web.get("/api/live", _live),
            web.get("/api/channels", _channels),
            web.get("/api/calls", _calls),
            web.get("/api/calls/{id}", _call),
            web.get("/api/calls/{id}/why", _why),
            web.get("/api/timeline", _timeline),
            web.post("/api/test-agents", _add_test_agents),
            web.delete("/api/test-agents", _remove_test_agents),
        ]
    )
    return app


async def _health(request: web.Request) -> web.Response:
    health = request.app[API].health()
    return json_response(health, 200 if health["ok"] else 503)


async def _agents(request: web.Request) -> web.Response:
    api = request.app[API]
    return json_response(_for(who(request), [_row(api, agent_id) for agent_id in api.exchange.board.desks]))


async def _status(request: web.Request) -> web.Response:
    api, agent_id = request.app[API], agent_of(request)
    body = await body_of(request, StatusChange)
    if body.status == "offline":
        api.exchange.agent(AgentFact.LOGGED_OUT, agent_id, {"reason": body.reason or "logout"})
    else:
        try:
            api.exchange.agent(AgentFact.STATUS, agent_id, {"status": body.status, "reason": body.reason})
        except ValueError:
            raise Refused(400, "unknown_status", "status is ready, break, meeting, training or offline") from None
    return json_response({"agent": _row(api, agent_id)})


async def _finish_wrap_up(request: web.Request) -> web.Response:
    api, agent_id = request.app[API], agent_of(request)
    api.exchange.agent(AgentFact.WRAP_UP_FINISHED, agent_id)
    return json_response({"agent": _row(api, agent_id)})


async def _extend_wrap_up(request: web.Request) -> web.Response:
    api, agent_id = request.app[API], agent_of(request)
    body = await body_of(request, WrapUpExtension)
    api.exchange.agent(AgentFact.WRAP_UP_EXTENDED, agent_id, {"seconds": body.seconds})
    return json_response({"agent": _row(api, agent_id)})


async def _live(request: web.Request) -> web.Response:
    api = request.app[API]
    found = snapshot(api.exchange.board, api.exchange.wall())
    return json_response({**found, "agents": _for(who(request), found["agents"])})


async def _channels(request: web.Request) -> web.Response:
    return json_response(request.app[API].channels())


async def _calls(request: web.Request) -> web.Response:
    api = request.app[API]
    try:
        since = float(request.query.get("since", "0"))
    except ValueError:
        raise Refused(400, "bad_since", "since is a time in seconds since 1970, like 1763700000") from None
    with records_needed():
        rows = await api.calls_since(since)
    return json_response(rows if who(request).is_installation else masked(rows))


async def _call(request: web.Request) -> web.Response:
    """Numbers are whole with `?full=1` alone, and who looked is noted."""
    with records_needed():
        record = await request.app[API].call(CallId(request.match_info["id"]))
    if record is None:
        raise Refused(404, "unknown_call", "there is no such call")
    asking = who(request)
    if asking.is_installation:
        return json_response(record)
    if request.query.get("full") != "1":
        return json_response(masked(record))
    request.app[TRAIL].note(asking.id, "number_viewed", request.match_info["id"])
    return json_response(record)


async def _why(request: web.Request) -> web.Response:
    """`id` may be the SIP Call-ID or `last` too."""
    lang = request.query.get("lang", "zh")
    if lang not in ("zh", "en"):
        raise Refused(400, "bad_lang", "lang is zh or en")
    with records_needed():
        answer = await request.app[API].why(request.match_info["id"], "en" if lang == "en" else "zh")
    if answer is None:
        raise Refused(404, "unknown_call", "there is no such call")
    return json_response(answer)


async def _timeline(request: web.Request) -> web.StreamResponse:
    if not who(request).is_installation:
        request.app[TRAIL].note(who(request).id, "timeline_watched")
    return await request.app[API].feed.serve(request)


async def _add_test_agents(request: web.Request) -> web.Response:
    api = request.app[API]
    body = await body_of(request, NewTestAgents)
    try:
        made = await api.test_agents.add(body.count, body.skills, body.prefix, body.wrap_up_s)
    except RosterError as error:
        raise Refused(400, "bad_agent", str(error)) from None
    except TimeoutError:
        raise Refused(503, "asterisk_away", "the telephones could not be set up: Asterisk does not answer") from None
    rows = [{**dataclasses.asdict(agent), "token": await api.accounts.token_of(agent.id)} for agent in made]
    return json_response({"agents": rows}, 201)


async def _remove_test_agents(request: web.Request) -> web.Response:
    request.app[API].test_agents.remove_all()
    return json_response({})


def _for(asking: Who, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Why a supervisor has ordered something is between him and the agent."""
    for row in rows:
        if row["forced"] is not None and not asking.may_see_all and row["id"] != asking.id:
            row["forced"].pop("why")
    return rows


def _row(api: Api, agent_id: AgentId) -> dict[str, Any]:
    row = desk_row(api.exchange.board.desks[agent_id], api.exchange.wall())
    return {**row, "phone": api.phone(agent_id)}
