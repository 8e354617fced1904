"""What follows from an agent's three heartbeats, and that it is done once: with our own clock and no Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agents.lease import LeaseRules, PageSign
from agents.roster import Agent
from agents.status import State
from cti.agent_watch import AgentWatch, Sources
from cti.asterisk.ami import AmiDown
from cti.asterisk.ami_codec import AmiEvent
from cti.asterisk.channels import Channel
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need
from cti.contact import Recordings
from cti.exchange import Exchange
from cti.phones import Phones
from cti.switchboard import Switchboard

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")

A1 = AgentId("a1")
CALL = CallId("n1-1.1")
UP, RINGING = 6, 5


class Watched:
    """One agent, one caller, and what Asterisk and the page say of them."""

    def __init__(self, folder: Path) -> None:
        self.now = 1_763_700_000.0
        self.journal: list[Milestone] = []
        self.board = Switchboard(0.0)
        self.board.set_roster({A1: Agent(A1, "林小燕", {"general": 3})})
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.phones = Phones(lambda: self.now)
        self.page: PageSign | None = None
        self.channels: dict[str, Channel] | None = {}
        self.compared = 0
        self.hung_up: list[str] = []
        self.refuses = False
        sources = Sources(self.phones, lambda agent_id: self.page, lambda: self.channels, self._compare)
        recordings = Recordings(folder, lambda at: datetime.fromtimestamp(at, UTC))
        self.watch = AgentWatch(self.exchange, sources, self, recordings, LeaseRules(5.0, 900.0))
        self.exchange.agent(AgentFact.LOGGED_IN, A1)
        self.exchange.agent(AgentFact.STATUS, A1, {"status": "ready"})
        self.device("NOT_INUSE")

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        if self.refuses:
            raise AmiDown("away")
        self.hung_up.append(f"{name} {dict(headers)['Channel']} {dict(headers)['Cause']}")
        return {}

    def _compare(self) -> None:
        self.compared += 1

    def device(self, state: str) -> None:
        self.watch.on_event(AmiEvent("DeviceStateChange", {"Device": "PJSIP/a1", "State": state}))

    def contact(self, status: str, uri: str = "sip:a1@127.0.0.1:5062") -> None:
        fields = {"EndpointName": "a1", "URI": uri, "ContactStatus": status}
        self.watch.on_event(AmiEvent("ContactStatus", fields))

    def channel(self, uniqueid: str, name: str, state: int = UP, bridge: str = "", linked: str = CALL) -> None:
        assert self.channels is not None
        self.channels[uniqueid] = Channel(uniqueid, linked, name, state, bridge)

    def calls(self) -> None:
        """Somebody calls and is offered to the agent, whose telephone rings."""
        self.exchange.call(CallFact.ARRIVED, CALL, {"channel": "PJSIP/trunk-1"})
        self.exchange.attach(CALL, self)
        self.exchange.call(CallFact.QUEUED, CALL, {"queue": "general", "need": Need("general").to_text()})
        self.channel(CALL, "PJSIP/trunk-1")
        self.channel("n1-1.2", "PJSIP/a1-00000002", RINGING)

    def talks(self) -> None:
        self.calls()
        self.exchange.call(CallFact.ANSWERED, CALL, {"agent": A1, "n": 1})
        self.channel(CALL, "PJSIP/trunk-1", bridge="b")
        self.channel("n1-1.2", "PJSIP/a1-00000002", bridge="b")

    async def after(self, seconds: float, *, step_s: float = 0.25) -> list[str]:
        """Time passes, looking; the events logged meanwhile."""
        with capture_logs() as logs:
            for _ in range(round(seconds / step_s)):
                self.now += step_s
                self.watch.look()
                await asyncio.sleep(0)
        return [str(line["event"]) for line in logs]

    @property
    def state(self) -> State:
        return self.board.desks[A1].state(self.now)

    def kinds(self) -> list[str]:
        return [m.kind for m in self.journal]


@pytest.fixture
async def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


async def test_a_quiet_day_writes_nothing(watched: Watched) -> None:
    before = len(watched.journal)
    watched.talks()
    assert await watched.after(30.0) == []
    assert watched.kinds()[before:] == ["arrived", "queued", "offered", "answered"]


async def test_a_telephone_that_is_gone_and_comes_back(watched: Watched) -> None:
    watched.device("UNAVAILABLE")
    assert watched.state is State.NOT_READY
    assert await watched.after(60.0) == [], "known already"
    watched.contact("NonQualified")
    assert watched.state is State.IDLE
    watched.device("UNAVAILABLE")
    assert watched.state is State.IDLE, "made before the contact came"
    watched.contact("Removed")
    assert watched.state is State.NOT_READY


async def test_a_contact_that_dies_in_a_talk_is_known_though_the_device_is_in_use(watched: Watched) -> None:
    watched.contact("Reachable")
    watched.talks()
    watched.device("INUSE")
    watched.contact("Unreachable")
    assert watched.phones.state(A1) == "away"
    assert watched.state is State.TALKING
    assert "held_back" in watched.kinds()
    assert await watched.after(20.0) == [], "the talk goes on while there is sound"


async def test_a_telephone_that_was_unreachable_but_never_away_is_believed_after_a_while(watched: Watched) -> None:
    watched.calls()
    watched.exchange.call(CallFact.OFFER_FAILED, CALL, {"agent": A1, "n": 1, "outcome": "unreachable"})
    del watched.channels["n1-1.2"]
    await watched.after(9.5)
    assert watched.state is State.NOT_READY
    assert await watched.after(1.0) == ["agent_released"]
    assert watched.state is State.OFFERED


async def test_what_rings_at_a_vanished_agent_is_pulled_back_at_once(watched: Watched) -> None:
    watched.calls()
    watched.contact("Reachable")
    with capture_logs() as logs:
        watched.contact("Unreachable")
        await asyncio.sleep(0)
    assert [line["event"] for line in logs] == ["agent_held_back", "agent_offer_pulled_back"]
    assert watched.hung_up == ["Hangup PJSIP/a1-00000002 44"]
    # Asterisk ends the ring, the place is kept, and it was not he who missed it
    watched.exchange.call(CallFact.OFFER_FAILED, CALL, {"agent": A1, "n": 1, "outcome": "unreachable"})
    assert watched.board.desks[A1].misses == 0
    assert watched.board.position(CALL) == 1


async def test_a_telephone_that_does_not_even_say_that_it_rings_is_given_up_after_three_seconds(
    watched: Watched,
) -> None:
    watched.calls()
    watched.channel("n1-1.2", "PJSIP/a1-00000002", 0)
    assert await watched.after(3.0) == []
    assert await watched.after(0.25) == ["agent_held_back", "agent_offer_pulled_back"]
    watched.exchange.call(CallFact.OFFER_FAILED, CALL, {"agent": A1, "n": 1, "outcome": "no_answer"})
    del watched.channels["n1-1.2"]
    assert watched.board.desks[A1].misses == 0
    await watched.after(9.5)
    assert watched.state is State.NOT_READY
    watched.contact("Unreachable")
    assert await watched.after(30.0) == [], "by now Asterisk knows it too"


async def test_a_telephone_that_rings_may_ring_on(watched: Watched) -> None:
    watched.calls()
    watched.channel("n1-1.2", "PJSIP/a1-00000002", 0)
    await watched.after(1.0)
    watched.channel("n1-1.2", "PJSIP/a1-00000002", RINGING)
    assert await watched.after(30.0) == []


async def test_a_cut_that_fails_is_tried_again(watched: Watched) -> None:
    watched.calls()
    watched.refuses = True
    watched.contact("Unreachable")
    assert (await watched.after(1.0)).count("agent_channel_not_cut") == 1
    watched.refuses = False
    await watched.after(2.0)
    assert watched.hung_up == ["Hangup PJSIP/a1-00000002 44"]


async def test_a_page_that_falls_silent_and_one_that_is_closed(watched: Watched) -> None:
    assert await watched.after(60.0) == [], "no page, none needed"
    watched.exchange.agent(AgentFact.PAGE_OPENED, A1)
    watched.page = PageSign(watched.now, True)
    assert await watched.after(4.5) == []
    assert await watched.after(0.5) == ["agent_held_back"]
    watched.page = PageSign(watched.now, True)
    assert await watched.after(0.25) == ["agent_released"]
    watched.page = PageSign(watched.now, False)
    assert await watched.after(1.75) == [], "a reload is no absence"
    assert await watched.after(0.25) == ["agent_held_back"]
    assert watched.state is State.NOT_READY
    watched.page = PageSign(watched.now, False)
    assert await watched.after(0.5) == [], "only an open page is one"
    assert await watched.after(900.0, step_s=1.0) == ["agent_logged_out"]
    assert watched.journal[-1].data["reason"] == "page_away"


async def test_who_talks_is_not_logged_out_however_long_his_page_is_gone(watched: Watched) -> None:
    watched.exchange.agent(AgentFact.PAGE_OPENED, A1)
    watched.page = PageSign(watched.now, False)
    watched.talks()
    assert await watched.after(1200.0, step_s=1.0) == ["agent_held_back"]
    assert watched.state is State.TALKING


async def test_a_ghost_in_a_talk_is_freed_when_asterisks_own_list_has_no_channel_of_his(watched: Watched) -> None:
    watched.talks()
    assert await watched.after(5.0) == []
    del watched.channels["n1-1.2"]
    assert await watched.after(1.75) == [], "an ordinary end takes a moment"
    assert watched.compared == 0
    assert await watched.after(2.0) == []
    assert watched.compared > 0, "no event is believed to be missing before the list is here"
    watched.watch.on_list()
    assert await watched.after(0.25) == ["agent_ghost"]
    assert watched.state is State.IDLE
    assert watched.journal[-1].data["side"] == "interrupted"


async def test_an_offer_that_never_became_a_ring_goes_back_to_its_place(watched: Watched) -> None:
    watched.calls()
    del watched.channels["n1-1.2"]
    assert await watched.after(4.75) == []
    watched.watch.on_list()
    assert await watched.after(0.5) == ["agent_ghost"]
    failed = next(m for m in watched.journal if m.kind == CallFact.OFFER_FAILED)
    assert failed.data["outcome"] == "interrupted"
    assert watched.board.calls[CALL].offers == 2, "and is offered anew: it was nobody's fault"


async def test_without_observation_nobody_is_a_ghost(watched: Watched) -> None:
    watched.talks()
    watched.channels = None
    assert await watched.after(60.0) == []
    assert watched.state is State.TALKING


async def test_a_channel_that_belongs_to_nothing_is_cut(watched: Watched) -> None:
    watched.channel("n1-7.2", "PJSIP/a1-00000007", linked="n1-7.1")
    await watched.after(0.5)
    watched.watch.on_list()
    assert await watched.after(1.5) == [], "an ordinary end takes a moment"
    assert await watched.after(0.5) == ["agent_channel_stuck"]
    assert watched.hung_up == ["Hangup PJSIP/a1-00000007 44"]


async def test_channels_that_belong_to_something_are_left_alone(watched: Watched) -> None:
    watched.channel("n1-7.2", "PJSIP/a1-00000007", linked="n1-7.2")  # he dialled himself
    watched.channel("n1-8.2", "PJSIP/a1-00000008", linked="n1-8.1", bridge="b")  # talks to somebody
    watched.channel("n1-9.2", "PJSIP/a9-00000009", linked="n1-9.1")  # nobody of ours
    await watched.after(5.0)
    watched.watch.on_list()
    assert await watched.after(5.0) == []
    assert watched.hung_up == []


async def test_a_citizen_on_hold_at_a_dead_telephone_is_not_kept_there(watched: Watched) -> None:
    watched.contact("Reachable")
    watched.talks()
    watched.exchange.call(CallFact.HELD, CALL, {"agent": A1})
    watched.contact("Unreachable")
    assert "agent_line_cut" in await watched.after(2.0)
    assert watched.hung_up == ["Hangup PJSIP/a1-00000002 44"]


async def test_the_list_of_devices_wins_over_contacts_whose_events_were_missed(watched: Watched) -> None:
    watched.contact("Unreachable")
    watched.phones.replace({"PJSIP/a1": "NOT_INUSE", "Queue:x": "INUSE"})
    await watched.after(0.25)
    assert (watched.state, watched.phones.state(A1)) == (State.IDLE, "registered")
    watched.contact("Reachable")
    watched.phones.replace({"PJSIP/a1": "UNAVAILABLE"})
    await watched.after(0.25)
    assert (watched.state, watched.phones.state(A1)) == (State.NOT_READY, "away")
