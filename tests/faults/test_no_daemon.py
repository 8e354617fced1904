"""No daemon for fifteen seconds: Asterisk serves callers alone with the agents it knows; their records come later."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from cti.calls import CallFact
from cti.demo.account import CitizenCall
from cti.demo.plan import Plan
from tests.support.city import UNTIL_TOLD, City, citizen, eventually, on_disk

pytestmark = pytest.mark.timeout(90)

AWAY_S = 15.0


async def test_the_fallback_queue_serves_who_waited_and_who_comes_anew(
    telephones: City, measured: Callable[..., None]
) -> None:
    # Given three agents who talk, and two callers who wait
    stack, loop = telephones.stack, asyncio.get_running_loop()
    await telephones.hire(3)
    telephones.dial([citizen(n) for n in range(3)], rate=10)
    await eventually(lambda: len(telephones.talks) == 3, 5, "three talks")
    first, second, third = telephones.talks
    waits, leaves, new = citizen(4), citizen(5), citizen(6)
    telephones.dial([waits, leaves], rate=10)
    for call_id in await eventually(lambda: _wait(telephones, 2), 5, "two who wait"):
        await on_disk(telephones, call_id, CallFact.QUEUED)

    # When there is no daemon, and nobody to start one; one of them leaves, and somebody calls anew
    os.kill(stack.supervisor, signal.SIGSTOP)
    dead, _ = stack.kill_daemon(signal.SIGKILL)
    lost = loop.time()
    telephones.dial([new], rate=10)
    await asyncio.sleep(2.0)  # he has patience, this is not a wait for a result
    telephones.director.hang_up(_call(telephones, leaves))

    # Then Asterisk's own queue rings the agents as they become free
    telephones.director.manner.talk_s = (2.0, 2.0)
    telephones.director.order_agent(first)
    await eventually(lambda: _served(telephones, waits, new), 20, "a talk through the fallback queue")
    measured(first_fallback_talk_after_s=loop.time() - lost)
    telephones.director.manner.talk_s = UNTIL_TOLD
    telephones.director.order_agent(second)
    await eventually(lambda: _served(telephones, waits) and _served(telephones, new), 15, "two such talks")
    await asyncio.sleep(max(0.0, lost + AWAY_S - loop.time()))  # the length of the outage is part of the case

    # And when the daemon is back, it rings nobody who talks through that queue
    os.kill(stack.supervisor, signal.SIGCONT)
    await eventually(lambda: stack.ready[0] not in (0, dead), 10, "a new daemon")
    await telephones.api.set_status(first.agent, "break", "rest")
    await eventually(lambda: len(telephones.talks) == 2, 5, "the end of the first such talk")
    assert {leg.agent for leg in telephones.talks} == {second.agent, third.agent}
    rung, late = len(telephones.director.account.legs), citizen(7, rating="1")
    telephones.dial([late], rate=10)
    await eventually(lambda: _wait(telephones, 1), 5, "one more who waits")
    await asyncio.sleep(1.0)  # long enough to ring
    assert len(telephones.director.account.legs) == rung

    # Until his talk is over; and each call has one complete record
    telephones.director.manner.talk_s = (1.0, 1.0)
    for leg in telephones.talks:
        if leg.agent == second.agent:
            telephones.director.order_agent(leg)
    await eventually(lambda: _served(telephones, late), 3, "the agent's next talk")
    telephones.end_talks()
    await telephones.over(40)
    records = {record.pii_caller: record for record in await telephones.check_records()}
    assert len(records) == 7
    assert [records[plan.number].fell_back for plan in (waits, new, leaves)] == [True, True, False]
    assert [records[plan.number].answered for plan in (waits, new, leaves)] == [True, True, False]
    assert (records[leaves.number].lost_at, records[leaves.number].ended_side) == ("queue", "caller")
    assert sum(record.fell_back for record in records.values()) == 2
    assert not any(record.estimated for record in records.values())


def _call(telephones: City, plan: Plan) -> CitizenCall:
    return next(call for call in telephones.director.account.calls.values() if call.caller == plan.number)


def _served(telephones: City, *plans: Plan) -> bool:
    numbers = {plan.number for plan in plans}
    legs = telephones.director.account.legs.values()
    return any(leg.caller in numbers and leg.confirmed_at is not None for leg in legs)


async def _wait(telephones: City, count: int) -> list[str]:
    positions = await telephones.api.positions()
    return positions if len(positions) == count else []
