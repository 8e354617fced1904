"""REST of guests who listen: agreed times, and what becomes of them."""

from __future__ import annotations

from typing import Any, Protocol

from aiohttp import web
from pydantic import Field

from cti.beside import BesideRefused
from cti.exchange import Exchange
from cti.web.http import Body, Refused, body_of, json_response, who

_LONGEST_S = 4 * 3600.0
_AHEAD_S = 31 * 86400.0


class Guests(Protocol):
    """cti.guest_listening.GuestListening"""

    def rows(self) -> list[dict[str, Any]]: ...

    def agree(self, name: str, number: str, begins: float, ends: float, queue: str, by: str) -> dict[str, Any]:
        """BesideRefused."""

    def cancel(self, id_: str, by: str) -> None:
        """KeyError: there is none such."""


class NewGuest(Body):
    name: str = Field(min_length=1, max_length=40)
    number: str = Field(min_length=2, max_length=24)
    begins: float = Field(alias="from", ge=0)
    until: float
    queue: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]{0,39}$")


class GuestRoutes:
    def __init__(self, exchange: Exchange, guests: Guests) -> None:
        self._exchange = exchange
        self._guests = guests

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/guest-listens", self._list),
            web.post("/api/guest-listens", self._agree),
            web.delete("/api/guest-listens/{guest}", self._cancel),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        return json_response(self._guests.rows())

    async def _agree(self, request: web.Request) -> web.Response:
        body, now = await body_of(request, NewGuest), self._exchange.wall()
        if not max(body.begins, now) < body.until <= body.begins + _LONGEST_S or body.begins > now + _AHEAD_S:
            raise Refused(
                400, "bad_time", "from is before until, at most four hours and within a month; until is to come"
            )
        try:
            row = self._guests.agree(body.name, body.number, body.begins, body.until, body.queue or "", who(request).id)
        except BesideRefused as refused:
            raise Refused(409, refused.code, str(refused)) from None
        return json_response(row, 201)

    async def _cancel(self, request: web.Request) -> web.Response:
        try:
            self._guests.cancel(request.match_info["guest"], who(request).id)
        except KeyError:
            raise Refused(404, "unknown_guest", "there is no such guest") from None
        return json_response({})
