"""What the wallboard is told: unknown is null with its reason, days are compared like with like, places do not move."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.roster import Agent
from agents.status import Cause, Desk, Status
from cti import wall_view
from cti.calls import AgentId, CallId
from cti.metrics.course import Window, beside, course_of, shifted, until, worst_24h
from cti.metrics.definitions import BY_CODE
from cti.metrics.figures import LOSS_PLACES, Sums
from cti.metrics.gaps import Gap
from cti.metrics.groups import day
from cti.metrics.record import fold
from cti.metrics.rollups import roll_up
from cti.settings import Targets
from tests.support.calls import answered_call, lost_call

HALF = 1800
MIDNIGHT = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp())
TEN = MIDNIGHT + 20 * HALF
PERIOD = day(TEN, UTC)


def half_hour(answered: int, calls: int) -> Sums:
    return Sums({"answered": answered, "calls": calls, "lost_queue": calls - answered})


TODAY = {MIDNIGHT + 18 * HALF: half_hour(90, 100), MIDNIGHT + 19 * HALF: half_hour(50, 100), TEN: half_hour(1, 10)}
YESTERDAY = {begins - 48 * HALF: half_hour(60, 100) for begins in TODAY} | {TEN - 46 * HALF: half_hour(0, 500)}


def rates(days: wall_view.Days, gaps: tuple[Gap, ...] = ()) -> wall_view.Section:
    return wall_view.rates(days, None, gaps, PERIOD, TEN + 600)


def test_a_rate_comes_with_its_parts_and_days_are_compared_by_whole_half_hours() -> None:
    found = rates(wall_view.Days(TODAY, YESTERDAY, None))["connection_rate"]
    assert (found["n"], found["of"], found["unknown"]) == (141, 210, None)
    assert found["beside"]["until"] == TEN
    assert found["beside"]["yesterday"] == pytest.approx(0.7 - 0.6), "the half hour that goes on is in neither"
    assert found["beside"]["last_week"] is None


@pytest.mark.parametrize(
    ("today", "gaps", "unknown", "n"),
    [
        (None, (), "reading", None),
        ({}, (), "nothing", 0),
        (TODAY, (Gap(TEN - 60, TEN), ), "gap", 141),
    ],
)  # fmt: skip
def test_what_is_not_known_says_why(today: Any, gaps: tuple[Gap, ...], unknown: str, n: int | None) -> None:
    found = rates(wall_view.Days(today, None, None), gaps)["connection_rate"]
    assert (found["unknown"], found["n"]) == (unknown, n)


def test_before_the_first_half_hour_is_over_no_days_are_compared() -> None:
    days = wall_view.Days({MIDNIGHT: half_hour(9, 10)}, YESTERDAY, YESTERDAY)
    found = wall_view.rates(days, None, (), PERIOD, MIDNIGHT + 1700)["connection_rate"]["beside"]
    assert found == {"until": None, "yesterday": None, "last_week": None}


def test_the_worst_24_hours_of_today_are_those_with_yesterdays_bad_hour() -> None:
    found = rates(wall_view.Days(TODAY, YESTERDAY, None))["rolling_24h"]
    assert found["n"] / found["of"] == min(window_rates())
    assert MIDNIGHT <= found["until"] <= TEN


def window_rates() -> list[float]:
    """Every window that ends today, the slow way."""
    both = YESTERDAY | TODAY
    found = []
    for ends in range(MIDNIGHT, TEN + 1, HALF):
        inside = [sums for begins, sums in both.items() if ends - 48 * HALF <= begins < ends]
        calls = sum(sums["calls"] for sums in inside)
        if calls:
            found.append(sum(sums["answered"] for sums in inside) / calls)
    return found


def test_the_worst_24_hours_are_not_known_without_yesterday_or_without_calls() -> None:
    assert rates(wall_view.Days(TODAY, None, None))["rolling_24h"]["unknown"] == "no_history"
    assert rates(wall_view.Days(None, YESTERDAY, None))["rolling_24h"]["unknown"] == "reading"
    assert worst_24h({}, {}, MIDNIGHT, TEN) is None
    assert worst_24h({}, {MIDNIGHT: half_hour(1, 2)}, MIDNIGHT, MIDNIGHT + HALF) == Window(1, 2, MIDNIGHT + HALF)


def test_a_course_is_of_all_numbers_and_queues_together() -> None:
    records = [fold(answered_call("a", TEN)), fold(lost_call("b", TEN + 5)), fold(answered_call("c", TEN + HALF))]
    found = course_of(roll_up([replace(records[0], dialled="12333"), *records[1:]]))
    assert {begins: sums["calls"] for begins, sums in found.items()} == {TEN: 2, TEN + HALF: 1}
    assert until(found, TEN + HALF)["calls"] == 2
    assert shifted(found, 60).keys() == {TEN + 60, TEN + HALF + 60}
    assert beside("connection_rate", found, {}, TEN + HALF) is None


def test_a_half_hour_that_was_not_seen_whole_is_null_and_one_without_calls_is_not_there() -> None:
    gaps = [Gap(MIDNIGHT + 18 * HALF + 600, MIDNIGHT + 18 * HALF + 900)]
    found = wall_view.half_hours(TODAY | {MIDNIGHT: Sums({"undecided": 1})}, UTC, gaps, TEN + 60)
    assert found == {
        "09:00": {"n": None, "of": None},
        "09:30": {"n": 50, "of": 100},
        "10:00": {"n": 1, "of": 10},
    }
    assert wall_view.half_hours(None, UTC, (), TEN) == {}


def test_losses_have_all_their_places_and_add_up_to_what_was_not_answered() -> None:
    found = wall_view.losses(TODAY)
    assert found.keys() == LOSS_PLACES.keys()
    assert sum(row["n"] for row in found.values()) == 210 - 141
    assert {row["n"] for row in wall_view.losses(None).values()} == {None}


def test_every_agent_has_one_seat() -> None:
    agent = Agent(AgentId("a1"), "林小燕", {"general": 3})
    ready = Desk(agent, status=Status.READY)
    desks = [
        Desk(agent),
        ready,
        replace(ready, call_id=CallId("c1")),
        replace(ready, call_id=CallId("c1"), talking=True),
        replace(ready, call_id=CallId("c1"), talking=True, on_hold=True),
        replace(ready, held_back={Cause.PHONE_AWAY: float("inf")}),
        replace(ready, held_back={Cause.NO_ANSWER: TEN + 5.0}),
        replace(ready, status=Status.BREAK),
    ]
    found = {name: row["n"] for name, row in wall_view.seats(desks, TEN).items()}
    assert found == {"talking": 2, "idle": 1, "offered": 1, "wrap_up": 0, "break": 1, "fault": 2, "offline": 1}
    assert tuple(found) == wall_view.SEATS


def test_who_waits_longest_is_looked_for_in_all_queues() -> None:
    queues = {"a": {"waiting": 2, "longest_since": 50.0}, "b": {"waiting": 1, "longest_since": 40.0}}
    assert wall_view.waiting(queues) == {"all": {"n": 3, "longest_since": 40.0}}
    assert wall_view.waiting({"a": {"waiting": 0, "longest_since": None}})["all"]["longest_since"] is None


def test_seats_that_are_needed_are_said_with_their_target_or_why_not() -> None:
    total = {"needed": 258, "there": 248, "short": 10, "unknown": None}
    later = {"begins_at": TEN, "needed": 271}
    found = wall_view.staffing({"share": 0.95, "within_s": 15.0, "total": [total, later]})["now"]
    assert found == {"share": 0.95, "within_s": 15.0, **total, "next_at": TEN, "next_needed": 271}
    assert wall_view.staffing(None) == {"now": {"unknown": "no_forecast"}}


def test_definitions_are_those_of_the_metrics_and_carry_what_was_promised() -> None:
    found = wall_view.definitions(Targets().by_metric())
    assert {code: row["target"] for code, row in found.items() if row["target"]} == Targets().by_metric()
    assert found["connection_rate"]["formula"]["zh"] == BY_CODE["connection_rate"].formula_zh
    assert all(row["name"]["zh"] and row["name"]["en"] for row in found.values())
