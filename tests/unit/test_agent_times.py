"""Where an agent's time went: a day told by hand, and any history compared with what the live switchboard showed."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.roster import Agent
from agents.schedule import Schedule, read_schedule
from agents.status import DeskRules, State, Status
from agents.times import Interval, Times, adherence, clipped, half_hours, intervals, totals
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need, Value
from cti.metrics.agents import agent_days
from cti.switchboard import Effects, Switchboard

A1 = AgentId("a1")
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 11, 23, tzinfo=SHANGHAI)


class Shift:
    """A switchboard with one agent and one caller at a time; times are seconds after `start`."""

    def __init__(self, start: float = 1_763_700_000.0, wrap_up_s: float = 20.0) -> None:
        self.start = start
        self.now = start
        self.board = Switchboard(wrap_up_s, DeskRules(no_answer_limit=2))
        self.board.set_roster({A1: Agent(A1, "林小燕", {"general": 3})})
        self.journal: list[Milestone] = []
        self.callers = 0

    def at(self, seconds: float) -> Shift:
        self.now = self.start + seconds
        return self.keep(self.board.tick(self.now))

    def keep(self, effects: Effects) -> Shift:
        self.journal += effects.milestones
        return self

    def says(self, kind: AgentFact, **data: Value) -> Shift:
        return self.keep(self.board.apply_agent(kind, A1, self.now, data))

    def call(self, kind: CallFact, **data: Value) -> Shift:
        return self.keep(self.board.apply(kind, CallId(f"c{self.callers}"), self.now, {"agent": A1, "n": 1, **data}))

    def rings(self) -> Shift:
        self.callers += 1
        self.call(CallFact.ARRIVED)
        self.board.attach(CallId(f"c{self.callers}"), self, self.now)
        return self.call(CallFact.QUEUED, queue="general", need=Need("general").to_text())

    @property
    def state(self) -> State:
        return self.board.desks[A1].state(self.now)


def a_morning() -> Shift:
    shift = Shift(DAY.timestamp() + 9 * 3600)
    shift.says(AgentFact.LOGGED_IN)
    shift.at(60).says(AgentFact.STATUS, status="ready")
    shift.at(100).rings()
    shift.at(110).call(CallFact.ANSWERED)
    shift.at(130).call(CallFact.HELD)
    shift.at(140).call(CallFact.UNHELD)
    shift.at(170).call(CallFact.TALK_ENDED, side="agent", talk_s=60.0).call(CallFact.ENDED, side="caller")
    shift.at(185).says(AgentFact.WRAP_UP_FINISHED)
    shift.at(200).rings()
    shift.at(215).call(CallFact.OFFER_FAILED, outcome="no_answer").call(CallFact.ENDED, side="caller")
    shift.at(260).says(AgentFact.STATUS, status="break", reason="lunch")
    shift.at(2000).says(AgentFact.STATUS, status="meeting")
    shift.at(2100).says(AgentFact.LOGGED_OUT, reason="logout")
    return shift


def test_a_morning_is_told_second_by_second() -> None:
    shift = a_morning()
    found = intervals(A1, shift.journal, shift.start - 10, shift.start + 2200)
    told = [(i.state.value, i.reason, i.begins - shift.start, i.ends - shift.start) for i in found]
    assert told == [
        ("offline", "", -10, 0),
        ("not_ready", "break:logged_in", 0, 60),
        ("idle", "", 60, 100),
        ("offered", "", 100, 110),
        ("talking", "", 110, 130),
        ("held", "", 130, 140),
        ("talking", "", 140, 170),
        ("wrap_up", "", 170, 185),
        ("idle", "", 185, 200),
        ("offered", "", 200, 215),
        ("not_answering", "", 215, 225),
        ("idle", "", 225, 260),
        ("not_ready", "break:lunch", 260, 2000),
        ("not_ready", "meeting", 2000, 2100),
        ("offline", "", 2100, 2200),
    ]
    times = totals(found)
    assert times == Times(
        logged_in=2100,
        idle=90,
        offered=25,
        talking=50,
        held=10,
        wrap_up=15,
        not_answering=10,
        not_ready={"break:logged_in": 60, "break:lunch": 1740, "meeting": 100},
    )
    assert times.occupancy == pytest.approx(75 / 165)
    assert Times().occupancy is None


def test_what_began_before_the_period_counts_in_it() -> None:
    shift = a_morning()
    found = intervals(A1, shift.journal, shift.start + 120, shift.start + 135)
    assert [(i.state, i.seconds) for i in found] == [(State.TALKING, 10.0), (State.HELD, 5.0)]


def test_half_hours_add_up() -> None:
    shift = a_morning()
    found = intervals(A1, shift.journal, shift.start - 10, shift.start + 4000)
    rows = half_hours(found, shift.start - 10, shift.start + 4000)
    assert [at - shift.start for at, _ in rows] == [-1800, 0, 1800, 3600]
    assert [times.logged_in for _, times in rows] == [0, 1800, 300, 0]
    assert sum(times.talking for _, times in rows) == totals(found).talking


def test_adherence_is_presence_without_breaks_in_the_time_that_was_planned() -> None:
    shift = a_morning()
    found = intervals(A1, shift.journal, shift.start - 1000, shift.start + 4000)
    planned, kept = adherence(found, [(shift.start - 40, shift.start + 160), (shift.start + 2000, shift.start + 2200)])
    assert planned == 400
    assert kept == 100 + 100, "60 to 160; the meeting"


def test_the_report_has_who_worked_and_who_should_have() -> None:
    schedule = read_schedule(
        '[shift.day]\nhours = "09:00-10:00"\n[week.mon]\nday = ["a1", "a2"]\n[week.tue]\nday = ["a3"]\n', "s.toml"
    )
    shift = a_morning()
    said = [m for m in shift.journal if m.stream == "agent"]
    at_desks = [m for m in shift.journal if m.stream == "call"]
    later = Milestone("agent", "a9", 1, shift.start - 90_000, "logged_out", {"reason": "logout"})
    days = agent_days([*said, later], at_desks, schedule, DAY, DAY.replace(hour=23))
    assert [day.agent for day in days] == ["a1", "a2"]
    first, second = days
    assert (first.talks, first.failed_offers, first.planned_s) == (1, {"no_answer": 1}, 3600)
    assert first.adherence == pytest.approx((2100 - 1800) / 3600)
    assert (second.adherence, second.times.logged_in) == (0.0, 0.0)
    shown = orjson.loads(orjson.dumps(first.as_json()))
    assert shown["not_ready_s"]["meeting"] == 100.0
    assert (shown["talking_s"], shown["not_ready_s"]["break:lunch"], len(shown["half_hours"])) == (50.0, 1740.0, 2)
    assert agent_days([], [], Schedule(), DAY, DAY.replace(hour=23), only=[A1])[0].as_json()["occupancy"] is None


_acts = st.lists(st.tuples(st.sampled_from(
    ["in", "out", "ready", "break", "away", "back", "ring", "answer", "hold", "unhold", "fail", "over", "lost", "wait"]
), st.integers(0, 25)), max_size=40)  # fmt: skip


@given(_acts)
def test_any_history_is_told_as_the_live_switchboard_showed_it(acts: list[tuple[str, int]]) -> None:
    shift = Shift(wrap_up_s=7.0)
    elapsed, shown = 0.0, []
    for act, n in acts:
        elapsed += 0.5 + n
        shift.at(elapsed)
        shown.append((shift.now - 0.25, shift.board.desks[A1].state(shift.now - 0.25)))
        state = shift.state
        match act:
            case "in":
                shift.says(AgentFact.LOGGED_IN)
            case "out":
                shift.says(AgentFact.LOGGED_OUT, reason="logout")
            case "ready" if shift.board.desks[A1].status is not Status.OFFLINE:
                shift.says(AgentFact.STATUS, status="ready")
            case "break" if shift.board.desks[A1].status is not Status.OFFLINE:
                shift.says(AgentFact.STATUS, status="break", reason="rest")
            case "away":
                shift.says(AgentFact.HELD_BACK, reason="phone_away")
            case "back":
                shift.says(AgentFact.RELEASED, reason="phone_away")
            case "ring" if not shift.board.calls:
                shift.rings()
            case "answer" if state is State.OFFERED:
                shift.call(CallFact.ANSWERED)
            case "hold" if state is State.TALKING:
                shift.call(CallFact.HELD)
            case "unhold" if state is State.HELD:
                shift.call(CallFact.UNHELD)
            case "fail" if state is State.OFFERED:
                shift.call(CallFact.OFFER_FAILED, outcome="no_answer").call(CallFact.ENDED, side="caller")
            case "over" if state in (State.TALKING, State.HELD):
                shift.call(CallFact.TALK_ENDED, side="agent", talk_s=1.0).call(CallFact.ENDED, side="caller")
            case "lost" if state in (State.TALKING, State.HELD):
                shift.call(CallFact.TALK_ENDED, side="agent_lost", talk_s=1.0).call(CallFact.ENDED, side="caller")
            case _:
                pass
    found = intervals(A1, shift.journal, shift.start, shift.now + 5)
    assert found[0].begins == shift.start
    assert found[-1].ends == shift.now + 5
    for one, two in pairwise(found):
        assert one.ends == two.begins
        assert (one.state, one.reason) != (two.state, two.reason)
    for at, state in shown:
        (during,) = clipped(found, at, at + 1e-3)[:1]
        assert during.state is state, at - shift.start
    assert totals(found).logged_in == pytest.approx(sum(i.seconds for i in found if i.state is not State.OFFLINE))


def test_an_agent_of_whom_nothing_is_known_is_offline() -> None:
    assert intervals(A1, [], 0.0, 10.0) == [Interval(State.OFFLINE, "", 0.0, 10.0)]
