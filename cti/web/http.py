"""What every route needs: bodies checked, errors as JSON, and who is asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from agents.status import Status, StatusRefused
from cti.calls import AgentId
from cti.exchange import Exchange
from cti.web.tokens import Tokens

TOKENS = web.AppKey("tokens", Tokens)
EXCHANGE = web.AppKey("exchange", Exchange)


class Body(BaseModel):
    """A JSON body; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


Model = TypeVar("Model", bound=Body)


class Refused(Exception):
    """The request is refused with this status; `code` is stable, the text is for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def json_response(data: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(data), status=status, content_type="application/json")


@web.middleware
async def errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refusals as {"error": code, "message": text}."""
    try:
        return await handler(request)
    except Refused as refused:
        return json_response({"error": refused.code, "message": str(refused)}, refused.status)
    except StatusRefused as refused:
        return json_response({"error": refused.code, "message": str(refused)}, 409)
    except web.HTTPException as error:
        return json_response({"error": "http", "message": error.reason}, error.status)


async def body_of(request: web.Request, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise Refused(400, "bad_body", f"{where}: {first['msg']}") from None


@contextmanager
def records_needed() -> Iterator[None]:
    """Refused if the records cannot be had in time."""
    try:
        yield
    except TimeoutError:
        raise Refused(503, "records_behind", "the records of now are not in the database yet: ask again") from None


def token_of(request: web.Request) -> str:
    """The bearer token; "" for one that is none of ours, whatever bytes it has."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return token if token.isascii() else ""


def admin(request: web.Request) -> None:
    """Refused unless the administrator asks."""
    if not request.app[TOKENS].is_admin(token_of(request)):
        raise Refused(403, "not_allowed", "this needs the administrator's token")


def asking_agent(request: web.Request) -> AgentId | None:
    """The logged-in agent who asks, None for the administrator; Refused for everybody else."""
    if request.app[TOKENS].is_admin(token_of(request)):
        return None
    exchange = request.app[EXCHANGE]
    agent_id = request.app[TOKENS].agent(token_of(request), exchange.wall())
    desk = exchange.board.desks.get(agent_id) if agent_id is not None else None
    if agent_id is None or desk is None or desk.status is Status.OFFLINE:
        raise Refused(401, "not_logged_in", "log in first: POST /api/login")
    return agent_id


def own_agent(request: web.Request) -> AgentId:
    """The agent named in the path, if he or the administrator asks."""
    asking = asking_agent(request)
    wanted = AgentId(request.match_info["id"])
    if (asking is not None and asking != wanted) or wanted not in request.app[EXCHANGE].board.desks:
        raise Refused(404, "unknown_agent", "there is no such agent")
    return wanted
