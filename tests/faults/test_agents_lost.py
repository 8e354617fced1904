"""Agents whose page, telephone or network is lost, on the whole real system: bounds, places kept, one log line each."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cti.calls import CallFact
from cti.programs import ProgramMissing, find_asterisk, find_program
from tests.support.city import City, citizen, eventually, on_disk
from tests.support.desk_page import desk_page
from tests.support.missing import missing
from tests.support.stack import RunningStack

pytestmark = pytest.mark.timeout(90)
Measured = Callable[..., None]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """It rings for so long that what ends a ring here is not the end of its time."""
    try:
        find_asterisk()
        find_program("redis-server")
        find_program("sipp")
    except ProgramMissing as error:
        missing(str(error))
    running = RunningStack(tmp_path_factory.mktemp("stack"))
    text = running.file.read_text(encoding="utf-8")
    running.file.write_text(text.replace("offer_timeout_s = 3", "offer_timeout_s = 20"), encoding="utf-8")
    try:
        running.start()
        yield running
    finally:
        running.stop()


async def row_of(place: City, agent: str) -> dict[str, Any]:
    return next(row for row in await place.api.agents() if row["id"] == agent)


async def held_back(place: City, agent: str, cause: str, limit_s: float) -> float:
    """Seconds until calls are held back for this cause."""
    began = time.monotonic()

    async def is_held() -> bool:
        return cause in (await row_of(place, agent))["held_back"]

    await eventually(is_held, limit_s, f"{cause} of {agent}")
    return time.monotonic() - began


async def waiting(place: City, count: int) -> list[str]:
    async def all_wait() -> list[str]:
        positions = await place.api.positions()
        return positions if len(positions) == count else []

    found: list[str] = await eventually(all_wait, 8, f"{count} who wait")
    return found


def freeze(place: City, number: signal.Signals) -> None:
    """Every agent's telephone falls silent, or lives again: to Asterisk, a lost network."""
    sipp = place.director._agents
    assert sipp is not None
    os.kill(sipp.process.pid, number)


def silence(place: City, agent: str) -> None:
    """No sound leaves the agent's telephone any more."""
    place.director._agent_lines[agent].silence()


def logged(place: City, event: str, **fields: object) -> bool:
    return any(all(line.get(k) == v for k, v in fields.items()) for line in place.stack.log(event))


async def test_a_page_that_is_killed_takes_its_agent_from_the_queue_and_gives_his_ring_back(
    telephones: City, measured: Measured
) -> None:
    # Given an agent with a page, who is rung and does not answer yet, and two callers
    telephones.director.manner.ignored = (1,)
    agent, other = await telephones.hire(2, ready=False)
    async with desk_page(telephones.stack, agent, time.time()) as page:
        telephones.dial([citizen(1, rating="1"), citizen(2, rating="1")], rate=5)
        first, second = await waiting(telephones, 2)
        await telephones.api.set_status(agent, "ready")
        await eventually(lambda: page.desk["state"] == "offered", 3, "the page shows the offer")
        assert page.call["call_id"] == first
        assert page.call["pii_caller"].startswith("139")

        # When the page is killed
        page.kill()
        killed_at = time.time()

    # Then he is not offered anything within five seconds, and his ring goes back a second later at the latest
    presence_s = await held_back(telephones, agent, "page_away", 5.0)
    back_at = await on_disk(telephones, first, CallFact.OFFER_FAILED)
    measured(presence_off_s=presence_s, ring_back_after_off_s=back_at - killed_at - presence_s)
    assert presence_s <= 5.0
    assert back_at - killed_at - presence_s <= 1.0
    assert await telephones.api.positions() == [first, second], "with his place kept"
    assert (await row_of(telephones, agent))["status"] == "ready", "what he chose stands"
    assert (await row_of(telephones, agent))["misses"] == 0, "it was not he who let it ring"
    assert logged(telephones, "agent_held_back", agent=agent, cause="page_away")
    assert logged(telephones, "agent_offer_pulled_back", agent=agent)

    # And when the page is back, he is offered the first of them; another agent takes the second
    telephones.director.manner.talk_s = (0.5, 0.5)
    async with desk_page(telephones.stack, agent, time.time()):
        await telephones.api.set_status(other, "ready")
        await telephones.over(30)
    await telephones.check_records()


async def test_a_page_that_is_frozen_is_gone_and_a_second_page_takes_over(telephones: City, measured: Measured) -> None:
    agent, _ = await telephones.hire(2)
    stack = telephones.stack
    async with desk_page(stack, agent, time.time()) as page, desk_page(stack, agent, time.time()) as second:
        # a second page of the same agent: the first is told, and is no sign of life any more
        await eventually(lambda: page.closed == 4000, 2, "the first page is told")
        assert page.words[-1] == "taken_over"
        assert (await row_of(telephones, agent))["state"] == "idle"
        # the second one does not answer any more, though its connection stands
        second.frozen = True
        gone_s = await held_back(telephones, agent, "page_away", 7.5)
        measured(frozen_page_off_s=gone_s)
        assert gone_s <= 5.1
        second.frozen = False
        await eventually(lambda: second.desk["state"] == "idle", 4, "back by itself")


async def test_a_telephone_that_is_gone_is_known_and_its_agent_is_not_rung(
    telephones: City, measured: Measured
) -> None:
    # Given an agent without a page, ready, whose telephone is cut off from the network
    (agent,) = await telephones.hire(1)
    freeze(telephones, signal.SIGSTOP)
    gone_s = await held_back(telephones, agent, "phone_away", 10.5)
    measured(telephone_gone_s=gone_s)

    # When somebody calls, then nobody is rung in vain, and he is served when the telephone is back
    telephones.dial([citizen(1)], rate=5)
    (call,) = await waiting(telephones, 1)
    freeze(telephones, signal.SIGCONT)
    await eventually(lambda: telephones.talks, 15, "a talk")
    kinds = [m.kind for m in await telephones.api.milestones(call)]
    assert kinds.count("offered") == 1
    assert CallFact.OFFER_FAILED not in kinds


async def test_a_telephone_that_dies_while_it_rings_costs_the_caller_one_ring_at_most(
    telephones: City, measured: Measured
) -> None:
    telephones.director.manner.ignored = tuple(range(1, 9))
    agent, other = await telephones.hire(2, ready=False)
    telephones.dial([citizen(1), citizen(2)], rate=5)
    first, second = await waiting(telephones, 2)
    await telephones.api.set_status(agent, "ready")
    await eventually(lambda: telephones.director.account.legs, 3, "ringing")
    freeze(telephones, signal.SIGSTOP)
    frozen_at = time.time()
    failed_at = await on_disk_within(telephones, first, CallFact.OFFER_FAILED, 12)
    measured(ring_at_a_dead_telephone_s=failed_at - frozen_at)
    assert failed_at - frozen_at <= 10.0
    freeze(telephones, signal.SIGCONT)
    assert await telephones.api.positions() == [first, second]
    assert (await row_of(telephones, agent))["misses"] == 0
    telephones.director.manner.ignored = ()
    telephones.director.manner.talk_s = (0.5, 0.5)
    await telephones.api.set_status(other, "ready")
    await telephones.over(30)


async def test_a_telephone_that_died_just_before_costs_the_caller_three_seconds(
    telephones: City, measured: Measured
) -> None:
    # Given a telephone that is gone, and Asterisk does not know it yet
    agent, other = await telephones.hire(2, ready=False)
    telephones.dial([citizen(1, rating="1"), citizen(2, rating="1")], rate=5)
    first, second = await waiting(telephones, 2)
    freeze(telephones, signal.SIGSTOP)
    await telephones.api.set_status(agent, "ready")
    offered_at = await on_disk(telephones, first, CallFact.OFFERED)
    failed_at = await on_disk_within(telephones, first, CallFact.OFFER_FAILED, 5)
    freeze(telephones, signal.SIGCONT)
    measured(dead_ring_s=failed_at - offered_at)
    assert failed_at - offered_at <= 3.5
    assert "phone_away" in (await row_of(telephones, agent))["held_back"]
    assert await telephones.api.positions() == [first, second]
    telephones.director.manner.talk_s = (0.5, 0.5)
    await telephones.api.set_status(other, "ready")
    await telephones.over(30)
    for record in await telephones.records():
        assert record.agents == (other,)


async def test_an_agent_whose_network_drops_in_the_talk_gives_the_citizen_back_to_the_queue(
    telephones: City, measured: Measured
) -> None:
    # Given a talk, and somebody who waits
    lost, other = await telephones.hire(2, ready=False)
    await telephones.api.set_status(lost, "ready")
    telephones.dial([citizen(1, rating="1"), citizen(2, rating="1")], rate=2)
    await eventually(lambda: telephones.talks, 5, "a talk")
    (waits,) = await waiting(telephones, 1)
    (leg,) = telephones.talks
    talking = leg.call
    answered_at = await on_disk(telephones, talking, CallFact.ANSWERED)

    # When the agent's network drops: no sound comes any more, and no answer
    silence(telephones, lost)
    cut_at = time.time()
    ended_at = await on_disk_within(telephones, talking, CallFact.TALK_ENDED, 12)
    measured(noticed_s=ended_at - cut_at, talk_s=ended_at - answered_at)

    # Then within ten seconds the citizen waits again, before the one who came after him
    assert 5.0 <= ended_at - cut_at <= 10.0
    over = [m.data for m in await telephones.api.milestones(talking) if m.kind == CallFact.TALK_ENDED]
    assert [data["side"] for data in over] == ["agent_lost"]
    assert await telephones.api.positions() == [talking, waits]
    assert "phone_away" in (await row_of(telephones, lost))["held_back"]

    # And the next agent gets him first; the record keeps both talks
    telephones.director.manner.talk_s = (0.5, 0.5)
    await telephones.api.set_status(other, "ready")
    await telephones.over(30)
    records = {record.call_id: record for record in await telephones.records()}
    assert records[talking].agents[-1] == other
    assert len(records[talking].recordings) == 2
    assert records[talking].answered_at is not None


async def on_disk_within(telephones: City, call: str, kind: CallFact, limit_s: float) -> float:
    async def happened() -> list[float]:
        return [m.at for m in await telephones.api.milestones(call) if m.kind == kind]

    times: list[float] = await eventually(happened, limit_s, f"{kind} on disk")
    return max(times)
