"""A telephone that nobody picks up: the caller keeps his place, the agent gets no more calls for a while."""

from __future__ import annotations

import pytest

from tests.support.city import City, citizen, eventually
from tests.support.stack import OFFER_TIMEOUT_S

pytestmark = pytest.mark.timeout(60)


async def test_ring_no_answer_keeps_the_place_and_holds_calls_back_from_the_agent(telephones: City) -> None:
    # Given two agents of whom one is ready and lets it ring, and two callers
    api = telephones.api
    telephones.director.manner.ignored = (1,)
    silent, other = await telephones.hire(2, ready=False)
    telephones.dial([citizen(1, rating="1"), citizen(2, rating="2")], rate=5)
    first, second = await eventually(lambda: _two(telephones), 5, "two who wait")
    await api.set_status(silent, "ready")

    # When his telephone rings and nobody answers
    await eventually(lambda: telephones.director.account.legs, 3, "ringing")
    await eventually(lambda: _not_answering(telephones, silent), OFFER_TIMEOUT_S + 2, "the pause")

    # Then what he chose stands, calls are held back with the reason, and the callers wait in the same order as before
    desks = {row["id"]: row for row in await api.agents()}
    assert (desks[silent]["status"], desks[silent]["held_back"]) == ("ready", ["no_answer"])
    assert await api.positions() == [first, second]

    # And the next agent who is ready gets the first of them, the second next
    telephones.director.manner.talk_s = (0.5, 0.5)
    await api.set_status(other, "ready")
    await telephones.over(30)
    records = {record.call_id: record for record in await telephones.check_records()}
    assert [records[call].agents for call in (first, second)] == [(other,), (other,)]
    assert [records[call].offers for call in (first, second)] == [2, 1]
    assert records[first].answered_at < records[second].answered_at
    failed = [m.data for m in await api.milestones(first) if m.kind == "offer_failed"]
    assert failed == [{"agent": silent, "n": 1, "outcome": "no_answer"}]
    assert len([m for m in await api.milestones(first) if m.kind == "queued"]) == 1


async def _two(telephones: City) -> list[str]:
    positions = await telephones.api.positions()
    return positions if len(positions) == 2 else []


async def _not_answering(telephones: City, agent: str) -> bool:
    return any(row["id"] == agent and row["state"] == "not_answering" for row in await telephones.api.agents())
