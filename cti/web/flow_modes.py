"""REST of flow modes: a supervisor switches a number to another way in of its flow, for a while or until he says so.

Which modes there are stands in the flow file (`modes`); which flow and node a number has, in the table of numbers.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field

from cti.calls import CityFact, Value
from cti.exchange import Exchange
from cti.numbers import Did, Flows, Numbers, NumberTable
from cti.web.http import TRAIL, Body, Refused, body_of, json_response, who


class Switch(Body):
    mode: str = Field(min_length=1, max_length=40)
    minutes: float | None = Field(None, gt=0, le=7 * 24 * 60)
    """None: until it is taken back."""
    why: str = Field("", max_length=200)


class FlowModeRoutes:
    def __init__(self, exchange: Exchange, numbers: Numbers, flows: Flows) -> None:
        self._exchange = exchange
        self._numbers = numbers
        self._flows = flows

    def routes(self) -> list[web.RouteDef]:
        one = "/api/flow-modes/{number}"
        return [web.get("/api/flow-modes", self._list), web.put(one, self._put), web.delete(one, self._drop)]

    async def _list(self, request: web.Request) -> web.Response:
        return json_response([self._row(did) for did in self._table().every])

    async def _put(self, request: web.Request) -> web.Response:
        did, body, by = self._did(request), await body_of(request, Switch), who(request).id
        if body.mode not in (modes := self._flows.current(did.flow).modes):
            known = ", ".join(sorted(modes)) or "none"
            raise Refused(400, "unknown_mode", f"flow {did.flow} has no mode {body.mode}; it has {known}")
        until = None if body.minutes is None else self._exchange.wall() + 60 * body.minutes
        data: dict[str, Value] = {"mode": body.mode, "until": until, "by": by}
        self._exchange.city(CityFact.FLOW_MODE, did.number, data)
        request.app[TRAIL].note(by, "flow_mode", did.number, {"mode": body.mode, "until": until, "why": body.why})
        return json_response(self._row(did))

    async def _drop(self, request: web.Request) -> web.Response:
        did, by = self._did(request), who(request).id
        if self._exchange.board.flow_mode(did.number, self._exchange.wall()) is None:
            raise Refused(404, "not_switched", "this number is not switched")
        self._exchange.city(CityFact.FLOW_MODE, did.number, {"mode": "", "until": None, "by": by})
        request.app[TRAIL].note(by, "flow_mode", did.number, {"mode": ""})
        return json_response(self._row(did))

    def _table(self) -> NumberTable:
        return self._numbers.table

    def _did(self, request: web.Request) -> Did:
        number = request.match_info["number"]
        for did in self._table().every:
            if did.number == number:
                return did
        raise Refused(404, "unknown_number", "this number is not in the table of numbers")

    def _row(self, did: Did) -> dict[str, Any]:
        switched = self._exchange.board.flow_mode(did.number, self._exchange.wall())
        data = {} if switched is None else switched.data
        modes = self._flows.current(did.flow).modes
        usual = next((mode for mode, node in modes.items() if node == did.entry), None)
        return {
            "number": did.number,
            "flow": did.flow,
            "modes": list(modes),
            "usual": usual,
            "mode": data.get("mode"),
            "until": data.get("until"),
            "by": data.get("by"),
            "since": None if switched is None else switched.at,
        }
