"""Asterisk is killed with calls in it: new calls are answered within three seconds, and no cut call is forgotten."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable

import pytest

from cti.calls import CallFact
from recordings.wav import RATE_HZ
from tests.support.city import City, citizen, eventually, on_disk
from tests.support.recorded import recorded
from tests.support.stack import NUMBER
from tests.support.trunk import Trunk, TrunkCall

pytestmark = pytest.mark.timeout(60)


async def test_new_calls_soon_and_every_cut_call_closed_with_its_data(
    telephones: City, measured: Callable[..., None]
) -> None:
    # Given three citizens who have talked for a while, and two who wait
    stack, api = telephones.stack, telephones.api
    agents = await telephones.hire(3)
    telephones.dial([citizen(n) for n in range(5)], rate=10)
    await eventually(lambda: len(telephones.talks) == 3, 10, "three talks")
    for call_id in await eventually(lambda: _two_wait(telephones), 5, "two who wait"):
        await on_disk(telephones, call_id, CallFact.QUEUED)
    talked_for = {leg.call: leg for leg in telephones.talks}
    await eventually(
        lambda: time.time() - min(leg.confirmed_at or 0.0 for leg in telephones.talks) > 4, 6, "4 s of talk"
    )
    pid, daemon = stack.asterisk, stack.ready[0]

    # When Asterisk is killed
    at = time.time()
    os.kill(pid, signal.SIGKILL)

    # Then a call placed now is answered within three seconds, by the same daemon
    sip = stack.settings.asterisk
    async with Trunk(sip.host, sip.sip_port) as trunk:
        answered = await eventually(lambda: _try_to_call(trunk), 10, "an answer", every_s=0.1)
        measured(answered_after_s=answered.answered_at - at)
        assert answered.answered_at - at <= 3.0
        assert stack.ready[0] == daemon
        assert stack.asterisk not in (0, pid)

        # And every call that was cut has its complete record
        records = {}

        async def closed() -> bool:
            found = await api.calls_since(telephones.since)
            records.update({r.call_id: r for r in found if r.sip_call_id in telephones.director.account.calls})
            return len(records) == 5 and all(record.ended_at is not None for record in records.values())

        await eventually(closed, 10, "five records")
        measured(closed_after_s=[round((r.ended_at or 0.0) - at, 3) for r in records.values()])
        assert {record.ended_side for record in records.values()} == {"interrupted"}
        assert all(abs((record.ended_at or 0.0) - at) <= 0.5 for record in records.values())
        for record in records.values():
            assert record.missing == 0
            leg = talked_for.get(record.call_id)
            if leg is None:
                assert (record.answered, record.lost_at, record.queue) == (False, "queue", "general")
                continue
            assert record.agents == (leg.agent,)
            assert record.lost_at is None
            assert abs(record.talk_s - (at - (leg.confirmed_at or 0.0))) <= 0.5
            (recording,) = record.recordings
            file = stack.settings.recordings_dir / recording.file
            both = await asyncio.to_thread(recorded, file)
            measured(recorded_s=len(both.agent) / RATE_HZ, talked_s=record.talk_s)
            assert recording.bytes == file.stat().st_size
            assert not record.estimated
        assert not {row["call_id"] for row in await api.agents() if row["id"] in agents} & records.keys()


def _try_to_call(trunk: Trunk) -> TrunkCall | None:
    """A new call ten times a second, as people redial; the first that was answered."""
    done = [call for call in trunk.calls.values() if call.answered_at is not None]
    if not done:
        trunk.call(NUMBER.encode(), resend=False)
    return done[0] if done else None


async def _two_wait(telephones: City) -> list[str]:
    positions = await telephones.api.positions()
    return positions if len(positions) == 2 else []
