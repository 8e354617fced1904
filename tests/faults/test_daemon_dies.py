"""The daemon dies or hangs with forty calls in the house: nobody is cut off, none loses his place, nothing is lost."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from cti.calls import CallFact
from tests.support.city import City, citizen, eventually, on_disk

pytestmark = pytest.mark.timeout(90)

TALKING = WAITING = 20


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_talks_go_on_and_the_queue_keeps_its_order(
    telephones: City, number: signal.Signals, measured: Callable[..., None]
) -> None:
    # Given twenty citizens who talk and twenty who wait
    stack, api, account = telephones.stack, telephones.api, telephones.director.account
    await telephones.hire(TALKING)
    telephones.dial([citizen(n, rating="123"[n % 3]) for n in range(TALKING + WAITING)], rate=10)
    await eventually(lambda: len(telephones.talks) == TALKING, 20, "twenty talks")
    await eventually(lambda: _all_wait(api.positions()), 10, "twenty who wait")
    talks, queue = telephones.talks, await api.positions()
    for call_id in queue:
        await on_disk(telephones, call_id, CallFact.QUEUED)

    # When the daemon dies, or hangs and is killed for it
    dead, at = stack.kill_daemon(number)
    await eventually(lambda: stack.ready[0] not in (0, dead), 10, "a new daemon")
    _, ready_at = stack.ready

    # Then everybody who waited is back, in the old order, and no talk has ended
    await eventually(lambda: _attached(telephones, queue), 10, "everybody who waited")
    assert await api.positions() == queue
    assert telephones.talks == talks
    assert not [call for call in account.calls.values() if call.left_at is not None]
    back_at = [await on_disk(telephones, call_id, CallFact.RESUMED) for call_id in queue]
    measured(
        signal=number.name,
        ready_after_s=ready_at - at,
        back_after_ready_s=max(back_at) - ready_at,
        back_after_signal_s=max(back_at) - at,
    )
    assert max(back_at) - ready_at <= 3.0
    if number is signal.SIGSTOP:
        assert max(back_at) - at <= 3.0

    # And when the agents hang up, those who waited are served in that order, and every record is complete
    telephones.director.manner.talk_s = (1.5, 2.0)
    telephones.end_talks()
    await telephones.over(40)
    records = await telephones.check_records()
    assert len(records) == TALKING + WAITING
    assert all(record.answered and record.survey_offered for record in records)
    waited = {str(record.call_id): record.first_offered_at for record in records}
    assert sorted(queue, key=lambda call_id: waited[call_id] or 0.0) == queue
    assert {record.call_id for record in records if record.resumed == 1} == {*queue, *(leg.call for leg in talks)}


async def _all_wait(positions: object) -> bool:
    return len(await positions) == WAITING  # type: ignore[misc]


async def _attached(telephones: City, queue: list[str]) -> bool:
    rows = {row["call_id"]: row for row in (await telephones.api.live())["calls"]}
    return all(call_id in rows and rows[call_id]["attached"] for call_id in queue)
