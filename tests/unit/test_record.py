"""One call's milestones become one record, whatever is missing, and never hide a contradiction."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.calls import CallFact, Milestone, Need, NeedStep, SkillNeed, Value
from cti.metrics.record import ContradictionError, NotOneCallError, Recording, fold, fold_with_faults
from tests.support.calls import answered_call, lost_call, milestone


def test_an_answered_call_has_every_field() -> None:
    need = Need("social", (NeedStep((SkillNeed("pension", 2),), 20.0),))
    record = fold(answered_call("c1", arrived_at=1000.0, need=need))

    assert (record.call_id, record.pii_caller, record.dialled, record.statistics) == (
        "c1",
        "13800138000",
        "12333",
        "12333",
    )
    assert record.path == ("greeting", "menu", "route")
    assert (record.menu_entered_at, record.human_asked_at, record.queued_at) == (1002.0, 1005.0, 1006.0)
    assert (record.first_offered_at, record.answered_at, record.ended_at) == (1010.0, 1020.0, 1090.0)
    assert (record.queue, record.skill, record.agents, record.offers) == ("social", "pension", ("a1002",), 2)
    assert (record.wait_queue_s, record.wait_total_s, record.talk_s) == (14.0, 20.0, 60.0)
    assert (record.score, record.satisfied, record.survey_offered, record.survey_scale) == (1, True, True, 3)
    assert record.recordings == (Recording("2026/c1.wav", 960044, 60.0, True),)
    assert (record.lost_at, record.ended_side, record.estimated, record.missing) == (None, "caller", False, 0)


@pytest.mark.parametrize("place", ["menu", "queue", "ringing", "no_seat", "overflow", "fallback"])
def test_a_lost_call_says_where_and_how_long_it_waited(place: str) -> None:
    record = fold(lost_call("c2", arrived_at=1000.0, place=place))

    assert not record.answered
    assert record.lost_at == place
    assert record.wait_total_s == 40.0
    assert record.wait_queue_s == (None if place == "menu" else 34.0)
    assert record.talk_s == 0.0


def test_the_order_and_repetition_of_lines_do_not_matter() -> None:
    lines = list(answered_call("c1", arrived_at=1000.0))
    assert fold([*reversed(lines), *lines]) == fold(lines)


@given(st.data())
def test_missing_milestones_are_counted_and_never_fatal(data: st.DataObject) -> None:
    lines = list(answered_call("c1", arrived_at=1000.0))
    kept = data.draw(st.lists(st.sampled_from(lines), min_size=1, unique_by=lambda m: m.seq))
    record, faults = fold_with_faults(kept)
    assert not faults
    assert record.missing == max(m.seq for m in kept) - min(m.seq for m in kept) + 1 - len(kept)
    assert record.arrived_at in {m.at for m in kept}


@given(st.lists(st.tuples(st.sampled_from(list(CallFact)), st.floats(0, 2e9)), min_size=1, max_size=12))
def test_any_timeline_gives_a_record_without_negative_durations(timeline: list[tuple[CallFact, float]]) -> None:
    record, _ = fold_with_faults(milestone("c1", seq, kind, at) for seq, (kind, at) in enumerate(timeline))
    assert record.talk_s >= 0
    assert (record.wait_total_s or 0) >= 0
    assert (record.wait_queue_s or 0) >= 0


def test_an_unseen_end_of_talk_is_estimated_and_says_so() -> None:
    lines = [m for m in answered_call("c1", arrived_at=1000.0) if m.kind != CallFact.TALK_ENDED]
    record = fold(lines)
    assert (record.talk_s, record.estimated) == (70.0, True)


def _changed(kind: str, **data: Value) -> list[Milestone]:
    return [
        dataclasses.replace(m, data={**m.data, **data}) if m.kind == kind else m
        for m in answered_call("c1", arrived_at=1000.0)
    ]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (_changed("ended", lost_at="queue"), "answered and yet lost at queue"),
        ([*answered_call("c1", 1000.0), milestone("c1", 99, CallFact.ENDED, 1)], "ended 2 times"),
        ([*answered_call("c1", 1000.0), milestone("c1", 99, CallFact.RATED, 1)], "rated after ended"),
        (
            [*answered_call("c1", 1000.0), milestone("c1", 3, CallFact.RATED, 1)],
            "two different milestones with number 3",
        ),
        ([milestone("c1", 1, CallFact.QUEUED, 0), milestone("c1", 2, CallFact.ARRIVED, 1)], "queued before arrived"),
    ],
)
def test_contradictions_are_named_and_still_leave_a_record(lines: list[Milestone], fault: str) -> None:
    with pytest.raises(ContradictionError, match=fault) as raised:
        fold(lines)
    assert raised.value.call_id == "c1"
    record, faults = fold_with_faults(lines)
    assert record.call_id == "c1"
    assert fault in faults


def test_milestones_of_two_calls_are_refused() -> None:
    with pytest.raises(NotOneCallError, match="c1 and of c2"):
        fold([milestone("c1", 1, CallFact.ARRIVED, 0), milestone("c2", 1, CallFact.ARRIVED, 0)])
    with pytest.raises(NotOneCallError):
        fold([milestone("c1", 1, CallFact.ARRIVED, 0), milestone("c2", 2, CallFact.ENDED, 0)])
    with pytest.raises(NotOneCallError):
        fold([])
