"""Our picture against Asterisk's own list: who was answered, who ended while nobody held him."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.roster import Agent
from agents.status import Cause
from cti.asterisk.ami_codec import AmiEvent
from cti.asterisk.channels import Channels
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need, NeedStep, SkillNeed
from cti.contact import Recordings
from cti.exchange import Exchange
from cti.reconciler import Reconciler
from cti.switchboard import Switchboard

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

CALL = "nboot-1.1"
NEED = Need("general", (NeedStep((SkillNeed("general"),)),)).to_text()


def event(name: str, **fields: str) -> AmiEvent:
    return AmiEvent(name, fields)


def listed(uniqueid: str, channel: str, bridge: str = "") -> AmiEvent:
    return event("CoreShowChannel", Uniqueid=uniqueid, Channel=channel, BridgeId=bridge, ChannelState="6")


class Town:
    """One call that rings at agent a1, and the reconciler that watches it."""

    def __init__(self, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        self.journal: list[Milestone] = []
        self.board = Switchboard(0.0)
        self.board.set_roster({AgentId("a1"): Agent(AgentId("a1"), "a1", {"general": 3})})
        self.exchange = Exchange(self.board, self, lambda: 1_000.0 + loop.time())
        self.nonce = "nboot"
        self.jobs: list[asyncio.Task[None]] = []
        recordings = Recordings(folder, lambda at: datetime.fromtimestamp(at, UTC))
        self.reconciler = Reconciler(
            self.exchange,
            Channels(),
            recordings,
            lambda: self.nonce,
            lambda job: self.jobs.append(loop.create_task(job)),
        )
        self.exchange.agent(AgentFact.LOGGED_IN, AgentId("a1"))
        self.exchange.agent(AgentFact.STATUS, AgentId("a1"), {"status": "ready"})
        self.exchange.call(CallFact.ARRIVED, CallId(CALL), {"channel": "PJSIP/trunk-1"})
        self.exchange.attach(CallId(CALL), self)
        self.exchange.call(CallFact.QUEUED, CallId(CALL), {"queue": "general", "need": NEED})

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)

    def kinds(self) -> list[str]:
        return [m.kind for m in self.journal if m.stream == "call"]

    def elsewhere(self) -> bool:
        return Cause.ELSEWHERE in self.board.desks[AgentId("a1")].causes(self.exchange.wall())

    def agent_kinds(self) -> list[str]:
        return [m.kind for m in self.journal if m.stream == "agent"]

    def ended(self) -> Mapping[str, object]:
        return next(m.data for m in self.journal if m.kind == CallFact.ENDED)

    async def settle(self) -> None:
        await asyncio.gather(*self.jobs)

    def answer(self) -> None:
        self.reconciler.on_event(
            event("DialEnd", Uniqueid=CALL, Channel="PJSIP/trunk-1", DestChannel="PJSIP/a1-2", DialStatus="ANSWER")
        )


async def test_an_answer_is_noticed_once(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.answer()
    town.answer()
    assert town.kinds().count("answered") == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"DestChannel": "PJSIP/a2-2"},  # not the agent it was offered to
        {"Uniqueid": "nboot-9.9"},  # not a call of ours
        {"DialStatus": "NOANSWER"},
    ],
)
async def test_an_answer_that_does_not_fit_changes_nothing(tmp_path: Path, fields: dict[str, str]) -> None:
    town = Town(tmp_path)
    right = {"Uniqueid": CALL, "Channel": "PJSIP/trunk-1", "DestChannel": "PJSIP/a1-2", "DialStatus": "ANSWER"}
    town.reconciler.on_event(event("DialEnd", **(right | fields)))
    assert "answered" not in town.kinds()


async def test_an_answer_that_was_missed_is_found_in_the_list(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.reconciler.on_list([listed(CALL, "PJSIP/trunk-1", "b1"), listed("nboot-1.2", "PJSIP/a1-2", "b1")])
    assert "answered" in town.kinds()


@pytest.mark.parametrize(("noted", "at"), [(1_004.0, 1_004.0), (0.0, 1_006.0), (999.0, 1_006.0), (1_007.0, 1_006.0)])
async def test_a_missed_answer_was_when_the_dialplan_noted_it(tmp_path: Path, noted: float, at: float) -> None:
    """Not before the caller waited (an earlier talk's), and not in the future."""
    town = Town(tmp_path)
    await asyncio.sleep(6.0)
    channels = [listed(CALL, "PJSIP/trunk-1", "b1"), listed("nboot-1.2", "PJSIP/a1-2", "b1")]
    town.reconciler.on_list(channels, {CallId(CALL): noted})
    assert next(m.at for m in town.journal if m.kind == CallFact.ANSWERED) == at


async def test_a_call_that_nobody_holds_ends_with_its_channel(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.answer()
    town.exchange.detach(CallId(CALL), town)
    town.reconciler.on_event(event("Hangup", Uniqueid=CALL, Channel="PJSIP/trunk-1"))
    await town.settle()
    assert town.ended() == {"side": "caller", "place": "talk", "lost_at": None, "estimated": False}
    assert town.kinds()[-3:] == ["talk_ended", "recorded", "ended"]


async def test_a_call_that_is_held_ends_by_its_own_session(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.reconciler.on_event(event("Hangup", Uniqueid=CALL, Channel="PJSIP/trunk-1"))
    await town.settle()
    assert "ended" not in town.kinds()


async def test_asterisk_died_and_every_call_of_its_boot_is_closed_as_interrupted(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.answer()
    town.exchange.detach(CallId(CALL), town)
    town.nonce = "nnewboot"
    town.reconciler.on_list([])
    await town.settle()
    assert town.ended() == {"side": "interrupted", "place": "talk", "lost_at": None, "estimated": True}


async def test_a_call_that_was_cut_ended_when_asterisk_died_not_when_it_was_back(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.answer()
    await asyncio.sleep(5.0)
    town.exchange.detach(CallId(CALL), town)
    town.reconciler.on_down("Asterisk closed the connection")
    await asyncio.sleep(2.5)
    town.nonce = "nnewboot"
    town.reconciler.on_list([])
    await town.settle()
    assert (town.ended()["side"], town.ended()["estimated"]) == ("interrupted", False)
    talk = next(m for m in town.journal if m.kind == CallFact.TALK_ENDED)
    assert (talk.at, talk.data["talk_s"]) == (1_005.0, 5.0)


async def test_ringing_when_asterisk_died_does_not_pause_the_agent(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.exchange.detach(CallId(CALL), town)
    town.nonce = "nnewboot"
    town.reconciler.on_list([])
    await town.settle()
    assert town.ended()["lost_at"] == "ringing"
    assert town.board.desks[AgentId("a1")].status == "ready"


async def test_a_held_call_whose_channel_is_missing_gets_two_seconds_to_say_so(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.reconciler.on_list([])
    await town.settle()
    assert "ended" not in town.kinds()
    await asyncio.sleep(2.1)
    town.reconciler.on_list([])
    await town.settle()
    assert town.ended()["estimated"] is True


async def test_an_agent_whom_the_fallback_queue_rang_is_offered_nothing_until_he_is_free(tmp_path: Path) -> None:
    town = Town(tmp_path)
    served, other = CallId("nboot-7.7"), CallId("nboot-9.9")
    town.exchange.call(CallFact.ENDED, CallId(CALL), {"side": "caller"})
    town.exchange.call(CallFact.ARRIVED, served, {"channel": "PJSIP/trunk-7"})
    town.exchange.call(CallFact.FELL_BACK, served, {"queue_status": ""})
    leg = {"Uniqueid": "nboot-7.8", "Channel": "PJSIP/a1-00000008", "Linkedid": served}

    town.reconciler.on_event(event("Newchannel", **leg))
    assert town.elsewhere()
    town.exchange.call(CallFact.ARRIVED, other, {"channel": "PJSIP/trunk-9"})
    town.exchange.attach(other, town)
    town.exchange.call(CallFact.QUEUED, other, {"queue": "general", "need": NEED})
    assert town.kinds()[-1] == "queued"

    town.reconciler.on_event(event("Hangup", **leg))
    assert town.kinds()[-1] == "offered"


async def test_an_agent_in_a_call_of_ours_is_not_elsewhere(tmp_path: Path) -> None:
    town = Town(tmp_path)
    channels = [listed(CALL, "PJSIP/trunk-1"), listed("nboot-1.2", "PJSIP/a1-00000002")]
    for channel in channels:
        channel.fields["Linkedid"] = CALL  # type: ignore[index]
    town.reconciler.on_list(channels)
    assert not town.elsewhere()


async def test_without_observation_nobody_is_taken_to_be_elsewhere(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.reconciler.on_event(event("Newchannel", Uniqueid="nboot-7.8", Channel="PJSIP/a1-8", Linkedid="nboot-7.8"))
    assert town.elsewhere()
    town.reconciler.on_down("cut")
    assert not town.elsewhere()


async def test_a_call_of_the_fallback_queue_is_left_to_the_spool(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.exchange.detach(CallId(CALL), town)
    town.exchange.call(CallFact.FELL_BACK, CallId(CALL), {"queue_status": ""})
    town.reconciler.on_event(event("Hangup", Uniqueid=CALL, Channel="PJSIP/trunk-1"))
    town.reconciler.on_list([])
    await town.settle()
    assert "ended" not in town.kinds()
    await asyncio.sleep(21)
    town.reconciler.on_list([])
    await town.settle()
    assert town.ended()["estimated"] is True


async def test_a_callback_is_not_in_the_list_and_goes_on(tmp_path: Path) -> None:
    town = Town(tmp_path)
    callback = CallId("cb-1")
    town.exchange.call(CallFact.ARRIVED, callback, {"channel": "", "direction": "callback"})
    town.exchange.call(CallFact.QUEUED, callback, {"queue": "general", "need": NEED})

    town.reconciler.on_list([listed(CALL, "PJSIP/trunk-1")])
    await asyncio.sleep(60)
    town.reconciler.on_list([listed(CALL, "PJSIP/trunk-1")])
    await town.settle()

    assert callback in town.board.calls
    assert CallFact.ENDED not in town.kinds()


async def test_an_agent_on_the_telephone_for_a_callback_is_in_a_call_of_ours(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.exchange.call(CallFact.ARRIVED, CallId("cb-1"), {"channel": "", "direction": "callback"})

    town.reconciler.on_event(event("Newchannel", Channel="PJSIP/a1-00000001", Uniqueid="cb-1.1", Linkedid="cb-1.1"))

    assert not town.elsewhere()


async def test_the_agents_hold_is_noted_once_and_the_citizens_is_not_his(tmp_path: Path) -> None:
    town = Town(tmp_path)
    leg = {"Channel": "PJSIP/a1-00000002", "Uniqueid": "nboot-1.2", "Linkedid": CALL}
    town.reconciler.on_event(event("Newchannel", **leg))
    town.reconciler.on_event(event("Hold", **leg))
    assert CallFact.HELD not in town.kinds(), "it only rings"
    town.answer()
    for name in ("Hold", "Hold", "Unhold", "Unhold"):
        town.reconciler.on_event(event(name, **leg))
        town.reconciler.on_event(event(name, Channel="PJSIP/trunk-1", Uniqueid=CALL, Linkedid=CALL))
    assert [kind for kind in town.kinds() if "held" in kind] == ["held", "unheld"]
    assert not town.elsewhere()


async def test_a_transfer_is_noted_once_when_it_is_answered(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.board.calls[CallId(CALL)].dialling = ("110", 990.0)
    answered = event(
        "DialEnd", Uniqueid=CALL, Channel="PJSIP/trunk-1", DestChannel="PJSIP/trunk-7", DialStatus="ANSWER"
    )
    town.reconciler.on_event(answered)
    town.reconciler.on_event(answered)
    noted = [m for m in town.journal if m.kind == CallFact.TRANSFERRED]
    assert [(m.at, m.data) for m in noted] == [(990.0, {"target": "110"})]


async def test_nothing_is_noted_once_another_daemon_decides(tmp_path: Path) -> None:
    town = Town(tmp_path)
    before = list(town.journal)
    town.board.may_decide = lambda: False
    town.exchange.call(CallFact.HUMAN_ASKED, CallId(CALL), {"by": "key"})
    town.exchange.settle()
    assert town.journal == before


async def test_a_call_of_somebody_elses_that_is_over_is_over_in_any_order_of_its_events(tmp_path: Path) -> None:
    leg = {"Uniqueid": "nboot-7.8", "Channel": "PJSIP/a1-00000008", "Linkedid": "nboot-7.7"}
    for names in itertools.permutations(["Newchannel", "Newchannel", "Newstate", "Hangup", "Hangup"]):
        town = Town(tmp_path)
        for name in names:
            town.reconciler.on_event(event(name, **leg))
        assert not town.elsewhere(), names
        held, released = (town.agent_kinds().count(kind) for kind in ("held_back", "released"))
        assert held == released <= 1, names
