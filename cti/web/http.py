"""What every route needs: bodies checked, errors as JSON, and who is asking."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from agents.status import StatusRefused
from cti.accounts.people import Role
from cti.accounts.sessions import KeeperAway, Session, Sessions, csrf_of
from cti.accounts.tickets import Tickets
from cti.accounts.trail import Trail
from cti.calls import AgentId
from cti.exchange import Exchange

EXCHANGE = web.AppKey("exchange", Exchange)
TRAIL: web.AppKey[Trail] = web.AppKey("trail")
COOKIE, GUEST_COOKIE = "yihu_session", "yihu_guest"
CSRF_HEADER = "X-CSRF-Token"


class Body(BaseModel):
    """A JSON body; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


Model = TypeVar("Model", bound=Body)


class Refused(Exception):
    """The request is refused with this status; `code` is stable, the text is for people, `more` for the page."""

    def __init__(self, status: int, code: str, message: str, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.more = status, code, more or {}


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks. `id`: the user's; "admin-token", which no user can be called, with that of this installation; "" for
    nobody."""

    id: str = ""
    roles: frozenset[Role] = frozenset()
    session: Session | None = None

    @property
    def is_admin(self) -> bool:
        return Role.ADMINISTRATOR in self.roles

    @property
    def is_installation(self) -> bool:
        """A program on this machine, with the token that stands in var: it can read the database too."""
        return self.is_admin and self.session is None

    @property
    def call(self) -> str:
        """Of a guest: the one call that he may take part in."""
        return self.session.call if self.session is not None else ""

    @property
    def may_see_all(self) -> bool:
        """Of calls and tickets; an agent who is nothing else has to have a part in them."""
        return bool(self.roles & {Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR})

    @property
    def may_hear_all(self) -> bool:
        """What was said in calls that he had no part in; who runs the machine need not."""
        return bool(self.roles & {Role.SUPERVISOR, Role.AUDITOR})


NOBODY = Who()
WHO = web.RequestKey("who", Who)


@dataclass(frozen=True, slots=True)
class Guard:
    """Knows who asks, by session token, cookie, ticket, or the administrator's token of the installation."""

    sessions: Sessions
    tickets: Tickets
    admin_token: str

    async def by_token(self, token: str) -> Who:
        """NOBODY if it is none of ours; Refused while that cannot be known."""
        if not token:
            return NOBODY
        if hmac.compare_digest(token.encode(), self.admin_token.encode()):
            return Who("admin-token", frozenset({Role.ADMINISTRATOR}))
        try:
            session = await self.sessions.find(token)
        except KeeperAway:
            raise Refused(503, "sessions_away", "sessions cannot be looked up at the moment: try again") from None
        return _of(session)

    def by_ticket(self, ticket: str) -> Who:
        return _of(self.tickets.redeem(ticket))

    async def by_cookie(self, request: web.Request, name: str) -> Who:
        """Who asks by his browser's cookie; a change needs his CSRF token too."""
        token = request.cookies.get(name, "")
        who = await self.by_token(token) if token.isascii() else NOBODY
        if who.session is None:
            return NOBODY
        if request.method not in ("GET", "HEAD"):
            said = request.headers.get(CSRF_HEADER, "")
            if not request.headers.get("Origin") or not said.isascii() or not hmac.compare_digest(said, csrf_of(token)):
                raise Refused(403, "no_csrf", f"a change needs the header {CSRF_HEADER} of GET /api/me, and Origin")
        return who


GUARD = web.AppKey("guard", Guard)


def _of(session: Session | None) -> Who:
    return NOBODY if session is None else Who(session.user, session.roles, session)


def who(request: web.Request) -> Who:
    """Who asks: someone whom the table of cti/web/access.py lets in here."""
    return request[WHO]


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
        answer = {"error": refused.code, "message": str(refused), **refused.more}
        return json_response(answer, refused.status)
    except StatusRefused as refused:
        return json_response({"error": refused.code, "message": str(refused)}, 409)
    except web.HTTPException as error:
        return json_response({"error": "http", "message": error.reason}, error.status)


async def body_of(request: web.Request, model: type[Model]) -> Model:
    return parsed(await request.read(), model)


async def long_body_of(request: web.Request, most: int) -> bytes:
    """One that may be longer than the others; Refused beyond `most` bytes."""
    data = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        data += chunk
        if len(data) > most:
            raise Refused(413, "too_long", f"at most {most} bytes")
    return bytes(data)


def parsed(data: bytes, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(data)
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


def agent_of(request: web.Request) -> AgentId:
    """The agent named in the path; whether he may be acted for is decided before."""
    wanted = AgentId(request.match_info["id"])
    if wanted not in request.app[EXCHANGE].board.desks:
        raise Refused(404, "unknown_agent", "there is no such agent")
    return wanted
