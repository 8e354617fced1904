"""The worst connection rate over any 24 consecutive hours of a period, exactly: GB/T 33358-2016 asks for 95 %. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from cti.metrics.definitions import BY_CODE, WINDOW_S
from cti.metrics.figures import incoming, ms
from cti.metrics.gaps import Gap, seen
from cti.metrics.groups import Period
from cti.metrics.rates import Rate
from cti.metrics.record import CallRecord


@dataclass(frozen=True, slots=True)
class Worst:
    """`window`: the earliest of the worst 24 hours; None: no window had a call."""

    rate: Rate
    window: Period | None


def rolling_24h(records: Iterable[CallRecord], period: Period, gaps: Iterable[Gap] = ()) -> Worst:
    """Over every window that lies in the period whole, by arrival; one without a call has no rate.

    With a gap in the period the worst is unknown; what is shown beside is the worst of the windows that were seen.
    """
    definition, width = BY_CODE["rolling_24h"], ms(WINDOW_S)
    since, until = ms(period.since), ms(period.until)
    if until - since < width:
        return Worst(Rate(definition, 0, 0, "short"), None)
    blind = [gap for gap in gaps if gap.touches(period.since, period.until)]
    calls = sorted((min(ms(r.arrived_at), until - 1), r.answered) for r in incoming(records) if _counts(r, period))
    arrivals = [at for at, _ in calls]
    answered_before = [0, *accumulate(answered for _, answered in calls)]
    # What a window [t, t + width) holds changes only just after an arrival, or as one comes in at its end.
    moments = {since, *(ms(gap.until) for gap in blind)}
    moments |= {at + 1 for at in arrivals} | {at + 1 - width for at in arrivals}
    worst: tuple[int, int, int] | None = None
    for begins in sorted(moments):
        if not since <= begins <= until - width or not seen(blind, begins / 1000, (begins + width) / 1000):
            continue
        first, last = bisect_left(arrivals, begins), bisect_left(arrivals, begins + width)
        answered = answered_before[last] - answered_before[first]
        if last > first and (worst is None or answered * worst[1] < worst[0] * (last - first)):
            worst = answered, last - first, begins
    hidden: Literal["gap"] | None = "gap" if blind else None
    if worst is None:
        return Worst(Rate(definition, 0, 0, hidden), None)
    answered, count, begins = worst
    window = Period(begins / 1000, (begins + width) / 1000)
    return Worst(Rate(definition, answered, count, hidden), window)


def _counts(record: CallRecord, period: Period) -> bool:
    return period.has(record.arrived_at) and (record.answered or record.ended_at is not None)
