"""The days, ISO weeks and months that reports are of, and what each is compared with. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

from cti.metrics.groups import Period

Against = Literal["before", "week", "year"]
"""before: the day, week or month just before. week, year: the same one a week, a year earlier."""
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)


class SpanError(ValueError):
    """No day, week or month; the text says what would be one."""


@dataclass(frozen=True, slots=True)
class Span:
    kind: Literal["day", "week", "month"]
    first: date
    """Its first day; a week's is Monday."""

    @staticmethod
    def read(text: str, today: date) -> Span:
        """2026-11-21, today, yesterday, 2026-W47 or 2026-11. SpanError."""
        if text in ("today", "yesterday"):
            return Span("day", today if text == "today" else today - _DAY)
        try:
            if week := re.fullmatch(r"(\d{4})-W(\d{2})", text):
                return Span("week", date.fromisocalendar(int(week[1]), int(week[2]), 1))
            if re.fullmatch(r"\d{4}-\d{2}", text):
                return Span("month", date.fromisoformat(f"{text}-01"))
            return Span("day", date.fromisoformat(text))
        except ValueError:
            others = f"today, yesterday, a week ({_week(today)}) or a month ({today:%Y-%m})"
            raise SpanError(f"{text!r} is no day, week or month; give a date such as {today}, {others}") from None

    @property
    def label(self) -> str:
        """As `read` takes it."""
        match self.kind:
            case "day":
                return self.first.isoformat()
            case "week":
                return _week(self.first)
            case "month":
                return f"{self.first:%Y-%m}"

    @property
    def after(self) -> date:
        """The first day that is not in it any more."""
        match self.kind:
            case "day":
                return self.first + _DAY
            case "week":
                return self.first + _WEEK
            case "month":
                return next_month(self.first)

    def period(self, zone: tzinfo) -> Period:
        return Period(midnight(self.first, zone), midnight(self.after, zone))

    def earlier(self, against: Against) -> Span | None:
        """None: there is no such one (29 February a year earlier, a month a week earlier)."""
        if against == "before":
            last = self.first - _DAY
            first = {"day": last, "week": self.first - _WEEK, "month": last.replace(day=1)}
            return Span(self.kind, first[self.kind])
        if against == "week":
            return None if self.kind == "month" else Span(self.kind, self.first - _WEEK)
        try:
            if self.kind == "week":
                year, week, _ = self.first.isocalendar()
                return Span("week", date.fromisocalendar(year - 1, week, 1))
            return Span(self.kind, self.first.replace(year=self.first.year - 1))
        except ValueError:
            return None


def midnight(day: date, zone: tzinfo) -> float:
    """The moment at which this day begins."""
    return datetime.combine(day, time(), zone).timestamp()


def next_month(day: date) -> date:
    """Its first day."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
