"""Three-way calls and hand-overs on the whole real system: who hears whom, one contact, the right segments, and no
channel left over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls import CallFact
from tests.support.moving_scene import JAPANESE, WATER, House, Scene, scene, started
from tests.support.telephones import Manner

pytestmark = pytest.mark.timeout(120)
house = pytest.fixture(scope="module")(started)


@pytest_asyncio.fixture
async def on(house: House, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(house, tmp_path) as there:
        yield there


async def with_water(on: Scene) -> int:
    """The citizen, agent t1 and a department talk; returns the department's number in the talk."""
    await on.talk()
    p = await on.call_in("t1", "water", "conference")
    await on.answers("expert", WATER)
    await on.hears(citizen={"agent", "expert"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
    await on.noted(CallFact.PARTY_JOINED, p=p, mode="conference")
    return p


async def test_a_department_joins_and_leaves_and_the_agent_goes_on(on: Scene) -> None:
    p = await with_water(on)
    (expert,) = on.rings_of(WATER)

    on.outside.hang_up(expert)
    left = await on.noted(CallFact.PARTY_LEFT, p=p, side="party")
    await on.hears(citizen={"agent"}, agent={"citizen"})
    assert left.data["talk_s"] == pytest.approx(expert.over_at - expert.answered_at, abs=0.3)  # type: ignore[operator]

    await on.does("t1", "POST", "/end")
    record = await on.survey()
    assert (record.survey_offered, record.moves, record.agents) == (True, 0, ("t1",))
    assert [(s.name, s.kind, s.who, s.mode) for s in record.segments] == [
        ("1", "agent", "t1", "offer"),
        ("p1", "department", "water", "conference"),
    ]
    assert [r.complete for r in record.recordings] == [True, True]
    assert on.rings_of(WATER)[0].caller == "19999", "the number that the citizen dialled, not his own"


@pytest.mark.parametrize("how", ["page", "telephone"])
async def test_the_agent_leaves_and_the_department_stays(on: Scene, how: str) -> None:
    p = await with_water(on)
    if how == "page":
        await on.does("t1", "POST", "/leave")
    else:
        on.softphones.hang_up(on.rings_of("t1")[0])

    over = await on.noted(CallFact.HANDED_OVER, p=p, by="t1", agent=None, side="agent")
    await on.hears(citizen={"expert"}, expert={"citizen"})
    await on.phase("party")
    await on.desk("t1", "idle")
    assert float(over.data["talk_s"] or 0) > 0.3
    assert (await on.ask("t1", "POST", "/end"))[0] == 404, "it is his call no more"

    on.outside.hang_up(on.rings_of(WATER)[0])
    record = await on.survey()
    assert (record.survey_offered, record.moves) == (True, 1)
    one, two = record.segments
    assert one.ends is not None
    assert two.ends is not None
    assert one.begins < two.begins < one.ends < two.ends
    assert record.talk_s == pytest.approx(two.ends - one.begins, abs=0.3)
    assert [r.complete for r in record.recordings] == [True, True]


async def test_everybody_hangs_up_and_the_survey_comes(on: Scene) -> None:
    await with_water(on)
    await on.does("t1", "POST", "/end")
    record = await on.survey()
    assert (record.survey_offered, record.moves) == (True, 0)
    assert [r.complete for r in record.recordings] == [True, True]


async def test_the_citizen_hangs_up_and_nobody_goes_on_without_him(on: Scene) -> None:
    await with_water(on)
    assert on.citizen is not None
    on.trunk.hang_up(on.citizen)
    record = await on.over()
    assert (record.ended_side, record.survey_offered) == ("caller", False)
    assert [m.data["side"] for m in await on.milestones() if m.kind == CallFact.PARTY_LEFT] == ["caller"]
    assert [r.complete for r in record.recordings] == [True, True]
    await on.desk("t1", "idle")


async def test_an_agent_who_puts_a_three_way_call_on_hold_leaves_the_others_talking(on: Scene) -> None:
    await with_water(on)
    (ring,) = on.rings_of("t1")
    on.softphones.hold(ring, True)
    await on.noted(CallFact.HELD, agent="t1")
    await on.desk("t1", "held")
    await asyncio.sleep(1)
    on.softphones.hold(ring, False)
    await on.noted(CallFact.UNHELD, agent="t1")
    await on.hears(citizen={"agent", "expert"}, expert={"citizen", "agent"})
    await on.does("t1", "POST", "/end")
    assert (await on.survey()).held_s == 0.0, "the citizen heard no music"


async def test_an_interpreter_beside_a_department_and_one_of_them_is_dropped(on: Scene) -> None:
    p = await with_water(on)
    await on.call_in("t1", "japanese", "conference")
    await on.answers("second", JAPANESE)
    await on.hears(
        citizen={"agent", "expert", "second"},
        agent={"citizen", "expert", "second"},
        expert={"citizen", "agent", "second"},
        second={"citizen", "agent", "expert"},
    )
    await on.does("t1", "DELETE", f"/parties/{p}")
    await on.noted(CallFact.PARTY_LEFT, p=p, side="agent")
    await on.hears(citizen={"agent", "second"}, second={"citizen", "agent"})
    await on.does("t1", "POST", "/end")
    record = await on.survey()
    assert [s.who for s in record.segments] == ["t1", "water", "japanese"]
    assert len(record.recordings) == 3


async def test_an_agent_hands_a_citizen_over_to_a_colleague_who_leads_from_then_on(on: Scene) -> None:
    await on.talk()
    await on.api.set_status("t2", "ready")
    await on.call_in("t1", "t2", "conference")
    await on.desk("t2", "offered")
    second = await on.answers("second", "t2")
    assert (second.call, on.leg_of(second)) == (on.call_id, "party")
    await on.desk("t2", "talking")
    await on.hears(citizen={"agent", "second"}, agent={"citizen", "second"}, second={"citizen", "agent"})

    await on.does("t1", "POST", "/leave")
    await on.noted(CallFact.HANDED_OVER, by="t1", agent="t2")
    await on.hears(citizen={"second"}, second={"citizen"})
    await on.desk("t1", "idle")
    assert (await on.live())["agent"] == "t2"

    p = await on.call_in("t2", "water", "conference")
    await on.answers("expert", WATER)
    await on.hears(citizen={"second", "expert"}, second={"citizen", "expert"}, expert={"citizen", "second"})
    on.softphones.hang_up(second)
    await on.noted(CallFact.PARTY_LEFT, agent="t2")
    await on.hears(citizen={"expert"}, expert={"citizen"})
    await on.phase("party")
    on.outside.hang_up(on.rings_of(WATER)[0])
    record = await on.survey()
    assert p == 2
    assert (record.agents, record.moves, record.survey_offered) == (("t1", "t2"), 1, True)
    assert [(s.name, s.who) for s in record.segments] == [("1", "t1"), ("p1", "t2"), ("p2", "water")]
    await on.desk("t2", "idle")


async def test_an_agent_whose_line_goes_dead_in_a_three_way_call_costs_the_citizen_nothing(on: Scene) -> None:
    await with_water(on)
    on.rings_of("t1")[0].line.silence()  # his network is gone; Asterisk notices by rtp_timeout
    await on.noted(CallFact.HANDED_OVER, limit_s=15, by="t1", side="agent_lost")
    await on.hears(citizen={"expert"}, expert={"citizen"})
    on.outside.hang_up(on.rings_of(WATER)[0])
    record = await on.survey()
    assert (record.survey_offered, record.agent_lost) == (True, 0)


MANNERS = {
    "no_answer": Manner(answers_after_s=None),
    "rejected": Manner(refuses_with=486),
    "unreachable": Manner(refuses_with=404),
}


@pytest.mark.parametrize("outcome", MANNERS)
@pytest.mark.parametrize("target", ["110", "water"])
async def test_whoever_does_not_come_the_talk_goes_on(house: House, tmp_path: Path, outcome: str, target: str) -> None:
    manners = {"110": MANNERS[outcome], WATER: MANNERS[outcome]}
    async with scene(house, tmp_path, manners=manners) as on:
        await on.talk()
        await on.call_in("t1", target, "conference")
        failed = await on.noted(CallFact.PARTY_FAILED, limit_s=12, p=1)
        assert failed.data["outcome"] == outcome
        await on.hears(citizen={"agent"}, agent={"citizen"})
        await on.does("t1", "POST", "/end")
        record = await on.survey()
        assert ([s.name for s in record.segments], record.survey_offered) == (["1"], True)


async def test_110_is_joined_by_one_key_and_the_agent_stays_or_goes(on: Scene) -> None:
    await on.talk()
    await on.call_in("t1", "110", "conference")
    await on.answers("expert", "110")
    await on.hears(citizen={"agent", "expert"}, expert={"citizen", "agent"})
    await on.does("t1", "POST", "/leave")
    await on.hears(citizen={"expert"}, expert={"citizen"})
    on.outside.hang_up(on.rings_of("110")[0])
    record = await on.survey()
    assert [(s.kind, s.who) for s in record.segments] == [("agent", "t1"), ("emergency", "110")]


async def test_who_rings_in_vain_is_called_off(house: House, tmp_path: Path) -> None:
    async with scene(house, tmp_path, manners={WATER: MANNERS["no_answer"]}) as on:
        await on.talk()
        p = await on.call_in("t1", "water", "conference")
        await on.until_rung(WATER)
        await on.does("t1", "DELETE", f"/parties/{p}")
        await on.noted(CallFact.PARTY_FAILED, p=p, outcome="withdrawn")
        assert on.rings_of(WATER)[0].over_side == "cancelled"
        await on.hears(citizen={"agent"}, agent={"citizen"})


async def test_what_the_rules_do_not_allow_is_refused_and_nobody_is_called(on: Scene) -> None:
    await on.talk()
    refused = {
        (WATER, "conference"): "unknown_target",
        ("10001&PJSIP/trunk/sip:1", "conference"): "unknown_target",
        ("PJSIP/110@trunk", "conference"): "unknown_target",
        ("japanese", "consult"): "not_in_this_way",
        ("queue:general", "conference"): "not_in_this_way",
        ("t2", "conference"): "agent_not_free",
        ("t1", "conference"): "agent_not_free",
    }
    for (target, mode), code in refused.items():
        status, answer = await on.ask("t1", "POST", "/parties", {"target": target, "mode": mode})
        assert (status in (404, 409), answer["error"]) == (True, code), target
    assert (await on.ask("t1", "POST", "/leave"))[1]["error"] == "nobody_stays"
    assert (await on.ask("t1", "POST", "/parties/1/join"))[1]["error"] == "unknown_party"
    # of another's call nothing is said, not even that it is there
    assert (await on.ask("t2", "POST", "/parties", {"target": "water", "mode": "conference"}))[0] == 404
    await on.call_in("t1", "water", "conference")
    await on.answers("expert", WATER)
    assert (await on.ask("t1", "POST", "/parties", {"target": "water", "mode": "conference"}))[1]["error"] == (
        "there_already"
    )
    assert [ring.user for ring in on.outside.rings] == [WATER]
