"""Alerts in a daemon: raised by what is live, told once and signed, seen to by a person, over; over a restart too."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from cti.alert_house import VARIABLE
from cti.calls import CallFact, CallId, CityFact
from cti.settings import Alerts, SettingsError
from cti.webhook import signed
from tests.support.figures import families, figures
from tests.support.report_house import ReportHouse
from tests.support.waiting_async import eventually

KEY = b"a-key-of-the-receiver-of-alerts!"
WAIT = "longest_wait:general"
RULES = """
[alerts.longest_wait]
above_s = 0.01
critical_above_s = 3600.0
clear_by_s = 0.0
for_s = 0.0
clear_for_s = 0.0
"""


class Receiver:
    def __init__(self) -> None:
        self.ids: list[str] = []
        self.got: list[dict[str, Any]] = []
        self.address = ""
        self.is_away = False

    async def take(self, request: web.Request) -> web.Response:
        if self.is_away:
            return web.Response(status=503)
        body, said = await request.read(), {key.lower(): value for key, value in request.headers.items()}
        assert (
            said["webhook-signature"]
            == signed(KEY, said["webhook-id"], float(said["webhook-timestamp"]), body)["webhook-signature"]
        )
        self.ids.append(said["webhook-id"])
        self.got.append(json.loads(body))
        return web.Response(status=204)

    def told(self) -> list[str]:
        return [f"{one['type'].removeprefix('alert.')} {one['data']['id']}" for one in self.got]


@pytest.fixture
async def receiver(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    monkeypatch.setattr("cti.alert_watch._EVERY_S", 0.02)
    monkeypatch.setattr("cti.alert_outbox._LOOK_S", 0.02)
    monkeypatch.setenv(VARIABLE, "whsec_" + base64.b64encode(KEY).decode())
    made = Receiver()
    app = web.Application()
    app.router.add_post("/alerts", made.take)
    async with TestServer(app) as server:
        made.address = str(server.make_url("/alerts"))
        yield made


def house_with(folder: Path, receiver: Receiver) -> ReportHouse:
    rules = folder / "var" / "documents" / "rules.toml"
    rules.parent.mkdir(parents=True, exist_ok=True)
    rules.write_text(RULES, encoding="utf-8")
    return ReportHouse(folder, Alerts(webhook=receiver.address))


def caller(house: ReportHouse) -> CallId:
    exchange, call = house.daemon.exchange, CallId("n1-1.1")
    exchange.call(CallFact.ARRIVED, call, {"direction": "in", "pii_caller": "13800138000", "dialled": "12345"})
    exchange.attach(call, house)
    exchange.call(CallFact.QUEUED, call, {"queue": "general", "need": "general||+0"})
    return call


async def up(client: ClientSession) -> list[dict[str, Any]]:
    rows = await (await client.get("/api/alerts")).json()
    return [row for row in rows if row["rule"] == "longest_wait"]


def waits(told: list[str]) -> list[str]:
    """Without those of parts that no test has: Asterisk is away here."""
    return [one for one in told if one.endswith(WAIT)]


async def test_an_alert_is_raised_told_signed_acknowledged_and_cleared_once_over_a_restart(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with house_with(tmp_path, receiver).open() as house, house.client("chen") as chen:
        caller(house)
        await eventually(lambda: waits(receiver.told()) == [f"raised {WAIT}"], 10.0, "the message")
        (row,) = await up(chen)
        assert (row["id"], row["level"], row["state"], row["by"]) == (WAIT, "warning", "raised", None)
        assert row["target"] == 0.01
        assert row["words"]["zh"].startswith("“综合")
        text = await (await chen.get("/metrics")).text()
        counted = figures(families(text)["yihu_alerts"])
        assert counted["false", "longest_wait", "warning"] == 1

        answer = await chen.post(f"/api/alerts/{WAIT}/acknowledge", json={"note": "two more are coming"})
        assert answer.status == 200
        (row,) = await up(chen)
        assert (row["state"], row["by"], row["note"]) == ("acknowledged", "chen", "two more are coming")
        await eventually(lambda: waits(receiver.told())[1:] == [f"acknowledged {WAIT}"], 10.0, "that he sees to it")
        assert await house.noted("alert_acknowledged") == [("chen", WAIT)]
        board = house.daemon.exchange.board.city
        told = waits(receiver.told())
        await eventually(
            lambda: "acknowledged" in str(board[CityFact.ALERT_TOLD, WAIT].data["message"]), 5.0, "that it is on record"
        )

    async with house_with(tmp_path, receiver).open() as again, again.client("chen") as chen:
        (row,) = await up(chen)
        assert (row["state"], row["by"], row["note"]) == ("acknowledged", "chen", "two more are coming")
        assert CallId("n1-1.1") in again.daemon.board.calls, "he still waits"
        again.daemon.exchange.call(CallFact.ENDED, CallId("n1-1.1"), {"side": "caller", "lost_at": "queue"})
        await eventually(lambda: waits(receiver.told())[2:] == [f"cleared {WAIT}"], 10.0, "that it is over")
        assert waits(receiver.told()) == [*told, f"cleared {WAIT}"], "and nothing a second time"
        assert len(set(receiver.ids)) == len(receiver.ids)
        assert await up(chen) == []


async def test_what_the_receiver_did_not_take_is_told_after_the_restart(tmp_path: Path, receiver: Receiver) -> None:
    receiver.is_away = True
    async with house_with(tmp_path, receiver).open() as house, house.client("chen") as chen:
        caller(house)
        while not await up(chen):
            await house.records.journal.durable()
    receiver.is_away = False
    async with house_with(tmp_path, receiver).open():
        await eventually(lambda: waits(receiver.told()), 10.0, "the message")
    assert waits(receiver.told())[0] == f"raised {WAIT}"


async def test_watchers_of_live_pages_are_shown_what_is_up(tmp_path: Path, receiver: Receiver) -> None:
    async with house_with(tmp_path, receiver).open() as house, house.client("chen") as chen:
        caller(house)
        await eventually(lambda: receiver.got, 10.0, "the alert")
        async with chen.ws_connect("/api/board?topics=alerts") as socket:
            state: dict[str, Any] = {}
            while WAIT not in state:
                message = await socket.receive_json(timeout=5)
                state |= message.get("full", message.get("set", {})).get("alerts", {})
        assert state[WAIT]["state"] == "raised"
        assert "13800138000" not in str(state)


async def test_who_may_see_and_who_may_acknowledge(tmp_path: Path, receiver: Receiver) -> None:
    async with house_with(tmp_path, receiver).open() as house:
        for user, sees, acknowledges in (("a1001", 403, 403), ("zhao", 200, 403), ("li", 200, 404)):
            async with house.client(user) as client:
                assert (await client.get("/api/alerts")).status == sees
                answer = await client.post("/api/alerts/part:moon/acknowledge", json={"note": ""})
                assert answer.status == acknowledges, user


async def test_a_webhook_without_its_secret_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(SettingsError, match=VARIABLE):
        ReportHouse(tmp_path, Alerts(webhook="https://alerts.example.cn/yihu"))
