"""What Asterisk's channels say of those who were called to a talk: facts, each once, and no channel left over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.roster import Agent
from cti.asterisk.ami import AmiDown
from cti.asterisk.ami_codec import AmiEvent
from cti.asterisk.channels import Channel
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Value
from cti.contact import Recordings
from cti.exchange import Exchange
from cti.live_call import Call
from cti.parties import Parties
from cti.switchboard import Switchboard
from tests.support.recorded import leave, silence

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

CALL = CallId("n1-1.1")
LEG, MUSIC = f"{CALL}.p1", f"{CALL}.m1"
RING_S = 10.0


class Room:
    """Agent a1 talks to a citizen; `channels` is what Asterisk shows, None: nothing. `acted` is what was asked."""

    def __init__(self, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        self.acted: list[tuple[str, dict[str, str]]] = []
        self.journal: list[Milestone] = []
        self.reattach_s = 0.0
        self.refuses = ""
        """What Asterisk does not do."""
        self.channels: dict[str, Channel] | None = {
            CALL: Channel(CALL, CALL, "PJSIP/trunk-1", 6, "b1"),
            "n1-1.2": Channel("n1-1.2", CALL, "PJSIP/a1-2", 6, "b1"),
        }
        self.board = Switchboard(0.0)
        self.board.set_roster({AgentId(a): Agent(AgentId(a), a, {"general": 3}) for a in ("a1", "a2")})
        self.exchange = Exchange(self.board, self, lambda: 1_000.0 + loop.time())
        recordings = Recordings(folder, lambda at: datetime.fromtimestamp(at, UTC))
        self.parties = Parties(
            self.exchange, self, lambda: self.channels, self.noted, recordings, RING_S, lambda _: self.reattach_s
        )
        for agent in ("a1", "a2"):
            self.exchange.agent(AgentFact.LOGGED_IN, AgentId(agent))
            self.exchange.agent(AgentFact.STATUS, AgentId(agent), {"status": "ready"})
        self.say(CallFact.ARRIVED, pii_caller="13800138000", dialled="12345", channel="PJSIP/trunk-1")
        self.exchange.attach(CALL, self)
        self.say(CallFact.QUEUED, queue="general", need="general||+0")
        self.say(CallFact.ANSWERED, agent="a1", n=1, wait_s=0.0)
        self.answered_text = ""

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        if name == self.refuses:
            raise AmiDown("away")
        self.acted.append((name, dict(headers)))
        return {}

    async def noted(self, _channel: str) -> str:
        return self.answered_text

    @property
    def call(self) -> Call:
        return self.board.calls[CALL]

    def say(self, kind: CallFact, /, **data: Value) -> None:
        self.exchange.call(kind, CALL, data)

    def ask(self, mode: str = "conference", **more: Value) -> None:
        self.say(CallFact.PARTY_ASKED, p=1, kind="expert", target="x", mode=mode, by="a1", **more)

    def show(self, uniqueid: str, name: str = "PJSIP/trunk-9", bridge: str = "", state: int = 6) -> None:
        assert self.channels is not None
        self.channels[uniqueid] = Channel(uniqueid, CALL, name, state, bridge)
        self.parties.look()

    def gone(self, uniqueid: str, cause: str = "16", *, seen: bool = True) -> None:
        assert self.channels is not None
        channel = self.channels.pop(uniqueid)
        fields = {"Uniqueid": uniqueid, "Linkedid": CALL, "Channel": channel.name, "Cause": cause, "ChannelState": "6"}
        if seen:
            self.parties.on_event(AmiEvent("Hangup", fields))
        else:
            self.parties.look()

    def kinds(self) -> list[str]:
        return [m.kind for m in self.journal if m.stream == "call"][4:]

    def last(self, kind: CallFact) -> Mapping[str, Value]:
        return [m.data for m in self.journal if m.kind == kind][-1]

    async def hung_up(self) -> list[str]:
        await asyncio.sleep(0.01)
        return [headers["Channel"] for name, headers in self.acted if name == "Hangup"]


async def test_who_comes_to_the_citizens_bridge_has_joined_and_who_leaves_it_has_left(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask()
    room.show(LEG, state=5)
    assert room.kinds() == ["party_asked"]
    room.show(LEG)
    assert room.kinds() == ["party_asked"], "he has answered and is not there yet"
    for _ in range(3):
        room.show(LEG, bridge="b1")
    assert room.kinds() == ["party_asked", "party_joined"]
    await asyncio.sleep(5)
    room.gone(LEG)
    assert room.last(CallFact.PARTY_LEFT) == {"p": 1, "side": "party", "talk_s": 5.0, "agent": None}
    assert room.call.phase == "talk"


async def test_while_asterisk_is_not_seen_nothing_is_believed(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask()
    room.show(LEG, bridge="b1")
    room.channels = None
    await asyncio.sleep(30)
    room.parties.look()
    assert room.kinds() == ["party_asked", "party_joined"]


async def test_the_agent_is_gone_and_somebody_is_with_the_citizen(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask(agent="a2")
    room.show(LEG, "PJSIP/a2-9", bridge="b1")
    room.gone("n1-1.2", cause="44")
    assert room.last(CallFact.HANDED_OVER)["side"] == "agent_lost"
    assert (room.call.agent, room.call.lead, room.call.phase) == ("a2", 1, "talk")
    room.gone(LEG, cause="44")
    assert room.last(CallFact.PARTY_LEFT)["side"] == "agent_lost"
    assert room.call.phase == "after_talk"


async def test_the_agent_is_gone_and_nobody_has_come_yet(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask()
    room.show(LEG, state=5)
    room.gone("n1-1.2")
    assert room.kinds() == ["party_asked"], "the end of this talk is seen in the citizen's session"


@pytest.mark.parametrize(("bridge", "kinds"), [("b2", ["party_joined"]), ("b1", ["party_joined"]), ("", [])])
async def test_a_consult_is_where_the_agent_is(tmp_path: Path, bridge: str, kinds: list[str]) -> None:
    room = Room(tmp_path)
    assert room.channels is not None
    room.ask("consult")
    room.channels["n1-1.2"] = replace(room.channels["n1-1.2"], bridge_id="b2")
    room.show(LEG, bridge=bridge)
    assert room.kinds() == ["party_asked", *kinds]
    if kinds:
        assert room.last(CallFact.PARTY_JOINED)["mode"] == ("consult" if bridge == "b2" else "conference")


@pytest.mark.parametrize(("agents_bridge", "redirected"), [("b1", []), ("", ["n1-1.2"])])
async def test_a_consult_that_fails_brings_back_only_an_agent_who_is_aside(
    tmp_path: Path, agents_bridge: str, redirected: list[str]
) -> None:
    """Who was never taken out of the talk would leave the citizen by being fetched back."""
    room = Room(tmp_path)
    assert room.channels is not None
    room.ask("consult")
    room.refuses = "Originate"
    room.parties.call_in(room.call, room.call.parties[0], "PJSIP/10001@trunk", "12345")
    await asyncio.sleep(0.1)
    room.channels["n1-1.2"] = replace(room.channels["n1-1.2"], bridge_id=agents_bridge)
    room.parties.look()
    await asyncio.sleep(0.1)
    assert room.last(CallFact.PARTY_FAILED)["outcome"] == "interrupted"
    assert [headers["Channel"] for name, headers in room.acted if name == "Redirect"] == redirected


async def test_who_could_not_be_ended_can_still_be_handed_over(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask(agent="a2")
    room.show(LEG, "PJSIP/a2-9", bridge="b1")
    room.refuses = "Hangup"
    assert not await room.parties.end(room.call)
    room.gone("n1-1.2")
    assert (room.call.agent, room.call.phase) == ("a2", "talk")


async def test_music_that_nobody_needs_is_cut_and_the_agent_is_recorded_again(tmp_path: Path) -> None:
    room = Room(tmp_path)
    assert room.channels is not None
    room.ask("consult")
    room.channels["n1-1.2"] = replace(room.channels["n1-1.2"], bridge_id="b2")
    room.channels[MUSIC] = Channel(MUSIC, CALL, "Local/music@cti-party-1;1", 6, "b1")
    room.show(LEG, bridge="b2")
    assert await room.hung_up() == [], "the citizen would be alone"
    room.show("n1-1.2", "PJSIP/a1-2", bridge="b1")
    assert await room.hung_up() == [MUSIC]
    assert ("MixMonitorMute", {"Channel": "PJSIP/a1-2", "Direction": "both", "State": "0"}) in room.acted


async def test_a_citizen_whose_agent_hung_up_in_a_consult_that_nobody_came_to_goes_back(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask("consult")
    room.show(LEG, state=5)
    room.show(MUSIC, "Local/music@cti-party-1;1", bridge="b1")
    room.gone("n1-1.2")
    assert room.call.moved is None, "it rings, and whoever answers comes to the citizen"
    room.say(CallFact.PARTY_FAILED, p=1, outcome="no_answer")
    room.parties.look()
    assert room.call.moved == ("agent", "a1")
    assert MUSIC in await room.hung_up(), "so that his Dial() ends and his journey goes on"


async def test_channels_of_a_talk_that_is_over_are_cut(tmp_path: Path) -> None:
    room = Room(tmp_path)
    assert room.channels is not None
    room.ask()
    room.show(LEG, bridge="b1")
    del room.channels[CALL]  # the citizen has hung up, and nobody has said so yet
    room.parties.look()
    assert await room.hung_up() == [LEG]
    assert room.kinds() == ["party_asked", "party_joined"], "his own session completes the record"
    await asyncio.sleep(1)
    room.parties.look()
    assert await room.hung_up() == [LEG, "n1-1.2"], "and the agent, who would go on talking to the department"


async def test_a_leg_that_the_record_does_not_know_is_cut(tmp_path: Path) -> None:
    """Asked for by a daemon whose last milliseconds are lost."""
    room = Room(tmp_path)
    room.show(LEG, bridge="b1")
    room.show("n9-9.9.p1")
    assert sorted(await room.hung_up()) == sorted([LEG, "n9-9.9.p1"])


async def test_an_agent_who_is_aside_for_somebody_the_record_does_not_know_is_fetched_back(tmp_path: Path) -> None:
    room = Room(tmp_path)
    assert room.channels is not None
    room.channels["n1-1.2"] = replace(room.channels["n1-1.2"], bridge_id="")
    room.show(MUSIC, "Local/music@cti-party-1;1", bridge="b1")
    room.parties.look()
    assert await room.hung_up() == [], "the citizen would be alone"
    back = [headers["Exten"] for name, headers in room.acted if name == "Redirect"]
    assert back == ["back"], "once, until it can be seen what became of it"


async def test_a_leg_that_never_came_has_failed_however_often_the_list_is_read_meanwhile(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask()
    room.parties.call_in(room.call, room.call.parties[0], "PJSIP/10001@trunk", "12345")
    for _ in range(4):
        channels, room.channels = room.channels, None
        room.parties.look()
        room.channels = channels
        room.parties.look()
        await asyncio.sleep(6)
    assert room.last(CallFact.PARTY_FAILED)["outcome"] == "unreachable"


async def test_a_leg_that_never_came_has_failed(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask()
    room.parties.call_in(room.call, room.call.parties[0], "PJSIP/10001@trunk", "12345")
    room.parties.look()
    await asyncio.sleep(RING_S)
    room.parties.look()
    assert room.kinds() == ["party_asked"]
    await asyncio.sleep(6)
    room.parties.look()
    assert room.last(CallFact.PARTY_FAILED)["outcome"] == "unreachable"


async def test_a_daemon_that_begins_knows_answers_by_what_the_dialplan_noted(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ask()
    await asyncio.sleep(10)
    room.answered_text = "1003.250"
    room.channels = {**(room.channels or {}), LEG: Channel(LEG, CALL, "PJSIP/trunk-9", 6, "b1")}
    await room.parties.on_list(room.channels)
    room.parties.look()
    assert next(m.at for m in room.journal if m.kind == CallFact.PARTY_JOINED) == 1_003.25


@pytest.mark.parametrize(("sound_s", "at"), [(4.0, 1_004.0), (0.0, 1_010.0), (99.0, 1_010.0)])
async def test_an_end_that_nobody_saw_was_when_the_recording_ended(tmp_path: Path, sound_s: float, at: float) -> None:
    room = Room(tmp_path)
    room.ask()
    room.show(LEG, bridge="b1")
    begun = next(m.at for m in room.journal if m.kind == CallFact.PARTY_JOINED)
    if sound_s:
        leave(tmp_path, f"1970-01-01/{CALL}-p1.wav", silence(sound_s), silence(sound_s))
    await asyncio.sleep(10)
    room.gone(LEG, seen=False)
    await asyncio.sleep(0.1)
    left = next(m for m in room.journal if m.kind == CallFact.PARTY_LEFT)
    assert left.at - begun == pytest.approx(at - 1_000.0, abs=0.1)


@pytest.mark.parametrize("back_after_s", [1.0, 20.0])
async def test_an_agent_whose_browser_was_lost_is_called_back_to_the_talk_and_leads_again(
    tmp_path: Path, back_after_s: float
) -> None:
    room = Room(tmp_path)
    room.reattach_s = 8.0
    room.ask()
    room.show(LEG, bridge="b1")
    room.gone("n1-1.2", cause="44")
    assert (room.call.phase, room.call.agent) == ("party", None)
    assert room.board.desks[AgentId("a1")].call_id == CALL, "nothing else is offered to him meanwhile"

    await asyncio.sleep(back_after_s)
    room.exchange.agent(AgentFact.RELEASED, AgentId("a1"), {"reason": "phone_away"})
    await asyncio.sleep(0.5)
    room.parties.look()
    rung = [headers for name, headers in room.acted if name == "Originate"]
    if back_after_s > room.reattach_s:
        assert rung == []
        assert room.last(CallFact.PARTY_FAILED)["outcome"] == "unreachable"
        assert room.board.desks[AgentId("a1")].call_id is None
        return
    assert [headers["Channel"] for headers in rung] == ["PJSIP/a1"]
    assert rung[0]["Variable"] == "PJSIP_HEADER(add,X-CTI-Leg)=reattach"
    room.show(f"{CALL}.p2", "PJSIP/a1-3", bridge="b1")
    assert (room.call.phase, room.call.agent, room.call.lead) == ("talk", "a1", 2)
    room.gone(LEG)
    assert room.call.phase == "talk"
    await asyncio.sleep(3)
    room.gone(f"{CALL}.p2")
    assert room.call.phase == "after_talk"
    assert float(room.last(CallFact.PARTY_LEFT)["talk_s"] or 0) == pytest.approx(3.0, abs=0.1)
