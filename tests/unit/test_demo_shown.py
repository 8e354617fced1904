"""The wallboard beside the telephones: given calls, what it shows of them, and one number that is another."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from cti import wall_view
from cti.demo.account import Account, AgentLeg, CitizenCall
from cti.demo.shown import differing
from cti.metrics.course import course_of
from cti.metrics.groups import day
from cti.metrics.record import CallRecord, fold
from cti.metrics.rollups import roll_up
from tests.support.calls import answered_call, lost_call

TEN = 36_000.0
RECORDS = [fold(answered_call("c1", TEN)), fold(lost_call("c2", TEN + 60.0)), fold(answered_call("c3", TEN + 3600.0))]
AGENTS = 3


def telephones() -> Account:
    calls = {f"sip-{r.call_id}": CitizenCall(f"sip-{r.call_id}", "", "", 0, r.arrived_at, TEN) for r in RECORDS}
    legs = {f"leg-{r.call_id}": AgentLeg(f"leg-{r.call_id}", "a1", r.call_id, "", 0, 0.0, 1.0) for r in answered()}
    legs["leg-c0"] = AgentLeg("leg-c0", "a2", "c2", "", 0, 0.0)
    return Account(calls, legs)


def answered() -> list[CallRecord]:
    return [record for record in RECORDS if record.answered]


def wallboard() -> dict[str, Any]:
    now, course = TEN + 7200.0, course_of(roll_up(RECORDS))
    queues = {"general": {"waiting": 0, "longest_since": None}}
    seats = {name: {"n": 0} for name in wall_view.SEATS} | {"idle": {"n": AGENTS}, "offline": {"n": 40}}
    return {
        "rates": wall_view.rates(wall_view.Days(course, None, None), None, (), day(now, UTC), now),
        "today": wall_view.half_hours(course, UTC, (), now),
        "losses": wall_view.losses(course),
        "queues": queues,
        "waiting": wall_view.waiting(queues),
        "seats": seats,
    }


def test_what_is_shown_is_what_telephones_and_records_say() -> None:
    assert differing(wallboard(), telephones(), RECORDS, AGENTS) == []


@pytest.mark.parametrize(
    ("section", "key", "row", "what"),
    [
        ("rates", "connection_rate", {"n": 3, "of": 3}, ["connection rate"]),
        ("today", "10:00", {"n": 1, "of": 3}, ["half hours together"]),
        ("losses", "queue", {"n": 2}, ["calls that no person answered", "lost: queue"]),
        ("waiting", "all", {"n": 1, "longest_since": TEN}, ["callers who wait"]),
        ("queues", "general", {"waiting": 1}, ["callers who wait, by queue"]),
        ("seats", "talking", {"n": 1}, ["seats that talk or ring", "agents logged in"]),
        ("rates", "satisfaction", {"n": 1, "of": 2}, ["satisfaction"]),
        ("rates", "asa", {"n": 1, "of": 2}, ["asa"]),
    ],
)
def test_each_other_number_is_told(section: str, key: str, row: dict[str, Any], what: list[str]) -> None:
    wall = wallboard()
    wall[section][key] |= row
    assert [one.what for one in differing(wall, telephones(), RECORDS, AGENTS)] == what
