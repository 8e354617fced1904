"""The desk of callbacks without Asterisk: telephones act by a script, and time is the loop's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agents.roster import Agent
from cti.asterisk.agi_codec import AgiEnv, CallerHungUp
from cti.asterisk.ami import AmiDown, AmiEvent
from cti.asterisk.channels import Channel
from cti.callback_call import Outside
from cti.callback_calls import is_callback
from cti.callbacks import Books, Callbacks
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need, Value
from cti.contact import Recordings
from cti.exchange import Exchange
from cti.live_call import Call
from cti.metrics.record import CallRecord, fold
from cti.settings import Callback, SettingsError
from cti.storage.store import StoreUnavailableError
from cti.switchboard import Switchboard
from ivr_flows.words import Prompt
from queues.callbacks import REDIAL_S, TaskRefused

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

CITIZEN, DIAL = "13800138000", "PJSIP/{number}@trunk"
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC).timestamp()
AGENT = AgentId("a1")


class AgentLine:
    """An agent's telephone that was answered: presses `key` after a second, unless he hangs up."""

    def __init__(self, leg: str, call: str, key: str = "1", dial: str = "ANSWER", talk_s: float = 30.0, **args: str):
        self.env = AgiEnv(
            script="callback",
            query={},
            uniqueid=leg,
            channel="PJSIP/a1-00000001",
            caller="",
            dialled="",
            context="cti-callback",
            extension="s",
            language="zh-CN",
            args=(call, args.get("dial_status", ""), args.get("answered_at", ""), args.get("lost_at", "")),
        )
        self.said: list[str] = []
        self.variables: dict[str, str] = {}
        self._key, self._dial, self._talk_s = key, dial, talk_s

    async def stream_file(self, name: str, escape_digits: str = "") -> str:
        await asyncio.sleep(1)
        if self._key == "hangup":
            raise CallerHungUp("hangup")
        return self._key if self._key in escape_digits else ""

    async def wait_for_digit(self, timeout_s: float) -> str:
        await asyncio.sleep(timeout_s)
        return ""

    async def get_variable(self, name: str, *, dead_ok: bool = False) -> str | None:
        return self.variables.get(name)

    async def set_variable(self, name: str, value: str) -> None:
        self.variables[name] = value

    async def exec(self, application: str, *args: str) -> int:
        self.said.append(f"{application} {args[0]} as {self.variables['CALLERID(num)']}")
        if self._dial == "eof":
            raise CallerHungUp("eof")
        await asyncio.sleep(self._talk_s)
        if self._dial == "hangup":
            raise CallerHungUp("hangup")
        self.variables["DIALSTATUS"] = self._dial
        return 0

    async def hangup(self) -> None:
        self.said.append("hangup")

    def close(self) -> None:
        self.said.append("close")


class Desk:
    """One agent, one desk of callbacks, and what it asks of Asterisk."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.journal: list[Milestone] = []
        self.asked: list[dict[str, str]] = []
        self.channels: dict[str, Channel] = {}
        self.act_is_down = False
        self.old: list[CallRecord] = []
        self.store_is_down = False
        self.board = Switchboard(0.0)
        self.board.set_roster({AGENT: Agent(AGENT, "a1", {"general": 3})})
        loop = asyncio.get_running_loop()
        self.skipped_s = 0.0
        self.exchange = Exchange(self.board, self, lambda: NOON + loop.time() + self.skipped_s)
        settings = {"dial": DIAL, "retry_s": 60, "attempts": 2, "missed_days": 0.1, **settings}
        self.callbacks = Callbacks(
            Outside(
                exchange=self.exchange,
                act=self,
                channels=lambda: self.channels,
                noted=self._noted,
                recordings=Recordings(folder, lambda at: datetime.fromtimestamp(at, UTC)),
                sounds=self,
                settings=Callback(**settings),  # type: ignore[arg-type]
                ring_agent_s=15.0,
            ),
            Books(
                local_time=lambda at: datetime.fromtimestamp(at + 8 * 3600, UTC),
                timeline=self.timeline,
                drained=self._drained,
                records=self._records,
                place_of=lambda dialled: {"city": "test", "mode": "merged", "statistics": dialled},
                need_of=lambda dialled: Need("general"),
            ),
        )
        self.running = asyncio.create_task(self.callbacks.run())

    def ready(self) -> None:
        self.exchange.agent(AgentFact.LOGGED_IN, AGENT)
        self.exchange.agent(AgentFact.STATUS, AGENT, {"status": "ready"})

    async def stop(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        self.exchange.stop()

    # What it needs of others

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        self.asked.append({"Action": name} | dict(headers))
        if self.act_is_down:
            raise AmiDown("not connected")
        leg = dict(headers)["ChannelId"]
        self.channels[leg] = Channel(leg, leg, "PJSIP/a1-00000001", 5, "")
        return {}

    def files(self, prompt: Prompt, language: str) -> tuple[str, ...]:
        return (prompt.id,)

    async def _noted(self, channel: str) -> str:
        return ""

    async def _drained(self) -> None:
        await asyncio.sleep(0.1)

    async def _records(self, since: float, until: float) -> Iterable[CallRecord]:
        if self.store_is_down:
            raise StoreUnavailableError("not now")
        return [record for record in self.old if since <= record.arrived_at < until]

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)
        if milestone.kind == CallFact.ENDED:
            asyncio.get_running_loop().call_later(0.02, self.callbacks.on_ended, fold(self.timeline(milestone.id)))

    def timeline(self, call_id: str) -> list[Milestone]:
        return [m for m in self.journal if m.stream == "call" and m.id == call_id]

    # What happens

    def waits(self, number: str = CITIZEN, name: str = "in-1") -> Call:
        call_id = CallId(name)
        facts: dict[str, Value] = {"pii_caller": number, "dialled": "12345", "direction": "in"}
        self.exchange.call(CallFact.ARRIVED, call_id, facts)
        self.exchange.call(CallFact.QUEUED, call_id, {"queue": "general", "need": Need("general").to_text()})
        return self.board.calls[call_id]

    def leaves(self, call: Call, lost_at: str = "queue") -> None:
        self.exchange.call(CallFact.ENDED, call.id, {"side": "caller", "place": "queue", "lost_at": lost_at})

    async def asks(self, number: str = CITIZEN, name: str = "in-1") -> CallId:
        """Waits a minute, asks to be called back, hangs up."""
        call = self.waits(number, name)
        await asyncio.sleep(60)
        callback = self.callbacks.request(call)
        assert callback is not None
        self.leaves(call, "callback")
        return callback

    async def answers(self, callback: CallId, n: int = 1, **line: object) -> AgentLine:
        """The agent takes his telephone off the hook and does what the line says."""
        leg = f"{callback}.{n}"
        found = AgentLine(leg, callback, **line)  # type: ignore[arg-type]
        await self.callbacks.serve(found)
        self.channels.pop(leg, None)
        return found

    def ends(self) -> list[tuple[str, Value]]:
        found = [m for m in self.journal if m.kind == CallFact.ENDED and "outcome" in m.data]
        return [(m.id, m.data["outcome"]) for m in found]

    def failed_offers(self) -> list[Value]:
        return [m.data["outcome"] for m in self.journal if m.kind == CallFact.OFFER_FAILED]

    def live(self) -> list[Call]:
        return [call for call in self.board.calls.values() if is_callback(call)]


async def test_the_agents_telephone_is_called_with_fixed_words_and_a_checked_number(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks("+86" + CITIZEN)
    desk.ready()
    await asyncio.sleep(1)
    line = await desk.answers(callback)

    assert desk.asked == [
        {
            "Action": "Originate",
            "Channel": "PJSIP/a1",
            "Context": "cti-callback",
            "Exten": "s",
            "Priority": "1",
            "Timeout": "15000",
            "CallerID": CITIZEN,
            "Variable": f"PJSIP_HEADER(add,X-CTI-Call)={callback}",
            "ChannelId": f"{callback}.1",
            "Async": "true",
        }
    ]
    assert line.said == [f"Dial PJSIP/{CITIZEN}@trunk as 12345", "hangup"]
    assert desk.ends() == [(callback, "reached")]
    assert [row["state"] for row in desk.callbacks.rows()] == ["reached"]
    await desk.stop()


async def test_the_number_that_citizens_see_can_be_set(tmp_path: Path) -> None:
    desk = Desk(tmp_path, caller_id="076912345")
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)

    assert (await desk.answers(callback)).said[0] == f"Dial PJSIP/{CITIZEN}@trunk as 076912345"
    await desk.stop()


async def test_who_asks_twice_has_one_callback_with_the_place_of_the_first(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first = await desk.asks()
    second = await desk.asks("+86" + CITIZEN, "in-2")

    assert second == first
    assert [waiting.call_id for waiting in desk.board.waiting()] == [first]
    assert desk.board.calls[first].kept_s == pytest.approx(60.0)
    assert [row["losses"] for row in desk.callbacks.rows()] == [1]
    await asyncio.sleep(0.1)
    assert [row["losses"] for row in desk.callbacks.rows()] == [2]
    await desk.stop()


async def test_without_a_way_out_nobody_is_promised_a_call_and_tasks_are_for_people(tmp_path: Path) -> None:
    desk = Desk(tmp_path, dial="")
    call = desk.waits()
    await asyncio.sleep(60)

    assert not desk.callbacks.possible()
    assert desk.callbacks.request(call) is None
    desk.leaves(call)
    desk.ready()
    await asyncio.sleep(120)

    assert [(row["state"], row["refused"]) for row in desk.callbacks.rows()] == [("for_people", "off")]
    with pytest.raises(TaskRefused) as refused:
        desk.callbacks.call_now("in-1")
    assert refused.value.code == "off"
    assert desk.asked == []
    await desk.stop()


async def test_a_dial_string_without_the_number_is_an_error_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="number"):
        Desk(tmp_path, dial="PJSIP/13800138000@trunk")


async def test_who_waited_until_the_hours_were_over_is_called_in_the_morning(tmp_path: Path) -> None:
    desk = Desk(tmp_path, hours="08:00-12:02", missed_days=2)
    callback = await desk.asks()
    await asyncio.sleep(120)
    desk.ready()
    await asyncio.sleep(5)

    assert desk.ends() == [(callback, "refused")]
    assert desk.asked == []

    desk.skipped_s = 20 * 3600
    await asyncio.sleep(2)

    (again,) = desk.live()
    assert (again.facts["attempt"], again.facts["task"]) == (1, "in-1")
    assert again.since == pytest.approx(NOON)
    assert len(desk.asked) == 1
    await desk.stop()


async def test_an_agent_who_hangs_up_instead_of_confirming_has_rejected_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    line = await desk.answers(callback, key="hangup")

    assert desk.failed_offers() == ["rejected"]
    assert line.said == ["close"]
    assert desk.board.calls[callback].phase == "queue"
    await desk.stop()


async def test_an_agent_who_presses_nothing_is_let_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    line = await desk.answers(callback, key="5")

    assert desk.failed_offers() == ["no_answer"]
    assert line.said == ["hangup"]
    assert line.variables["CTI_DONE"] == "1"
    await desk.stop()


async def test_a_telephone_that_rings_for_an_earlier_offer_is_told_to_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    stale = await desk.answers(callback, n=7)
    unknown = AgentLine("cb-unknown.1", "cb-unknown")
    await desk.callbacks.serve(unknown)

    assert stale.said == unknown.said == ["hangup"]
    assert desk.board.calls[callback].phase == "ringing"
    await desk.stop()


async def test_an_agent_whose_channel_never_was_is_not_offered_for_ever(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    desk.channels.clear()
    await asyncio.sleep(5)

    assert desk.failed_offers() == ["unreachable"]
    await desk.stop()


async def test_that_we_could_not_ask_asterisk_is_not_the_agents_fault(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.act_is_down = True
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(4)
    desk.act_is_down = False
    await asyncio.sleep(4)

    assert set(desk.failed_offers()) == {"interrupted"}
    assert f"{callback}.{desk.board.calls[callback].offers}" in desk.channels
    await desk.stop()


async def test_a_failed_originate_is_noticed_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    desk.channels.clear()
    event = {"Uniqueid": f"{callback}.1", "Response": "Failure", "Reason": "3"}
    desk.callbacks.on_event(AmiEvent("OriginateResponse", event))
    await asyncio.sleep(0.1)

    assert desk.failed_offers() == ["no_answer"]
    await desk.stop()


@pytest.mark.parametrize("hangup_first", [True, False])
@pytest.mark.parametrize(
    ("cause", "outcome"), [("17", "rejected"), ("21", "rejected"), ("19", "no_answer"), ("20", "unreachable")]
)
async def test_why_an_agent_did_not_answer_is_known_whichever_word_of_asterisk_comes_first(
    tmp_path: Path, cause: str, outcome: str, hangup_first: bool
) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    leg = {"Uniqueid": f"{callback}.1", "Linkedid": f"{callback}.1"}
    words = [
        AmiEvent("Hangup", {**leg, "ChannelState": "5", "Cause": cause}),
        AmiEvent("OriginateResponse", {**leg, "Response": "Failure", "Reason": "0"}),
    ]
    desk.channels.clear()
    for word in words if hangup_first else words[::-1]:
        desk.callbacks.on_event(word)
        await asyncio.sleep(0.4)
    await asyncio.sleep(1)

    assert desk.failed_offers()[:1] == [outcome]
    await desk.stop()


async def test_the_citizens_answer_is_noticed_when_it_happens(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    talking = asyncio.create_task(desk.answers(callback))
    await asyncio.sleep(10)
    up = {"Uniqueid": "n1-1.9", "Linkedid": f"{callback}.1", "ChannelState": "6", "Channel": "PJSIP/trunk-1"}
    desk.callbacks.on_event(AmiEvent("Newstate", up))
    await asyncio.sleep(0)
    assert desk.board.calls[callback].phase == "talk"
    await talking

    (talk,) = [m for m in desk.journal if m.kind == CallFact.TALK_ENDED]
    assert talk.data["talk_s"] == pytest.approx(21.0, abs=0.1)
    await desk.stop()


async def test_a_connection_that_is_cut_in_the_talk_leaves_the_talk_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    leg = f"{callback}.1"
    await desk.callbacks.serve(AgentLine(leg, callback, dial="eof"))
    await asyncio.sleep(20)
    assert desk.ends() == []

    back = AgentLine(leg, callback, dial_status="ANSWER", lost_at=f"{NOON + 75:.3f}", answered_at=f"{NOON + 65:.3f}")
    await desk.callbacks.serve(back)

    assert desk.ends() == [(callback, "reached")]
    assert back.said == ["hangup"]
    (talk,) = [m for m in desk.journal if m.kind == CallFact.TALK_ENDED]
    assert talk.data["talk_s"] == pytest.approx(10.0)
    await desk.stop()


@pytest.mark.parametrize(
    ("variables", "outcome", "side"),
    [
        ({"DIALSTATUS": "ANSWER", "CTI_ANSWERED_AT": f"{NOON + 70:.3f}", "HANGUPCAUSE": "16"}, "reached", "agent"),
        ({"DIALSTATUS": "ANSWER", "CTI_ANSWERED_AT": f"{NOON + 70:.3f}", "HANGUPCAUSE": "44"}, "failed", "agent_lost"),
        ({"DIALSTATUS": "CANCEL", "HANGUPCAUSE": "16"}, "failed", None),
    ],
)
async def test_an_agent_hangs_up_in_the_talk_or_before_it_or_his_line_is_dead(
    tmp_path: Path, variables: dict[str, str], outcome: str, side: str | None
) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    line = AgentLine(f"{callback}.1", callback, dial="hangup")
    line.variables |= variables
    await desk.callbacks.serve(line)

    assert desk.ends() == [(callback, outcome)]
    assert [m.data["side"] for m in desk.journal if m.kind == CallFact.TALK_ENDED] == ([side] if side else [])
    assert desk.board.desks[AGENT].call_id is None
    await desk.stop()


@pytest.mark.parametrize(("last", "side"), [("p1", "agent"), ("citizen", "caller")])
async def test_whoever_hangs_up_last_of_the_others_is_known_when_both_lines_end_at_once(
    tmp_path: Path, last: str, side: str
) -> None:
    """Given a department that stayed with the citizen, when one of the two hangs up and the picture loses both lines in
    one moment, then the record says which."""
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    talking = asyncio.create_task(desk.answers(callback, dial="hangup"))
    await asyncio.sleep(10)
    leg, lines = f"{callback}.1", {"p1": f"{callback}.p1", "citizen": "n1-1.9"}
    for uniqueid in lines.values():
        desk.channels[uniqueid] = Channel(uniqueid, leg, "PJSIP/trunk-00000001", 6, "b")
    up = {"Uniqueid": lines["citizen"], "Linkedid": leg, "ChannelState": "6", "Channel": "PJSIP/trunk-1"}
    desk.callbacks.on_event(AmiEvent("Newstate", up))
    asked: dict[str, Value] = {"p": 1, "kind": "department", "target": "water", "mode": "conference", "by": AGENT}
    desk.exchange.call(CallFact.PARTY_ASKED, callback, asked)
    desk.exchange.call(CallFact.PARTY_JOINED, callback, {"p": 1, "mode": "conference"})
    await asyncio.sleep(21.2)  # the agent has hung up after 31 s
    left: dict[str, Value] = {"p": 1, "agent": None, "by": AGENT, "n": 1, "side": "agent", "talk_s": 20.0}
    desk.exchange.call(CallFact.HANDED_OVER, callback, left)
    await talking

    desk.callbacks.on_event(AmiEvent("HangupRequest", {"Uniqueid": lines[last], "Linkedid": leg}))
    desk.channels.clear()
    await asyncio.sleep(10)

    (ended,) = [m for m in desk.journal if m.kind == CallFact.ENDED and "outcome" in m.data]
    assert (ended.data["outcome"], ended.data["side"]) == ("reached", side)
    (gone,) = [m for m in desk.journal if m.kind == CallFact.PARTY_LEFT]
    assert gone.data["side"] == ("party" if last == "p1" else "caller")
    await desk.stop()


async def test_a_leg_that_vanished_after_the_citizen_was_called_is_a_failed_try(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    await desk.callbacks.serve(AgentLine(f"{callback}.1", callback, dial="eof"))
    desk.channels.clear()
    await asyncio.sleep(5)

    assert desk.ends() == [(callback, "failed")]
    assert desk.failed_offers() == []
    await desk.stop()


@pytest.mark.parametrize(
    ("status", "outcome"), [("BUSY", "busy"), ("NOANSWER", "no_answer"), ("CHANUNAVAIL", "failed")]
)
async def test_a_citizen_who_is_not_reached_is_tried_again_then_reported(
    tmp_path: Path, status: str, outcome: str
) -> None:
    desk = Desk(tmp_path)
    callback = await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    await desk.answers(callback, dial=status)
    await asyncio.sleep(55)
    assert desk.live() == []
    await asyncio.sleep(10)
    (again,) = desk.live()
    await desk.answers(again.id, dial=status)
    await asyncio.sleep(300)

    assert [found for _, found in desk.ends()] == [outcome, outcome]
    assert (again.facts["attempt"], again.facts["of"]) == (2, "in-1")
    assert [(row["state"], row["attempts"]) for row in desk.callbacks.rows()] == [("not_reached", 2)]
    await desk.stop()


async def test_records_of_the_last_days_are_read_when_they_can_be(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.store_is_down = True
    desk.old = [
        CallRecord(
            call_id=CallId("old-1"),
            pii_caller=CITIZEN,
            dialled="12345",
            original="",
            city="",
            mode="",
            statistics="",
            medium="voice",
            sip_call_id="",
            flow="",
            flow_version="",
            arrived_at=NOON - 3000.0,
            ended_at=NOON - 2900.0,
            lost_at="queue",
            queue="general",
            queued_at=NOON - 2990.0,
        )
    ]
    await asyncio.sleep(1)
    live = desk.waits("13900139000")
    await asyncio.sleep(9)
    desk.leaves(live)
    await asyncio.sleep(1)
    assert desk.callbacks.rows() == []
    desk.store_is_down = False
    await asyncio.sleep(6)

    assert [row["task"] for row in desk.callbacks.rows()] == ["old-1", "in-1"]
    desk.ready()
    await asyncio.sleep(2)
    assert [call.facts["of"] for call in desk.live()] == ["old-1"]
    await desk.stop()


async def test_a_fault_of_ours_while_records_are_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(since: float, until: float) -> Iterable[CallRecord]:
        raise LookupError("no such column")

    monkeypatch.setattr(Desk, "_records", staticmethod(broken))
    with capture_logs() as logs:
        desk = Desk(tmp_path)
        await asyncio.sleep(1)
    assert [(row["event"], row["log_level"]) for row in logs] == [("callback_desk_failed", "error")]
    await desk.stop()


async def test_who_was_lost_makes_way_for_who_waits(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    lost = desk.waits()
    await asyncio.sleep(30)
    desk.leaves(lost)
    await asyncio.sleep(70)
    desk.ready()
    await asyncio.sleep(2)
    (callback,) = desk.live()
    await desk.answers(callback.id, key="5")
    assert callback.phase == "queue"

    desk.waits("13900139000", "in-2")
    await asyncio.sleep(2)

    assert desk.ends() == [(callback.id, "no_agent")]
    await desk.stop()


async def test_a_daemon_that_does_not_decide_for_the_city_calls_nobody(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    lost = desk.waits()
    await asyncio.sleep(30)
    desk.leaves(lost)
    desk.board.may_decide = lambda: False
    desk.ready()
    await asyncio.sleep(300)

    assert desk.live() == []
    await desk.stop()


async def test_who_calls_again_himself_has_the_place_of_his_callback_and_no_other_is_made_meanwhile(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    asked_at = desk.exchange.wall()
    callback = await desk.asks("+86" + CITIZEN)
    await asyncio.sleep(30)
    again = desk.waits(CITIZEN, "in-2")

    place = desk.callbacks.give_back(again, "general")
    assert place is not None
    assert (place.since, place.steps_since) == pytest.approx((asked_at, asked_at), abs=0.01)
    assert place.kept_s == pytest.approx(90, abs=0.01)
    await asyncio.sleep(300)
    assert desk.ends() == [(callback, "withdrawn")]
    assert desk.live() == []

    desk.leaves(again)
    await asyncio.sleep(REDIAL_S + 2)
    (owed,) = desk.live()
    assert owed.since == pytest.approx(asked_at, abs=0.01)
    await desk.stop()


async def test_a_callback_that_an_agent_has_and_one_nobody_asked_for_give_no_place(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.asks()
    desk.ready()
    await asyncio.sleep(1)
    assert desk.callbacks.give_back(desk.waits(CITIZEN, "in-2"), "general") is None
    assert desk.callbacks.give_back(desk.waits("", "in-3"), "general") is None
    await desk.stop()
