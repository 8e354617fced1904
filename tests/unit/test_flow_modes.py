"""A number's flow mode, switched by a supervisor: it counts with the next call, ends by itself, outlives a crash."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from cti.accounts.people import Role
from cti.calls import Milestone
from cti.exchange import Exchange
from cti.numbers import NUMBERS, Numbers, read_numbers
from cti.settings import SHIPPED_FLOWS
from cti.switchboard import Switchboard
from cti.web.flow_modes import FlowModeRoutes
from ivr_flows.errors import FlowError
from ivr_flows.loader import load
from ivr_flows.model import Flow
from tests.support.accounts import Accounts
from tests.support.floor import TEN

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")


def shipped(name: str) -> Flow:
    text = (SHIPPED_FLOWS / f"{name}.yaml").read_text(encoding="utf-8")
    return load(text, name, None, (), entries={"city": ["social_security_line"], "video": ["sign", "text"]}[name])


class Shipped:
    def __init__(self) -> None:
        self._flows = {name: shipped(name) for name in ("city", "video")}

    @property
    def names(self) -> Collection[str]:
        return self._flows

    def current(self, name: str) -> Flow:
        return self._flows[name]


@dataclass
class City:
    now: float = TEN
    journal: list[Milestone] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.flows, self.board = Shipped(), Switchboard(0.0)
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.accounts = Accounts(self.exchange)
        self.accounts.add("li", Role.SUPERVISOR)
        self.numbers = self.numbers_of(self.board)

    def numbers_of(self, board: Switchboard) -> Numbers:
        def mode_of(number: str) -> str:
            switched = board.flow_mode(number, self.now)
            return "" if switched is None else str(switched.data["mode"])

        table = read_numbers(NUMBERS, "")
        return Numbers(lambda: table, "dongguan", self.flows, mode_of)

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
async def client(city: City) -> AsyncIterator[TestClient[Any, Any]]:
    routes = FlowModeRoutes(city.exchange, city.numbers, city.flows).routes()
    async with TestClient(TestServer(city.accounts.app(routes))) as client:
        yield client
    city.exchange.stop()


async def test_a_number_is_switched_for_a_while(city: City, client: TestClient[Any, Any]) -> None:
    lis = await city.accounts.headers("li")
    assert city.numbers.did("12345").entry == ""
    switched = {"mode": "announcement", "minutes": 30, "why": "台风"}
    answer = await client.put("/api/flow-modes/12345", json=switched, headers=lis)
    row = await answer.json()
    assert (row["mode"], row["until"], row["by"]) == ("announcement", TEN + 1800, "li")
    assert city.numbers.did("12345").entry == "announcement_only"
    assert city.numbers.did("99999").entry == "announcement_only", "an unknown number is treated like 12345"
    assert city.numbers.did("12333").entry == "social_security_line"
    assert city.accounts.trail.noted == [("li", "flow_mode", "12345")]

    again = Switchboard(0.0)
    again.recover(city.journal, city.now)
    assert city.numbers_of(again).did("12345").entry == "announcement_only"
    city.now += 1801
    lis = await city.accounts.headers("li")
    assert city.numbers.did("12345").entry == ""
    rows = {r["number"]: r["mode"] for r in await (await client.get("/api/flow-modes", headers=lis)).json()}
    assert rows["12345"] is None


async def test_it_is_taken_back(city: City, client: TestClient[Any, Any]) -> None:
    lis = await city.accounts.headers("li")
    assert (await client.delete("/api/flow-modes/12345", headers=lis)).status == 404
    await client.put("/api/flow-modes/12345", json={"mode": "zero_menu"}, headers=lis)
    city.now += 10**6
    lis = await city.accounts.headers("li")
    assert city.numbers.did("12345").entry == "zero_menu", "until somebody says otherwise"
    assert (await client.delete("/api/flow-modes/12345", headers=lis)).status == 200
    assert city.numbers.did("12345").entry == ""


@pytest.mark.parametrize(
    ("number", "mode", "status", "code"),
    [
        ("12345", "siesta", 400, "unknown_mode"),
        ("video", "menu", 400, "unknown_mode"),
        ("10086", "menu", 404, "unknown_number"),
    ],
)
async def test_what_is_not_there_is_refused(
    city: City, client: TestClient[Any, Any], number: str, mode: str, status: int, code: str
) -> None:
    lis = await city.accounts.headers("li")
    answer = await client.put(f"/api/flow-modes/{number}", json={"mode": mode}, headers=lis)
    assert (answer.status, (await answer.json())["error"]) == (status, code)
    city.exchange.board.set_roster({})


def test_a_mode_that_leads_nowhere_is_a_fault_of_the_flow() -> None:
    text = (SHIPPED_FLOWS / "city.yaml").read_text(encoding="utf-8")
    with pytest.raises(FlowError, match="mode announcement leads to unknown node nowhere"):
        load(text.replace("announcement: announcement_only", "announcement: nowhere"), "city", None, ())
