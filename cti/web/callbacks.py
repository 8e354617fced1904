"""REST of the callback tasks: whom we owe a call, closing one by hand, having one called now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web
from pydantic import Field

from cti.calls import CallId
from cti.metrics.record import CallRecord
from cti.web.http import TRAIL, Body, Refused, body_of, json_response, records_needed, who
from queues.callbacks import TaskRefused


class Desk(Protocol):
    """The desk of callbacks (cti.callbacks). KeyError for a task that is not there, TaskRefused for what cannot be."""

    def rows(self) -> Sequence[Mapping[str, Any]]: ...
    async def close(self, task_id: str) -> Mapping[str, Any]: ...
    def call_now(self, task_id: str) -> Mapping[str, Any]: ...
    def owe(self, record: CallRecord) -> tuple[Mapping[str, Any], bool]:
        """The task, and whether it was made just now."""


class LostCall(Body):
    call: str = Field(min_length=1, max_length=80)


class CallbackRoutes:
    """Numbers are masked. `record`: of a call that has ended; None: there is none. TimeoutError: not to be had now."""

    def __init__(self, desk: Desk, record: Callable[[CallId], Awaitable[CallRecord | None]]) -> None:
        self._desk = desk
        self._record = record

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/callbacks", self._list),
            web.post("/api/callbacks", self._owe),
            web.post("/api/callbacks/{task}/close", self._close),
            web.post("/api/callbacks/{task}/call-now", self._call_now),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        return json_response([dict(row) for row in self._desk.rows()])

    async def _owe(self, request: web.Request) -> web.Response:
        """A task for the citizen who was lost in this call: 201, or 200 with the open one that he has already."""
        call = CallId((await body_of(request, LostCall)).call)
        with records_needed():
            record = await self._record(call)
        if record is None:
            raise Refused(404, "unknown_call", "there is no such call that has ended")
        try:
            row, is_new = self._desk.owe(record)
        except TaskRefused as refused:
            raise Refused(409, refused.code, str(refused)) from None
        if is_new:
            request.app[TRAIL].note(who(request).id, "callback_task_made", call)
        return json_response(dict(row), 201 if is_new else 200)

    async def _close(self, request: web.Request) -> web.Response:
        try:
            return json_response(dict(await self._desk.close(request.match_info["task"])))
        except KeyError:
            raise _unknown() from None
        except TaskRefused as refused:
            raise Refused(409, refused.code, str(refused)) from None

    async def _call_now(self, request: web.Request) -> web.Response:
        try:
            return json_response(dict(self._desk.call_now(request.match_info["task"])))
        except KeyError:
            raise _unknown() from None
        except TaskRefused as refused:
            raise Refused(409, refused.code, str(refused)) from None


def _unknown() -> Refused:
    return Refused(404, "unknown_task", "there is no such task; GET /api/callbacks shows them")
