"""The table of a report: every value counted by hand, totals from sums, times of the city, shifts over midnight."""

from __future__ import annotations

from datetime import date

import pytest

from cti.metrics.definitions import BY_CODE
from cti.metrics.figures import Sums
from cti.metrics.gaps import Gap
from cti.metrics.groups import AgentKey, Key
from cti.metrics.rollups import roll_up
from cti.metrics.spans import Span
from cti.metrics.tables import AGENT_COLUMNS, CALL_COLUMNS, Rank, Table
from cti.metrics.tally import By, Grouping, Tally
from tests.support.report_table import (
    BERLIN,
    DAY,
    SHANGHAI,
    answered,
    at,
    fraction,
    labels,
    lost,
    schedule_of,
    table,
)

NINE = at("2026-11-21 09:00")
QUEUES = [
    answered(NINE, queue="enterprise"),
    answered(NINE + 1, queue="general"),
    lost(NINE + 2, queue="general"),
    lost(NINE + 3, queue="general"),
    lost(NINE + 4, "menu"),
]


def test_each_queue_has_its_rates_and_the_total_is_no_mean_of_them() -> None:
    found = table("queue", QUEUES)
    assert labels(found) == ["", "enterprise", "general"]
    assert [fraction(found, label) for label in labels(found)] == [(0, 1), (1, 1), (1, 3)]
    assert fraction(found, "total") == (2, 5)
    assert found.total.rates["connection_rate"].value == 0.4
    assert fraction(found, "total", "queue_answer_rate") == (2, 4)
    assert fraction(found, "total", "asa") == (28.0, 2)
    assert fraction(found, "general", "loss_at_queue") == (2, 3)
    assert fraction(found, "total", "loss_at_menu") == (1, 5)


def test_numerators_and_denominators_are_there_once_each() -> None:
    found = table("queue", QUEUES)
    assert found.figures[:4] == ["answered", "calls", "queue_answered", "queued"]
    assert len(found.figures) == len(set(found.figures))


def test_dual_numbers_are_counted_apart_and_under_their_key() -> None:
    calls = [
        answered(NINE, dialled="12345", statistics="12345"),
        lost(NINE + 1, dialled="12333", statistics="12333"),
        answered(NINE + 2, dialled="076912333", statistics="12333"),
        lost(NINE + 3, dialled="12315", statistics=""),
    ]
    found = table("number", calls)
    assert {label: fraction(found, label) for label in labels(found)} == {
        "12315": (0, 1),
        "12333": (1, 2),
        "12345": (1, 1),
    }


def test_cities_are_counted_apart() -> None:
    found = table("city", [answered(NINE, city="dongguan"), lost(NINE, city="huizhou")])
    assert {label: fraction(found, label) for label in labels(found)} == {"dongguan": (1, 1), "huizhou": (0, 1)}


def test_a_call_belongs_to_the_half_hour_in_which_it_arrived_and_empty_ones_are_unknown() -> None:
    calls = [
        answered(at("2026-11-20 23:59:59")),
        answered(at("2026-11-21 00:00")),
        lost(at("2026-11-21 09:29:59")),
        answered(at("2026-11-21 09:30")),
        answered(at("2026-11-21 23:59:59")),
        answered(at("2026-11-22 00:00")),
    ]
    found = table("half_hour", calls)
    assert len(found.rows) == 48
    counted = {row.label[11:16]: fraction(found, row.label) for row in found.rows if row.sums}
    assert counted == {"00:00": (1, 1), "09:00": (0, 1), "09:30": (1, 1), "23:30": (1, 1)}
    assert fraction(found, "total") == (3, 4)
    empty = found.rows[1].rates["connection_rate"]
    assert (empty.value, empty.unknown) == (None, "nothing")


def test_weeks_begin_on_monday_and_are_parts_at_the_edges_of_a_month() -> None:
    found = table(
        "week",
        [answered(at("2026-11-01 12:00")), answered(at("2026-11-02 00:00")), lost(at("2026-11-30 23:59"))],
        Span("month", date(2026, 11, 1)),
    )
    assert [(row.label, row.whole, fraction(found, row.label)) for row in found.rows if row.sums] == [
        ("2026-W44", False, (1, 1)),
        ("2026-W45", True, (1, 1)),
        ("2026-W49", False, (0, 1)),
    ]


def test_a_month_by_day_and_by_month() -> None:
    calls = [answered(at("2026-11-01 00:00")), lost(at("2026-11-30 23:59"))]
    november = Span("month", date(2026, 11, 1))
    days = table("day", calls, november)
    assert (len(days.rows), labels(days)[0], labels(days)[-1]) == (30, "2026-11-01", "2026-11-30")
    months = table("month", calls, november)
    assert [(row.label, row.whole) for row in months.rows] == [("2026-11", True)]
    assert fraction(months, "2026-11") == fraction(days, "total") == (1, 2)


def test_the_hour_that_the_clock_repeats_is_there_twice() -> None:
    """Berlin, 25 October: 2:00 to 3:00 in summer time, and once more in winter time."""
    two = at("2026-10-25 02:00", BERLIN)
    found = table("half_hour", [answered(two), lost(two + 3600)], Span("day", date(2026, 10, 25)), BERLIN)
    assert len(found.rows) == 50
    assert [row.label for row in found.rows if row.sums] == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]
    before = table("half_hour", [lost(two - 7 * 86_400)], Span("day", date(2026, 10, 18)), BERLIN)
    compared = found.compared({"week": before})
    first, second = (row for row in compared.rows if row.sums)
    assert first.difference("connection_rate", "week") == 100.0
    assert second.difference("connection_rate", "week") == "absent"


SHIFTS = schedule_of(early=("06:00", "14:00"), night=("22:00", "06:00"))


def test_a_shift_belongs_whole_to_the_day_on_which_it_begins() -> None:
    calls = [
        answered(at("2026-11-21 05:59:59")),  # of the night before
        answered(at("2026-11-21 06:00")),
        lost(at("2026-11-21 13:59:59")),
        answered(at("2026-11-21 14:00")),  # nobody was to work
        lost(at("2026-11-21 22:00")),
        answered(at("2026-11-22 05:59:59")),
        answered(at("2026-11-22 06:00")),  # of the next day
    ]
    found = table("shift", calls, schedule=SHIFTS)
    assert [(row.label, fraction(found, row.label)) for row in found.rows] == [
        ("early", (1, 2)),
        ("night", (1, 2)),
        ("", (1, 1)),
    ]
    assert fraction(found, "total") == (3, 5)
    assert found.reach.until == at("2026-11-22 06:00")
    days = [table("shift", calls, Span("day", date(2026, 11, day)), schedule=SHIFTS) for day in (20, 21, 22)]
    assert sum(fraction(day, "total")[1] for day in days) == len(calls), "each call is in one day"


def test_a_call_in_two_shifts_counts_in_both_and_in_the_total_once() -> None:
    overlapping = schedule_of(early=("06:00", "14:00"), late=("12:00", "20:00"))
    calls = [answered(at("2026-11-21 13:00")), answered(at("2026-11-21 15:00"))]
    found = table("shift", calls, schedule=overlapping)
    assert {label: fraction(found, label) for label in labels(found)} == {
        "early": (1, 1),
        "late": (2, 2),
        "": (0, 0),
    }
    assert fraction(found, "total") == (2, 2)


def test_the_night_in_which_the_clock_is_set_back_is_an_hour_longer() -> None:
    grouping = Grouping("shift", Span("day", date(2026, 10, 24)).period(BERLIN), BERLIN, SHIFTS)
    night = next(slot for slot in grouping.slots if slot.label == "night")
    assert [(part.until - part.since) / 3600 for part in night.parts] == [9]


def test_a_call_is_of_the_agent_who_had_it_last_and_a_lost_one_of_none() -> None:
    calls = [answered(NINE), answered(NINE + 1, agents=("a1002", "a1003"), score=3, satisfied=False), lost(NINE + 2)]
    tally = Tally(Grouping("agent", DAY.period(SHANGHAI), SHANGHAI))
    for call in calls:
        tally.add(call)
    half_hour = int(NINE)
    work = {"talking_ms": 60_000, "wrap_up_ms": 20_000, "idle_ms": 20_000, "agent_talks": 1}
    tally.add_sums(AgentKey(half_hour, "a1002"), Sums(work))
    tally.add_sums(AgentKey(half_hour - 86_400, "a1002"), Sums(work))
    found = Table.of(DAY, tally)
    assert labels(found) == ["a1002", "a1003"]
    assert [fraction(found, label, "satisfaction") for label in (*labels(found), "total")] == [(1, 1), (0, 1), (1, 2)]
    assert fraction(found, "a1002", "occupancy") == (80.0, 100.0)
    assert fraction(found, "a1002", "handling_time") == (80.0, 1)
    assert found.rows[1].rates["occupancy"].unknown == "nothing"


@pytest.mark.parametrize("by", ["queue", "number", "city", "half_hour", "day", "shift"])
def test_stored_sums_by_half_hour_give_the_same_table_as_the_calls(by: By) -> None:
    grouping = Grouping(by, DAY.period(SHANGHAI), SHANGHAI, SHIFTS)
    assert grouping.by_half_hours
    tally = Tally(grouping)
    for key, sums in roll_up(QUEUES).items():
        tally.add_sums(key, sums)
    assert Table.of(DAY, tally) == table(by, QUEUES, schedule=SHIFTS)


def test_sums_by_half_hour_do_not_say_who_came_before_a_quarter_past() -> None:
    odd = Grouping("shift", DAY.period(SHANGHAI), SHANGHAI, schedule_of(early=("08:15", "12:00")))
    assert not odd.by_half_hours
    with pytest.raises(ValueError, match="roll-up of their own"):
        Tally(Grouping("agent", DAY.period(SHANGHAI), SHANGHAI)).add_sums(Key(int(NINE), "", "", "", ""), Sums())


def test_a_gap_makes_unknown_what_it_touches_and_nothing_else() -> None:
    grouping = Grouping("half_hour", DAY.period(SHANGHAI), SHANGHAI)
    tally = Tally(grouping)
    for call in (answered(NINE), answered(NINE + 1800)):
        tally.add(call)
    gap, elsewhere = Gap(NINE + 60, NINE + 120), Gap(NINE - 86_400, NINE - 86_000)
    found = Table.of(DAY, tally, [gap, elsewhere])
    nine, half_past = (row.rates["connection_rate"] for row in found.rows if row.sums)
    assert (nine.value, nine.unknown, nine.denominator) == (None, "gap", 1)
    assert half_past.value == 1.0
    assert found.total.rates["connection_rate"].unknown == "gap"
    assert found.gaps == (gap,)


def test_a_row_is_compared_with_its_own_of_earlier_in_percentage_points_and_seconds() -> None:
    then = table(
        "queue",
        [answered(NINE - 86_400, queue="general", wait_queue_s=10.0), answered(NINE - 86_300, queue="enterprise")],
        Span("day", date(2026, 11, 20)),
    )
    found = table("queue", QUEUES).compared({"before": then})
    general, enterprise = (next(row for row in found.rows if row.label == name) for name in ("general", "enterprise"))
    assert general.difference("connection_rate", "before") == pytest.approx(100 / 3 - 100)
    assert general.difference("asa", "before") == pytest.approx(4.0)
    assert enterprise.difference("connection_rate", "before") == 0.0
    assert found.rows[0].difference("connection_rate", "before") == "absent"
    assert found.total.difference("connection_rate", "before") == pytest.approx(-60.0)
    assert found.earlier["before"].label == "2026-11-20"


def test_what_was_unknown_has_no_difference_but_its_reason() -> None:
    then = table("queue", [lost(NINE - 86_400, queue="general")], Span("day", date(2026, 11, 20)))
    general = table("queue", QUEUES).compared({"before": then}).rows[2]
    assert general.difference("asa", "before") == "nothing"


def test_days_of_a_month_are_compared_by_their_number() -> None:
    found = table("day", [answered(at("2026-11-03 10:00"))], Span("month", date(2026, 11, 1)))
    then = table("day", [lost(at("2026-10-03 10:00"))], Span("month", date(2026, 10, 1)))
    assert found.compared({"before": then}).rows[2].difference("connection_rate", "before") == 100.0


RANKED = [
    *(answered(NINE + n, queue="a", wait_queue_s=30.0) for n in range(2)),
    *(answered(NINE + n, queue="b", wait_queue_s=10.0) for n in range(2)),
    *(answered(NINE + n, queue="c", wait_queue_s=20.0) for n in range(3)),
    lost(NINE, queue="c"),
    lost(NINE, queue="d"),
]


def test_the_best_come_first_ties_share_a_rank_and_the_next_is_left_out() -> None:
    found = table("queue", RANKED).ranked("connection_rate")
    assert [(row.label, row.rank) for row in found.rows] == [
        ("a", Rank(1, tied=True)),
        ("b", Rank(1, tied=True)),
        ("c", Rank(3, tied=False)),
        ("d", Rank(4, tied=False)),
    ]


def test_of_waits_and_losses_less_is_better_and_the_unknown_come_last_without_a_rank() -> None:
    found = table("queue", RANKED).ranked("asa")
    assert [(row.label, row.rank.number if row.rank else None) for row in found.rows] == [
        ("b", 1),
        ("c", 2),
        ("a", 3),
        ("d", None),
    ]
    assert labels(table("queue", RANKED).ranked("loss_at_queue")) == ["a", "b", "c", "d"]


def test_columns_are_defined_and_add_up() -> None:
    assert all(BY_CODE[code].source == "calls" for code in CALL_COLUMNS)
    assert all(BY_CODE[code].source in ("calls", "agents") for code in AGENT_COLUMNS)


@pytest.mark.parametrize("by", ["queue", "half_hour", "shift"])
def test_as_json_it_tells_values_with_numerators_and_reasons(by: By) -> None:
    told = table(by, QUEUES, schedule=SHIFTS).as_json()
    assert told["total"]["rates"]["connection_rate"] == {
        "value": 0.4,
        "unknown": None,
        "numerator": 2,
        "denominator": 5,
        "difference": {},
    }
    assert (told["by"], told["period"], told["columns"][0]["code"]) == (by, "2026-11-21", "connection_rate")
