"""What a waiting caller is spared, told and offered: whole calls on a scripted line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cti.calls import AgentFact, AgentId, CallFact, CallId, CityFact, Need
from cti.contact import Contact
from cti.metrics.half_hours import HalfHour
from tests.support.scripted_line import ScriptedLine
from tests.support.town import Town, talks

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

FLOW = """
flow: city
languages: [zh-CN, en]
person: general
start: general
nodes:
  general:
    type: route
    queue: general
    news_every_s: 30
    comfort: [comfort_1, comfort_2]
    called_back: called_back
    callback_key: "5"
    keys: {"8": english}
    no_seat: message
    after: bye
  english: {type: language, language: en, next: general}
  called_back: {type: hangup, prompts: callback_confirmed}
  message: {type: message, prompts: message_ask, next: thanks, otherwise: bye}
  thanks: {type: hangup, prompts: message_thanks}
  bye: {type: hangup, prompts: goodbye}
"""


def line(call: str, *keys: tuple[float, str], caller: str = "13800138000", **more: object) -> ScriptedLine:
    return ScriptedLine(call, keys=list(keys), caller=caller, **more)  # type: ignore[arg-type]


async def test_who_was_cut_off_and_calls_again_is_served_before_those_who_came_meanwhile(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    town.come_to_work("a1")
    await town.run(line("n1-1.1", (60.0, "hangup")))
    other = asyncio.ensure_future(town.run(line("n1-2.2", caller="13900139000", dial=talks(town, 5.0))))
    await asyncio.sleep(20)

    again = asyncio.ensure_future(town.run(line("n1-3.3", dial=talks(town, 5.0))))
    await asyncio.sleep(1)
    queued = town.last(CallFact.QUEUED, "n1-3.3")
    assert queued.data["kept_s"] == pytest.approx(80, abs=0.5)
    town.ready("a1")
    await asyncio.gather(other, again)

    assert town.last(CallFact.ANSWERED, "n1-3.3").at < town.last(CallFact.ANSWERED, "n1-2.2").at
    assert '"kept_s":80.' in str(town.last(CallFact.OFFERED, "n1-3.3").data["why"])


async def test_a_withheld_number_has_no_place_to_come_back_to(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    town.come_to_work("a1")
    await town.run(line("n1-1.1", (60.0, "hangup"), caller=""))
    await town.run(line("n1-2.2", (5.0, "hangup"), caller=""))
    assert "kept_s" not in town.last(CallFact.QUEUED, "n1-2.2").data


async def test_a_repeat_caller_is_first_offered_to_the_agent_who_knows_him(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", "a2", flow=FLOW)
    town.ready("a2")
    await town.run(line("n1-1.1", dial=talks(town, 5.0)))
    town.ready("a1")  # idle longer than a2 will be by now
    await asyncio.sleep(60)
    await town.run(line("n1-0.0", caller="13700137000", dial=talks(town, 5.0)))

    await town.run(line("n1-2.2", dial=talks(town, 5.0)))

    need = Need.from_text(str(town.last(CallFact.QUEUED, "n1-2.2").data["need"]))
    assert need.steps[0].agents == (AgentId("a2"),)
    assert town.last(CallFact.ANSWERED, "n1-2.2").data["agent"] == "a2"


async def test_who_chose_english_waits_for_an_agent_who_speaks_it_only_if_there_is_one(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", flow=FLOW)
    town.come_to_work("a1")
    await town.run(line("n1-1.1", (5.0, "8"), (5.0, "hangup")))
    assert town.last(CallFact.QUEUED, "n1-1.1").data["need"] == "general||+0"

    town = Town(tmp_path, "a1", flow=FLOW, skills={"general": 3, "english": 2})
    town.come_to_work("a1")
    await town.run(line("n1-1.1", (5.0, "8"), (5.0, "hangup")))
    assert town.last(CallFact.QUEUED, "n1-1.1").data["need"] == "general|general>=1&english>=1@120|+0"


async def test_the_agents_of_the_number_dialled_come_first(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", flow=FLOW, skills={"general": 3, "nanning": 1}, did_skill="nanning")
    town.come_to_work("a1")
    await town.run(line("n1-1.1", (5.0, "hangup")))
    assert town.last(CallFact.QUEUED, "n1-1.1").data["need"] == "general|general>=1&nanning>=1@8|+0"


async def test_a_waiting_caller_hears_a_broadcast_once_and_that_he_is_not_forgotten(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    town.come_to_work("a1")
    waiting = asyncio.ensure_future(town.run(caller := line("n1-1.1", (400.0, "hangup"))))
    await asyncio.sleep(100)
    until = town.exchange.wall() + 3600
    town.exchange.city(CityFact.NOTICE, "water", {"on": True, "prompt": "notice_water", "queues": "", "until": until})
    await waiting
    assert caller.said.count("notice_water") == 1
    assert town.last(CallFact.NOTICE_HEARD).data == {"notice": "water"}
    heard = [said for said in caller.said if said.startswith("comfort")]
    assert heard[:3] == ["comfort_1", "comfort_2", "comfort_1"]


async def test_a_broadcast_for_another_queue_is_not_heard(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    town.come_to_work("a1")
    until = town.exchange.wall() + 3600
    notice = {"on": True, "prompt": "notice_water", "queues": "enterprise", "until": until}
    town.exchange.city(CityFact.NOTICE, "water", notice)
    caller = await town.run(line("n1-1.1", (60.0, "hangup")))
    assert "notice_water" not in caller.said


async def test_with_the_rung_broadcast_on_everybody_hears_that_many_are_calling(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    town.come_to_work("a1")
    town.exchange.city(CityFact.RUNG, "broadcast", {"on": True, "by": "rule"})
    caller = await town.run(line("n1-1.1", (30.0, "hangup")))
    assert caller.said.count("surge_busy") == 1
    assert town.last(CallFact.QUEUED).data["rungs"] == "broadcast"


async def test_a_long_estimate_offers_a_callback_which_keeps_the_place(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    town.come_to_work("a1")
    town.callbacks_possible = True
    caller = await town.run(line("n1-1.1", (60.0, "5")))
    assert "callback_offer" in caller.said
    assert town.callbacks == ["n1-1.1"]
    assert town.last(CallFact.CALLBACK_REQUESTED).data == {"callback": "cb-n1-1.1"}
    assert caller.said[-2:] == ["callback_confirmed", "hangup"]
    assert town.last(CallFact.ENDED).data["lost_at"] == "callback"


async def test_a_number_that_cannot_be_called_waits_on(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    town.come_to_work("a1")
    town.callbacks_possible = True
    caller = await town.run(line("n1-1.1", (60.0, "5"), (30.0, "hangup"), caller=""))
    assert "callback_refused" in caller.said
    assert town.last(CallFact.ENDED).data["lost_at"] == "queue"


async def test_the_key_for_a_callback_does_nothing_before_it_was_offered(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    town.come_to_work("a1")
    caller = await town.run(line("n1-1.1", (3.0, "5"), (60.0, "hangup")))
    assert town.callbacks == []
    assert "callback_offer" not in caller.said


async def test_with_nobody_at_work_the_caller_leaves_a_message(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    caller = line("n1-1.1")
    caller.says = 8.0
    await town.run(caller)
    left = town.last(CallFact.MESSAGE_LEFT).data
    assert left["seconds"] == pytest.approx(8.0)
    assert (tmp_path / str(left["file"])).exists()
    assert caller.said[-2:] == ["message_thanks", "hangup"]
    assert town.last(CallFact.ENDED).data["lost_at"] == "message"


async def test_a_message_counts_even_if_the_caller_hangs_up_instead_of_pressing_a_key(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    caller = line("n1-1.1", (15.0, "hangup"))
    caller.says = 60.0
    await town.run(caller)
    assert town.last(CallFact.MESSAGE_LEFT).data["seconds"] == pytest.approx(60.0)
    assert town.last(CallFact.ENDED).data["lost_at"] == "message"


async def test_a_few_words_are_no_message_and_nothing_of_them_is_kept(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    caller = line("n1-1.1")
    caller.says = 1.0
    await town.run(caller)
    assert caller.said.count("record") == 2, "he is asked once more"
    assert not list(tmp_path.rglob("*.wav"))
    assert town.last(CallFact.ENDED).data["lost_at"] == "no_seat"


async def test_zero_leads_to_a_person_even_in_the_middle_of_a_message(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW.replace("    no_seat: message\n", "").replace("start: general", "start: message"))
    town.come_to_work("a1")
    caller = line("n1-1.1", (10.0, "0"), (20.0, "hangup"))
    caller.says = 30.0
    await town.run(caller)
    assert CallFact.MESSAGE_LEFT not in town.kinds()
    assert town.last(CallFact.QUEUED).data["queue"] == "general"
    assert not list(tmp_path.rglob("*.wav"))


async def test_an_agent_whose_line_goes_dead_in_the_talk_costs_the_citizen_no_place(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", "a2", flow=FLOW)
    town.ready("a1")
    town.come_to_work("a2")
    speaks = talks(town, 10.0)

    async def dial(caller: ScriptedLine, args: tuple[str, ...]) -> str:
        status = await speaks(caller, args)
        lost = args[0] == "PJSIP/a1"
        caller.variables["CTI_AGENT_LOST"] = "1" if lost else ""
        if lost:
            town.exchange.agent(AgentFact.LOGGED_OUT, AgentId("a1"))
        return status

    calling = asyncio.ensure_future(town.run(line("n1-1.1", dial=dial)))
    await asyncio.sleep(40)
    first = next(m for m in town.journal if m.kind == CallFact.QUEUED)
    assert town.last(CallFact.QUEUED).data["since"] == first.at
    assert town.board.calls["n1-1.1"].phase == "queue"  # type: ignore[index]
    town.ready("a2")
    await calling
    ends = [m.data["side"] for m in town.journal if m.kind == CallFact.TALK_ENDED]
    assert ends == ["agent_lost", "agent"]
    assert town.last(CallFact.ENDED).data["lost_at"] is None


async def test_nobody_is_offered_who_hung_up_while_the_sound_of_an_earlier_talk_is_measured(tmp_path: Path) -> None:
    town = Town(tmp_path, "a1", "a2", flow=FLOW)
    town.ready("a1")
    town.come_to_work("a2")

    async def dial(caller: ScriptedLine, args: tuple[str, ...]) -> str:
        await asyncio.sleep(1.0)
        call = town.board.calls[CallId(caller.env.uniqueid)]
        Contact(town.exchange, call.id, town.house.recordings).answered(AgentId("a1"), town.exchange.wall())
        await asyncio.sleep(9.0)
        caller.variables["CTI_AGENT_LOST"] = "1"
        return "ANSWER"  # and the recording is not there

    calling = asyncio.ensure_future(town.run(line("n1-1.1", (10.3, "hangup"), dial=dial)))
    await asyncio.sleep(10.6)
    assert not calling.done()
    town.ready("a2")
    await calling
    assert town.last(CallFact.ENDED).data["place"] == "queue"
    assert town.kinds().count("offered") == 1


async def test_what_was_learnt_of_the_last_weeks_can_be_learnt_anew(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    town.come_to_work("a1")
    at = town.house.local_time(town.exchange.wall())
    for talked_s in (1_000.0, 100_000.0, 100_000.0):
        town.room.learn([HalfHour("general", int(at.timestamp()) // 1800 * 1800, 1000, 0.0, 1000, talked_s)])
    habit = town.room.habits(["general"], at)["general"]
    assert (round(habit.calls), 100 < habit.handling_s < 130) == (1000, True)


async def test_an_emergency_is_served_before_everybody(tmp_path: Path) -> None:
    urgent = FLOW.replace("    queue: general\n", "    queue: general\n    priority_s: 86400\n")
    town = Town(tmp_path, flow=FLOW)
    town.come_to_work("a1")
    first = asyncio.ensure_future(town.run(line("n1-1.1", caller="13900139000", dial=talks(town, 5.0))))
    await asyncio.sleep(300)
    town.change_flow(urgent)
    second = asyncio.ensure_future(town.run(line("n1-2.2", dial=talks(town, 5.0))))
    await asyncio.sleep(1)
    town.ready("a1")
    await asyncio.gather(first, second)
    assert town.last(CallFact.ANSWERED, "n1-2.2").at < town.last(CallFact.ANSWERED, "n1-1.1").at
