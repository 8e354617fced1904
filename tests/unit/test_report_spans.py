"""Days, ISO weeks and months of reports, and what each is compared with."""

from __future__ import annotations

from datetime import date

import pytest

from cti.metrics.spans import Against, Span, SpanError
from tests.support.report_table import BERLIN, SHANGHAI, at

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-11-21", "2026-11-21", "2026-11-22"),
        ("today", "2026-11-22", "2026-11-23"),
        ("yesterday", "2026-11-21", "2026-11-22"),
        ("2026-W47", "2026-11-16", "2026-11-23"),
        ("2026-W53", "2026-12-28", "2027-01-04"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2028-02", "2028-02-01", "2028-03-01"),
    ],
)
def test_what_is_written_is_a_time_of_the_city(text: str, since: str, until: str) -> None:
    span = Span.read(text, TODAY)
    period = span.period(SHANGHAI)
    assert (period.since, period.until) == (at(since), at(until))
    if text not in ("today", "yesterday"):
        assert span.label == text


@pytest.mark.parametrize("text", ["someday", "2026-13", "2026-02-30", "2025-W53", "2026-W00", "", "2026"])
def test_what_is_no_day_week_or_month_is_refused(text: str) -> None:
    with pytest.raises(SpanError, match="give a date such as 2026-11-22, today, yesterday, a week"):
        Span.read(text, TODAY)


def test_a_day_is_as_long_as_the_clocks_make_it() -> None:
    lengths = [Span.read(text, TODAY).period(BERLIN) for text in ("2026-10-25", "2026-03-29", "2026-10")]
    assert [(period.until - period.since) / 3600 for period in lengths] == [25, 23, 31 * 24 + 1]


@pytest.mark.parametrize(
    ("text", "against", "earlier"),
    [
        ("2026-11-21", "before", "2026-11-20"),
        ("2026-11-21", "week", "2026-11-14"),
        ("2026-11-21", "year", "2025-11-21"),
        ("2026-W01", "before", "2025-W52"),
        ("2026-W47", "year", "2025-W47"),
        ("2026-01", "before", "2025-12"),
        ("2026-11", "year", "2025-11"),
        ("2028-02-29", "year", None),
        ("2026-W53", "year", None),
        ("2026-11", "week", None),
    ],
)
def test_the_same_time_earlier(text: str, against: Against, earlier: str | None) -> None:
    found = Span.read(text, TODAY).earlier(against)
    assert (found.label if found else None) == earlier
