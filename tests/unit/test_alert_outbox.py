"""Alerts leave by webhook: signed, in their order, again until the receiver has them, and no more after a restart."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from cti.alert_outbox import AlertOutbox
from cti.alerts.model import Alert, Fact, Kind, Measure, Severity, What
from cti.alerts.rules import AlertRules, GhostRule
from cti.alerts.shown import Voices, message_id
from cti.calls import CityFact, Milestone
from cti.webhook import Webhook, signed
from tests.support.waiting_async import eventually

KEY = b"k" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()
NOW = 1_795_329_065.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti.alert_outbox._LOOK_S", 0.002)


class Receiver:
    """`answers` are given one after the other, then 204."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[int] = []
        self.address = ""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {key.lower(): value for key, value in request.headers.items()}
        expected = signed(KEY, headers["webhook-id"], float(headers["webhook-timestamp"]), body)
        assert headers["webhook-signature"] == expected["webhook-signature"]
        self.got.append((headers["webhook-id"], orjson.loads(body)))
        return web.Response(status=self.answers.pop(0) if self.answers else 204)

    def types(self) -> list[str]:
        return [body["type"] for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/alerts", made.take)
    async with TestServer(app) as server:
        made.address = str(server.make_url("/alerts"))
        yield made


class Running:
    """An outbox at work, with a clock that the test moves."""

    def __init__(self, address: str, rules: AlertRules | None = None) -> None:
        self.now = NOW
        webhook = Webhook(address, SECRET, "alerts.webhook", "YIHU_ALERT_WEBHOOK_SECRET")
        found = rules or AlertRules()
        self.told: list[Milestone] = []
        self.box = AlertOutbox(webhook, "dongguan", lambda: found, Voices, lambda: self.now, self.note)

    def note(self, alert: str, message: str) -> None:
        self.told.append(
            Milestone("city", alert, len(self.told) + 1, self.now, CityFact.ALERT_TOLD, {"message": message})
        )

    async def __aenter__(self) -> Running:
        self._task = asyncio.create_task(self.box.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def fact(what: What, at: float = NOW, kind: Kind = Kind.LONGEST_WAIT, subject: str = "general") -> Fact:
    return Fact(what, at, Alert(kind, subject, Severity.WARNING, NOW - 60, NOW, at, Measure(92.0)))


def noted(*facts: Fact) -> list[Milestone]:
    return [Milestone("city", one.alert.id, n, one.at, CityFact.ALERT, one.data()) for n, one in enumerate(facts, 1)]


async def test_what_is_on_record_is_brought_once_and_signed(receiver: Receiver) -> None:
    async with Running(receiver.address) as running:
        other = Milestone("city", "borrow", 1, NOW, CityFact.RUNG, {"on": True, "by": "rule"})
        running.box.heard([other, *noted(fact(What.RAISED))])
        await eventually(lambda: receiver.got, 5.0, "the message")
        running.box.heard(noted(fact(What.CLEARED, NOW + 60)))
        await eventually(lambda: len(receiver.got) == 2, 5.0, "that it is over")
    assert receiver.types() == ["alert.raised", "alert.cleared"]
    assert [id_ for id_, _ in receiver.got] == [message_id(fact(What.RAISED)), message_id(fact(What.CLEARED, NOW + 60))]
    assert receiver.got[0][1]["data"]["city"] == "dongguan"


async def test_a_message_is_brought_again_until_it_is_taken_and_the_next_one_waits_for_it(receiver: Receiver) -> None:
    receiver.answers = [500, 302]
    async with Running(receiver.address) as running:
        running.box.heard(noted(fact(What.RAISED), fact(What.CLEARED, NOW + 1)))
        for tries, passed_s in ((1, 0.0), (2, 5.1), (4, 10.1)):
            running.now += passed_s
            await eventually(lambda n=tries: len(receiver.got) == n, 5.0, f"try {tries}")
            await asyncio.sleep(0.02)
            assert len(receiver.got) == tries, "not before its time"
    assert receiver.types() == ["alert.raised"] * 3 + ["alert.cleared"]
    assert len({id_ for id_, _ in receiver.got}) == 2


async def test_who_is_not_told_by_webhook_is_not(receiver: Receiver) -> None:
    rules = AlertRules(ghost_agent=GhostRule(tell=("supervisor",)))
    async with Running(receiver.address, rules) as running:
        running.box.heard(noted(fact(What.RAISED, kind=Kind.GHOST_AGENT, subject="a1001"), fact(What.RAISED)))
        await eventually(lambda: receiver.got, 5.0, "the other one")
    assert [body["data"]["kind"] for _, body in receiver.got] == ["longest_wait"]


async def test_reminders_do_not_pile_up_for_a_receiver_who_is_away(receiver: Receiver) -> None:
    receiver.answers = [503]
    async with Running(receiver.address) as running:
        running.box.heard(noted(fact(What.RAISED)))
        await eventually(lambda: receiver.got, 5.0, "the first try")
        for n in range(1, 20):
            running.box.heard(noted(fact(What.REMINDED, NOW + n)))
        running.now += 6.0
        await eventually(lambda: len(receiver.got) == 3, 5.0, "both")
    assert receiver.types() == ["alert.raised", "alert.raised", "alert.reminded"]
    assert receiver.got[-1][0] == message_id(fact(What.REMINDED, NOW + 19))


async def test_a_reminder_that_may_have_been_taken_is_brought_again_with_its_own_id(receiver: Receiver) -> None:
    receiver.answers = [503]
    async with Running(receiver.address) as running:
        running.box.heard(noted(fact(What.REMINDED, NOW + 1)))
        await eventually(lambda: receiver.got, 5.0, "the first try")
        running.box.heard(noted(fact(What.REMINDED, NOW + 2)))
        running.now += 6.0
        await eventually(lambda: len(receiver.got) == 3, 5.0, "both")
    assert [id_ for id_, _ in receiver.got[1:]] == [message_id(fact(What.REMINDED, NOW + n)) for n in (1, 2)]


async def test_after_a_restart_what_was_taken_is_not_told_again_and_what_was_not_is(receiver: Receiver) -> None:
    taken, missed = fact(What.RAISED, NOW - 30), fact(What.RAISED, NOW - 20, kind=Kind.RECORDING, subject="")
    async with Running(receiver.address) as running:
        running.box.heard(noted(taken))
        await eventually(lambda: running.told, 5.0, "that it was taken")
    async with Running(receiver.address) as again:
        again.box.recall([*noted(taken, missed), *running.told])
        await eventually(lambda: again.told, 5.0, "the other one")
    assert [id_ for id_, _ in receiver.got] == [message_id(taken), message_id(missed)]


async def test_what_is_long_over_is_not_told_after_a_restart(receiver: Receiver) -> None:
    async with Running(receiver.address) as running:
        old = fact(What.CLEARED, NOW - 3601, kind=Kind.PART, subject="redis")
        running.box.recall(noted(old, fact(What.RAISED, NOW - 30)))
        await eventually(lambda: receiver.got, 5.0, "the newer one")
    assert [body["data"]["kind"] for _, body in receiver.got] == ["longest_wait"]


async def test_what_was_not_taken_is_not_on_record_as_told(receiver: Receiver) -> None:
    receiver.answers = [500]
    async with Running(receiver.address) as running:
        running.box.heard(noted(fact(What.RAISED)))
        await eventually(lambda: receiver.got, 5.0, "the try")
        await asyncio.sleep(0.02)
        assert not running.told


async def test_what_nobody_took_for_a_day_is_given_up_and_the_next_one_is_brought(receiver: Receiver) -> None:
    receiver.answers = [500]
    async with Running(receiver.address) as running:
        running.now = NOW + 86_401.0
        running.box.heard(noted(fact(What.RAISED), fact(What.CLEARED, NOW + 86_400.0)))
        await eventually(lambda: len(receiver.got) == 2, 5.0, "the second message")
    assert receiver.types() == ["alert.raised", "alert.cleared"]


async def test_a_receiver_that_is_away_costs_nothing() -> None:
    async with Running("http://127.0.0.1:9/alerts") as running:
        with capture_logs() as logged:
            running.box.heard(noted(fact(What.RAISED)))
            await eventually(lambda: logged, 5.0, "a try")
    assert [(line["event"], line["problem"]) for line in logged] == [("alert_not_delivered", "ClientConnectorError")]
