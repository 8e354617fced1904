"""What a queue's half hours were like: the sums that estimates of waits are drawn from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from cti.metrics.record import CallRecord
from queues.demand import HALF_HOUR_S as HALF_HOUR_S


@dataclass(frozen=True, slots=True)
class HalfHour:
    """The calls of citizens that were queued in it. `begins_at`: UTC seconds."""

    queue: str
    begins_at: int
    calls: int
    waited_s: float
    """Of all, whatever became of them."""
    answered: int
    talked_s: float
    """Of those who were answered."""


def half_hours(records: Iterable[CallRecord]) -> list[HalfHour]:
    """By time and queue; calls that were never queued are in none."""
    found: defaultdict[tuple[int, str], list[CallRecord]] = defaultdict(list)
    for record in records:
        if record.incoming and record.queue and record.queued_at is not None and record.wait_queue_s is not None:
            found[int(record.queued_at) // HALF_HOUR_S * HALF_HOUR_S, record.queue].append(record)
    return [
        HalfHour(
            queue,
            begins_at,
            len(calls),
            sum(call.wait_queue_s or 0.0 for call in calls),
            sum(call.answered for call in calls),
            sum(call.talk_s for call in calls if call.answered),
        )
        for (begins_at, queue), calls in sorted(found.items())
    ]
