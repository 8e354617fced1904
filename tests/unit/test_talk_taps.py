"""Who is listened to in talks, and when not: by channels as Asterisk shows them, and calls as the switchboard knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from cti.asterisk.channels import Channel
from cti.calls import CallFact, CallId
from cti.talk_taps import TalkTaps
from cti.transcriber import Ended, Final, Heard, Partial
from cti.whereabouts import OURS, Whereabouts
from ivr_flows.loader import load
from tests.support.fake_taps import FakeTaps, sentence
from tests.support.town import FLOW, OneFlow, Town

pytestmark = pytest.mark.looptime
CALL = CallId("n1-1.1")
CITIZEN, AGENT = f"PJSIP/trunk-{CALL}", "PJSIP/a1-00000002"


class Told:
    """What was told of the talks, one after the other."""

    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []
        self.finals: list[tuple[Final, float]] = []

    def begin(self, call_id: CallId, language: str) -> None:
        self.said.append(("begin", call_id, language))

    def forbidden(self, call_id: CallId) -> None:
        self.said.append(("forbidden", call_id))

    def heard(self, call_id: CallId, side: str, event: Heard, at: float) -> None:
        match event:
            case Partial(text):
                self.said.append((side, text))
            case Final():
                self.said.append((side, event.text + "."))
                self.finals.append((event, at))
            case Ended(reason):
                self.said.append((side, reason))

    def end(self, call_id: CallId) -> None:
        self.said.append(("end", call_id))


class Talk:
    """Agent a1 and a citizen talk."""

    def __init__(self, folder: Path, flow: str = FLOW) -> None:
        self.town = Town(folder, flow=flow)
        self.taps = FakeTaps("zh-CN")
        self.told = Told()
        self.channels: dict[str, Channel] | None = {}
        self.it = TalkTaps(
            self.town.exchange,
            self.taps,
            lambda: self.channels,
            OneFlow(load(flow, "city", None, ())),
            self.told,
            expected_ticket_s=lambda call: 45.0 if call.need is not None and call.need.queue == "general" else 0.0,
        )
        self.put(Channel(CALL, CALL, CITIZEN, 6, "b1"))
        self.put(Channel("n1-1.2", CALL, AGENT, 6, "b1"))
        self.town.ready("a1")
        version = load(flow, "city", None, ()).version
        facts = {"direction": "in", "flow": "city", "flow_version": version, "channel": CITIZEN, "dialled": "12345"}
        self.fact(CallFact.ARRIVED, **facts)
        self.town.exchange.attach(CALL, self)
        self.fact(CallFact.QUEUED, queue="general", need="general||+0")

    def put(self, channel: Channel) -> None:
        assert self.channels is not None
        self.channels[channel.uniqueid] = channel

    def fact(self, kind: CallFact, **data: object) -> None:
        self.town.exchange.call(kind, CALL, data)  # type: ignore[arg-type]

    def answer(self) -> None:
        self.fact(CallFact.ANSWERED, agent="a1", n=1)

    @property
    def heard(self) -> list[str]:
        """Names of the channels that are listened to now."""
        return [channel for channel, tap in self.taps.taps if not tap.over.is_set()]

    async def looks(self, for_s: float = 0.1) -> list[str]:
        self.it.look()
        await asyncio.sleep(for_s)
        return self.heard


@pytest_asyncio.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    it = Talk(tmp_path)
    yield it
    it.town.exchange.stop()


async def test_both_are_listened_to_apart_from_the_answer_to_the_end(talk: Talk) -> None:
    assert await talk.looks() == [], "nobody has answered"
    talk.answer()
    assert await talk.looks() == [CITIZEN, AGENT]
    citizen, agent = talk.taps.sessions
    citizen.begins("路灯")
    agent.says("您好")
    await asyncio.sleep(0.1)
    citizen.unsaid = [sentence("路灯坏了")]
    talk.fact(CallFact.TALK_ENDED, agent="a1", n=1, side="agent", talk_s=1.0)
    assert await talk.looks() == []
    await talk.looks()
    assert talk.told.said == [
        ("begin", CALL, "zh-CN"),
        ("citizen", "路灯"),
        ("agent", "您好."),
        ("citizen", "路灯坏了."),
        ("citizen", "finished"),
        ("agent", "finished"),
        ("end", CALL),
    ]
    assert not talk.taps.live


async def test_times_of_words_count_from_the_answer(talk: Talk) -> None:
    talk.answer()
    await asyncio.sleep(2.0)
    await talk.looks()
    (_, tap) = talk.taps.taps[0]
    tap.on_sound(b"12")
    await asyncio.sleep(5.0)
    talk.taps.sessions[0].says("路灯坏了", start_s=3.0)
    await asyncio.sleep(0.1)
    ((final, at),) = talk.told.finals
    assert final.words[0].start_s == pytest.approx(2.1 + 3.0, abs=0.01)
    assert at == pytest.approx(talk.town.exchange.wall(), abs=0.2)


async def test_citizens_with_long_tickets_come_first_and_agents_last(talk: Talk) -> None:
    talk.answer()
    assert await talk.looks() == [CITIZEN, AGENT]
    assert talk.taps.expected_s == [45.0, 0.0]


async def test_on_hold_nobody_is_listened_to(talk: Talk) -> None:
    talk.answer()
    await talk.looks()
    talk.fact(CallFact.HELD, agent="a1")
    assert await talk.looks() == []
    talk.fact(CallFact.UNHELD, agent="a1")
    assert await talk.looks() == [CITIZEN, AGENT]
    assert [said for said in talk.told.said if said[0] in ("begin", "end")] == [("begin", CALL, "zh-CN")]


async def test_an_agent_who_consults_a_colleague_is_not_listened_to(talk: Talk) -> None:
    talk.answer()
    await talk.looks()
    agent = Channel("n1-1.2", CALL, AGENT, 6, "b1")
    talk.put(replace(agent, bridge_id="b2"))
    assert await talk.looks() == []
    talk.put(agent)
    assert await talk.looks() == [CITIZEN, AGENT]


async def test_a_tap_that_is_lost_is_tried_again_after_a_while(talk: Talk) -> None:
    talk.answer()
    await talk.looks()
    talk.taps.sessions[0].end("worker_lost")
    await asyncio.sleep(0.1)
    assert await talk.looks() == [AGENT]
    await asyncio.sleep(5.1)
    assert await talk.looks() == [AGENT, CITIZEN]
    assert ("citizen", "worker_lost") in talk.told.said


async def test_last_words_that_do_not_come_are_not_awaited(talk: Talk) -> None:
    talk.answer()
    await talk.looks()
    talk.taps.sessions[0].mute = True
    talk.fact(CallFact.TALK_ENDED, agent="a1", n=1, side="agent", talk_s=1.0)
    await talk.looks(3.1)
    assert ("end", CALL) not in talk.told.said
    await talk.looks()
    await talk.looks()
    assert talk.told.said[-2:] == [("citizen", "closed"), ("end", CALL)]
    assert not talk.taps.live


async def test_a_language_that_nobody_understands_is_said_and_nobody_listened_to(talk: Talk) -> None:
    talk.taps.languages = {"en"}
    talk.answer()
    assert await talk.looks() == []
    await talk.looks()
    assert talk.told.said == [("begin", CALL, "zh-CN")], "once"
    talk.fact(CallFact.TALK_ENDED, agent="a1", n=1, side="agent", talk_s=1.0)
    await talk.looks()
    assert talk.told.said[1:] == [("end", CALL)]


async def test_a_model_that_is_up_in_the_middle_of_a_talk_is_used_and_one_that_is_gone_told_of(talk: Talk) -> None:
    talk.taps.languages = set()
    talk.answer()
    await talk.looks()
    talk.taps.languages = {"zh-CN"}
    assert await talk.looks() == [CITIZEN, AGENT]
    talk.taps.languages = set()
    assert await talk.looks() == []
    assert [said for said in talk.told.said if said[0] == "begin"] == [("begin", CALL, "zh-CN")] * 3


@pytest.mark.parametrize("why", ["flow", "not observed"])
async def test_where_it_is_not_to_be_nobody_is_listened_to(tmp_path: Path, why: str) -> None:
    talk = Talk(tmp_path, FLOW + ("transcribe_talks: false\n" if why == "flow" else ""))
    if why == "not observed":
        talk.channels = None
    talk.answer()
    assert await talk.looks() == []
    assert await talk.looks() == []
    assert talk.told.said == ([("forbidden", CALL)] if why == "flow" else []), "once, for his agent to know"
    talk.town.exchange.stop()


async def test_a_daemon_that_begins_in_the_middle_of_a_talk_goes_on_with_it(talk: Talk) -> None:
    talk.answer()
    await asyncio.sleep(60.0)
    assert await talk.looks() == [CITIZEN, AGENT]


async def test_a_channel_that_brings_sound_to_nobody_is_hung_up(talk: Talk) -> None:
    talk.answer()
    await talk.looks()
    mine = talk.taps.taps[0][1].channel
    for uniqueid in (mine, "listen-of-another"):
        talk.put(Channel(uniqueid, uniqueid, "AudioSocket/127.0.0.1:1-x", 6, ""))
    await talk.looks(4.0)
    assert talk.taps.hung_up == []
    await talk.looks()
    assert talk.taps.hung_up == ["listen-of-another"]


async def test_channels_that_bring_sound_are_nobodys_legs(talk: Talk) -> None:
    """Their ids are taken for no call's and no party's, and their names for no agent's."""
    talk.answer()
    await talk.looks()
    for _, tap in talk.taps.taps:
        assert OURS.fullmatch(tap.channel) is None
        assert tap.channel.rpartition(".")[0] == ""
        talk.put(Channel(tap.channel, tap.channel, "AudioSocket/127.0.0.1:1-x", 6, ""))
    assert await talk.looks() == [CITIZEN, AGENT]
    where, call = Whereabouts(lambda: talk.channels), talk.town.board.calls[CALL]
    assert [getattr(where.citizen(call), "name", ""), getattr(where.agent(call), "name", "")] == [CITIZEN, AGENT]
