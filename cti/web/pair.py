"""What the other daemon of a pair asks for, and all that a daemon answers while it is the warm one."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from cti.web.http import token_of

PROMISE_PATH = "/api/pair/promise"


class Ask(BaseModel):
    """The body of a request for a promise: not to begin to decide for one lease's time."""

    model_config = ConfigDict(extra="forbid")

    city: str
    node: str
    """The journal of who asks"""
    epoch: int
    """Under which it decides, or did last"""


def promise_route(secret: str, promise: Callable[[Ask], bool]) -> web.RouteDef:
    """POST: 200 it is promised, 409 it is not, 403 not our pair."""

    async def answer(request: web.Request) -> web.Response:
        if not hmac.compare_digest(token_of(request), secret):
            return _json({"error": "not_the_pair", "message": "this is for the other daemon of the pair"}, 403)
        try:
            ask = Ask.model_validate_json(await request.read())
        except ValidationError as error:
            return _json({"error": "bad_body", "message": str(error.errors()[0]["msg"])}, 400)
        return _json({}, 200 if promise(ask) else 409)

    return web.post(PROMISE_PATH, answer)


def make_warm_app(route: web.RouteDef, health: Callable[[], Mapping[str, Any]], active: str) -> web.Application:
    """Health as from any daemon; for everything else the address of the active one."""

    async def tell_health(request: web.Request) -> web.Response:
        found = health()
        return _json(found, 200 if found["ok"] else 503)

    async def refer(request: web.Request) -> web.Response:
        message = f"this daemon is the warm one; the active one answers at {active}"
        return _json({"error": "warm", "message": message, "active": active}, 503)

    app = web.Application(client_max_size=4096)
    app.add_routes([route, web.get("/api/health", tell_health), web.route("*", "/{path:.*}", refer)])
    return app


def _json(data: object, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(data), status=status, content_type="application/json")
