"""Which report is wanted: its time, its rows, what it is compared with and ranked by. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from agents.schedule import Schedule
from cti.metrics.spans import Against, Span
from cti.metrics.tally import By, Grouping


@dataclass(frozen=True, slots=True)
class Asked:
    """Which report is wanted."""

    span: Span
    by: By
    against: Sequence[Against] = ()
    """What it is to be compared with."""
    rank: str | None = None
    """Code of the column that its rows are to be ranked by."""
    statistics: str | None = None
    """Only calls counted under this key."""

    def grouping(self, zone: tzinfo, schedule: Schedule) -> Grouping:
        return Grouping(self.by, self.span.period(zone), zone, schedule)
