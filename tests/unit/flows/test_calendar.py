"""Working days of 2026 as the State Council ordered them, a city's own days, and the year nobody knows yet."""

from datetime import date, timedelta

import pytest

from ivr_flows.calendar import Day, WorkCalendar
from ivr_flows.errors import CalendarError


def after(calendar: WorkCalendar, start: date, workdays: int) -> date:
    """The day `workdays` working days after `start`, which does not count."""
    day = start
    while workdays:
        day += timedelta(days=1)
        workdays -= calendar.day(day).kind == "work"
    return day


@pytest.mark.parametrize(
    ("start", "workdays", "end"),
    [
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked for the Spring Festival
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-02-15", 5, "2026-02-28"),
        ("2026-04-30", 1, "2026-05-06"),
        ("2026-05-08", 1, "2026-05-09"),
        ("2026-09-18", 1, "2026-09-20"),
        ("2026-09-24", 10, "2026-10-15"),
        ("2026-09-30", 5, "2026-10-13"),
        ("2026-12-24", 5, "2026-12-31"),
    ],
)
def test_working_days_of_2026(start: str, workdays: int, end: str) -> None:
    assert after(WorkCalendar(), date.fromisoformat(start), workdays) == date.fromisoformat(end)


def test_a_sunday_inside_a_festival_is_a_holiday_and_another_one_a_weekend() -> None:
    calendar = WorkCalendar()
    assert calendar.day(date(2026, 10, 4)) == Day("holiday")
    assert calendar.day(date(2026, 11, 22)) == Day("weekend")
    assert calendar.day(date(2026, 9, 20)) == Day("work")


def test_the_citys_own_days_win() -> None:
    calendar = WorkCalendar(off_days=["2026-04-20"], work_days=["2026-10-01"])
    assert calendar.day(date(2026, 4, 20)) == Day("holiday")
    assert calendar.day(date(2026, 10, 1)) == Day("work")


def test_an_unknown_year_is_answered_by_weekends_and_says_so() -> None:
    calendar = WorkCalendar(off_days=["2039-02-08"])
    assert calendar.day(date(2039, 2, 7)) == Day("work", provisional=True)
    assert calendar.day(date(2039, 2, 6)) == Day("weekend", provisional=True)
    assert calendar.day(date(2039, 2, 8)) == Day("holiday")  # entered by the city, so it is known


@pytest.mark.parametrize(("off", "work"), [(["8.2.2027"], []), (["2027-02-08"], ["2027-02-08"])])
def test_a_wrong_day_is_named(off: list[str], work: list[str]) -> None:
    with pytest.raises(CalendarError, match=r"8\.2\.2027|2027-02-08"):
        WorkCalendar(off, work)
