"""Guests who listen: agreed by REST, called when it is time, let go when it is over, never called against the rules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from cti.accounts.people import Role
from cti.asterisk import names
from cti.asterisk.channels import Channel
from cti.calls import Milestone
from cti.ear_lines import EarLines
from cti.exchange import Exchange
from cti.guest_listening import GuestListening
from cti.settings import Callback
from cti.switchboard import Switchboard
from cti.web.guest_listens import GuestRoutes
from queues.dialling import Dialling, Rules
from tests.support.accounts import Accounts
from tests.support.floor import TEN, ZONE
from tests.support.waiting_async import eventually

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")

LEADER = "13800138000"


@dataclass
class City:
    """Asterisk by hand: `asked` is what it was asked, `channels` what it has."""

    now: float = TEN
    journal: list[Milestone] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    channels: dict[str, Channel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.board = Switchboard(0.0)
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.accounts = Accounts(self.exchange)
        self.accounts.add("li", Role.SUPERVISOR)
        self.accounts.add("wang", Role.ADMINISTRATOR)
        self.guests = self.made()

    def made(self) -> GuestListening:
        """As a daemon makes it."""
        return GuestListening(
            self.exchange,
            EarLines(self, lambda: self.channels, lambda: self.now),
            lambda: self.channels,
            self.accounts.trail,
            Callback(dial="PJSIP/{number}@trunk"),
            Dialling(Rules(on=True)),
            lambda at: datetime.fromtimestamp(at, ZONE),
            lambda: 0,
            lambda: "12345",
        )

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        self.asked.append({"Action": name, **dict(headers)})
        return {}

    def asked_for(self, action: str) -> list[dict[str, str]]:
        return [one for one in self.asked if one["Action"] == action]

    async def called(self) -> str:
        """The uniqueid of the guest's channel, which is up from now on."""
        self.guests.look()
        await eventually(lambda: self.asked_for("Originate"), 2, "a call")
        call = self.asked_for("Originate")[-1]
        assert (call["Channel"], call["CallerID"]) == (f"PJSIP/{LEADER}@trunk", "12345")
        assert (call["Context"], call["Exten"]) == (names.CONTEXT_SUPERVISE, names.SUPERVISE_WAIT)
        uniqueid = call["ChannelId"]
        self.channels[uniqueid] = Channel(uniqueid, uniqueid, "PJSIP/trunk-1", 6, "")
        self.guests.look()
        return uniqueid

    @property
    def state(self) -> list[str]:
        return [row["state"] for row in self.guests.rows()]


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
async def client(city: City) -> AsyncIterator[TestClient[Any, Any]]:
    app = city.accounts.app(GuestRoutes(city.exchange, city.guests).routes())
    async with TestClient(TestServer(app)) as client:
        yield client
    city.exchange.stop()


def plan(**more: object) -> dict[str, object]:
    return {"name": "王局长", "number": LEADER, "from": TEN + 60, "until": TEN + 660, **more}


async def test_a_guest_is_called_at_the_time_and_let_go_at_the_end(city: City, client: TestClient[Any, Any]) -> None:
    lis = await city.accounts.headers("li")
    answer = await client.post("/api/guest-listens", json=plan(), headers=lis)
    row = await answer.json()
    assert (answer.status, row["from"], row["until"], row["queue"], row["by"]) == (201, TEN + 60, TEN + 660, None, "li")
    city.guests.look()
    assert (city.state, city.asked) == (["planned"], [])

    city.now = TEN + 61
    uniqueid = await city.called()
    assert city.state == ["waiting"]
    city.now = TEN + 661
    city.guests.look()
    await eventually(lambda: city.asked_for("Hangup"), 2, "his line is cut")
    assert city.asked_for("Hangup")[0]["Channel"] == uniqueid
    assert [what for _, what, _ in city.accounts.trail.noted] == ["guest_agreed", "guest_called", "guest_ended"]


async def test_what_was_agreed_outlives_a_crash(city: City, client: TestClient[Any, Any]) -> None:
    lis = await city.accounts.headers("li")
    await client.post("/api/guest-listens", json=plan(), headers=lis)
    city.board = Switchboard(0.0)
    city.board.recover(city.journal, city.now)
    city.exchange = Exchange(city.board, city, lambda: city.now)
    city.guests = city.made()
    city.guests.recover(city.journal)
    assert city.state == ["planned"]
    city.now = TEN + 61
    await city.called()


async def test_who_hangs_up_is_not_called_again(city: City, client: TestClient[Any, Any]) -> None:
    lis = await city.accounts.headers("li")
    await client.post("/api/guest-listens", json=plan(), headers=lis)
    city.now = TEN + 61
    del city.channels[await city.called()]
    city.guests.look()
    city.guests.look()
    assert (city.state, len(city.asked_for("Originate"))) == ([], 1)


async def test_one_that_is_cancelled_is_not_called(city: City, client: TestClient[Any, Any]) -> None:
    lis = await city.accounts.headers("li")
    row = await (await client.post("/api/guest-listens", json=plan(), headers=lis)).json()
    assert (await client.delete(f"/api/guest-listens/{row['id']}", headers=lis)).status == 200
    assert (await client.delete(f"/api/guest-listens/{row['id']}", headers=lis)).status == 404
    city.now = TEN + 61
    city.guests.look()
    assert city.asked == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"number": "+4930123456"}, 409, "foreign"),
        ({"number": "110"}, 409, "service"),
        ({"until": TEN + 30}, 400, "bad_time"),
        ({"until": TEN - 30, "from": TEN - 60}, 400, "bad_time"),
        ({"until": TEN + 60 + 5 * 3600}, 400, "bad_time"),
        ({"name": ""}, 400, "bad_body"),
        ({"queue": "no queue"}, 400, "bad_body"),
    ],
)
async def test_what_cannot_be_agreed_is_refused(
    city: City, client: TestClient[Any, Any], change: dict[str, object], status: int, code: str
) -> None:
    lis = await city.accounts.headers("li")
    answer = await client.post("/api/guest-listens", json=plan(**change), headers=lis)
    assert (answer.status, (await answer.json())["error"]) == (status, code)
    assert LEADER not in await answer.text()
    assert city.journal == []


async def test_whoever_runs_the_machine_lets_nobody_listen(city: City, client: TestClient[Any, Any]) -> None:
    wangs = await city.accounts.headers("wang")
    assert (await client.post("/api/guest-listens", json=plan(), headers=wangs)).status == 403
