"""Who waits is asked what he calls about, while he keeps his place; whatever comes first cuts it short at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cti.asking import ASK_FROM_S
from cti.calls import CallFact, CallId
from cti.metrics.record import fold
from queues.estimate import Estimate
from tests.support.fake_taps import FakeSession, sentence
from tests.support.scripted_line import PLAY_S, ScriptedLine
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
    news_every_s: 60
    ask:
      prompts: listen_ask
      words:
        - {to: urgent, any_of: [着火, 漏气], matter: fire, urgent: true}
        - {to: enterprise, matters: [economy], least: 0.8}
        - {any_of: 路灯, matter: street_lamp}
    keys: {"8": english, "2": enterprise}
    after: bye
  english: {type: language, language: en, next: general}
  enterprise: {type: route, queue: enterprise, ask: {prompts: listen_ask}, no_seat: general, after: bye}
  urgent: {type: route, queue: general, priority_s: 86400, after: bye}
  bye: {type: hangup, prompts: goodbye}
"""
ASKED_S = PLAY_S + 0.3
"""After so long he may speak."""
CALL = CallId("n1-1.1")
Act = Callable[[FakeSession], Awaitable[None]]


class Waiting:
    """A call in the queue of a town where nobody is free, with one who says something as soon as he may."""

    def __init__(self, folder: Path, act: Act | None = None, *keys: tuple[float, str], flow: str = FLOW) -> None:
        self.town = Town(folder, "a1", flow=flow)
        self.town.listener.languages.add("zh-CN")
        self.town.come_to_work("a1")
        self.dialled_at = 0.0
        self.listened_to = False
        """When the agent was dialled: the end of a tap is work for Asterisk, which comes after that."""
        self.line = ScriptedLine(keys=list(keys), dial=self._dial)
        self._act = act

    async def _dial(self, line: ScriptedLine, args: tuple[str, ...]) -> str:
        self.dialled_at = self.town.exchange.wall()
        self.listened_to = bool(self.town.listener.live)
        return await talks(self.town, 5.0)(line, args)

    async def __aenter__(self) -> Waiting:
        self._call = asyncio.ensure_future(self.town.run(self.line))
        self._acting = asyncio.ensure_future(self._speaks()) if self._act is not None else None
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *failed: object) -> None:
        self.line.leave()
        await self._call
        if self._acting is not None:
            await self._acting
        if failed == (None, None, None):
            await asyncio.sleep(3)
            assert not self.town.listener.live, "nobody is listened to any more"

    async def _speaks(self) -> None:
        assert self._act is not None
        await asyncio.sleep(ASKED_S)
        await self._act(self.town.listener.sessions[0])

    async def ends(self) -> None:
        await self._call

    @property
    def asked(self) -> int:
        return self.line.said.count("listen_ask")

    @property
    def said(self) -> dict[str, object]:
        return dict(self.town.last(CallFact.SAID).data)

    def count(self, kind: CallFact) -> int:
        return self.town.kinds().count(kind)


def expect(town: Town, wait_s: float | None) -> None:
    found = None if wait_s is None else Estimate(wait_s, 1, 3.0, 200.0, None)
    town.room.estimate = lambda call: found  # type: ignore[method-assign]


def saying(text: str) -> Act:
    async def speaks(session: FakeSession) -> None:
        await asyncio.sleep(1.0)
        session.begins(text[:2])
        await asyncio.sleep(2.0)
        session.says(text)

    return speaks


async def test_he_is_asked_keeps_his_place_and_what_he_said_goes_with_him(tmp_path: Path) -> None:
    async with Waiting(tmp_path, saying("路灯坏了")) as he:
        await asyncio.sleep(10)
        assert (he.asked, he.count(CallFact.ASKED), he.count(CallFact.QUEUED)) == (1, 1, 1)
        assert he.said["pii_text"] == "路灯坏了"
        assert (he.said["matter"], he.said["to"], he.said["urgent"]) == ("street_lamp", "general", False)
        assert CallFact.LEFT_QUEUE not in he.town.kinds()
        assert he.line.said[-1] == "music", "and he waits on with music"
        await asyncio.sleep(300)
        assert he.asked == 1, "once in a call"
        he.town.ready("a1")
        await he.ends()
        assert he.count(CallFact.ANSWERED) == 1


@pytest.mark.parametrize(
    ("wait_s", "asked"),
    [(ASK_FROM_S - 1, 0), (ASK_FROM_S, 1), (None, 1)],
    ids=["nearly his turn", "long", "nobody at work could take him"],
)
async def test_only_who_has_the_time_for_it_is_asked(tmp_path: Path, wait_s: float | None, asked: int) -> None:
    he = Waiting(tmp_path)
    expect(he.town, wait_s)
    async with he:
        await asyncio.sleep(5)
        assert he.asked == asked


async def test_a_wait_that_grows_is_asked_in_later(tmp_path: Path) -> None:
    he = Waiting(tmp_path)
    expect(he.town, 5.0)
    async with he:
        await asyncio.sleep(5)
        expect(he.town, 60.0)
        await asyncio.sleep(8)
        assert he.asked == 1


async def test_who_gives_up_before_he_could_answer_is_not_asked(tmp_path: Path) -> None:
    flow = FLOW.replace("    keys:", "    max_wait_s: 19\n    gave_up: bye\n    keys:")
    async with Waiting(tmp_path, flow=flow) as he:
        await asyncio.sleep(15)
        assert he.asked == 0


@pytest.mark.parametrize("at_s", [1.0, PLAY_S + 0.1, ASKED_S + 1.5], ids=["question", "tone", "answer"])
async def test_an_agent_who_is_free_in_the_middle_of_it_is_rung_that_moment(tmp_path: Path, at_s: float) -> None:
    async def speaks(session: FakeSession) -> None:
        await asyncio.sleep(1.0)
        session.unsaid = [sentence("我想说路灯")]
        session.begins("我想说")

    async with Waiting(tmp_path, speaks) as he:
        await asyncio.sleep(at_s)
        he.town.ready("a1")
        offered_at = he.town.last(CallFact.OFFERED).at
        await he.ends()
        assert he.dialled_at - offered_at < 0.001
        assert he.listened_to
        kinds = he.town.kinds()
        if at_s < ASKED_S:
            assert CallFact.SAID not in kinds
        else:
            assert (he.said["pii_text"], he.said["matter"]) == ("我想说路灯", "street_lamp")
            assert kinds.index(CallFact.OFFERED) < kinds.index(CallFact.SAID) < kinds.index(CallFact.ANSWERED)


async def test_a_recogniser_that_hangs_delays_no_offer_and_is_let_go(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.mute = True
        session.begins("我想说")

    async with Waiting(tmp_path, speaks) as he:
        await asyncio.sleep(ASKED_S + 1)
        he.town.ready("a1")
        offered_at = he.town.last(CallFact.OFFERED).at
        await he.ends()
        assert he.dialled_at - offered_at < 0.001
        assert CallFact.SAID not in he.town.kinds()


async def test_words_take_him_to_another_route_with_the_place_he_has(tmp_path: Path) -> None:
    async with Waiting(tmp_path, saying("楼下着火了")) as he:
        await asyncio.sleep(10)
        first, moved = (m for m in he.town.journal if m.kind == CallFact.QUEUED)
        assert he.town.last(CallFact.LEFT_QUEUE).data == {"reason": "said"}
        assert moved.data["need"] == "general||+86400"
        assert moved.data["since"] == first.at
        assert moved.data["kept_s"] == pytest.approx(moved.at - first.at, abs=0.01)
        assert (he.said["matter"], he.said["to"], he.said["urgent"]) == ("fire", "urgent", True)
        he.town.ready("a1")
        await he.ends()
        waited_s = he.town.last(CallFact.ANSWERED).at - first.at
        assert fold(he.town.journal_of(CALL)).wait_queue_s == pytest.approx(waited_s, abs=0.01)


async def test_where_nobody_can_take_him_there_he_comes_back_with_his_place(tmp_path: Path) -> None:
    async with Waiting(tmp_path, saying("我要开店")) as he:
        he.town.matters["我要开店"] = ("economy.business", 0.9)
        he.town.room.seated = lambda need: need.queue == "general"  # type: ignore[method-assign]
        await asyncio.sleep(10)
        queued = [m for m in he.town.journal if m.kind == CallFact.QUEUED]
        assert [m.data["queue"] for m in queued] == ["general", "enterprise", "general"]
        assert queued[-1].data["since"] == queued[0].at
        assert he.asked == 1


@pytest.mark.parametrize(
    ("sure", "queue"), [(0.9, "enterprise"), (0.79, "general")], ids=["sure", "not sure: a person decides"]
)
async def test_the_classifier_leads_where_no_words_do_if_it_is_sure(tmp_path: Path, sure: float, queue: str) -> None:
    async with Waiting(tmp_path, saying("我要开店")) as he:
        he.town.matters["我要开店"] = ("economy.business", sure)
        await asyncio.sleep(10)
        assert he.town.last(CallFact.QUEUED).data["queue"] == queue
        assert (he.said["guess"], he.said["sure"]) == ("economy.business", sure)


async def test_words_of_the_flow_win_over_the_classifier(tmp_path: Path) -> None:
    async with Waiting(tmp_path, saying("店里漏气")) as he:
        he.town.matters["店里漏气"] = ("economy.business", 1.0)
        await asyncio.sleep(10)
        assert he.said["to"] == "urgent"


async def test_silence_costs_nothing(tmp_path: Path) -> None:
    async with Waiting(tmp_path) as he:
        await asyncio.sleep(ASKED_S + 4.5)
        assert "music" not in he.line.said[-3:]
        await asyncio.sleep(2)
        assert he.line.said[-1] == "music"
        assert CallFact.SAID not in he.town.kinds()
        assert (he.count(CallFact.QUEUED), he.count(CallFact.LEFT_QUEUE)) == (1, 0)


@pytest.mark.parametrize("at_s", [1.0, ASKED_S + 2.0], ids=["question", "answer"])
async def test_a_key_that_leads_away_does_so_at_once(tmp_path: Path, at_s: float) -> None:
    async def speaks(session: FakeSession) -> None:
        await asyncio.sleep(1.0)
        session.unsaid = [sentence("路灯")]
        session.begins("路")

    async with Waiting(tmp_path, speaks, (at_s, "2")) as he:
        await asyncio.sleep(at_s + 0.2)
        assert he.town.last(CallFact.QUEUED).data["queue"] == "enterprise"
        await asyncio.sleep(3)
        assert he.asked == 1
        assert (CallFact.SAID in he.town.kinds()) == (at_s > ASKED_S)


async def test_another_key_ends_the_question_and_he_waits_on(tmp_path: Path) -> None:
    async with Waiting(tmp_path, None, (1.0, "7")) as he:
        await asyncio.sleep(2)
        assert he.line.said[-1] == "music"
        assert he.count(CallFact.LEFT_QUEUE) == 0
        await asyncio.sleep(30)
        assert he.asked == 1


async def test_who_hangs_up_in_the_middle_of_it_is_gone_and_what_he_has_said_is_kept(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.begins("路灯")
        session.unsaid = [sentence("路灯坏了")]

    async with Waiting(tmp_path, speaks, (ASKED_S + 2.0, "hangup")) as he:
        await he.ends()
        assert he.town.kinds()[-2:] == [CallFact.SAID, CallFact.ENDED]
        assert (he.said["pii_text"], he.said["matter"], he.said["cut_off"]) == ("路灯坏了", "street_lamp", True)
        assert he.town.last(CallFact.ENDED).data["lost_at"] == "queue"


async def test_nobody_waits_for_the_last_words_of_one_who_is_gone(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.mute = True
        session.says("路灯坏了")
        session.begins("在")

    async with Waiting(tmp_path, speaks, (ASKED_S + 2.0, "hangup")) as he:
        await asyncio.sleep(ASKED_S + 2.1)
        assert "closed" in he.line.said, "Asterisk has his channel back"
        assert he.town.board.waiting() == [], "and he stands before nobody"
        he.town.ready("a1")
        assert CallFact.OFFERED not in he.town.kinds()
        await he.ends()
        assert he.said["pii_text"] == "路灯坏了"


async def test_who_hangs_up_while_his_agent_rings_leaves_what_he_has_said(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.says("路灯坏了")
        session.begins("在")
        await asyncio.sleep(1.0)
        he.town.ready("a1")

    he = Waiting(tmp_path, speaks, (ASKED_S + 1.1, "hangup"))
    async with he:
        await he.ends()
        assert he.town.kinds()[-3:] == [CallFact.OFFER_FAILED, CallFact.SAID, CallFact.ENDED]
        assert (he.said["pii_text"], he.said.get("cut_off")) == ("路灯坏了", None), "an agent cut him off"


@pytest.mark.parametrize("prepare", ["no language", "put_off", "no_worker", "no sound"])
async def test_where_nobody_can_hear_him_he_waits_with_music_as_ever(tmp_path: Path, prepare: str) -> None:
    he = Waiting(tmp_path)
    listener = he.town.listener
    if prepare == "no language":
        listener.languages.clear()
    elif prepare == "no sound":
        listener.sound_comes = False
    else:
        listener.ends = prepare  # type: ignore[assignment]
    async with he:
        await asyncio.sleep(5)
        assert he.line.said == ["answer", "music"]
        assert CallFact.ASKED not in he.town.kinds()
        listener.ends, listener.sound_comes = None, True
        listener.languages.add("zh-CN")
        await asyncio.sleep(10)
        assert he.asked == 1, "when a stream is free he is asked after all"


async def test_a_daemon_that_takes_over_asks_nobody_twice(tmp_path: Path) -> None:
    async with Waiting(tmp_path) as he:
        await asyncio.sleep(1)
        journal = list(he.town.journal)
    town = Town(tmp_path, "a1", flow=FLOW, journal=journal)
    town.listener.languages.add("zh-CN")
    town.board.recover(journal, town.exchange.wall())
    line = ScriptedLine(keys=[(60.0, "hangup")])
    await town.run(line)
    assert CallFact.RESUMED in town.kinds()
    assert "listen_ask" not in line.said


async def test_who_was_sent_back_after_a_talk_is_not_asked(tmp_path: Path) -> None:
    he = Waiting(tmp_path)
    expect(he.town, 5.0)
    async with he:
        he.town.ready("a1")
        await asyncio.sleep(3)
        expect(he.town, 600.0)
        he.line.variables["CTI_AGENT_LOST"] = "1"
        await asyncio.sleep(60)
        assert he.asked == 0


async def test_a_deaf_citizen_on_video_is_not_asked_aloud(tmp_path: Path) -> None:
    he = Waiting(tmp_path)
    object.__setattr__(he.line.env, "args", (*he.line.env.args[:5], "video", *he.line.env.args[6:]))
    async with he:
        await asyncio.sleep(30)
        assert he.asked == 0


def test_the_bound_leaves_time_for_the_question_and_a_sentence() -> None:
    question_s, sentence_s, pause_s = 3.6, 12.0, 2.1
    assert question_s + sentence_s + pause_s <= ASK_FROM_S


async def test_a_stream_that_a_talk_needs_more_ends_it_with_what_he_has_said_by_then(tmp_path: Path) -> None:
    async def speaks(session: FakeSession) -> None:
        session.says("路灯坏了")
        session.begins("在")
        await asyncio.sleep(0.5)
        session.end("displaced")

    async with Waiting(tmp_path, speaks) as he:
        await asyncio.sleep(ASKED_S + 1.0)
        assert he.said["pii_text"] == "路灯坏了"
        assert he.line.said[-1] == "music"
