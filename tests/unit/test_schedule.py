"""Shifts and who works them: Liaoyuan's five shifts as shipped, and every fault with its place."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.schedule import Schedule, ScheduleError, findings, read_schedule
from cti.calls import AgentId
from cti.settings import PROJECT

SHANGHAI = ZoneInfo("Asia/Shanghai")
ROSTER = [AgentId(f"a{1001 + n}") for n in range(26)]
MONDAY = date(2026, 11, 23)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def liaoyuan() -> Schedule:
    path = PROJECT / "docs" / "examples" / "schedule.toml"
    return read_schedule(path.read_text(encoding="utf-8"), path.name)


def test_liaoyuan_has_six_lines_by_day_and_two_by_night_round_the_clock(liaoyuan: Schedule) -> None:
    assert len(liaoyuan.shifts) == 5
    moment = at("2026-11-23T00:00")
    while moment < at("2026-11-30T00:00"):
        wanted = 6 if 7 <= moment.hour < 22 else 2
        assert liaoyuan.lines(moment) == len(liaoyuan.on_duty(moment)) == wanted, moment
        assert len(liaoyuan.standby(moment)) == 1
        assert not set(liaoyuan.standby(moment)) & liaoyuan.on_duty(moment).keys()
        moment += timedelta(minutes=30)
    assert findings(liaoyuan, ROSTER, MONDAY) == []


def test_a_shift_over_midnight_belongs_to_the_day_it_begins_on(liaoyuan: Schedule) -> None:
    night = liaoyuan.week["mon"].work["early_night"]
    for moment in ("2026-11-23T22:00", "2026-11-23T23:59", "2026-11-24T00:00", "2026-11-24T01:59"):
        assert tuple(liaoyuan.on_duty(at(moment))) == night
        shift = liaoyuan.on_duty(at(moment)).get(night[0])
        assert shift is not None
        assert shift.name == "前夜班"
    assert set(liaoyuan.on_duty(at("2026-11-24T02:00"))) == set(liaoyuan.week["tue"].work["late_night"])
    assert liaoyuan.on_duty(at("2026-11-23T21:59")).get(night[0]) is None


def test_what_a_date_says_counts_instead_of_the_weeks(liaoyuan: Schedule) -> None:
    assert liaoyuan.standby(at("2027-02-06T12:00")) == ("a1013", "a1014")
    assert set(liaoyuan.on_duty(at("2027-02-06T03:00"))) == {"a1025", "a1026"}
    assert set(liaoyuan.on_duty(at("2027-02-06T08:00"))) == set(liaoyuan.week["sat"].work["morning"])
    assert len(liaoyuan.standby(at("2027-02-07T00:00"))) == 1


def test_duties_are_whole_shifts_of_a_time(liaoyuan: Schedule) -> None:
    duties = list(liaoyuan.duties(at("2026-11-24T01:00"), at("2026-11-24T03:00")))
    assert {(d.shift.id, d.begins, d.ends) for d in duties} == {
        ("early_night", at("2026-11-23T22:00"), at("2026-11-24T02:00")),
        ("late_night", at("2026-11-24T02:00"), at("2026-11-24T07:00")),
    }
    assert list(Schedule().duties(at("2026-11-24T01:00"), at("2026-11-25T03:00"))) == []
    assert (Schedule().lines(at("2026-11-24T01:00")), Schedule().standby(at("2026-11-24T01:00"))) == (0, ())


def test_crews_are_who_works_at_the_beginning_and_at_each_change_before_the_end(liaoyuan: Schedule) -> None:
    before, after = (frozenset(liaoyuan.on_duty(at(f"2026-11-24T{clock}"))) for clock in ("01:59", "02:00"))
    assert before != after
    assert liaoyuan.crews(at("2026-11-24T01:45"), at("2026-11-24T02:15")) == [before, after]
    assert liaoyuan.crews(at("2026-11-24T01:30"), at("2026-11-24T02:00")) == [before]
    assert liaoyuan.crews(at("2026-11-24T02:00"), at("2026-11-24T02:30")) == [after]
    assert Schedule().crews(at("2026-11-24T01:30"), at("2026-11-24T02:00")) == [frozenset()]


SHIFTS = '[shift.day]\nhours = "08:00-20:00"\nlines = 1\n[shift.late]\nhours = "19:00-21:00"\n'


def test_findings_name_what_a_shift_leader_should_know() -> None:
    schedule = read_schedule(f'{SHIFTS}[week.mon]\nday = ["a1"]\nlate = ["a1", "a9"]\nstandby = ["a2"]\n', "s.toml")
    found = findings(schedule, [AgentId("a1"), AgentId("a2"), AgentId("a3")], MONDAY)
    assert found[:2] == ["a9: in the schedule, not in the roster", "a3: never planned"]
    assert "a1: day and late overlap on 2026-11-23 19:00" in found
    assert "tue 2026-11-24, day: 0 planned, 1 lines to staff" in found
    assert "tue 2026-11-24: nobody is on stand-by" in found
    assert not [text for text in found if text.startswith("mon")]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("[shift.day", "s.toml: not valid TOML", ""),
        ("[shifts.day]\n", "s.toml:1: shifts", "unknown table; known: shift, week, date"),
        ("[shift.standby]\n", "s.toml:1: shift.standby", "and not standby"),
        ('\n[shift.day]\nhours = "8-20"\n', "s.toml:3: shift.day.hours", 'must be like "22:00-06:00"'),
        ('[shift.day]\nhours = "08:00-24:00"\n', "s.toml:2: shift.day.hours", "midnight is 00:00"),
        ('[shift.day]\nhours = "08:00-20:00"\nlines = -1\n', "s.toml:3: shift.day.lines", "0 or more"),
        ("[shift.day]\nhour = 3\n", "s.toml:2: shift.day.hour", "unknown key"),
        (f"{SHIFTS}[week.monday]\n", "s.toml:6: week.monday", "no day of the week; they are mon"),
        (f'{SHIFTS}[week.mon]\nnight = ["a1"]\n', "s.toml:7: week.mon.night", "no such shift; there are day, late"),
        (f'{SHIFTS}[week.mon]\nday = "a1"\n', "s.toml:7: week.mon.day", "must be a list of agents"),
        (f'{SHIFTS}[week.mon]\n\nday = ["a1", "a1"]\n', "s.toml:8: week.mon.day", "a1 stands in it twice"),
        (f"{SHIFTS}[date.2027-02-31]\n", "s.toml:6: date.2027-02-31", "no date"),
        (f'{SHIFTS}[week]\nmon = "day"\n', "s.toml:7: week.mon", "must be a table"),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, where: str, what: str) -> None:
    with pytest.raises(ScheduleError) as error:
        read_schedule(text, "s.toml")
    assert str(error.value).startswith(where)
    assert what in str(error.value)
