"""A `listen` node on the line: what he says leads him; silence, faults and time lead to a person; a key cuts in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cti.calls import CallFact, CallId
from cti.live_call import Call
from cti.pop import pop
from tests.support.fake_taps import FakeSession, sentence
from tests.support.scripted_line import PLAY_S, ScriptedLine
from tests.support.town import Town

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

FLOW = """
flow: city
person: general
start: ask
nodes:
  ask:
    type: listen
    prompts: listen_ask
    words:
      - {to: enterprise, any_of: [营业执照, 个体户], matter: business_licence}
      - {to: urgent, any_of: 着火, matter: fire, urgent: true}
    keys: {"2": menu}
    otherwise: general
    first_s: 4
    max_s: 10
  menu: {type: menu, prompts: menu_main, options: {"1": enterprise}}
  general: {type: route, queue: general, after: bye}
  enterprise: {type: route, queue: enterprise, after: bye}
  urgent: {type: route, queue: general, priority_s: 86400, after: bye}
  bye: {type: hangup, prompts: goodbye}
"""
ASKED_S = PLAY_S + 0.3
"""After so long he may speak."""
_LIMIT_S = 60.0

Act = Callable[[FakeSession], Awaitable[None]]


class Asked:
    """A call that is in the queue now, or was hung up; what was said of it, and how long after the tone."""

    def __init__(self, town: Town, line: ScriptedLine, waited_s: float) -> None:
        self.town, self.line, self.waited_s = town, line, waited_s

    @property
    def queue(self) -> str:
        return str(self.town.last(CallFact.QUEUED).data["queue"])

    @property
    def said(self) -> dict[str, object]:
        return dict(self.town.last(CallFact.SAID).data)

    @property
    def by(self) -> object:
        return self.town.last(CallFact.HUMAN_ASKED).data["by"]

    def said_nothing(self) -> bool:
        return CallFact.SAID not in self.town.kinds()


async def ask(
    folder: Path,
    act: Act | None = None,
    *keys: tuple[float, str],
    prepare: Callable[[Town], object] = lambda town: town.listener.languages.add("zh-CN"),
) -> Asked:
    """`act` is what happens from the tone on."""
    town = Town(folder, flow=FLOW)
    prepare(town)
    line = ScriptedLine(keys=list(keys))
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def script() -> None:
        assert act is not None
        await asyncio.sleep(ASKED_S)
        await act(town.listener.sessions[0])

    running = asyncio.ensure_future(town.run(line))
    acting = asyncio.ensure_future(script()) if act is not None else None
    while CallFact.QUEUED not in town.kinds() and not running.done():
        await asyncio.sleep(0.05)
        assert loop.time() - began < _LIMIT_S, "he is lost"
    waited_s = loop.time() - began - ASKED_S
    line.leave()
    await running
    if acting is not None:
        await acting
    assert not town.listener.live, "nobody is listened to any more"
    return Asked(town, line, waited_s)


async def test_his_words_lead_him_soon_after_the_last_of_them(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        await asyncio.sleep(1.0)
        session.begins("我想办")
        await asyncio.sleep(2.0)
        session.says("我想办营业执照", 0.8)

    asked = await ask(tmp_path, speaks)
    assert asked.queue == "enterprise"
    assert asked.by == "said"
    assert asked.said == {
        "node": "ask",
        "to": "enterprise",
        "matter": "business_licence",
        "urgent": False,
        "confidence": 0.8,
        "pii_text": "我想办营业执照",
    }
    assert asked.waited_s == pytest.approx(3.0 + 0.9, abs=0.2)


async def test_the_agent_whom_he_is_offered_to_sees_it_and_his_words_only_on_the_call(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.says("我想办营业执照", 0.8)

    asked = await ask(tmp_path, speaks)
    call = Call(CallId("n1-1.1"), 0.0, {})
    seen = [
        pop(call, asked.town.journal, {}, lambda _: {}, full_number=his, offer_timeout_s=1.0, auto_answer_s=None)[
            "said"
        ]
        for his in (True, False)
    ]
    about = {"matter": "business_licence", "urgent": False, "confidence": 0.8}
    assert seen == [{**about, "pii_text": "我想办营业执照"}, {**about, "pii_text": None}]


async def test_who_has_not_come_to_the_point_gets_a_moment_more(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.says("你好")
        await asyncio.sleep(1.4)
        session.begins("我是个")
        await asyncio.sleep(3.0)
        session.says("我是个体户", start_s=5.0)

    asked = await ask(tmp_path, speaks)
    assert (asked.queue, asked.said["pii_text"]) == ("enterprise", "你好我是个体户")


async def test_danger_is_worth_more_than_longer_words(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.says("个体户的营业执照着火了")

    asked = await ask(tmp_path, speaks)
    assert (asked.said["to"], asked.said["urgent"], asked.said["matter"]) == ("urgent", True, "fire")
    assert str(asked.town.last(CallFact.QUEUED).data["need"]).endswith("+86400")


@pytest.mark.parametrize(("text", "confidence"), [("我想办营业执照", 0.3), ("今天天气不错", 0.9)])
async def test_what_is_not_sure_or_means_nothing_leads_to_a_person_and_is_noted(
    tmp_path: Path, text: str, confidence: float
) -> None:
    async def speaks(session: FakeSession) -> None:
        session.says(text, confidence)

    asked = await ask(tmp_path, speaks)
    assert (asked.queue, asked.said["matter"], asked.said["pii_text"], asked.by) == ("general", None, text, "errors")


async def test_silence_leads_to_a_person(tmp_path: Path) -> None:
    asked = await ask(tmp_path)
    assert (asked.queue, asked.by) == ("general", "silence")
    assert asked.said_nothing()
    assert asked.waited_s == pytest.approx(4.0, abs=0.2)


async def test_who_does_not_come_to_an_end_is_led_by_what_he_has_said(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.unsaid = [sentence("我是个体户我想说")]
        for _ in range(11):
            session.begins("我是个体户我")
            await asyncio.sleep(1.0)

    asked = await ask(tmp_path, speaks)
    assert asked.queue == "enterprise"
    assert asked.waited_s == pytest.approx(10.0, abs=0.2)


async def test_a_recogniser_that_answers_no_more_is_not_waited_for(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.mute = True
        session.begins("我是")

    asked = await ask(tmp_path, speaks)
    assert asked.queue == "general"
    assert asked.waited_s == pytest.approx(10.0 + 1.0, abs=0.2)


@pytest.mark.parametrize("at_s", [1.0, PLAY_S + 0.1, ASKED_S + 1.0], ids=["question", "tone", "answer"])
async def test_a_key_cuts_in_and_the_question_after_it_waits_as_ever(tmp_path: Path, at_s: float) -> None:
    async def speaks(session: FakeSession) -> None:
        session.says("嗯")

    asked = await ask(tmp_path, speaks, (at_s, "2"))
    assert asked.said_nothing()
    assert "menu_main" in asked.line.said
    # to the end of the menu's prompt, and its four seconds of silence
    assert asked.waited_s + ASKED_S == pytest.approx(at_s + PLAY_S + 4.0, abs=0.2)


async def test_zero_is_a_person(tmp_path: Path) -> None:
    asked = await ask(tmp_path, None, (1.0, "0"))
    assert (asked.queue, asked.by) == ("general", "key")


async def test_where_nobody_understands_him_he_is_not_asked(tmp_path: Path) -> None:
    asked = await ask(tmp_path, prepare=lambda town: None)
    assert asked.queue == "general"
    assert "listen_ask" not in asked.line.said
    assert asked.town.listener.taps == []


@pytest.mark.parametrize("fault", ["put_off", "no_worker", "no sound"])
async def test_without_stream_or_sound_he_is_not_asked_either(tmp_path: Path, fault: str) -> None:
    def prepare(town: Town) -> None:
        town.listener.languages.add("zh-CN")
        if fault == "no sound":
            town.listener.sound_comes = False
        else:
            town.listener.ends = fault  # type: ignore[assignment]

    asked = await ask(tmp_path, prepare=prepare)
    assert asked.queue == "general"
    assert "listen_ask" not in asked.line.said
    assert asked.waited_s + ASKED_S < 1.2


@pytest.mark.parametrize("reason", ["worker_lost", "displaced", "behind", "finished"])
async def test_a_stream_that_is_lost_costs_no_more_time(tmp_path: Path, reason: str) -> None:
    async def speaks(session: FakeSession) -> None:
        await asyncio.sleep(1.0)
        session.begins("我是")
        session.end(reason)  # type: ignore[arg-type]

    asked = await ask(tmp_path, speaks)
    assert asked.queue == "general"
    assert asked.waited_s == pytest.approx(1.0, abs=0.2)


async def test_what_was_understood_before_a_loss_still_leads(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.says("营业执照")
        session.end("worker_lost")

    assert (await ask(tmp_path, speaks)).queue == "enterprise"


async def test_the_question_itself_is_not_listened_to(tmp_path: Path) -> None:
    town = Town(tmp_path, flow=FLOW)
    town.listener.languages.add("zh-CN")
    running = asyncio.ensure_future(town.run(line := ScriptedLine()))
    await asyncio.sleep(1.0)
    ((channel, tap),) = town.listener.taps
    tap.on_sound(b"echo")
    await asyncio.sleep(ASKED_S)
    tap.on_sound(b"word")
    assert channel == line.env.channel
    assert town.listener.sessions[0].pcm == b"word"
    line.leave()
    await running


async def test_who_hangs_up_while_he_is_listened_to_is_gone(tmp_path: Path) -> None:
    asked = await ask(tmp_path, None, (ASKED_S + 1.0, "hangup"))
    assert asked.town.kinds()[-1] == CallFact.ENDED


async def test_what_he_had_said_when_he_hung_up_is_kept_with_the_call(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.says("我想办营业执照", 0.8)
        session.unsaid = [sentence("明天", 0.6)]
        session.begins("明")

    asked = await ask(tmp_path, speaks, (ASKED_S + 1.0, "hangup"))
    assert asked.town.kinds()[-2:] == [CallFact.SAID, CallFact.ENDED]
    assert asked.said == {
        "node": "ask",
        "to": "ask",
        "matter": "business_licence",
        "urgent": False,
        "confidence": 0.76,
        "pii_text": "我想办营业执照明天",
        "cut_off": True,
    }
    gone_at = asked.town.last(CallFact.ARRIVED).at + ASKED_S + 1.0
    assert asked.town.last(CallFact.ENDED).at == pytest.approx(gone_at, abs=0.01), "whenever his words came"


@pytest.mark.parametrize("at_s", [1.0, ASKED_S + 1.0], ids=["question", "silence"])
async def test_who_hangs_up_and_has_said_nothing_leaves_nothing(tmp_path: Path, at_s: float) -> None:
    asked = await ask(tmp_path, None, (at_s, "hangup"))
    assert asked.said_nothing()


async def test_last_words_that_do_not_come_are_not_waited_for_longer_than_a_moment(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.mute = True
        session.says("个体户")
        session.begins("我")

    began = asyncio.get_running_loop().time()
    asked = await ask(tmp_path, speaks, (ASKED_S + 1.0, "hangup"))
    assert asyncio.get_running_loop().time() - began <= ASKED_S + 1.0 + 4.1
    assert asked.said["pii_text"] == "个体户"


async def test_who_is_cut_off_from_us_while_he_speaks_is_not_taken_for_gone(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.says("个体户")

    asked = await ask(tmp_path, speaks, (ASKED_S + 0.5, "eof"))
    assert asked.said_nothing(), "he is asked anew when he comes back"
    assert CallFact.ENDED not in asked.town.kinds()


async def test_the_language_he_chose_is_shown_to_his_agent(tmp_path: Path) -> None:
    flow = FLOW.replace("start: ask", "languages: [zh-CN, yue]\nstart: language")
    town = Town(
        tmp_path, flow=flow.replace("  ask:\n", "  language: {type: language, language: yue, next: ask}\n  ask:\n")
    )
    line = ScriptedLine(keys=[(5.0, "hangup")])
    running = asyncio.ensure_future(town.run(line))
    await asyncio.sleep(1.0)
    call = town.board.calls[CallId(line.env.uniqueid)]
    shown = pop(call, town.journal, {}, lambda _: {}, full_number=True, offer_timeout_s=15.0, auto_answer_s=None)
    assert shown["language"] == "yue"
    await running
