"""Seats needed beside the seats there are: small cities by hand, and what must hold for every one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.roster import Agent
from agents.schedule import Schedule, read_schedule
from agents.status import Cause, Desk, Status
from agents.wrap_up import WrapUp
from cti.calls import AgentId, CallId
from cti.metrics.staffing import Row, Staffing, staffing
from cti.metrics.staffing_words import REASONS, basis, verdict
from cti.metrics.words import Words
from queues.demand import HALF_HOUR_S, Expected
from queues.erlang import agents_needed
from queues.handling import Habit
from queues.staffing import Target, Work, patience_together, pools, together

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 18, 12, tzinfo=SHANGHAI).timestamp()
AIM = Target(0.95, 15)
HABIT = Habit(240.0, 90.0, 1000.0)
ZH, EN = Words("zh"), Words("en")


def forecast(*paces: float | None, begins_at: float = NOON) -> list[Expected]:
    """Of one queue; None: unknown."""
    return [
        Expected(begins, 0, pace, None, None, pace, 1.0, 4, True, "new_queue" if pace is None else None)
        for begins, pace in zip(count(int(begins_at), HALF_HOUR_S), paces, strict=False)
    ]


def desk(agent_id: str, *skills: str, status: Status = Status.READY) -> Desk:
    return Desk(Agent(AgentId(agent_id), agent_id, dict.fromkeys(skills, 1)), status)


def ready(n: int, *skills: str) -> list[Desk]:
    return [desk(f"{''.join(skills)}{i}", *skills) for i in range(n)]


def seats(
    paces: Mapping[str, list[Expected]],
    desks: list[Desk],
    schedule: Schedule | None = None,
    now: float = NOON,
    habit: Habit = HABIT,
) -> Staffing:
    habits = dict.fromkeys(paces, habit)
    return staffing(now, AIM, paces, habits, desks, schedule or Schedule(), SHANGHAI)


def figures(row: Row) -> tuple[int | None, int | None, int | None]:
    return row.needed, row.there, row.short


# Work, targets, pools


def test_one_pool_needs_fewer_than_the_desks_together() -> None:
    works = [Work(10, 200), Work(20, 300)]
    assert together(works).handling_s == pytest.approx(8000 / 30)
    aim = Target(0.9)
    assert aim.agents(together(works), 60) < sum(aim.agents(work, 60) for work in works)


def test_patience_of_several_queues_is_the_mean_of_rates() -> None:
    assert patience_together([10, 30], [60, 180]) == pytest.approx(40 / (10 / 60 + 30 / 180))
    assert patience_together([10, 30], [None, 60]) == pytest.approx(80)
    assert patience_together([10, 30], [None, None]) is None
    assert patience_together([0, 0], [60, None]) is None


def test_queues_that_share_agents_directly_or_through_others_are_one_pool() -> None:
    assert pools("abcde", [{"a", "c"}, {"c", "d"}, {"b"}, {"x", "e"}]) == [("a", "c", "d"), ("b",), ("e",)]
    assert pools("abcd", [{"a", "b"}, {"c", "d"}, {"b", "c"}]) == [("a", "b", "c", "d")]
    assert pools("ba", []) == [("b",), ("a",)]


@settings(max_examples=60, deadline=None)
@given(st.floats(0.1, 800), st.floats(0, 100), st.floats(30, 600), st.floats(10, 1800))
def test_more_calls_or_longer_ones_never_need_fewer_seats(
    calls: float, more: float, handling_s: float, patience_s: float
) -> None:
    needed = AIM.agents(Work(calls, handling_s), patience_s)
    assert AIM.agents(Work(calls + more, handling_s), patience_s) >= needed
    assert AIM.agents(Work(calls, handling_s + more), patience_s) >= needed


@settings(max_examples=60, deadline=None)
@given(st.floats(0.1, 800), st.floats(30, 600), st.floats(10, 1800), st.floats(1, 20))
def test_more_patience_never_needs_more_seats_for_a_share_that_is_answered_at_all(
    calls: float, handling_s: float, patience_s: float, times: float
) -> None:
    aim = Target(0.95)
    assert aim.agents(Work(calls, handling_s), patience_s * times) <= aim.agents(Work(calls, handling_s), patience_s)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.1, 300), min_size=2, max_size=5))
def test_a_pool_needs_no_more_than_its_queues_for_themselves(calls: list[float]) -> None:
    works = [Work(n, 240.0) for n in calls]
    assert AIM.agents(together(works), 90) <= sum(AIM.agents(work, 90) for work in works)


# By hand


def test_seats_needed_beside_those_at_work_and_the_gap_with_its_name() -> None:
    """Given 100 calls in half an hour of 240 s each, and 16 at work."""
    needed = agents_needed(100 / 1800, 240, 90, in_time=0.95, within_s=15)
    assert needed == 19
    row = seats({"general": forecast(100)}, ready(16, "general")).half_hours[0].queues[0]
    assert (figures(row), row.calls, row.unknown) == ((19, 16, 3), 100, None)
    assert (verdict(row, ZH), verdict(row, EN)) == ("缺3席", "3 seats short")

    one, enough, plenty = (
        seats({"general": forecast(100)}, ready(n, "general")).half_hours[0].total for n in (18, 19, 30)
    )
    assert verdict(one, EN) == "1 seat short"
    assert (verdict(enough, ZH), verdict(enough, EN)) == ("席位足够", "enough")
    assert figures(plenty) == (19, 30, 0)


def test_an_agent_of_two_queues_is_a_seat_of_each_and_counts_once_in_the_sum() -> None:
    """Given two queues of 40 calls, each for itself in need of 10 seats; six agents for each, and four for both."""
    desks = [*ready(6, "a"), *ready(6, "b"), *ready(4, "a", "b")]
    found = seats({"a": forecast(40), "b": forecast(40)}, desks).half_hours[0]
    alone = AIM.agents(Work(40, 240), 90)
    assert [figures(row) for row in found.queues] == [(alone, 10, max(0, alone - 10))] * 2
    (pool,) = found.pools
    both = AIM.agents(Work(80, 240), 90)
    assert (pool.queues, pool.needed, pool.there) == (("a", "b"), both, 16)
    assert both < 2 * alone
    assert found.total == pool


def test_queues_without_common_agents_are_summed() -> None:
    found = seats({"a": forecast(100), "b": forecast(100)}, [*ready(16, "a"), *ready(25, "b")]).half_hours[0]
    assert [pool.queues for pool in found.pools] == [("a",), ("b",)]
    # What b has too much is of no use to a.
    assert figures(found.total) == (38, 41, 3)
    assert found.total.calls == 200


def test_in_a_pool_no_less_is_missing_than_in_one_of_its_queues() -> None:
    """Given many agents of a, of whom two can serve b as well."""
    found = seats({"a": forecast(40), "b": forecast(40)}, [*ready(40, "a"), *ready(2, "a", "b")]).half_hours[0]
    missing = AIM.agents(Work(40, 240), 90) - 2
    assert [row.short for row in found.queues] == [0, missing]
    (pool,) = found.pools
    assert pool.needed is not None
    assert pool.there == 42 > pool.needed
    assert pool.short == missing == found.total.short


def test_nobody_calls_and_nobody_is_there() -> None:
    found = seats({"general": forecast(0.0)}, []).half_hours[0]
    assert figures(found.total) == (0, 0, 0)
    assert found.total.handling_s is None
    assert seats({}, ready(1, "general")).half_hours == ()


def test_callers_who_never_gave_up_are_reckoned_to_stay() -> None:
    patient = seats({"a": forecast(100)}, [], habit=Habit(240.0, None, 50.0)).half_hours[0].queues[0]
    assert (patient.patience_s, patient.needed) == (None, AIM.agents(Work(100, 240), 7200))


# Who is there


def test_who_is_there_now_by_what_he_does() -> None:
    call = CallId("c1")
    desks = [
        desk("idle", "a"),
        desk("rung", "a").offer(call, NOON - 5),
        desk("talks", "a").offer(call, NOON - 60).answered(NOON - 50),
        desk("holds", "a").offer(call, NOON - 60).answered(NOON - 50).hold(on=True, at=NOON - 9),
        desk("goes", "a", status=Status.BREAK).offer(call, NOON - 60).answered(NOON - 50),
        desk("writes", "a").wrap_up_begins(WrapUp("fixed", NOON - 5, NOON + 20, NOON + 20)),
        desk("missed", "a").hold_back({Cause.NO_ANSWER: NOON + 5}, 1, NOON - 1),
        desk("away", "a").hold_back({Cause.PHONE_AWAY: float("inf")}, 0, NOON - 1),
        desk("break", "a", status=Status.BREAK),
        desk("home", "a", status=Status.OFFLINE),
        desk("other", "b"),
    ]
    found = seats({"a": forecast(1.0)}, desks)
    everybody, a = found.present
    assert (everybody.queue, everybody.at_work, everybody.idle) == ("", 7, 2)
    assert (a.at_work, a.idle, a.ringing, a.talking, a.wrap_up) == (6, 1, 1, 3, 1)
    assert (a.not_answering, a.not_ready, a.offline, a.planned) == (1, 2, 1, None)
    assert a.idle + a.ringing + a.talking + a.wrap_up + a.not_answering + a.not_ready + a.offline == 10
    assert found.half_hours[0].queues[0].there == 6


def test_a_skill_of_level_0_is_none() -> None:
    apprentice = Desk(Agent(AgentId("a1"), "a1", {"a": 0}), Status.READY)
    assert seats({"a": forecast(1.0)}, [apprentice]).half_hours[0].queues[0].there == 0


SCHEDULE = """
[shift.day]
hours = "08:00-12:45"
[shift.late]
hours = "12:45-21:00"
[shift.night]
hours = "21:00-08:00"
[week.wed]
day = ["a0", "a1", "a2"]
late = ["a3", "a4", "nobody"]
night = ["a5"]
[week.thu]
night = []
"""


def test_coming_half_hours_have_the_fewest_whom_the_schedule_has_at_any_moment_of_them() -> None:
    """Given three until 12:45, then two who are in the roster; while one alone is at work now."""
    schedule = read_schedule(SCHEDULE, "s.toml")
    agents = [replace(one, status=Status.OFFLINE) for one in ready(6, "a")[1:]]
    found = seats({"a": forecast(1.0, 1.0, 1.0)}, [desk("a0", "a"), *agents], schedule)
    assert [(one.seats, one.total.there) for one in found.half_hours] == [
        ("at_work", 1),
        ("schedule", 2),
        ("schedule", 2),
    ]
    assert [one.begins_at for one in found.half_hours] == [NOON, NOON + 1800, NOON + 3600]
    assert [one.planned for one in found.present] == [3, 3]


def test_a_night_shift_goes_on_past_midnight() -> None:
    schedule = read_schedule(SCHEDULE, "s.toml")
    late = NOON + 11.5 * 3600
    at_night = {"a": forecast(1.0, 1.0, begins_at=late)}
    found = seats(at_night, ready(6, "a"), schedule, now=late)
    assert [one.total.there for one in found.half_hours] == [6, 1]
    morning = NOON + 20 * 3600  # Thursday at 8: nobody is planned, which is not the same as no schedule
    found = seats({"a": forecast(1.0, 1.0, begins_at=morning - 1800)}, ready(6, "a"), schedule, now=morning - 1)
    assert figures(found.half_hours[1].total) == (2, 0, 2)


def test_who_shares_agents_may_be_another_in_each_half_hour() -> None:
    schedule = read_schedule(SCHEDULE, "s.toml")
    desks = [desk("a0", "a", "b"), *(desk(f"a{n}", "ab"[n % 2]) for n in range(1, 6))]
    found = seats({"a": forecast(1.0, 1.0, 1.0), "b": forecast(1.0, 1.0, 1.0)}, desks, schedule)
    assert [len(one.pools) for one in found.half_hours] == [1, 1, 2]


# What is not known


def test_without_a_schedule_it_is_unknown_who_will_be_there() -> None:
    found = seats({"a": forecast(100, 100), "b": forecast(100, 100)}, ready(20, "a", "b"))
    now, later = found.half_hours
    assert [len(now.pools), len(later.pools)] == [1, 2]
    assert figures(later.total) == (38, None, None)
    assert verdict(later.total, EN) == "unknown because there is no schedule"
    assert verdict(later.total, ZH) == "未知：没有排班表"


def test_an_unknown_forecast_makes_its_queue_unknown_and_the_sum_a_least() -> None:
    found = seats({"a": forecast(100), "b": forecast(None)}, [*ready(16, "a"), desk("b0", "b")]).half_hours[0]
    a, b = found.queues
    assert (a.short, b.short, b.needed, b.there, b.calls) == (3, None, None, 1, None)
    assert verdict(b, EN) == f"unknown because {REASONS['new_queue'][1]}"
    assert (found.total.needed, found.total.there, found.total.short) == (None, 17, 3)
    assert verdict(found.total, ZH) == "至少缺3席（其余未知：可比的往日没有这类来电）"
    assert verdict(found.total, EN).startswith("at least 3 seats short (the rest is unknown because")

    (pool,) = seats({"a": forecast(100), "b": forecast(None)}, ready(16, "a", "b")).half_hours[0].pools
    assert figures(pool) == (None, 16, 3)
    enough = seats({"a": forecast(1), "b": forecast(None)}, ready(16, "a", "b")).half_hours[0].total
    assert (enough.short, verdict(enough, EN)) == (0, f"unknown because {REASONS['new_queue'][1]}")


def test_a_forecast_says_from_how_many_weeks_it_is() -> None:
    (known,) = forecast(10)
    assert (basis(known, ZH), basis(known, EN)) == ("按前4周同日同时段", "from this time of this weekday in 4 weeks")
    assert basis(replace(known, days=1), EN) == "from this time of this weekday in 1 week"
    assert basis(replace(known, days=9, same_weekday=False), EN) == "from this time of 9 days alike, working or off"
    assert basis(forecast(None)[0], EN) == ""


def test_all_of_it_goes_into_json() -> None:
    found = seats({"a": forecast(100), "b": forecast(None)}, ready(16, "a")).as_json()
    told = json.loads(json.dumps(found))
    assert told["half_hours"][0]["queues"][0]["short"] == 3
    assert told["half_hours"][0]["queues"][1]["needed"] is None
    assert told["half_hours"][0]["expected"][0]["days"] == 4
    assert (told["share"], told["within_s"], told["at"]) == (0.95, 15, NOON)
    assert told["present"][0]["idle"] == 16
