"""Times in which nobody saw what happened: what lies in one is unknown, which is not the same as nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """From `since` on and before `until` (UTC seconds) calls may have come and gone without a record.

    A daemon that is away makes none: Asterisk serves callers then, and their records follow. A machine that is off, a
    journal that is lost and milestones that were dropped do.
    """

    since: float
    until: float

    def touches(self, since: float, until: float) -> bool:
        return self.since < until and since < self.until


def seen(gaps: Iterable[Gap], since: float, until: float) -> bool:
    """Whether all of this time was observed."""
    return not any(gap.touches(since, until) for gap in gaps)
