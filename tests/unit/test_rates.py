"""Each named rate over a day small enough to be counted by hand."""

from __future__ import annotations

import dataclasses

import pytest

from cti.metrics.cases import case_rate
from cti.metrics.rates import Rate, rate, total
from cti.metrics.record import CallRecord, fold
from cti.metrics.report import Report, Waits
from cti.metrics.rollups import roll_up
from tests.support.calls import answered_call, lost_call

# Two answered (15 s after asking, 20 s after arrival, 14 s after queueing), one rated 1, one unrated;
# lost: two in the menu, one in the queue.
DAY = [
    fold(answered_call("c1", 0.0, caller="1001", score=1)),
    fold(answered_call("c2", 100.0, caller="1002", score=None)),
    fold(lost_call("c3", 200.0, place="menu", caller="1003")),
    fold(lost_call("c4", 300.0, place="menu", caller="1002")),
    fold(lost_call("c5", 400.0, place="queue", caller="1004")),
]


def rate_of(code: str, records: list[CallRecord]) -> Rate:
    return rate(code, total(roll_up(records)))


@pytest.mark.parametrize(
    ("name", "numerator", "denominator"),
    [
        ("connection_rate", 2, 5),
        ("queue_answer_rate", 2, 3),
        ("asked_answer_rate_15s", 2, 3),
        ("asked_answer_rate_20s", 2, 3),
        ("asked_answer_rate_30s", 2, 3),
        ("intent_rate", 2, 4),
        ("asa", 28.0, 2),
        ("wait_total", 40.0, 2),
        ("satisfaction", 1, 1),
        ("participation", 1, 2),
    ],
)
def test_the_rates_of_a_day(name: str, numerator: float, denominator: int) -> None:
    found = Report.of(DAY).rate(name)
    assert (found.numerator, found.denominator) == (numerator, denominator)
    assert found.value == numerator / denominator


def test_losses_and_answers_are_all_calls() -> None:
    lost = Report.of(DAY).lost_at
    assert {place: n for place, n in lost.items() if n} == {"menu": 2, "queue": 1}
    assert sum(lost.values()) + 2 == len(DAY)


def test_a_day_without_calls_has_no_rate_and_not_a_rate_of_zero() -> None:
    report = Report.of([])
    assert all(found.value is None and found.unknown == "nothing" for found in report.rates)
    assert report.as_json()["connection_rate"] is None
    assert report.wait_total_answered == Waits(0, None, None, None, None, None)


@pytest.mark.parametrize(("answered_after_s", "counts"), [(14.9, 1), (15.0, 1), (15.001, 0)])
def test_fifteen_seconds_are_counted_from_the_wish_and_inclusive(answered_after_s: float, counts: int) -> None:
    asked_at = 1763750000.123
    call = dataclasses.replace(DAY[0], human_asked_at=asked_at, answered_at=asked_at + answered_after_s)
    assert rate_of("asked_answer_rate_15s", [call]).numerator == counts


def test_who_asked_and_left_before_queueing_stays_in_the_denominator() -> None:
    left = dataclasses.replace(DAY[2], human_asked_at=210.0)
    assert rate_of("asked_answer_rate_15s", [left]).denominator == 1
    assert rate_of("queue_answer_rate", [left]).denominator == 0


def test_a_served_or_transferred_call_is_neither_answered_nor_lost() -> None:
    served = dataclasses.replace(DAY[2], lost_at=None)
    assert rate_of("connection_rate", [served]).value == 0
    assert Report.of([served]).lost_at["none"] == 1


def _call(caller: str, arrived_at: float, answered_at: float | None) -> CallRecord:
    return dataclasses.replace(DAY[0], pii_caller=caller, arrived_at=arrived_at, answered_at=answered_at)


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([("1", 0, None), ("1", 60, None), ("1", 120, 130)], (1, 1)),  # third try answered: one wish, fulfilled
        ([("1", 0, None), ("1", 1800, 1801)], (0, 1)),  # answered, but not within 30 min of the first try
        ([("1", 0, None), ("1", 1800, 1800)], (1, 1)),
        ([("1", 0, None), ("1", 1801, 1805)], (1, 2)),  # after 30 min it is another wish
        ([("1", 0, 5), ("1", 60, None)], (1, 1)),  # answered and called again: already fulfilled
        ([("1", 0, 5), ("2", 0, None)], (1, 2)),
        ([("", 0, None), ("", 10, 15)], (1, 2)),  # withheld numbers are not one citizen
        ([("1", 1700, 1705), ("1", 0, None)], (1, 1)),  # order of the records does not matter
    ],
)
def test_wishes_of_citizens(calls: list[tuple[str, float, float | None]], expected: tuple[int, int]) -> None:
    found = case_rate("intent_rate", [_call(*call) for call in calls])
    assert (found.numerator, found.denominator) == expected


def test_every_definition_says_its_formula() -> None:
    for found in Report.of(DAY).rates:
        assert " / " in found.formula


def test_percentiles_are_waits_of_real_calls() -> None:
    waits = Waits.of([float(n) for n in range(1, 101)])
    assert (waits.p50, waits.p90, waits.p95, waits.p99, waits.max) == (50, 90, 95, 99, 100)
    assert Waits.of([7.0]) == Waits(1, 7.0, 7.0, 7.0, 7.0, 7.0)


def test_ratings_are_counted_by_key() -> None:
    report = Report.of([dataclasses.replace(DAY[0], score=score) for score in (3, 1, 1, None)])
    assert report.ratings == {1: 2, 3: 1}


def _callback(task: str, outcome: str, dialled_at: float | None = None) -> CallRecord:
    record = dataclasses.replace(DAY[0], direction="callback", task=task, outcome=outcome, dialled_at=dialled_at)
    return record if outcome == "reached" else dataclasses.replace(record, answered_at=None, lost_at=None)


CALLBACKS = [
    _callback("t1", "no_answer"),
    _callback("t1", "reached"),
    _callback("t2", "busy"),
    _callback("t3", "withdrawn"),
    _callback("t4", "no_agent"),
    _callback("t5", "closed"),
    _callback("t6", "withdrawn", dialled_at=9.0),
]


def test_callbacks_change_no_rate_of_incoming_calls() -> None:
    without, with_ = Report.of(DAY), Report.of([*DAY, *CALLBACKS])
    own = {"callback_success"}
    assert [r for r in with_.rates if r.name not in own] == [r for r in without.rates if r.name not in own]
    assert (with_.calls, with_.answered, with_.lost_at) == (without.calls, without.answered, without.lost_at)
    assert (with_.wait_total_answered, with_.talk, with_.ratings) == (
        without.wait_total_answered,
        without.talk,
        without.ratings,
    )


def test_a_callback_task_counts_once_and_only_if_the_citizen_was_dialled() -> None:
    found = case_rate("callback_success", [*DAY, *CALLBACKS])
    assert (found.numerator, found.denominator) == (1, 3)
    assert case_rate("callback_success", DAY).value is None


def test_a_wish_that_may_still_be_answered_is_not_counted_yet() -> None:
    calls = [_call("1", 0, None), _call("2", 1000, 1010)]
    assert case_rate("intent_rate", calls, seen_until=1700).denominator == 1, "the first may call again"
    assert case_rate("intent_rate", calls, seen_until=1800).denominator == 2


def test_a_call_is_resolved_only_when_nobody_called_again_in_time() -> None:
    """Answered at 20 s and over at 90 s: 24 hours count from there."""
    last = 90 + 86_400.0
    first = dataclasses.replace(DAY[0], call_id="x1")

    def resolved(again_at: float | None, seen_until: float) -> tuple[float, float]:
        again = [] if again_at is None else [dataclasses.replace(DAY[2], pii_caller="1001", arrived_at=again_at)]
        found = case_rate("first_call_resolution", [first, *again], seen_until=seen_until)
        return found.numerator, found.denominator

    assert resolved(None, last) == (1, 1)
    assert resolved(None, last - 1) == (0, 0), "he may still call"
    assert resolved(last, last) == (0, 1)
    assert resolved(last - 5, last - 1) == (0, 1), "he has called again: nothing to wait for"
    assert resolved(last + 1, last + 1) == (1, 1)


def test_an_answered_call_counts_before_it_is_over_and_one_that_waits_does_not() -> None:
    talking = dataclasses.replace(DAY[0], ended_at=None, ended_side=None, satisfied=None)
    waiting = dataclasses.replace(DAY[4], ended_at=None, ended_side=None, lost_at=None)
    assert rate_of("connection_rate", [talking, waiting]).denominator == 1
    assert total(roll_up([talking, waiting]))["undecided"] == 1
    assert rate_of("talk_time", [talking]).unknown == "nothing"


def test_a_talk_whose_end_nobody_saw_is_in_no_mean() -> None:
    unseen = dataclasses.replace(DAY[0], estimated=True)
    assert (rate_of("talk_time", [unseen]).denominator, rate_of("connection_rate", [unseen]).value) == (0, 1)
