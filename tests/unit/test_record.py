"""One call's milestones become one record, whatever is missing, and never hide a contradiction."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.calls import CallFact, Milestone, Need, NeedStep, SkillNeed, Value
from cti.metrics.record import ContradictionError, NotOneCallError, Recording, Segment, fold, fold_with_faults
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


TAKEN = 1_790_000_000_000_000
"""Where the numbers go on after a take-over."""


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


def test_a_recording_that_was_made_whole_after_the_end_is_as_it_is_now() -> None:
    lines = _changed("recorded", complete=False, bytes=0)
    recorded = next(m for m in lines if m.kind == CallFact.RECORDED)
    late = replace(lines[-1], seq=99, at=9e9, kind=CallFact.RECORDED_LATE, data={**recorded.data, "complete": True})
    before, after = fold(lines), fold([*lines, late])
    assert [one.complete for one in before.recordings] == [False]
    assert [one.complete for one in after.recordings] == [True]
    assert replace(after, recordings=(), missing=0) == replace(before, recordings=(), missing=0)


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


def _timeline(*lines: tuple[float, CallFact, Mapping[str, Value]]) -> list[Milestone]:
    return [milestone("c1", seq, kind, at, **data) for seq, (at, kind, data) in enumerate(lines, 1)]


def test_what_a_caller_was_told_and_heard_while_he_waited() -> None:
    need = Need("general", (NeedStep((SkillNeed("english", 2),), 20.0),)).to_text()
    record = fold(
        _timeline(
            (100.0, CallFact.ARRIVED, {"direction": "in"}),
            (101.0, CallFact.QUEUED, {"queue": "general", "need": need, "kept_s": 60.0, "rungs": "broadcast, borrow"}),
            (101.0, CallFact.ESTIMATED, {"wait_s": 150.0, "position": 4, "spoken_min": 3}),
            (110.0, CallFact.NOTICE_HEARD, {"notice": "water"}),
            (121.0, CallFact.RELAXED, {"step": 1, "wants": "any of general"}),
            (150.0, CallFact.ESTIMATED, {"wait_s": 100.0, "position": 2, "spoken_min": 2}),
            (160.0, CallFact.NOTICE_HEARD, {"notice": "water"}),
            (170.0, CallFact.ESTIMATED, {"wait_s": 90.0, "position": 2, "spoken_min": 0}),
        )
    )
    assert (record.kept_s, record.relaxed, record.rungs, record.notices) == (
        60.0,
        1,
        ("broadcast", "borrow"),
        ("water",),
    )
    assert (record.estimate_s, record.spoken_min) == (150.0, 2)


def test_a_citizen_whose_agent_was_lost_has_two_talks_in_one_record() -> None:
    record = fold(
        _timeline(
            (0.0, CallFact.ARRIVED, {}),
            (1.0, CallFact.QUEUED, {"queue": "general", "need": "general||+0"}),
            (2.0, CallFact.OFFERED, {"agent": "a1", "n": 1}),
            (5.0, CallFact.ANSWERED, {"agent": "a1", "n": 1, "wait_s": 4.0}),
            (10.0, CallFact.HELD, {"agent": "a1"}),
            (16.0, CallFact.UNHELD, {"agent": "a1"}),
            (20.0, CallFact.HELD, {"agent": "a1"}),
            (25.0, CallFact.TALK_ENDED, {"agent": "a1", "n": 1, "side": "agent_lost", "talk_s": 20.0}),
            (25.0, CallFact.OFFERED, {"agent": "a2", "n": 2}),
            (30.0, CallFact.ANSWERED, {"agent": "a2", "n": 2, "wait_s": 4.0}),
            (90.0, CallFact.ENDED, {"side": "caller", "place": "talk", "lost_at": None}),
        )
    )
    assert (record.agents, record.agent_lost, record.offers) == (("a1", "a2"), 1, 2)
    assert (record.talk_s, record.estimated, record.held_s) == (80.0, True, 11.0)
    assert (record.wait_queue_s, record.answered_at) == (4.0, 5.0)


@pytest.mark.parametrize(
    ("kind", "data", "lost_at", "expected"),
    [
        (CallFact.CALLBACK_REQUESTED, {"callback": "cb-1"}, "callback", ("cb-1", None, None)),
        (CallFact.MESSAGE_LEFT, {"file": "m/c1.wav", "seconds": 12.5}, "message", (None, "m/c1.wav", 12.5)),
    ],
)
def test_who_chose_something_else_than_to_wait(
    kind: CallFact, data: dict[str, Value], lost_at: str, expected: tuple[str | None, str | None, float | None]
) -> None:
    record = fold(
        _timeline((0.0, CallFact.ARRIVED, {}), (9.0, kind, data), (9.0, CallFact.ENDED, {"lost_at": lost_at}))
    )
    assert (record.callback_requested, record.message_file, record.message_s) == expected
    assert (record.lost_at, record.answered) == (lost_at, False)


def test_a_call_of_ours_to_a_citizen() -> None:
    facts: dict[str, Value] = {"direction": "callback", "task": "t7", "of": "c9", "attempt": 2, "pii_caller": "x"}
    record = fold(
        _timeline(
            (0.0, CallFact.ARRIVED, facts),
            (0.0, CallFact.QUEUED, {"queue": "general", "need": "general||+0", "kept_s": 300.0}),
            (1.0, CallFact.OFFERED, {"agent": "a1", "n": 1}),
            (4.0, CallFact.CONFIRMED, {"agent": "a1", "n": 1}),
            (5.0, CallFact.DIALLED, {"agent": "a1", "n": 1}),
            (9.0, CallFact.ANSWERED, {"agent": "a1", "n": 1}),
            (60.0, CallFact.TALK_ENDED, {"agent": "a1", "n": 1, "side": "caller", "talk_s": 51.0}),
            (61.0, CallFact.ENDED, {"side": "caller", "place": "talk", "lost_at": None, "outcome": "reached"}),
        )
    )
    assert not record.incoming
    assert (record.task, record.of, record.attempt, record.outcome) == ("t7", "c9", 2, "reached")
    assert (record.confirmed_at, record.dialled_at, record.answered_at) == (4.0, 5.0, 9.0)


@pytest.mark.parametrize(
    ("seqs", "seq_from", "missing"),
    [
        ([1, 2, 1000], 2, 0),  # the warm daemon knew 2 and went on at 1000
        ([1, 2, 3, 4, 1000], 2, 0),  # the dead one had journaled two more, which came to SQL later
        ([1, 1000], 2, 1),  # 2 existed and is not here
        ([1, 2, 1000], None, 997),  # a jump that nobody declared
        ([1, 2, 3], 2, 0),
    ],
)
def test_numbers_skipped_at_a_take_over_are_not_missing(seqs: list[int], seq_from: int | None, missing: int) -> None:
    lines = [milestone("c1", seq, CallFact.ENTERED, float(seq)) for seq in seqs[:-1]]
    lines.append(milestone("c1", seqs[-1], CallFact.RESUMED, 2000.0, phase="queue", seq_from=seq_from))
    assert fold(lines).missing == missing


def test_an_end_that_the_daemon_before_noted_ends_the_call_whatever_the_next_one_thought() -> None:
    seen = list(lost_call("c1", arrived_at=1000.0))
    guess = milestone("c1", TAKEN, CallFact.OFFER_FAILED, 1043.0, agent="a1", n=1, outcome="caller_left", seq_from=2)
    ended: dict[str, Value] = {"side": "caller", "place": "ringing", "lost_at": "ringing", "estimated": True}
    record, faults = fold_with_faults([*seen, guess, milestone("c1", TAKEN + 1, CallFact.ENDED, 1043.0, **ended)])
    assert not faults
    assert record == fold(seen)


def test_what_two_daemons_noted_counts_once() -> None:
    lines = list(answered_call("c1", arrived_at=1000.0))
    talk, recorded = (next(m for m in lines if m.kind == kind) for kind in (CallFact.TALK_ENDED, CallFact.RECORDED))
    before = [m for m in lines if m.seq <= recorded.seq]
    after = [m for m in lines if m.seq > recorded.seq]
    again = [
        milestone("c1", TAKEN, CallFact.RESUMED, 1080.9, phase="talk", seq_from=talk.seq - 1),
        milestone("c1", TAKEN + 1, talk.kind, 1081.0, **{**talk.data, "side": "interrupted", "talk_s": 61.0}),
        milestone("c1", TAKEN + 2, recorded.kind, 1081.5, **recorded.data),
        *(replace(m, seq=TAKEN + m.seq) for m in after),
    ]
    record, faults = fold_with_faults([*before, *again])
    assert not faults
    assert replace(record, resumed=0) == replace(fold(lines), missing=record.missing)
    assert record.missing == after[0].seq - 3, "only what the second one skipped after its take-over"


def test_a_call_that_the_next_daemon_had_never_heard_of_arrived_once() -> None:
    lines = list(answered_call("c1", arrived_at=1000.0))
    first, rest = lines[:3], [replace(m, seq=TAKEN + m.seq) for m in lines]
    rest[0] = replace(rest[0], data={**rest[0].data, "again": True, "seq_from": 0})
    record, faults = fold_with_faults([*first, *rest])
    assert not faults
    assert (record.arrived_at, record.missing, record.answered) == (1000.0, 0, True)


def test_a_talk_of_several_is_one_contact_with_segments() -> None:
    """An expert is consulted, joins, the agent leaves; the time with the citizen counts once, the music as held."""
    record = fold(
        _timeline(
            (0.0, CallFact.ARRIVED, {}),
            (1.0, CallFact.QUEUED, {"queue": "general", "need": "general||+0"}),
            (2.0, CallFact.OFFERED, {"agent": "a1", "n": 1}),
            (5.0, CallFact.ANSWERED, {"agent": "a1", "n": 1, "wait_s": 4.0}),
            (20.0, CallFact.PARTY_ASKED, {"p": 1, "kind": "expert", "target": "tax", "mode": "consult", "by": "a1"}),
            (24.0, CallFact.PARTY_JOINED, {"p": 1, "mode": "consult"}),
            (30.0, CallFact.PARTY_JOINED, {"p": 1, "mode": "conference"}),
            (32.0, CallFact.HELD, {"agent": "a1"}),
            (35.0, CallFact.UNHELD, {"agent": "a1"}),
            (40.0, CallFact.HANDED_OVER, {"p": 1, "agent": None, "by": "a1", "n": 1, "side": "agent", "talk_s": 35.0}),
            (41.0, CallFact.RECORDED, {"segment": "1", "n": 1, "file": "c1-1.wav", "bytes": 1, "talk_s": 35.0}),
            (70.0, CallFact.PARTY_LEFT, {"p": 1, "side": "party", "talk_s": 46.0}),
            (71.0, CallFact.RECORDED, {"segment": "p1", "n": 1, "file": "c1-p1.wav", "bytes": 1, "talk_s": 46.0}),
            (80.0, CallFact.ENDED, {"side": "caller", "place": "after_talk", "lost_at": None}),
        )
    )
    assert (record.talk_s, record.held_s, record.estimated) == (65.0, 10.0, False)
    assert (record.agents, record.moves, record.answered) == (("a1",), 1, True)
    assert record.segments == (
        Segment("1", "agent", "a1", "offer", 5.0, 40.0, "c1-1.wav"),
        Segment("p1", "expert", "tax", "consult", 24.0, 70.0, "c1-p1.wav"),
    )
    assert [recording.segment for recording in record.recordings] == ["1", "p1"]


def test_who_is_sent_on_and_comes_to_another_agent_is_counted_once() -> None:
    record = fold(
        _timeline(
            (0.0, CallFact.ARRIVED, {}),
            (1.0, CallFact.QUEUED, {"queue": "general", "need": "general||+0"}),
            (5.0, CallFact.ANSWERED, {"agent": "a1", "n": 1, "wait_s": 4.0}),
            (9.0, CallFact.MOVED, {"to": "tax", "kind": "queue", "by": "a1", "agent": "a1"}),
            (9.0, CallFact.MOVED, {"to": None, "kind": "queue", "by": "a1", "agent": "a1"}),
            (20.0, CallFact.MOVED, {"to": "tax", "kind": "queue", "by": "a1", "agent": "a1"}),
            (20.0, CallFact.TALK_ENDED, {"agent": "a1", "n": 1, "side": "agent", "talk_s": 15.0}),
            (20.0, CallFact.QUEUED, {"queue": "tax", "need": "tax||+0", "kept_s": 4.0}),
            (40.0, CallFact.ANSWERED, {"agent": "a2", "n": 2, "wait_s": 20.0}),
            (50.0, CallFact.TALK_ENDED, {"agent": "a2", "n": 2, "side": "agent", "talk_s": 10.0}),
            (60.0, CallFact.ENDED, {"side": "system", "place": "after_talk", "lost_at": None}),
        )
    )
    assert (record.agents, record.moves, record.talk_s, record.queue) == (("a1", "a2"), 1, 25.0, "general")
    assert [segment.name for segment in record.segments] == ["1", "2"]
    assert (record.answered_at, record.wait_queue_s) == (5.0, 4.0)
