"""Working days: the State Council's holidays and make-up days, with a city's own days in front of them.

A year whose notice the library does not know yet is answered by weekends alone and says so (`provisional`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import chinese_calendar

from ivr_flows.errors import CalendarError

DayKind = Literal["work", "weekend", "holiday"]


@dataclass(frozen=True, slots=True)
class Day:
    """`holiday` is any day off that belongs to a festival, also a Sunday inside it; `weekend` is an ordinary one."""

    kind: DayKind
    provisional: bool = False
    """The year's notice is not known: only weekends were looked at."""


class WorkCalendar:
    """`off_days` and `work_days` are the city's own (dates or "2027-02-08"); they win over the national calendar.

    CalendarError for a text that is not a date, or a day that is in both lists.
    """

    def __init__(self, off_days: Iterable[date | str] = (), work_days: Iterable[date | str] = ()) -> None:
        self._off = frozenset(_date(day, "off_days") for day in off_days)
        self._work = frozenset(_date(day, "work_days") for day in work_days)
        if both := self._off & self._work:
            raise CalendarError(f"{min(both)} stands in off_days and in work_days; take it out of one of them")

    def day(self, date_: date) -> Day:
        if date_ in self._off:
            return Day("holiday")
        if date_ in self._work:
            return Day("work")
        try:
            off, festival = chinese_calendar.get_holiday_detail(date_)
        except NotImplementedError:  # the library's word for "no notice for that year in this release"
            return Day("weekend" if date_.weekday() >= 5 else "work", provisional=True)
        if not off:
            return Day("work")
        return Day("holiday" if festival else "weekend")


def _date(day: date | str, where: str) -> date:
    try:
        return date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        raise CalendarError(f"{where}: {day!r} is not a date; write it as 2027-02-08") from None
