"""Citizens whom we call, on the whole real system: one who would not wait, and one who was lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cti.calls import CallFact
from cti.demo.client import TestAgent
from queues.callbacks import QUICK_S
from tests.support import sipp
from tests.support.city import City, city, eventually
from tests.support.hall import ENTERPRISE, calls, hall, hire, report
from tests.support.ports import free_ports
from tests.support.stack import RunningStack
from tests.support.telephones import Manner, Ring, Telephones

LOST, ASKED, IMPATIENT = "13800001111", "13800002222", "13800003333"
LINES = """
callback = {{dial = "PJSIP/trunk/sip:{{number}}@127.0.0.2:{port}", hours = "00:00-24:00"}}
"""
RULES = """
waiting = {callback_from_s = 30}
surge = {rungs = []}
"""


@pytest.fixture(scope="module")
def carrier_port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, carrier_port: int) -> Iterator[RunningStack]:
    with hall(tmp_path_factory.mktemp("stack"), LINES.format(port=carrier_port), rules=RULES) as running:
        yield running


@pytest_asyncio.fixture
async def telephones(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    folder = tmp_path / "sipp"
    folder.mkdir()
    async with city(stack, folder) as place:
        yield place


@pytest_asyncio.fixture
async def carrier(carrier_port: int) -> AsyncIterator[Telephones]:
    """Citizens' telephones, each answered at once."""
    async with Telephones("127.0.0.2", carrier_port, None, Manner(hangs_up_after_s=3.0)) as phones:
        yield phones


@asynccontextmanager
async def at_work(place: City, folder: Path) -> AsyncIterator[tuple[TestAgent, Telephones]]:
    """An agent of the general queue, on a break, who takes his telephone off the hook and presses 1 a second later."""
    (agent,) = await place.api.add_test_agents(1, {"general": 3}, "c", 0.0)
    (port,) = free_ports(1)
    signing_in = sipp.start(
        sipp.registration(agent.id, agent.sip_password, port=port),
        folder,
        f"127.0.0.1:{place.stack.settings.asterisk.sip_port}",
        "127.0.0.1",
    )
    try:
        assert await asyncio.to_thread(signing_in.wait, 10) == 0, signing_in.heard()
    finally:
        signing_in.stop()
    manners = {agent.id: Manner(keys="1", keys_after_s=1.0)}
    async with Telephones("127.0.0.1", port, manners) as softphone:
        yield agent, softphone


async def task_of(place: City, of: str) -> dict[str, Any]:
    """The one task whose newest lost call is this."""

    async def found() -> list[dict[str, Any]]:
        return [row for row in await place.api._ask("GET", "/api/callbacks") if row["last_call"] == of]

    (row,) = await eventually(found, 10, "a task")
    return dict(row)


def rings_of(phones: Telephones, number: str) -> list[Ring]:
    return [ring for ring in phones.rings if number in (ring.user, ring.caller)]


async def ended(place: City, callback: str) -> dict[str, Any]:
    """The record of a callback when it has ended."""

    async def found() -> dict[str, Any] | None:
        answer = await place.api._ask("GET", f"/api/calls/{callback}")
        return dict(answer["record"]) if answer["record"]["ended_at"] is not None else None

    record: dict[str, Any] = await eventually(found, 30, "the end of the callback")
    return record


async def test_who_would_not_wait_is_called_with_his_place(
    telephones: City, tmp_path: Path, carrier: Telephones, record_property: Callable[[str, object], None]
) -> None:
    async with at_work(telephones, tmp_path) as (agent, softphone):
        waiting = await calls(telephones, ASKED)
        queued = await waiting.told(CallFact.QUEUED)
        offered = await waiting.told(CallFact.CALLBACK_OFFERED, 20)
        await eventually(lambda: waiting.ear.times("callback_offer"), 15, "the offer to be called back")
        waiting.line.press("5")
        record = await waiting.record()

        assert 7.5 <= offered.at - queued.at < 10.0
        assert waiting.ear.times("callback_confirmed") == 1
        assert waiting.call.left_side == "system"
        assert (record.lost_at, record.answered) == ("callback", False)
        callback = record.callback_requested or ""
        assert (await task_of(telephones, waiting.id))["state"] == "calling"
        before = await report(telephones.stack)

        await telephones.api.set_status(agent.id, "ready")
        called = await ended(telephones, callback)

        (agents_ring,), (citizens_ring,) = rings_of(softphone, ASKED), rings_of(carrier, ASKED)
        assert (called["outcome"], called["of"], called["agents"]) == ("reached", waiting.id, [agent.id])
        assert called["confirmed_at"] >= (agents_ring.answered_at or 0.0) + 1.0
        assert 0 <= citizens_ring.at - called["confirmed_at"] < 0.3
        rows = await telephones.api.milestones(callback)
        (place,) = [m.data for m in rows if m.kind == CallFact.QUEUED]
        assert (place["since"], place["queue"]) == (pytest.approx(queued.at, abs=0.01), "general")
        assert (await task_of(telephones, waiting.id))["state"] == "reached"
        after = await report(telephones.stack)
        for name in ("connection_rate", "queue_answer_rate"):
            assert after["rates"][name] == before["rates"][name], name  # type: ignore[index]
        assert after["callbacks"]["reached"] == 1  # type: ignore[index]
        record_property("confirmation_to_invite_s", citizens_ring.at - called["confirmed_at"])


async def test_who_asked_to_be_called_and_calls_again_himself_has_that_place(
    telephones: City, carrier: Telephones
) -> None:
    (agent,) = await hire(telephones, {"general": 3})
    asked = await calls(telephones, IMPATIENT)
    queued = await asked.told(CallFact.QUEUED)
    await asked.told(CallFact.CALLBACK_OFFERED, 20)
    asked.line.press("5")
    callback = (await asked.record()).callback_requested or ""
    other = await calls(telephones, 4)

    again = await calls(telephones, IMPATIENT)
    kept = await again.told(CallFact.QUEUED)

    assert kept.data["since"] == pytest.approx(queued.at, abs=0.01)
    assert await telephones.api.positions() == [again.id, other.id]
    assert (await ended(telephones, callback))["outcome"] == "withdrawn"
    await telephones.api.set_status(agent, "ready")
    await again.told(CallFact.ANSWERED)
    telephones.end_talks()
    await again.record()
    assert (await task_of(telephones, asked.id))["state"] == "got_through"
    assert rings_of(carrier, IMPATIENT) == []


async def test_who_was_lost_twice_is_called_once_and_only_while_nobody_waits(
    telephones: City, tmp_path: Path, carrier: Telephones
) -> None:
    await hire(telephones, {"enterprise": 3})
    async with at_work(telephones, tmp_path) as (agent, softphone):
        for _ in range(2):
            lost = await calls(telephones, LOST)
            await lost.told(CallFact.QUEUED)
            await asyncio.sleep(QUICK_S)  # who stays for a shorter time has dialled a wrong number
            lost.hang_up()
            await lost.record()
        task = await task_of(telephones, lost.id)
        assert (task["losses"], task["state"], task["requested"]) == (2, "open", False)

        waiting = await calls(telephones, 3, ENTERPRISE)
        await waiting.told(CallFact.QUEUED)
        await telephones.api.set_status(agent.id, "ready")
        await eventually(lambda: time.time() > task["next_try_at"] + 3.0, 70, "the time of the first try")
        assert rings_of(softphone, LOST) == []
        assert (await task_of(telephones, lost.id))["state"] == "open"

        waiting.hang_up()
        over_at = (await waiting.record()).ended_at or 0.0
        await eventually(lambda: rings_of(carrier, LOST), 10, "the call to who was lost")
        row = await task_of(telephones, lost.id)
        record = await ended(telephones, str(row["call"]))

        assert record["outcome"] == "reached"
        assert rings_of(softphone, LOST)[0].at - over_at < 2.5
        assert len(rings_of(carrier, LOST)) == 1
        assert (await task_of(telephones, lost.id))["state"] == "reached"
