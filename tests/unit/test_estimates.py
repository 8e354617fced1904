"""The error of estimated waits, from milestones and from records."""

from __future__ import annotations

from cti.calls import CallFact, Milestone
from cti.metrics.estimates import Accuracy, Outcome, accuracies, first_outcome, outcomes
from cti.metrics.record import fold
from tests.support.calls import answered_call, lost_call, milestone


def timeline(*facts: tuple[float, CallFact, dict[str, float | str | None]]) -> list[Milestone]:
    return [Milestone("call", "c", seq, at, kind, data) for seq, (at, kind, data) in enumerate(facts, 1)]


def test_each_estimate_is_measured_to_the_answer() -> None:
    call = timeline(
        (100.0, CallFact.QUEUED, {"queue": "general"}),
        (100.0, CallFact.ESTIMATED, {"wait_s": 90.0}),
        (130.0, CallFact.ESTIMATED, {"wait_s": 80.0}),
        (140.0, CallFact.OFFERED, {"agent": "a1"}),
        (155.0, CallFact.OFFER_FAILED, {"agent": "a1"}),
        (160.0, CallFact.ESTIMATED, {"wait_s": None}),
        (200.0, CallFact.ANSWERED, {"agent": "a2"}),
        (300.0, CallFact.ENDED, {}),
    )
    assert outcomes(call) == [Outcome("general", 90.0, 100.0, True), Outcome("general", 80.0, 70.0, True)]


def test_who_leaves_shows_that_the_wait_was_longer_and_each_queueing_stands_alone() -> None:
    call = timeline(
        (100.0, CallFact.QUEUED, {"queue": "general"}),
        (100.0, CallFact.ESTIMATED, {"wait_s": 90.0}),
        (150.0, CallFact.LEFT_QUEUE, {"reason": "left_by_key"}),
        (160.0, CallFact.QUEUED, {"queue": "enterprise"}),
        (160.0, CallFact.ESTIMATED, {"wait_s": 20.0}),
        (170.0, CallFact.ANSWERED, {"agent": "a1"}),
        (180.0, CallFact.QUEUED, {"queue": "enterprise"}),  # the agent's line died
        (181.0, CallFact.ESTIMATED, {"wait_s": 5.0}),
        (190.0, CallFact.ENDED, {}),
    )
    assert outcomes(call) == [
        Outcome("general", 90.0, 50.0, False),
        Outcome("enterprise", 20.0, 10.0, True),
        Outcome("enterprise", 5.0, 9.0, False),
    ]
    assert outcomes(call[:2]) == []


def test_accuracy_counts_the_answered_and_tells_the_others_apart() -> None:
    found = accuracies(
        [
            Outcome("general", 100.0, 90.0, True),
            Outcome("general", 100.0, 200.0, True),
            Outcome("enterprise", 30.0, 60.0, True),
            Outcome("general", 100.0, 40.0, False),
            Outcome("general", 100.0, 140.0, False),
        ]
    )
    assert [a.queue for a in found] == ["", "enterprise", "general"]
    assert found[2] == Accuracy("general", 2, 55.0, -45.0, 0.5, 0.5, 2, 0.5)
    assert (found[0].n, found[0].mean_error_s, found[0].bias_s) == (3, 46.667, -40.0)
    assert found[1].as_json()["left_too_low"] is None
    assert accuracies([]) == []


def test_a_record_has_the_estimate_made_at_queueing() -> None:
    answered = answered_call("c1", 1000.0)
    at = next(m.at for m in answered if m.kind == CallFact.QUEUED)
    estimated = milestone("c1", 100, CallFact.ESTIMATED, at, wait_s=20.0, position=1, spoken_min=0)
    lines = [m for m in answered if m.at <= at] + [estimated] + [m for m in answered if m.at > at]
    renumbered = [milestone("c1", seq, m.kind, m.at, **m.data) for seq, m in enumerate(lines, 1)]
    assert first_outcome(fold(renumbered)) == Outcome("general", 20.0, 14.0, True)
    assert first_outcome(fold(lost_call("c2", 1000.0))) is None
