"""REST of the callback tasks: whom we owe a call, closing one by hand, having one called now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web

from cti.web.http import Refused, json_response
from queues.callbacks import TaskRefused


class Desk(Protocol):
    """The desk of callbacks (cti.callbacks). KeyError for a task that is not there, TaskRefused for what cannot be."""

    def rows(self) -> Sequence[Mapping[str, Any]]: ...
    async def close(self, task_id: str) -> Mapping[str, Any]: ...
    def call_now(self, task_id: str) -> Mapping[str, Any]: ...


class CallbackRoutes:
    """Numbers are masked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/callbacks", self._list),
            web.post("/api/callbacks/{task}/close", self._close),
            web.post("/api/callbacks/{task}/call-now", self._call_now),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        return json_response([dict(row) for row in self._desk.rows()])

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
