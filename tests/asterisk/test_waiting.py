"""Whoever waits, on the whole real system: what he hears, whose place he has, who takes him first."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls import CallFact
from tests.support.city import City, citizen, city, eventually
from tests.support.hall import ENGLISH, URGENT, calls, hall, hire
from tests.support.stack import GREETED, RunningStack

GENERAL = {"general": 3}
LADDER = """surge = {rungs = [
  {rung = "short_prompts", on_wait_s = 86400, off_wait_s = 0},
  {rung = "borrow", on_wait_s = 86400, off_wait_s = 0},
  {rung = "callback_sooner", on_wait_s = 600, off_wait_s = 60},
]}"""
"""Two that only a supervisor switches, and one that follows the forecast; nobody can be called back here."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    lending = 'overflow = [{queue = "general", to = "enterprise"}]'
    with hall(tmp_path_factory.mktemp("stack"), rules=f"{LADDER}\n{lending}") as running:
        yield running


@pytest_asyncio.fixture
async def telephones(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    folder = tmp_path / "sipp"
    folder.mkdir()
    async with city(stack, folder) as place:
        yield place


async def test_a_burst_on_one_agent_switches_a_rung_on_which_calls_then_carry(telephones: City) -> None:
    async def by_rule() -> bool:
        rungs = {row["rung"]: row for row in (await telephones.api._ask("GET", "/api/surge"))["rungs"]}
        return bool(rungs["callback_sooner"]["on"] and rungs["callback_sooner"]["by"] == "rule")

    (agent,) = await hire(telephones, GENERAL)
    await telephones.api.set_status(agent, "ready")
    assert not await by_rule(), "the first test of this file: nobody has called yet"
    telephones.dial([citizen(n) for n in range(10, 22)], rate=8.0)
    await eventually(lambda: len(telephones.director.account.calls) == 12, 10, "the burst")

    await eventually(by_rule, 15, "the rung")
    queued = await (await calls(telephones, 30)).told(CallFact.QUEUED)
    assert queued.data["rungs"] == "callback_sooner"


async def test_who_waits_hears_his_place_and_minutes_and_a_broadcast_once(telephones: City) -> None:
    (agent,) = await hire(telephones, GENERAL)
    await telephones.api.set_status(agent, "ready")
    talking = await calls(telephones, 1)
    await talking.told(CallFact.ANSWERED)
    waiting = await calls(telephones, 2)
    queued_at = (await waiting.told(CallFact.QUEUED)).at

    await telephones.api._ask("PUT", "/api/notices/water", {"prompt": "notice_water", "queues": ["general"]})
    put_up_at = time.time()
    heard = await waiting.told(CallFact.NOTICE_HEARD)
    spoken = await waiting.told(CallFact.ESTIMATED, 30, position=1, times=2)
    minutes = spoken.data["spoken_min"]
    await eventually(lambda: waiting.ear.times(f"minutes_{minutes}"), 10, "the end of the announcement")

    assert heard.data == {"notice": "water"}
    assert heard.at - put_up_at < 2.0
    assert 7.5 <= spoken.at - queued_at < 20.0
    assert minutes == math.ceil(float(spoken.data["wait_s"] or 0.0) / 60)
    assert waiting.ear.times("notice_water") == 1
    assert waiting.ear.times("position_1") == 1
    assert (await waiting.kinds()).count(CallFact.NOTICE_HEARD) == 1
    assert CallFact.NOTICE_HEARD not in await talking.kinds()
    await telephones.api._ask("DELETE", "/api/notices/water")


@pytest.mark.parametrize("daemon", ["lives", "dies_after", "dies_before"])
async def test_who_was_cut_off_is_before_those_who_came_meanwhile(telephones: City, daemon: str) -> None:
    (agent,) = await hire(telephones, GENERAL)
    number = {"lives": "13812345671", "dies_after": "13812345672", "dies_before": "13812345673"}[daemon]
    first = await calls(telephones, number)
    queued = await first.told(CallFact.QUEUED)
    old = 0
    if daemon == "dies_before":
        old, _ = telephones.stack.kill_daemon(signal.SIGKILL)
    first.hang_up()
    await first.gone()
    if daemon == "dies_after":
        await first.record()
        old, _ = telephones.stack.kill_daemon(signal.SIGKILL)
    await eventually(lambda: telephones.stack.ready[0] not in (0, old), 10, "a daemon")
    other = await calls(telephones, 2)

    again = await calls(telephones, number)
    kept = await again.told(CallFact.QUEUED)

    assert kept.data["since"] == pytest.approx(queued.at, abs=0.01)
    assert kept.data["kept_s"] == pytest.approx(kept.at - queued.at, abs=0.01)
    assert await telephones.api.positions() == [again.id, other.id]
    await telephones.api.set_status(agent, "ready")
    await again.told(CallFact.ANSWERED)
    assert CallFact.OFFERED not in await other.kinds()


async def test_short_prompts_by_hand_shorten_the_greeting(telephones: City) -> None:
    await hire(telephones, GENERAL)
    usual = await calls(telephones, 1, GREETED)
    await usual.told(CallFact.QUEUED, 15)
    await telephones.api._ask("POST", "/api/surge/short_prompts", {"mode": "on"})
    short = await calls(telephones, 2, GREETED)
    queued = await short.told(CallFact.QUEUED, 15)
    await telephones.api._ask("POST", "/api/surge/short_prompts", {"mode": "auto"})

    assert (usual.ear.times("greeting"), usual.ear.times("greeting_short")) == (1, 0)
    assert (short.ear.times("greeting"), short.ear.times("greeting_short")) == (0, 1)
    assert "short_prompts" in str(queued.data["rungs"]).split()


async def test_borrow_lends_an_idle_agent_of_another_skill_at_once(telephones: City) -> None:
    _, lent = await hire(telephones, GENERAL, {"enterprise": 3})
    await telephones.api.set_status(lent, "ready")
    waiting = await calls(telephones, 1)
    await waiting.told(CallFact.QUEUED)
    await eventually(lambda: time.time() - (waiting.call.answered_at or 0.0) > 2.0, 5, "two seconds")
    assert CallFact.OFFERED not in await waiting.kinds()

    at = time.time()
    await telephones.api._ask("POST", "/api/surge/borrow", {"mode": "on"})
    offered = await waiting.told(CallFact.OFFERED)
    await telephones.api._ask("POST", "/api/surge/borrow", {"mode": "auto"})

    assert offered.data["agent"] == lent
    assert offered.at - at < 0.3
    assert '"lent_by":"enterprise"' in str(offered.data["why"])
    await waiting.told(CallFact.ANSWERED)


async def test_an_emergency_is_before_everybody(telephones: City) -> None:
    (agent,) = await hire(telephones, GENERAL)
    waiting = await calls(telephones, 1)
    await waiting.told(CallFact.QUEUED)
    urgent = await calls(telephones, 2, URGENT)
    await urgent.told(CallFact.QUEUED)
    assert await telephones.api.positions() == [urgent.id, waiting.id]
    await telephones.api.set_status(agent, "ready")
    await urgent.told(CallFact.ANSWERED)
    assert CallFact.OFFERED not in await waiting.kinds()


async def test_who_speaks_english_or_calls_again_gets_the_agent_for_him(telephones: City) -> None:
    plain, english = await hire(telephones, GENERAL, {"general": 3, "english": 3})
    await telephones.api.set_status(plain, "ready")  # idle longest, so everybody else's first
    await telephones.api.set_status(english, "ready")
    foreigner = await calls(telephones, "13711112222", ENGLISH)
    assert (await foreigner.told(CallFact.OFFERED)).data["agent"] == english
    await foreigner.told(CallFact.ANSWERED)
    telephones.end_talks()
    await foreigner.record()

    again = await calls(telephones, "13711112222")
    queued, offered = await again.told(CallFact.QUEUED), await again.told(CallFact.OFFERED)
    assert queued.data["need"] == f"general|={english}@8|+0"
    assert offered.data["agent"] == english
