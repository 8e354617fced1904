"""The daemon is killed in talks that several take part in: nobody notices, and the next one knows them all.

What somebody does while no daemon runs is found out by the next one from Asterisk's own list.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls import CallFact
from cti.metrics.record import CallRecord
from tests.support.city import eventually
from tests.support.moving_scene import TAX, WATER, House, Scene, scene, started
from tests.support.telephones import Manner
from tests.support.tones import MUSIC

pytestmark = pytest.mark.timeout(120)
house = pytest.fixture(scope="module")(started)


@pytest_asyncio.fixture
async def on(house: House, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(house, tmp_path) as there:
        yield there


def kill(on: Scene) -> Callable[[], Awaitable[None]]:
    """The daemon dies; what is returned waits for the next one."""
    pid, _ = on.stack.kill_daemon(signal.SIGKILL)

    async def is_back() -> None:
        await eventually(lambda: on.stack.ready[0] not in (0, pid), 40, "another daemon")

    return is_back


async def with_water(on: Scene) -> None:
    await on.talk()
    p = await on.call_in("t1", "water", "conference")
    await on.answers("expert", WATER)
    await on.hears(citizen={"agent", "expert"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
    await on.noted(CallFact.PARTY_JOINED, p=p)


async def consulting(on: Scene) -> int:
    await on.talk()
    p = await on.call_in("t1", "tax", "consult")
    await on.answers("expert", TAX)
    await on.hears(citizen={MUSIC}, agent={"expert"}, expert={"agent"})
    await on.noted(CallFact.PARTY_JOINED, p=p)
    return p


def whole(record: CallRecord, segments: int) -> None:
    assert [r.complete for r in record.recordings] == [True] * segments
    assert len(record.segments) == segments
    assert record.resumed <= 1


async def test_a_three_way_call_goes_on_and_can_be_moved_afterwards(on: Scene) -> None:
    await with_water(on)
    back = kill(on)
    await on.hears(citizen={"agent", "expert"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
    await back()
    await on.desk("t1", "talking")
    await on.does("t1", "POST", "/leave")
    await on.noted(CallFact.HANDED_OVER, by="t1", side="agent")
    await on.hears(citizen={"expert"}, expert={"citizen"})
    on.outside.hang_up(on.rings_of(WATER)[0])
    record = await on.survey()
    whole(record, 2)
    assert (record.moves, record.survey_offered) == (1, True)


@pytest.mark.parametrize("who", ["agent", "expert", "both", "citizen"])
async def test_whoever_leaves_a_three_way_call_while_no_daemon_runs(on: Scene, who: str) -> None:
    await with_water(on)
    back = kill(on)
    if who in ("agent", "both"):
        on.softphones.hang_up(on.rings_of("t1")[0])
    if who in ("expert", "both"):
        on.outside.hang_up(on.rings_of(WATER)[0])
    if who == "citizen":
        assert on.citizen is not None
        on.trunk.hang_up(on.citizen)
    await back()
    if who == "agent":
        await on.noted(CallFact.HANDED_OVER, by="t1")
        await on.hears(citizen={"expert"}, expert={"citizen"})
        await on.desk("t1", "idle")
        on.outside.hang_up(on.rings_of(WATER)[0])
    elif who == "expert":
        await on.noted(CallFact.PARTY_LEFT)
        await on.hears(citizen={"agent"}, agent={"citizen"})
        await on.does("t1", "POST", "/end")
    record = await (on.over() if who == "citizen" else on.survey())
    whole(record, 2)
    assert record.survey_offered == (who != "citizen")
    await on.desk("t1", "idle")


@pytest.mark.parametrize("who", ["nobody", "expert", "agent", "citizen"])
async def test_a_consult_outlives_the_daemon(on: Scene, who: str) -> None:
    p = await consulting(on)
    back = kill(on)
    if who == "expert":
        on.outside.hang_up(on.rings_of(TAX)[0])
    elif who == "agent":
        on.softphones.hang_up(on.rings_of("t1")[0])
    elif who == "citizen":
        assert on.citizen is not None
        on.trunk.hang_up(on.citizen)
    await back()
    if who == "nobody":
        await on.hears(citizen={MUSIC}, agent={"expert"}, expert={"agent"})
        await on.does("t1", "POST", f"/parties/{p}/join")
        await on.hears(citizen={"agent", "expert"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
        await on.does("t1", "POST", "/end")
    elif who == "expert":
        await on.hears(citizen={"agent"}, agent={"citizen"})
        await on.only_channels("t1")
        await on.does("t1", "POST", "/end")
    elif who == "agent":
        await on.hears(citizen={"expert"}, expert={"citizen"})
        await on.noted(CallFact.HANDED_OVER, by="t1")
        await on.only_channels("p1")
        on.outside.hang_up(on.rings_of(TAX)[0])
    record = await (on.over() if who == "citizen" else on.survey())
    whole(record, 2)


async def test_who_answers_while_no_daemon_runs_is_known_by_the_moment_he_answered(
    house: House, tmp_path: Path
) -> None:
    async with scene(house, tmp_path, manners={TAX: Manner(answers_after_s=1.0)}) as on:
        await on.talk()
        p = await on.call_in("t1", "tax", "consult")
        await on.until_rung(TAX)
        await on.noted(CallFact.PARTY_ASKED)
        back = kill(on)
        expert = await on.answers("expert", TAX)
        await back()
        joined = await on.noted(CallFact.PARTY_JOINED, p=p, mode="consult")
        assert joined.at == pytest.approx(expert.answered_at, abs=0.3)
        await on.hears(citizen={MUSIC}, agent={"expert"}, expert={"agent"})
        await on.does("t1", "DELETE", f"/parties/{p}")
        await on.hears(citizen={"agent"}, agent={"citizen"})
        await on.does("t1", "POST", "/end")
        whole(await on.survey(), 2)


async def test_whom_nobody_answered_for_while_no_daemon_ran_is_called_off(house: House, tmp_path: Path) -> None:
    async with scene(house, tmp_path, manners={TAX: Manner(answers_after_s=None)}) as on:
        await on.talk()
        await on.call_in("t1", "tax", "consult")
        await on.until_rung(TAX)
        await on.noted(CallFact.PARTY_ASKED)  # on disk: what is not would only be cut
        await kill(on)()
        await on.noted(CallFact.PARTY_FAILED, limit_s=12)
        await on.hears(citizen={"agent"}, agent={"citizen"})
        await on.only_channels("t1")


async def test_a_whisper_outlives_the_daemon_and_joins(on: Scene) -> None:
    await on.talk()
    p = await on.call_in("t1", "tax", "whisper")
    await on.answers("expert", TAX)
    await on.hears(citizen={"agent"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
    await on.noted(CallFact.PARTY_JOINED, p=p)
    await kill(on)()
    await on.hears(citizen={"agent"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
    await on.does("t1", "POST", f"/parties/{p}/join")
    await on.hears(citizen={"agent", "expert"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
    await on.does("t1", "POST", "/end")
    whole(await on.survey(), 2)


@pytest.mark.parametrize("when", ["dead", "back"])
async def test_a_citizen_who_was_handed_over_gets_the_survey_of_the_next_daemon(on: Scene, when: str) -> None:
    await with_water(on)
    await on.does("t1", "POST", "/leave")
    await on.noted(CallFact.HANDED_OVER)
    back = kill(on)
    if when == "dead":
        on.outside.hang_up(on.rings_of(WATER)[0])
        await back()
    else:
        await back()
        await on.phase("party")
        await on.hears(citizen={"expert"}, expert={"citizen"})
        on.outside.hang_up(on.rings_of(WATER)[0])
    record = await on.survey()
    whole(record, 2)
    assert (record.moves, record.survey_offered) == (1, True)


@pytest.mark.parametrize("when", ["rings", "talks"])
async def test_a_citizen_who_was_sent_on_to_a_department(house: House, tmp_path: Path, when: str) -> None:
    async with scene(house, tmp_path, manners={WATER: Manner(answers_after_s=1.0)}) as on:
        await on.talk()
        await on.does("t1", "POST", "/transfer", {"target": "water"})
        await on.until_rung(WATER)
        await on.noted(CallFact.PARTY_ASKED if when == "rings" else CallFact.PARTY_JOINED)
        back = kill(on)
        expert = await on.answers("expert", WATER)
        await on.hears(citizen={"expert"}, expert={"citizen"})
        await back()
        joined = await on.noted(CallFact.PARTY_JOINED)
        assert joined.at == pytest.approx(expert.answered_at, abs=0.3)
        on.outside.hang_up(expert)
        record = await on.survey()
        whole(record, 2)
        assert (record.moves, record.survey_offered) == (1, True)


async def test_a_colleague_in_the_talk_is_at_his_desk_for_the_next_daemon(on: Scene) -> None:
    await on.talk()
    await on.api.set_status("t2", "ready")
    await on.call_in("t1", "t2", "conference")
    second = await on.answers("second", "t2")
    await on.desk("t2", "talking")
    await kill(on)()
    await on.desk("t2", "talking")
    await on.does("t1", "POST", "/leave")
    await on.noted(CallFact.HANDED_OVER, agent="t2")
    await kill(on)()
    assert (await on.live())["agent"] == "t2"
    on.softphones.hang_up(second)
    record = await on.survey()
    assert record.agents == ("t1", "t2")
    await on.desk("t2", "idle")
