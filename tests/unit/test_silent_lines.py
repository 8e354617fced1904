"""Who loses his connection in a talk is listened to: a page that is gone is silent, one that lives is not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs

from agents.roster import Agent
from cti.asterisk.ami import AmiDown, AmiEvent
from cti.asterisk.channels import Channel
from cti.calls import AgentFact, AgentId, Milestone
from cti.exchange import Exchange
from cti.phones import Phones
from cti.silent_lines import SilentLines
from cti.switchboard import Switchboard

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]
A1 = AgentId("a1")
NAME = "PJSIP/a1-00000002"
FIRST, SECOND = "sip:x@127.0.0.1:5001;transport=ws", "sip:y@127.0.0.1:5002;transport=ws"


class Talk:
    """One agent in a talk by his browser, and the sound that comes from it."""

    def __init__(self, skill: str = "general") -> None:
        self.loop = asyncio.get_running_loop()
        board = Switchboard(0.0)
        board.set_roster({A1: Agent(A1, "林小燕", {skill: 3})})
        self.exchange = Exchange(board, self, self.loop.time)
        self.phones = Phones(self.loop.time)
        self.channels = {"n1-1.2": Channel("n1-1.2", "n1-1.1", NAME, 6, "b")}
        self.silent_since = float("inf")
        self.away = 0
        self.hung_up: list[tuple[str, str]] = []
        self.lines = SilentLines(self.exchange, self.phones, lambda: self.channels, self.packets, self)
        self.exchange.agent(AgentFact.LOGGED_IN, A1)
        self.exchange.agent(AgentFact.SOFTPHONE, A1, {"login": "l1"})
        self.contact("Reachable")

    def append(self, milestone: Milestone) -> None:
        pass

    def contact(self, status: str, uri: str = FIRST) -> None:
        event = AmiEvent("ContactStatus", {"EndpointName": "a1", "URI": uri, "ContactStatus": status})
        self.phones.apply(event)
        self.lines.on_event(event)

    async def packets(self, channel: str) -> str:
        if self.away:
            self.away -= 1
            raise AmiDown("away")
        return str(int(min(self.loop.time(), self.silent_since) * 50)) if self.channels else ""

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        fields = dict(headers)
        self.hung_up.append((fields["Channel"], fields["Cause"]))
        self.channels = {}
        return {}


@pytest.fixture
async def talk() -> Talk:
    return Talk()


async def test_a_page_that_is_gone_is_cut_off_within_a_moment(talk: Talk) -> None:
    talk.silent_since = talk.loop.time()
    began = talk.loop.time()
    with capture_logs() as logs:
        talk.contact("Removed")
        while not talk.hung_up:
            await asyncio.sleep(0.01)
    assert talk.hung_up == [(NAME, "44")]
    assert talk.loop.time() - began < 0.25
    assert [line["event"] for line in logs] == ["agent_browser_lost"]


async def test_a_page_that_lives_talks_on_and_is_listened_to_until_it_can_be_reached(talk: Talk) -> None:
    talk.contact("Removed")
    await asyncio.sleep(5)
    assert talk.hung_up == []
    talk.silent_since = talk.loop.time()
    await asyncio.sleep(1)
    assert talk.hung_up == [(NAME, "44")], "it died after all"


async def test_a_page_that_signs_in_again_is_not_listened_to_any_more(talk: Talk) -> None:
    talk.contact("Removed")
    await asyncio.sleep(2)
    talk.contact("Reachable", SECOND)
    await asyncio.sleep(2)
    talk.silent_since = talk.loop.time()
    await asyncio.sleep(5)
    assert talk.hung_up == [], "who is there and silent may have a reason; the endpoint's own limit counts"


async def test_a_page_that_another_one_takes_over_from_falls_silent_a_little_later(talk: Talk) -> None:
    talk.contact("Reachable", SECOND)
    talk.contact("Removed")
    await asyncio.sleep(1)
    assert talk.hung_up == []
    talk.silent_since = talk.loop.time()
    await asyncio.sleep(1)
    assert talk.hung_up == [(NAME, "44")]


async def test_a_reload_that_signs_in_before_we_have_listened_is_found_out(talk: Talk) -> None:
    """The new page's connection pushes the old one out: the telephone was never away."""
    talk.silent_since = talk.loop.time()
    talk.contact("Reachable", SECOND)
    talk.contact("Removed")
    await asyncio.sleep(0.3)
    assert talk.hung_up == [(NAME, "44")]


async def test_nobody_is_listened_to_who_does_not_talk_by_a_browser(talk: Talk) -> None:
    talk.silent_since = 0.0
    for channels in ({}, {"n1-1.2": Channel("n1-1.2", "n1-1.1", NAME, 5, "")}):
        talk.channels = channels
        talk.contact("Removed")
        await asyncio.sleep(1)
    talk.channels = {"n1-1.2": Channel("n1-1.2", "n1-1.1", NAME, 6, "b")}
    talk.exchange.agent(AgentFact.SOFTPHONE, A1, {"login": ""})
    talk.contact("Removed")
    await asyncio.sleep(1)
    assert talk.hung_up == []


async def test_an_asterisk_that_does_not_answer_is_asked_again(talk: Talk) -> None:
    talk.silent_since, talk.away = talk.loop.time(), 2
    talk.contact("Removed")
    await asyncio.sleep(2)
    assert talk.hung_up == [(NAME, "44")]


@pytest.mark.parametrize(("skill", "hung_up"), [("video", [(NAME, "44")]), ("general", [])])
async def test_a_page_of_a_video_seat_that_died_while_nobody_looked_is_found(
    skill: str, hung_up: list[tuple[str, str]]
) -> None:
    """Asterisk itself ends only the lines of those who cannot show pictures."""
    talk = Talk(skill)
    talk.silent_since = talk.loop.time()
    talk.lines.on_list()
    await asyncio.sleep(1)
    assert talk.hung_up == hung_up


async def test_a_video_seat_whose_page_lives_talks_on_and_is_doubted_once() -> None:
    talk = Talk("video")
    talk.lines.on_list()
    await asyncio.sleep(5)
    talk.silent_since = talk.loop.time()
    talk.lines.on_list()
    await asyncio.sleep(5)
    assert talk.hung_up == []
    talk.lines.on_down()
    talk.lines.on_list()
    await asyncio.sleep(1)
    assert talk.hung_up == [(NAME, "44")]
