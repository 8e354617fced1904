"""How wrong the estimated waits were: what was reckoned against what then happened. Pure.

Only who was answered shows how long the wait was. Who left earlier shows that it was at least so long, and is counted
apart: to drop such callers hides the longest waits, to take their stay for the wait makes every estimate too high.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from cti.metrics.record import CallRecord


@dataclass(frozen=True, slots=True)
class Outcome:
    """One estimate and what came of it; seconds from the estimate on."""

    queue: str
    estimate_s: float
    waited_s: float
    answered: bool
    """False: he left the queue after `waited_s`, so an agent would have come later."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Errors are estimate less wait, in seconds; shares from 0 to 1. None when there is nothing to compute them of."""

    queue: str
    """"" for all queues together."""
    n: int
    """Estimates of callers who were answered."""
    mean_error_s: float | None
    """Mean absolute error."""
    bias_s: float | None
    """Mean error; above 0: we say too much."""
    within_minute: float | None
    within_quarter: float | None
    """Share wrong by at most 25 % of the wait."""
    left: int
    """Estimates of callers who left unanswered …"""
    left_too_low: float | None
    """… and the share of them who had waited longer than estimated by then: errors that are certain."""

    @staticmethod
    def of(outcomes: Sequence[Outcome], queue: str = "") -> Accuracy:
        answered = [o for o in outcomes if o.answered]
        left = [o for o in outcomes if not o.answered]
        errors = [o.estimate_s - o.waited_s for o in answered]
        return Accuracy(
            queue,
            len(answered),
            _mean(abs(error) for error in errors),
            _mean(errors),
            _mean(abs(error) <= 60.0 for error in errors),
            _mean(abs(error) <= 0.25 * o.waited_s for error, o in zip(errors, answered, strict=True)),
            len(left),
            _mean(o.waited_s > o.estimate_s for o in left),
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def accuracies(outcomes: Iterable[Outcome]) -> list[Accuracy]:
    """All queues together first, then each by name; empty without an estimate."""
    by_queue: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_queue[outcome.queue].append(outcome)
    if not by_queue:
        return []
    everything = [outcome for found in by_queue.values() for outcome in found]
    return [Accuracy.of(everything), *(Accuracy.of(found, queue) for queue, found in sorted(by_queue.items()))]


def first_outcome(record: CallRecord) -> Outcome | None:
    """The estimate that was made as the call was queued, from its record alone; None: none was."""
    if record.estimate_s is None or record.wait_queue_s is None:
        return None
    return Outcome(record.queue or "", record.estimate_s, record.wait_queue_s, record.answered)


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return round(fmean(listed), 3) if listed else None
