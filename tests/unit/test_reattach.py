"""A browser that is lost in the talk: the citizen waits for the same agent, for a while, and for nobody else's sake.

Time is virtual (looptime).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from cti.calls import AgentFact, AgentId, CallFact, CallId
from cti.contact import Contact
from cti.metrics.record import fold_with_faults
from tests.support.scripted_line import ScriptedLine
from tests.support.town import Town

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

FLOW = """
flow: city
languages: [zh-CN]
person: general
start: general
nodes:
  general: {type: route, queue: general, after: bye}
  bye: {type: hangup, prompts: goodbye}
"""
URGENT = FLOW.replace("queue: general", "queue: general, priority_s: 86400")
A1, A2 = AgentId("a1"), AgentId("a2")
CALL, OTHER = CallId("n1-1.1"), CallId("n1-2.2")
AWAY = {"reason": "phone_away"}
Dial = Callable[[ScriptedLine, tuple[str, ...]], Awaitable[str]]


class Talks:
    """What becomes of the talks, one after the other: seconds, and whether the browser is lost then. `rings`: when, to
    whom and as what."""

    def __init__(self, town: Town, *talks: tuple[float, bool]) -> None:
        self._town = town
        self._talks: Iterator[tuple[float, bool]] = iter(talks)
        self.rings: list[tuple[str, str]] = []
        self.lost_at = self.back_at = 0.0

    async def __call__(self, line: ScriptedLine, args: tuple[str, ...]) -> str:
        town, loop = self._town, asyncio.get_running_loop()
        agent = AgentId(args[0].removeprefix("PJSIP/"))
        self.rings.append(
            (agent, args[2].partition(")b(")[2].partition("^s^1(")[2].partition(")")[0].rpartition("^")[2])
        )
        seconds, lost = next(self._talks)
        self.back_at = loop.time()
        await asyncio.sleep(0.1)
        Contact(town.exchange, CallId(line.env.uniqueid), town.house.recordings).answered(agent, town.exchange.wall())
        await asyncio.sleep(seconds)
        await asyncio.to_thread(town.record, line, seconds)
        line.variables["CTI_AGENT_LOST"] = "1" if lost else ""
        if lost:
            self.lost_at = loop.time()
            town.exchange.agent(AgentFact.HELD_BACK, agent, AWAY)
        return "ANSWER"


def in_browser(town: Town, *agents: AgentId) -> None:
    for agent in agents:
        town.ready(agent)
        town.exchange.agent(AgentFact.SOFTPHONE, agent, {"login": "l1"})


def back(town: Town, agent: AgentId) -> None:
    town.exchange.agent(AgentFact.RELEASED, agent, AWAY)


def calls(town: Town, dial: Dial, call: CallId = CALL) -> asyncio.Task[ScriptedLine]:
    return asyncio.ensure_future(town.run(ScriptedLine(call, dial=dial)))


async def test_the_same_agent_goes_on_as_soon_as_his_telephone_is_there_again(tmp_path: Path) -> None:
    # Given a talk, and a colleague who is idle
    town = Town(tmp_path, "a1", "a2", flow=FLOW)
    in_browser(town, A1)
    talks = Talks(town, (30.0, True), (20.0, False))
    calling = calls(town, talks)
    await asyncio.sleep(1)
    in_browser(town, A2)

    # When the page is loaded again
    await asyncio.sleep(30)
    assert talks.lost_at
    assert town.board.calls[CALL].phase == "queue"
    back(town, A1)
    await asyncio.sleep(0.01)

    # Then he rings again, as one who answers by himself, and the record has both talks
    assert talks.back_at - talks.lost_at < 1.2
    line = await calling
    assert talks.rings == [("a1", "offer"), ("a1", "reattach")]
    assert line.said.count("music") >= 1, "the citizen heard music meanwhile"
    record, faults = fold_with_faults([m for m in town.journal if m.id == CALL])
    assert (record.agents, record.agent_lost, record.offers, faults) == (("a1",), 1, 2, ())
    assert len(record.recordings) == 2
    assert town.board.desks[A1].misses == 0


async def test_who_does_not_come_back_in_time_leaves_his_citizen_to_the_next(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", "a2", flow=FLOW)
    in_browser(town, A1)
    talks = Talks(town, (30.0, True), (20.0, False))
    calling = calls(town, talks)
    await asyncio.sleep(1)
    in_browser(town, A2)
    await calling
    assert talks.rings == [("a1", "offer"), ("a2", "offer")]
    assert talks.back_at - talks.lost_at == pytest.approx(8.0, abs=0.1)
    first, second = (m for m in town.journal if m.kind == CallFact.QUEUED)
    assert second.data["since"] == first.at, "with the place he had"


async def test_neither_of_them_is_anybody_elses_meanwhile(tmp_path: Path) -> None:
    # Given a talk that is lost, with an emergency who waits
    town = Town(tmp_path, "a1", flow=FLOW)
    in_browser(town, A1)
    talks, others = Talks(town, (30.0, True), (20.0, False)), Talks(town, (5.0, False))
    calling = calls(town, talks)
    await asyncio.sleep(1)
    town.change_flow(URGENT)
    urgent = calls(town, others, OTHER)
    await asyncio.sleep(31)
    # When the agent is back, then he goes on with his citizen first
    back(town, A1)
    await asyncio.gather(calling, urgent)
    assert talks.rings[1] == ("a1", "reattach")
    assert others.rings == [("a1", "offer")]
    assert town.last(CallFact.ANSWERED).at < town.last(CallFact.ANSWERED, OTHER).at


async def test_a_page_that_is_back_before_the_talk_is_over_gets_nobody_else(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", flow=FLOW)
    in_browser(town, A1)
    talks, others = Talks(town, (30.0, True), (20.0, False)), Talks(town, (5.0, False))

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        status = await talks(line, args)
        back(town, A1)
        return status

    calling = calls(town, dial)
    await asyncio.sleep(1)
    waiting = calls(town, others, OTHER)
    await asyncio.gather(calling, waiting)
    assert talks.rings == [("a1", "offer"), ("a1", "reattach")]
    assert others.rings == [("a1", "offer")]


@pytest.mark.parametrize("chosen", ["break", "offline"])
async def test_what_he_chose_for_after_the_talk_counts_after_the_talk(tmp_path: Path, chosen: str) -> None:
    town = Town(tmp_path, "a1", "a2", flow=FLOW)
    in_browser(town, A1)
    talks = Talks(town, (30.0, True), (20.0, False))
    calling = calls(town, talks)
    await asyncio.sleep(1)
    in_browser(town, A2)
    town.exchange.agent(AgentFact.STATUS, A1, {"status": chosen, "reason": "lunch"})
    await asyncio.sleep(30.5)
    back(town, A1)
    await calling
    again = ("a1", "reattach") if chosen == "break" else ("a2", "offer")
    assert talks.rings == [("a1", "offer"), again]
    assert town.board.desks[A1].status == chosen


async def test_a_telephone_on_a_desk_does_not_come_back_by_itself(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", "a2", flow=FLOW)
    town.ready("a1")
    talks = Talks(town, (30.0, True), (20.0, False))
    calling = calls(town, talks)
    await asyncio.sleep(1)
    town.ready("a2")
    await calling
    assert talks.rings == [("a1", "offer"), ("a2", "offer")]
    assert talks.back_at - talks.lost_at < 0.5


async def test_a_ring_that_he_does_not_take_leaves_his_citizen_to_the_next(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", "a2", flow=FLOW)
    in_browser(town, A1)
    talks = Talks(town, (30.0, True), (20.0, False))
    rings = 0

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        nonlocal rings
        rings += 1
        if rings == 2:
            assert args[0] == "PJSIP/a1"
            await asyncio.sleep(float(args[1]))
            return "NOANSWER"
        return await talks(line, args)

    calling = calls(town, dial)
    await asyncio.sleep(1)
    in_browser(town, A2)
    await asyncio.sleep(30.5)
    back(town, A1)
    await calling
    assert talks.rings == [("a1", "offer"), ("a2", "offer")]


async def test_a_citizen_who_hangs_up_meanwhile_leaves_the_agent_free(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", flow=FLOW)
    in_browser(town, A1)
    talks, others = Talks(town, (30.0, True)), Talks(town, (5.0, False))
    line = ScriptedLine(CALL, dial=talks)
    calling = asyncio.ensure_future(town.run(line))
    await asyncio.sleep(31)
    line.leave()
    await calling
    back(town, A1)
    await calls(town, others, OTHER)
    assert others.rings == [("a1", "offer")]
    assert town.last(CallFact.ENDED, CALL).data["lost_at"] is None
