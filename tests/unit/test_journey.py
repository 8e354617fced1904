"""A call's life on a scripted line: given a caller who does this, when it happens, then the record says so.

Time is virtual (looptime): a wait of minutes takes no time.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cti.calls import AgentFact, AgentId, CallFact, CallId
from tests.support.scripted_line import ScriptedLine
from tests.support.town import Town, no_answer, talks

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

POLICE = """
flow: city
languages: [zh-CN]
person: general
start: police
nodes:
  police: {type: transfer, target: "110", prompts: transfer_110, otherwise: general, after: bye}
  general: {type: route, queue: general, after: bye}
  bye: {type: hangup, prompts: goodbye}
"""


async def test_a_whole_call_from_menu_to_rating(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.ready("a1")
    line = await town.run(ScriptedLine(keys=[(1.0, "1"), (65.0, "2")], dial=talks(town, 60.0)))
    assert town.kinds() == [
        "arrived",
        "menu_entered",
        "human_asked",
        "queued",
        "offered",
        "answered",
        "talk_ended",
        "survey_offered",
        "recorded",
        "rated",
        "ended",
    ]
    assert town.last(CallFact.RATED).data == {"score": 2, "satisfied": True}
    assert town.last(CallFact.RECORDED).data["complete"] is True
    assert town.last(CallFact.TALK_ENDED).data["side"] == "agent"
    assert town.last(CallFact.ENDED).data == {
        "side": "system",
        "place": "after_talk",
        "lost_at": None,
        "estimated": False,
    }
    assert line.variables["CTI_DONE"] == "1"
    assert line.said[-2:] == ["thanks_goodbye", "hangup"]
    assert [m.seq for m in town.journal if m.id == "n1-1.1"] == list(range(1, 1 + len(town.kinds()) + 4))


async def test_hanging_up_in_the_menu_is_lost_in_the_menu(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.run(ScriptedLine(keys=[(1.0, "hangup")]))
    assert town.last(CallFact.ENDED).data["lost_at"] == "menu"
    assert town.board.calls == {}


async def test_silence_reaches_a_person(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.ready("a1")
    await town.run(ScriptedLine(dial=talks(town, 5.0)))
    assert town.last(CallFact.HUMAN_ASKED).data["by"] == "silence"
    assert town.last(CallFact.ANSWERED).data["agent"] == "a1"
    assert "rated" not in town.kinds()


async def test_a_waiting_caller_is_woken_at_once_and_hears_his_position_first(tmp_path: Path) -> None:
    town = Town(tmp_path)
    line = ScriptedLine(keys=[(1.0, "1")], dial=talks(town, 5.0))
    loop = asyncio.get_running_loop()
    journey = asyncio.ensure_future(town.run(line))
    await asyncio.sleep(17.3)  # in the middle of the first position announcement (virtual seconds)
    assert line.said[-1] == "position=1"
    before = loop.time()
    town.ready("a1")
    while "Dial PJSIP/a1" not in line.said:
        await asyncio.sleep(0)
    assert loop.time() - before < 0.1, "the announcement was cut short"
    await journey
    assert town.last(CallFact.ANSWERED).data["wait_s"] == pytest.approx(17.3 - 1.0 + 2.0, abs=0.1)


async def test_ring_no_answer_keeps_the_place_and_the_next_agent_gets_the_call(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", "a2")
    town.ready("a1")
    answers = talks(town, 5.0)

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        if args[0] == "PJSIP/a1":
            town.ready("a2")
            return await no_answer(line, args)
        return await answers(line, args)

    await town.run(ScriptedLine(keys=[(1.0, "1")], dial=dial))
    assert town.kinds().count("queued") == 1
    assert town.last(CallFact.OFFER_FAILED).data["outcome"] == "no_answer"
    assert town.last(CallFact.ANSWERED).data["agent"] == "a2"
    assert town.board.desks[AgentId("a1")].misses == 1


@pytest.mark.parametrize(("agents_ready", "lost_at"), [(True, "queue"), (False, "no_seat")])
async def test_hanging_up_while_waiting(tmp_path: Path, agents_ready: bool, lost_at: str) -> None:
    town = Town(tmp_path)
    if agents_ready:
        town.exchange.agent(AgentFact.LOGGED_IN, AgentId("a1"))  # there, but on a break
    await town.run(ScriptedLine(keys=[(1.0, "1"), (20.0, "hangup")]))
    assert town.last(CallFact.ENDED).data["lost_at"] == lost_at


async def test_hanging_up_while_it_rings_frees_the_agent_for_the_next(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.ready("a1")
    await town.run(ScriptedLine(keys=[(1.0, "1"), (5.0, "hangup")], dial=no_answer))
    assert town.last(CallFact.OFFER_FAILED).data["outcome"] == "caller_left"
    assert town.last(CallFact.ENDED).data["lost_at"] == "ringing"
    assert town.board.desks[AgentId("a1")].status == "ready"
    assert list(tmp_path.rglob("*.wav")) == []


async def test_hanging_up_in_the_talk_ends_it_and_measures_the_recording(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.ready("a1")
    line = ScriptedLine(keys=[(1.0, "1"), (12.0, "hangup")], dial=talks(town, 60.0))
    journey = asyncio.ensure_future(town.run(line))
    await asyncio.sleep(13.1)
    town.record(line, 0.25)  # a disk that was full
    await journey
    assert line.said[-1] == "closed", "the line is let go before the file is measured"
    assert town.last(CallFact.TALK_ENDED).data["side"] == "caller"
    assert town.last(CallFact.RECORDED).data["complete"] is False
    assert town.last(CallFact.ENDED).data["lost_at"] is None


async def test_a_wrong_rating_is_asked_once_more_and_silence_is_no_rating(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.ready("a1")
    line = await town.run(ScriptedLine(keys=[(1.0, "1"), (9.0, "7"), (1.0, "3")], dial=talks(town, 5.0)))
    assert town.last(CallFact.RATED).data == {"score": 3, "satisfied": False}
    assert "survey_again" in line.said
    assert town.kinds().count("survey_offered") == 1


async def test_a_cut_connection_detaches_and_the_call_comes_back_with_its_place(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.run(ScriptedLine(keys=[(1.0, "1"), (10.0, "eof")]))
    assert not town.board.calls[CallId("n1-1.1")].attached
    other = ScriptedLine("n1-1.2", keys=[(1.0, "1")], dial=talks(town, 5.0))
    second = asyncio.ensure_future(town.run(other))
    await asyncio.sleep(2.0)
    back = asyncio.ensure_future(town.run(ScriptedLine(dial=talks(town, 5.0))))
    await asyncio.sleep(1.0)
    assert town.board.position(CallId("n1-1.1")) == 1
    town.ready("a1")
    await asyncio.gather(back, second)
    answers = [m.id for m in town.journal if m.kind == CallFact.ANSWERED]
    assert answers == ["n1-1.1", "n1-1.2"]
    assert town.kinds().count("queued") == 1


async def test_a_talk_that_went_on_through_a_crash_is_rated_and_complete(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.ready("a1")
    journey = asyncio.ensure_future(town.run(ScriptedLine(keys=[(1.0, "1")], dial=talks(town, 600.0))))
    await asyncio.sleep(20.0)
    journey.cancel()  # the daemon dies; the talk goes on in Asterisk
    await asyncio.wait({journey})
    town.journal[:] = [m for m in town.journal if m.kind not in ("recorded", "ended")]
    after = Town(tmp_path, journal=list(town.journal))
    after.board.recover(town.journal, after.exchange.wall())
    await asyncio.sleep(40.0)
    ended_at = f"{after.last(CallFact.ANSWERED).at + 50.25:.3f}"
    line = await after.run(ScriptedLine(keys=[(3.0, "1")], dial_status="ANSWER", lost_at=ended_at))
    assert after.kinds()[-1] == "ended"
    assert after.last(CallFact.TALK_ENDED).data["talk_s"] == 50.25
    assert after.last(CallFact.TALK_ENDED).at == after.last(CallFact.ANSWERED).at + 50.25
    assert after.last(CallFact.RATED).data["score"] == 1
    assert [m.kind for m in after.journal].count("ended") == 1
    assert line.variables["CTI_DONE"] == "1"


async def test_a_recording_that_the_dead_daemon_had_not_measured_is_measured(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.ready("a1")

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        status = str(await talks(town, 5.0)(line, args))
        town.record(line, 5.0, closed=False)  # not on a thread: the clock of the test would go on
        return status

    line = ScriptedLine(keys=[(1.0, "1")], dial=dial)
    journey = asyncio.ensure_future(town.run(line))
    while "talk_ended" not in town.kinds():
        await asyncio.sleep(0.01)
    journey.cancel()
    await asyncio.wait({journey})
    assert "recorded" not in town.kinds()
    await asyncio.to_thread(town.record, line, 5.0)
    after = Town(tmp_path, journal=list(town.journal))
    after.board.recover(town.journal, after.exchange.wall())
    await after.run(ScriptedLine(keys=[(3.0, "1")], dial_status="ANSWER"))
    recorded = [m.data for m in after.journal if m.kind == CallFact.RECORDED]
    talk_s = town.last(CallFact.TALK_ENDED).data["talk_s"]
    assert talk_s == pytest.approx(5.0, abs=0.1)  # to the tick of a clock that a thread may have moved
    assert [(data["n"], data["talk_s"], data["complete"]) for data in recorded] == [(1, talk_s, True)]
    assert after.kinds()[-1] == "ended"
    assert [path.name for path in tmp_path.rglob("*.wav")] == ["n1-1.1-1.wav"]


async def test_a_talk_whose_offer_was_not_journaled_is_found_again(tmp_path: Path) -> None:
    """The offer was made in the last milliseconds before the crash; the caller does not wait a second time."""
    town = Town(tmp_path)
    journey = asyncio.ensure_future(town.run(ScriptedLine(keys=[(1.0, "1")])))
    await asyncio.sleep(20.0)
    journey.cancel()
    await asyncio.wait({journey})
    after = Town(tmp_path, journal=list(town.journal))
    after.board.recover(town.journal, after.exchange.wall())
    await asyncio.sleep(40.0)
    line = ScriptedLine(keys=[(3.0, "1")], dial_status="ANSWER")
    line.variables["CTI_ANSWERED_AT"] = f"{after.exchange.wall() - 30:.3f}"
    line.variables["DIALEDPEERNUMBER"] = "a1"
    await after.run(line)
    assert after.last(CallFact.TALK_ENDED).data["talk_s"] == pytest.approx(30.0, abs=1.0)
    assert after.last(CallFact.TALK_ENDED).data["agent"] == "a1"
    assert after.last(CallFact.RATED).data["score"] == 1
    assert after.kinds().count("queued") == 1


async def test_an_agent_rung_through_a_crash_who_did_not_answer_costs_no_place(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.ready("a1")
    journey = asyncio.ensure_future(town.run(ScriptedLine(keys=[(1.0, "1")], dial=no_answer)))
    await asyncio.sleep(5.0)
    journey.cancel()
    await asyncio.wait({journey})
    after = Town(tmp_path, "a1", "a2", journal=list(town.journal))
    after.board.recover(town.journal, after.exchange.wall())
    after.ready("a2")
    await after.run(ScriptedLine(dial=talks(after, 5.0), dial_status="NOANSWER"))
    assert after.last(CallFact.OFFER_FAILED).data["outcome"] == "no_answer"
    assert after.last(CallFact.ANSWERED).data["agent"] == "a2"


async def test_nothing_personal_is_said_to_the_file_system(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.ready("a1")
    line = await town.run(ScriptedLine(keys=[(1.0, "1")], dial=talks(town, 5.0)))
    assert line.env.caller not in str(line.recording)


async def test_a_call_arrived_when_the_dialplan_says_however_late_a_daemon_takes_it(tmp_path: Path) -> None:
    town = Town(tmp_path)
    arrived_at = town.exchange.wall() - 7.5
    await town.run(ScriptedLine(keys=[(1.0, "hangup")], arrived_at=f"{arrived_at:.3f}"))
    assert town.last(CallFact.ARRIVED).at == arrived_at
    assert town.last(CallFact.ENDED).at == arrived_at + 8.5


@pytest.mark.parametrize(
    ("leaves", "status", "lost_at"), [(False, "ANSWER", None), (True, "ANSWER", None), (True, "", "menu")]
)
async def test_who_was_transferred_is_not_lost(tmp_path: Path, leaves: bool, status: str, lost_at: str | None) -> None:
    """Given a transfer to 110 by policy, when they answered, then the call is not lost, whoever hung up."""
    town = Town(tmp_path, flow=POLICE)

    async def police(line: ScriptedLine, args: tuple[str, ...]) -> str:
        assert args[0] == "PJSIP/110@trunk"
        await asyncio.sleep(3.0)
        line.variables["DIALSTATUS"] = status
        if leaves:
            line.leave()
        await asyncio.sleep(30.0)
        return status

    await town.run(ScriptedLine(dial=police))
    assert ("transferred" in town.kinds()) is (status == "ANSWER")
    assert town.last(CallFact.ENDED).data["lost_at"] == lost_at


async def test_a_transfer_that_nobody_answers_leads_to_a_person(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=POLICE)
    town.ready("a1")
    answers = talks(town, 5.0)

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        return "NOANSWER" if args[0] == "PJSIP/110@trunk" else await answers(line, args)

    await town.run(ScriptedLine(dial=dial))
    assert "transferred" not in town.kinds()
    assert town.last(CallFact.ANSWERED).data["agent"] == "a1"
