"""Consults in private and whispers on the whole real system: who hears whom, what is recorded where.

And that the citizen is with somebody afterwards, whoever hangs up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls import CallFact
from tests.support.moving_scene import TAX, House, Scene, scene, started
from tests.support.telephones import Manner
from tests.support.tones import MUSIC, sung

pytestmark = pytest.mark.timeout(120)
house = pytest.fixture(scope="module")(started)
SILENT = Manner(answers_after_s=None)


@pytest_asyncio.fixture
async def on(house: House, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(house, tmp_path) as there:
        yield there


async def consulting(on: Scene, target: str = "tax", user: str = TAX, name: str = "expert") -> int:
    """Agent t1 speaks to an expert in private, and the citizen hears music; returns the expert's number."""
    await on.talk()
    p = await on.call_in("t1", target, "consult")
    await on.answers(name, user)
    await on.hears(citizen={MUSIC}, agent={name}, **{name: {"agent"}})
    await on.noted(CallFact.PARTY_JOINED, p=p, mode="consult")
    return p


async def test_a_consult_becomes_a_talk_of_three_and_the_agent_leaves(on: Scene) -> None:
    p = await consulting(on)
    assert (await on.ask("t1", "POST", "/parties", {"target": "water", "mode": "conference"}))[1]["error"] == (
        "consulting"
    )
    await on.does("t1", "POST", f"/parties/{p}/join")
    await on.hears(citizen={"agent", "expert"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
    joined = await on.noted(CallFact.PARTY_JOINED, p=p, mode="conference")
    await on.does("t1", "POST", "/leave")
    await on.hears(citizen={"expert"}, expert={"citizen"})
    await on.noted(CallFact.HANDED_OVER, p=p)
    await on.only_channels("p1")
    on.outside.hang_up(on.rings_of(TAX)[0])

    record = await on.survey()
    asked = await on.noted(CallFact.PARTY_ASKED, p=p)
    assert record.held_s == pytest.approx(joined.at - asked.at, abs=0.05)
    assert [(s.name, s.mode) for s in record.segments] == [("1", "offer"), ("p1", "consult")]
    # What the two said in private stands in the expert's part of the recording alone.
    agents, experts = on.recorded(record, "1"), on.recorded(record, "p1")
    alone_s = joined.at - (await on.noted(CallFact.PARTY_JOINED, p=p, mode="consult")).at
    assert sung(experts.citizen, "agent") > alone_s
    assert sung(agents.citizen, "expert") < sung(experts.citizen, "agent") - 0.7 * alone_s
    # Each on his own side, and nobody else on it: left is what they hear, and right what they say.
    assert sung(agents.agent, "agent") > 0
    assert sung(experts.agent, "expert") > alone_s
    assert (sung(agents.agent, "citizen"), sung(agents.agent, "expert"), sung(agents.citizen, "agent")) == (0, 0, 0)
    assert (sung(experts.agent, "citizen"), sung(experts.agent, "agent"), sung(experts.citizen, "expert")) == (0, 0, 0)
    assert sung(agents.agent, "agent") == pytest.approx(sung(agents.citizen, "citizen"), abs=1.0)


@pytest.mark.parametrize("how", ["dropped", "hangs_up"])
async def test_a_consult_ends_and_the_agent_is_back_with_the_citizen(on: Scene, how: str) -> None:
    p = await consulting(on)
    if how == "dropped":
        await on.does("t1", "DELETE", f"/parties/{p}")
    else:
        on.outside.hang_up(on.rings_of(TAX)[0])
    await on.noted(CallFact.PARTY_LEFT, p=p, side="agent" if how == "dropped" else "party")
    await on.hears(citizen={"agent"}, agent={"citizen"})
    await on.only_channels("t1")
    # the recording of their talk goes on
    await on.does("t1", "POST", "/end")
    record = await on.survey()
    assert (record.survey_offered, record.moves, len(record.recordings)) == (True, 0, 2)
    assert [r.complete for r in record.recordings] == [True, True]
    agents = on.recorded(record, "1")
    assert sung(agents.citizen, "expert") < 0.3
    assert sung(agents.agent, "expert") == 0


@pytest.mark.parametrize("manner", [SILENT, Manner(refuses_with=486)], ids=["no_answer", "rejected"])
async def test_whoever_is_not_reached_the_agent_is_back_with_the_citizen(
    house: House, tmp_path: Path, manner: Manner
) -> None:
    async with scene(house, tmp_path, manners={TAX: manner}) as on:
        await on.talk()
        p = await on.call_in("t1", "tax", "consult")
        if manner is SILENT:
            await on.hears(citizen={MUSIC}, agent={MUSIC})  # of which the agent's is the ring tone
        await on.noted(CallFact.PARTY_FAILED, limit_s=12, p=p)
        await on.hears(citizen={"agent"}, agent={"citizen"})
        await on.only_channels("t1")
        await on.does("t1", "POST", "/end")
        record = await on.survey()
        assert [r.complete for r in record.recordings] == [True]
        agents = on.recorded(record, "1")
        assert sung(agents.citizen, "citizen") > 0
        assert sung(agents.agent, "citizen") == 0


async def test_who_is_called_off_while_it_rings_leaves_the_agent_with_the_citizen(house: House, tmp_path: Path) -> None:
    async with scene(house, tmp_path, manners={TAX: SILENT}) as on:
        await on.talk()
        p = await on.call_in("t1", "tax", "consult")
        await on.until_rung(TAX)
        await on.does("t1", "DELETE", f"/parties/{p}")
        await on.noted(CallFact.PARTY_FAILED, p=p, outcome="withdrawn")
        await on.hears(citizen={"agent"}, agent={"citizen"})
        await on.only_channels("t1")


async def test_an_agent_who_hangs_up_in_a_consult_has_handed_the_citizen_over(on: Scene) -> None:
    """As every office telephone does it: speak to the colleague, put the receiver down."""
    p = await consulting(on)
    on.softphones.hang_up(on.rings_of("t1")[0])
    await on.hears(citizen={"expert"}, expert={"citizen"})
    await on.noted(CallFact.HANDED_OVER, p=p, by="t1")
    await on.desk("t1", "idle")
    await on.only_channels("p1")
    on.outside.hang_up(on.rings_of(TAX)[0])
    record = await on.survey()
    assert (record.moves, record.survey_offered) == (1, True)


async def test_an_agent_who_hangs_up_while_it_rings_leaves_the_citizen_to_whom_he_called(
    house: House, tmp_path: Path
) -> None:
    async with scene(house, tmp_path, manners={TAX: Manner(answers_after_s=2.0)}) as on:
        await on.talk()
        await on.call_in("t1", "tax", "consult")
        await on.until_rung(TAX)
        on.softphones.hang_up(on.rings_of("t1")[0])
        await on.answers("expert", TAX)
        await on.hears(citizen={"expert"}, expert={"citizen"})
        await on.noted(CallFact.HANDED_OVER, by="t1")
        await on.only_channels("p1")


async def test_an_agent_who_hangs_up_and_nobody_comes_gets_the_citizen_back(house: House, tmp_path: Path) -> None:
    async with scene(house, tmp_path, manners={TAX: SILENT}) as on:
        await on.talk()
        await on.call_in("t1", "tax", "consult")
        await on.until_rung(TAX)
        on.softphones.hang_up(on.rings_of("t1")[0])
        await on.hears(citizen={MUSIC})
        await on.noted(CallFact.PARTY_FAILED, limit_s=12)
        await on.answers("agent", "t1")
        await on.hears(citizen={"agent"}, agent={"citizen"})
        await on.does("t1", "POST", "/end")
        record = await on.survey()
        assert (record.agents, record.offers, record.lost_at) == (("t1",), 2, None)


async def test_the_citizen_hangs_up_during_a_consult(on: Scene) -> None:
    await consulting(on)
    assert on.citizen is not None
    on.trunk.hang_up(on.citizen)
    record = await on.over()
    assert record.ended_side == "caller"
    assert [r.complete for r in record.recordings] == [True, True]
    await on.desk("t1", "idle")


async def test_everybody_hangs_up_during_a_consult_and_the_survey_comes(on: Scene) -> None:
    await consulting(on)
    await on.does("t1", "POST", "/end")
    record = await on.survey()
    assert (record.moves, record.survey_offered) == (0, True)


async def test_a_colleague_is_consulted_and_takes_over(on: Scene) -> None:
    await on.api.set_status("t2", "ready")
    await on.api.set_status("t2", "break", "rest")
    await on.talk()
    await on.api.set_status("t2", "ready")
    await on.call_in("t1", "t2", "consult")
    await on.answers("second", "t2")
    await on.hears(citizen={MUSIC}, agent={"second"}, second={"agent"})
    await on.desk("t2", "talking")
    await on.does("t1", "POST", "/leave")
    await on.hears(citizen={"second"}, second={"citizen"})
    await on.noted(CallFact.HANDED_OVER, agent="t2", by="t1")
    await on.desk("t1", "idle")
    await on.does("t2", "POST", "/end")
    record = await on.survey()
    assert (record.agents, record.moves) == (("t1", "t2"), 1)


async def whispering(on: Scene) -> int:
    await on.talk()
    p = await on.call_in("t1", "tax", "whisper")
    await on.answers("expert", TAX)
    await on.hears(citizen={"agent"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
    await on.noted(CallFact.PARTY_JOINED, p=p, mode="whisper")
    return p


async def test_an_expert_whispers_and_joins(on: Scene) -> None:
    p = await whispering(on)
    await on.does("t1", "POST", f"/parties/{p}/join")
    await on.hears(citizen={"agent", "expert"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
    await on.noted(CallFact.PARTY_JOINED, p=p, mode="conference")
    await on.does("t1", "POST", "/end")
    record = await on.survey()
    assert record.held_s == 0.0
    assert [r.complete for r in record.recordings] == [True, True]


@pytest.mark.parametrize("who", ["expert", "agent", "citizen"])
async def test_whoever_hangs_up_during_a_whisper(on: Scene, who: str) -> None:
    p = await whispering(on)
    if who == "expert":
        on.outside.hang_up(on.rings_of(TAX)[0])
        await on.noted(CallFact.PARTY_LEFT, p=p, side="party")
        await on.hears(citizen={"agent"}, agent={"citizen"})
        await on.does("t1", "POST", "/end")
        record = await on.survey()
    elif who == "agent":
        assert (await on.ask("t1", "POST", "/leave"))[1]["error"] == "nobody_stays"
        on.softphones.hang_up(on.rings_of("t1")[0])
        record = await on.survey()
    else:
        assert on.citizen is not None
        on.trunk.hang_up(on.citizen)
        record = await on.over()
    assert (record.moves, record.survey_offered) == (0, who != "citizen")
    assert [r.complete for r in record.recordings] == [True, True]
    experts = on.recorded(record, "p1")
    assert sung(experts.agent, "expert") > 0
    assert sung(experts.citizen, "expert") == 0
