"""The comparison of our records with the telephones' account: planted differences must each be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cti.calls import CallId
from cti.demo.account import Account, LogLine
from cti.demo.plan import Outcome, Plan
from cti.demo.reconcile import offers_of, reached, reconcile
from cti.metrics.record import CallRecord, Recording


def line(kind: str, at: float, call_id: str, *rest: str) -> LogLine:
    return LogLine.parse("|".join((kind, f"2026-11-21\t08:00:00\t{at:.6f}", call_id, *rest)))


def account_of_three() -> Account:
    """One who talks and rates, one who leaves in the menu, one who leaves while it rings at an agent."""
    account = Account()
    for text in (
        line("placed", 100.0, "sip-1", "13800000001", "12345", "40000"),
        line("answered", 100.01, "sip-1", "20000"),
        line("placed", 101.0, "sip-2", "13800000002", "12345", "40002"),
        line("answered", 101.01, "sip-2", "20002"),
        line("left", 102.0, "sip-2", "caller"),
        line("placed", 102.0, "sip-3", "13800000003", "12333", "40004"),
        line("answered", 102.01, "sip-3", "20004"),
        line("left", 106.0, "sip-3", "caller"),
        line("left", 112.0, "sip-1", "system"),
    ):
        account.apply_citizen(text)
    account.calls["sip-1"].keys = [(102.0, "1"), (110.5, "2")]
    for text in (
        line("offered", 103.0, "leg-1", "t1", "n1-1", "13800000001", "30000", "x\ty\t103.0"),
        line("confirmed", 104.0, "leg-1"),
        line("offered", 105.0, "leg-3", "t2", "n1-3", "13800000003", "30002", "x\ty\t105.0"),
        line("cancelled", 106.01, "leg-3"),
        line("over", 109.0, "leg-1", "agent"),
    ):
        account.apply_agent(text)
    return account


PLANS = {
    "13800000001": Plan("13800000001", "12345", Outcome.CHOOSES_AND_RATES, ((2.0, "1"),), rating="2"),
    "13800000002": Plan("13800000002", "12345", Outcome.LEAVES_IN_MENU, leaves_after_s=1.0),
    "13800000003": Plan("13800000003", "12333", Outcome.LEAVES_WAITING, leaves_after_s=4.0),
}


def record(n: int, **changes: Any) -> CallRecord:
    base = CallRecord(
        call_id=CallId(f"n1-{n}"),
        pii_caller=f"1380000000{n}",
        dialled="12333" if n == 3 else "12345",
        original="",
        city="dongguan",
        mode="merged",
        statistics="12345",
        medium="voice",
        sip_call_id=f"sip-{n}",
        flow="city",
        flow_version="1",
        arrived_at=99.0 + n,
        ended_at={1: 112.0, 2: 102.0, 3: 106.0}[n],
        ended_side="system" if n == 1 else "caller",
        lost_at={1: None, 2: "menu", 3: "ringing"}[n],
    )
    if n == 1:
        talk = Recording("a.wav", 80_000, 5.0, True)
        base = replace(
            base, answered_at=104.0, agents=("t1",), offers=1, wait_total_s=4.0, talk_s=5.0, score=2, recordings=(talk,)
        )
    if n == 3:
        base = replace(base, offers=1)
    return replace(base, **changes)


def records(**changes: Any) -> list[CallRecord]:
    """All three; `changes` are made in the first."""
    return [record(1, **changes), record(2), record(3)]


def test_both_tell_the_same_story() -> None:
    assert reconcile(account_of_three(), PLANS, records()) == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"pii_caller": "13800000009"}, "caller's number"),
        ({"dialled": "12333"}, "number dialled"),
        ({"arrived_at": 98.0}, "arrived at"),
        ({"ended_at": None}, "end"),
        ({"ended_at": 114.0}, "ended at"),
        ({"ended_side": "caller"}, "ended by"),
        ({"answered_at": None}, "answered"),
        ({"agents": ("t2",)}, "agents who talked"),
        ({"talk_s": 6.0}, "talk seconds"),
        ({"wait_total_s": 3.0}, "seconds from arrival to answer"),
        ({"recordings": ()}, "recording"),
        ({"recordings": (Recording("a.wav", 44, 5.0, False),)}, "recording"),
        ({"offers": 0}, "offers"),
        ({"lost_at": "queue"}, "lost at"),
        ({"score": 1}, "rating"),
        ({"score": None}, "rating"),
    ],
)
def test_a_planted_difference_is_found_and_nothing_else(changes: dict[str, Any], what: str) -> None:
    found = reconcile(account_of_three(), PLANS, records(**changes))
    assert [(one.sip_call_id, one.what) for one in found] == [("sip-1", what)]


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda all_: all_[1:], "records of this call"),
        (lambda all_: [*all_, record(1)], "records of this call"),
        (lambda all_: [*all_, record(1, sip_call_id="sip-9", call_id=CallId("n1-9"))], "calls placed"),
        (lambda all_: [*all_[:2], record(3, lost_at="menu")], "lost at"),
        (lambda all_: [all_[0], record(2, lost_at="queue"), all_[2]], "lost at"),
    ],
)
def test_missing_doubled_and_unknown_records_are_found(
    spoil: Callable[[list[CallRecord]], list[CallRecord]], what: str
) -> None:
    found = {one.what for one in reconcile(account_of_three(), PLANS, spoil(records()))}
    assert what in found


def test_a_strange_record_is_no_difference_when_others_use_the_system_too() -> None:
    strange = record(1, sip_call_id="sip-9", call_id=CallId("n1-9"))
    assert reconcile(account_of_three(), PLANS, [*records(), strange], alone=False) == []


def test_a_talk_that_no_record_has_is_found() -> None:
    account = account_of_three()
    account.legs["leg-1"].call = "n1-77"
    assert "talk of" in {one.what for one in reconcile(account, PLANS, records())}


def test_a_rating_pressed_before_the_agent_hung_up_does_not_count() -> None:
    account = account_of_three()
    account.calls["sip-1"].keys = [(102.0, "1"), (108.5, "2")]
    assert [one.what for one in reconcile(account, PLANS, records())] == ["rating"]
    assert reconcile(account, PLANS, records(score=None)) == []


def test_the_outcomes_that_callers_meant_and_reached_are_counted() -> None:
    outcomes = reached(account_of_three(), PLANS)
    assert outcomes["chooses_and_rates"] == {"planned": 1, "reached": 1}
    assert outcomes["leaves_waiting"] == {"planned": 1, "reached": 1}
    assert outcomes["leaves_talking"] == {"planned": 0, "reached": 0}


def test_offers_are_counted_by_what_became_of_them() -> None:
    account = account_of_three()
    assert offers_of(account) == {"answered": 1, "no_answer": 0, "caller_left": 1}
    account.calls["sip-3"].left_at = 111.0
    assert offers_of(account) == {"answered": 1, "no_answer": 1, "caller_left": 0}
