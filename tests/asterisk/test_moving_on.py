"""Citizens who are sent on without announcement, on the whole real system: to a queue, an agent, a number outside.

Whoever does not answer, nobody is dropped, and what somebody has waited is his.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls import CallFact
from tests.support.moving_scene import WATER, House, Scene, scene, started
from tests.support.telephones import Manner
from tests.support.tones import MUSIC

pytestmark = pytest.mark.timeout(120)
house = pytest.fixture(scope="module")(started)


@pytest_asyncio.fixture
async def on(house: House, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(house, tmp_path) as there:
        yield there


async def test_to_a_queue_whose_next_free_agent_takes_him(on: Scene) -> None:
    await on.talk()
    await on.does("t1", "POST", "/transfer", {"target": "queue:enterprise"})
    await on.noted(CallFact.QUEUED, queue="enterprise")
    await on.answers("agent", "t1")  # who alone is ready, and serves that queue too
    await on.hears(citizen={"agent"}, agent={"citizen"})
    await on.does("t1", "POST", "/end")
    record = await on.survey()
    assert (record.queue, record.offers, record.moves, record.agents) == ("general", 2, 1, ("t1",))
    assert [(s.name, s.who) for s in record.segments] == [("1", "t1"), ("2", "t1")]
    assert [r.complete for r in record.recordings] == [True, True]


async def test_to_an_agent_who_is_not_ready_yet_and_then_is(on: Scene) -> None:
    await on.talk()
    await on.does("t1", "POST", "/transfer", {"target": "t2"})
    await on.hears(citizen={MUSIC})
    await on.desk("t1", "idle")
    assert (await on.live())["phase"] == "queue", "t1 has sent him on and is not offered him again"
    await on.api.set_status("t2", "ready")
    second = await on.answers("second", "t2")
    await on.hears(citizen={"second"}, second={"citizen"})
    assert (second.call, on.leg_of(second)) == (on.call_id, "offer")
    await on.does("t2", "POST", "/end")
    record = await on.survey()
    assert (record.agents, record.moves) == (("t1", "t2"), 1)


async def test_to_an_agent_who_does_not_come_the_citizen_gets_somebody_else(on: Scene) -> None:
    await on.talk()
    await on.does("t1", "POST", "/transfer", {"target": "t2"})
    await on.answers("agent", "t1")  # after agent_wait_s
    await on.hears(citizen={"agent"}, agent={"citizen"})
    offered = [m for m in await on.milestones() if m.kind == CallFact.OFFERED]
    queued = [m for m in await on.milestones() if m.kind == CallFact.QUEUED]
    assert offered[-1].at - queued[-1].at == pytest.approx(5.0, abs=0.3)


async def test_to_a_department_that_answers(on: Scene) -> None:
    await on.talk()
    await on.does("t1", "POST", "/transfer", {"target": "water"})
    expert = await on.answers("expert", WATER)
    await on.hears(citizen={"expert"}, expert={"citizen"})
    await on.phase("party")
    await on.noted(CallFact.PARTY_JOINED, mode="blind")
    await on.desk("t1", "idle")
    assert expert.caller == "19999", "the number he dialled, not the citizen's own"
    on.outside.hang_up(expert)
    record = await on.survey()
    assert [(s.name, s.kind, s.who, s.mode) for s in record.segments] == [
        ("1", "agent", "t1", "offer"),
        ("p1", "department", "water", "blind"),
    ]
    assert [r.complete for r in record.recordings] == [True, True]
    assert (record.moves, record.answered, record.lost_at) == (1, True, None)


async def test_to_110_which_sees_whose_emergency_it_is(on: Scene) -> None:
    await on.talk()
    await on.does("t1", "POST", "/transfer", {"target": "110"})
    police = await on.answers("expert", "110")
    await on.hears(citizen={"expert"}, expert={"citizen"})
    assert police.caller == "13800138000"
    assert on.citizen is not None
    on.trunk.hang_up(on.citizen)
    record = await on.over()
    assert (record.ended_side, record.ended_place) == ("caller", "party")
    assert [r.complete for r in record.recordings] == [True, True]


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [(Manner(answers_after_s=None), "no_answer"), (Manner(refuses_with=486), "rejected")],
)
async def test_to_a_department_that_does_not_answer(house: House, tmp_path: Path, manner: Manner, outcome: str) -> None:
    async with scene(house, tmp_path, manners={WATER: manner}) as on:
        await on.talk()
        first = await on.noted(CallFact.QUEUED)
        await on.does("t1", "POST", "/transfer", {"target": "water"})
        await on.hears(citizen={MUSIC})
        await on.noted(CallFact.PARTY_FAILED, limit_s=12, outcome=outcome)
        await on.answers("agent", "t1")
        await on.hears(citizen={"agent"}, agent={"citizen"})
        again = [m for m in await on.milestones() if m.kind == CallFact.QUEUED][-1]
        assert again.data["since"] == first.at, "the place that he had"
        await on.does("t1", "POST", "/end")
        record = await on.survey()
        assert (record.agents, record.lost_at, record.moves) == (("t1",), None, 1)


async def test_the_citizen_hangs_up_while_the_department_rings(house: House, tmp_path: Path) -> None:
    async with scene(house, tmp_path, manners={WATER: Manner(answers_after_s=None)}) as on:
        await on.talk()
        await on.does("t1", "POST", "/transfer", {"target": "water"})
        await on.until_rung(WATER)
        assert on.citizen is not None
        on.trunk.hang_up(on.citizen)
        record = await on.over()
        assert (record.ended_side, record.lost_at) == ("caller", None)
        assert on.rings_of(WATER)[0].over_side == "cancelled"


async def test_while_others_are_in_the_talk_he_cannot_be_sent_on(on: Scene) -> None:
    await on.talk()
    await on.call_in("t1", "water", "conference")
    await on.answers("expert", WATER)
    for target in ("queue:enterprise", "t2", "110"):
        assert (await on.ask("t1", "POST", "/transfer", {"target": target}))[1]["error"] == "others_there"
    await on.does("t1", "DELETE", "/parties/1")
    await on.noted(CallFact.PARTY_LEFT, p=1)
    await on.hears(citizen={"agent"}, agent={"citizen"})
    for target, code in {
        "queue:social_security": "no_seat",
        "t1": "there_already",
        "japanese": "not_in_this_way",
        "general": "unknown_target",
        WATER: "unknown_target",
    }.items():
        assert (await on.ask("t1", "POST", "/transfer", {"target": target}))[1]["error"] == code
