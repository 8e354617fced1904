"""The error of estimated waits, from records."""

from __future__ import annotations

from cti.calls import CallFact, Milestone
from cti.metrics.estimates import Accuracy, Outcome, accuracies, first_outcome
from cti.metrics.record import fold
from tests.support.calls import answered_call, lost_call, milestone


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


def with_estimate(call: list[Milestone], wait_s: float) -> list[Milestone]:
    """The call, with an estimate made as it was queued."""
    at = next(m.at for m in call if m.kind == CallFact.QUEUED)
    estimated = milestone(call[0].id, 100, CallFact.ESTIMATED, at, wait_s=wait_s, position=1, spoken_min=0)
    lines = [m for m in call if m.at <= at] + [estimated] + [m for m in call if m.at > at]
    return [milestone(m.id, seq, m.kind, m.at, **m.data) for seq, m in enumerate(lines, 1)]


def test_the_estimate_made_at_queueing_is_measured_to_the_answer() -> None:
    record = fold(with_estimate(answered_call("c1", 1000.0), 20.0))
    assert first_outcome(record) == Outcome("general", 20.0, 14.0, True)


def test_who_leaves_shows_that_the_wait_was_longer() -> None:
    record = fold(with_estimate(lost_call("c2", 1000.0), 20.0))
    assert first_outcome(record) == Outcome("general", 20.0, 34.0, False)


def test_a_call_without_an_estimate_is_not_measured() -> None:
    assert first_outcome(fold(lost_call("c3", 1000.0))) is None
