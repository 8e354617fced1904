"""REST of tickets: for the desk page, for supervisors, and for the city's platform that fetches what was submitted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal, Protocol, get_args

from aiohttp import web
from pydantic import Field, StrictBool, StrictStr

from cti.calls import CallId
from cti.tickets.asked import Asking, Wanted
from cti.tickets.edit import Change, PersonHow
from cti.tickets.model import TicketState
from cti.tickets.refusals import (
    BadValue,
    Conflict,
    Incomplete,
    NotADraft,
    TicketRefused,
    TicketsAway,
    TooLate,
    UnknownTicket,
)
from cti.web.http import TRAIL, Body, Refused, body_of, json_response, who

FieldName = Literal[
    "caller_name", "caller_gender", "contact_phone", "secret", "type", "matter", "urgency", "street", "address",
    "happened_at", "target", "detail", "wants_reply", "title", "content", "department", "related", "finish",
]  # fmt: skip
_STATES: Final[tuple[TicketState, ...]] = get_args(TicketState)
_MOST, _USUAL = 500, 100


class Desk(Protocol):
    """What can be done with tickets (cti.desk_tickets). TicketRefused, TicketsAway."""

    def form(self) -> Mapping[str, Any]: ...
    async def of_call(self, asking: Asking, call_id: CallId) -> Mapping[str, Any]: ...
    async def get(self, asking: Asking, ticket_id: str) -> Mapping[str, Any]: ...
    async def find(self, asking: Asking, wanted: Wanted) -> Sequence[Mapping[str, Any]]: ...
    async def change(self, asking: Asking, ticket_id: str, changes: Sequence[Change]) -> Mapping[str, Any]: ...
    async def submit(self, asking: Asking, ticket_id: str, finish: str, reason: str | None) -> Mapping[str, Any]: ...
    async def recall(self, asking: Asking, ticket_id: str) -> Mapping[str, Any]: ...
    async def close(self, asking: Asking, ticket_id: str) -> Mapping[str, Any]: ...
    async def duplicates(self, asking: Asking, ticket_id: str) -> Sequence[Mapping[str, Any]]: ...
    async def relate(self, asking: Asking, ticket_id: str, other_id: str, *, same: bool) -> Mapping[str, Any]: ...
    async def history(self, asking: Asking, ticket_id: str) -> Sequence[Mapping[str, Any]]: ...
    async def left(self, after: int, states: Collection[TicketState], limit: int) -> Sequence[Mapping[str, Any]]: ...
    async def tag(self, asking: Asking, call_id: CallId, tags: Sequence[str]) -> Sequence[str]: ...


class FieldChange(Body):
    field: FieldName
    value: StrictStr | StrictBool | None = Field(None, description="null clears the field")
    base: int = Field(ge=0, description="the version of the field that its author had before him")
    how: PersonHow = "typed"


class TicketChanges(Body):
    changes: list[FieldChange] = Field(min_length=1, max_length=40)


class Submission(Body):
    finish: str = Field(max_length=40, description="a finish code of the form")
    reason: str | None = Field(None, max_length=40, description="where the finish code asks for one")


class OtherTicket(Body):
    other: str = Field(max_length=40)
    same: bool = Field(description="false: it was looked at and is another matter")


class Tags(Body):
    tags: list[str] = Field(max_length=20)


class TicketRoutes:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/ticket-form", self._form),
            web.get("/api/calls/{id}/ticket", self._of_call),
            web.put("/api/calls/{id}/tags", self._tag),
            web.get("/api/tickets", self._find),
            web.get("/api/tickets/{id}", self._get),
            web.patch("/api/tickets/{id}", self._change),
            web.post("/api/tickets/{id}/submit", self._submit),
            web.post("/api/tickets/{id}/recall", self._recall),
            web.post("/api/tickets/{id}/close", self._close),
            web.get("/api/tickets/{id}/duplicates", self._duplicates),
            web.post("/api/tickets/{id}/relate", self._relate),
            web.get("/api/tickets/{id}/history", self._history),
        ]

    async def _form(self, _request: web.Request) -> web.Response:
        """Words, choices and what is required of tickets."""
        return json_response(self._desk.form())

    async def _of_call(self, request: web.Request) -> web.Response:
        """The ticket of a call that an agent was offered."""
        with _refusals():
            return json_response(await self._desk.of_call(_asking(request), CallId(request.match_info["id"])))

    async def _get(self, request: web.Request) -> web.Response:
        """One ticket."""
        with _refusals():
            return json_response(await self._desk.get(_asking(request), request.match_info["id"]))

    async def _find(self, request: web.Request) -> web.Response:
        """Tickets by state, agent, time (`from`, `until`) or `phone`, the newest first. With `since`, for the city's
        platform: what has left after that cursor, in order; each has the cursor to go on from."""
        query, trail = request.query, request.app[TRAIL]
        states = _states(query.get("state"))
        limit = min(int(_number(query.get("limit"), "limit", _USUAL)), _MOST)
        with _refusals():
            if "since" in query:
                if not who(request).is_admin:
                    raise Refused(403, "not_allowed", "this is for the city's platform, with the administrator's token")
                after = int(_number(query["since"], "since", 0))
                left = await self._desk.left(after, states or ("sent", "closed"), limit)
                if left:
                    trail.note(who(request).id, "tickets_fetched", f"{left[0]['id']} to {left[-1]['id']}")
                return json_response(left)
            wanted = Wanted(
                states=states,
                agent=query.get("agent"),
                since=_number(query.get("from"), "from", 0.0),
                until=_number(query["until"], "until", 0.0) if "until" in query else None,
                number=query.get("phone", ""),
                touched={"true": True, "false": False}.get(query.get("touched", "")),
                limit=limit,
            )
            if wanted.number:
                trail.note(who(request).id, "tickets_of_number", data={"pii_phone": wanted.number})
            return json_response(await self._desk.find(_asking(request), wanted))

    async def _change(self, request: web.Request) -> web.Response:
        """Changes fields of a draft; the same change sent twice is one. A conflict or a bad value leaves the other
        changes done, and the answer has the ticket as it is then."""
        body = await body_of(request, TicketChanges)
        changes = [Change(c.field, c.value, c.base, c.how) for c in body.changes]
        with _refusals():
            return json_response(await self._desk.change(_asking(request), request.match_info["id"], changes))

    async def _submit(self, request: web.Request) -> web.Response:
        """Submits a draft. For ten seconds it can be called back; then it leaves."""
        body = await body_of(request, Submission)
        with _refusals():
            found = await self._desk.submit(_asking(request), request.match_info["id"], body.finish, body.reason)
            return json_response(found)

    async def _recall(self, request: web.Request) -> web.Response:
        """Makes a submitted ticket that has not left a draft again."""
        with _refusals():
            return json_response(await self._desk.recall(_asking(request), request.match_info["id"]))

    async def _close(self, request: web.Request) -> web.Response:
        """The city's platform has dealt with a ticket that was sent."""
        with _refusals():
            return json_response(await self._desk.close(_asking(request), request.match_info["id"]))

    async def _duplicates(self, request: web.Request) -> web.Response:
        """Open tickets that may be about the same matter, the likeliest first, each with the reason."""
        with _refusals():
            return json_response(await self._desk.duplicates(_asking(request), request.match_info["id"]))

    async def _relate(self, request: web.Request) -> web.Response:
        """Says that two tickets are about one matter, or that they are not."""
        body = await body_of(request, OtherTicket)
        with _refusals():
            id_ = request.match_info["id"]
            return json_response(await self._desk.relate(_asking(request), id_, body.other, same=body.same))

    async def _history(self, request: web.Request) -> web.Response:
        """Every change of a ticket: who, when, how, what it was and what it is."""
        with _refusals():
            return json_response(await self._desk.history(_asking(request), request.match_info["id"]))

    async def _tag(self, request: web.Request) -> web.Response:
        """All marks of the citizen who calls from now on."""
        body = await body_of(request, Tags)
        with _refusals():
            call_id = CallId(request.match_info["id"])
            return json_response({"tags": await self._desk.tag(_asking(request), call_id, body.tags)})


_STATUS: Final[Mapping[type[TicketRefused], int]] = {
    UnknownTicket: 404,
    NotADraft: 409,
    Conflict: 409,
    TooLate: 409,
    BadValue: 422,
    Incomplete: 422,
}


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except TicketRefused as refused:
        raise Refused(_STATUS[type(refused)], refused.code, str(refused), refused.more) from None
    except TicketsAway:
        text = "the database does not answer: nothing is lost, send the same again in a moment"
        raise Refused(503, "tickets_away", text) from None


def _asking(request: web.Request) -> Asking:
    asks = who(request)
    return Asking(asks.id, asks.may_see_all, program=asks.session is None)


def _states(text: str | None) -> tuple[TicketState, ...] | None:
    if text is None:
        return None
    wanted = text.split(",")
    if wrong := [word for word in wanted if word not in _STATES]:
        raise Refused(400, "bad_state", f"{wrong[0]!r} is no state; they are {', '.join(_STATES)}")
    return tuple(state for state in _STATES if state in wanted)


def _number(text: str | None, name: str, without: float) -> float:
    if text is None:
        return without
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e12:
        raise Refused(400, f"bad_{name}", f"{name} is a number from 0 on")
    return number
