"""A report as a table: a row for each time, queue, agent …, every metric by its definition, compared and ranked. Pure.

What is not known stands there as unknown, with its reason. The total is made from sums and never from the rows: the
mean of two rates is the rate of nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cti.metrics.definitions import BY_CODE, Definition
from cti.metrics.figures import LOSS_PLACES, Sums
from cti.metrics.gaps import Gap, seen
from cti.metrics.groups import Period
from cti.metrics.rates import Rate, Unknown, rate
from cti.metrics.spans import Against, Span
from cti.metrics.tally import By, Tally

CALL_COLUMNS = (
    "connection_rate",
    "queue_answer_rate",
    "asked_answer_rate_15s",
    "asa",
    "wait_total",
    "abandon_rate",
    *(f"loss_at_{place}" for place in LOSS_PLACES),
    "talk_time",
    "transfer_rate",
    "satisfaction",
    "participation",
    "callback_reach_rate",
)
AGENT_COLUMNS = (
    "talk_time",
    "hold_time",
    "transfer_rate",
    "satisfaction",
    "participation",
    "occupancy",
    "handling_time",
    "after_call_time",
    "non_response_rate",
)
"""By agent a connection rate says nothing: who was never answered is nobody's call."""
LESS_IS_BETTER = frozenset(
    {
        "asa",
        "wait_total",
        "abandon_rate",
        "abandon_wait",
        "short_abandon_rate",
        "short_call_rate",
        "hold_time",
        "after_call_time",
        "non_response_rate",
        *(f"loss_at_{place}" for place in LOSS_PLACES),
    }
)

Missing = Unknown | Literal["absent"]
"""Why there is no difference: one of the two is unknown, or there is no such row in the other period."""


def columns_by(by: By) -> tuple[Definition, ...]:
    """What a report by this shows. All of it adds up: wishes, repeated calls and windows of 24 hours do not."""
    return tuple(BY_CODE[code] for code in (AGENT_COLUMNS if by == "agent" else CALL_COLUMNS))


@dataclass(frozen=True, slots=True)
class Rank:
    number: int
    """1 is the best; after two that share a rank one is left out: 1, 2, 2, 4."""
    tied: bool


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    """2026-11-21, general, a1001 …; "": calls that have none (lost before any queue; while no shift was worked)."""
    place: str
    """By which the row of another period is found that it is compared with."""
    sums: Sums
    rates: Mapping[str, Rate]
    whole: bool = True
    """False: a time of which only a part is in the period."""
    rank: Rank | None = None
    """None: not ranked, or unknown."""
    then: Mapping[Against, Row] = field(default_factory=dict)
    """The same row of earlier periods, of those that have it."""

    def difference(self, code: str, against: Against) -> float | Missing:
        """How much more than then: percentage points of a share, seconds of a mean."""
        if against not in self.then:
            return "absent"
        now, then = self.rates[code], self.then[against].rates[code]
        if now.value is None or then.value is None:
            return now.unknown or then.unknown or "nothing"
        return (now.value - then.value) * (100 if now.unit == "share" else 1)


@dataclass(frozen=True, slots=True)
class Table:
    by: By
    span: Span
    reach: Period
    """When its calls arrived."""
    columns: tuple[Definition, ...]
    rows: tuple[Row, ...]
    total: Row
    gaps: tuple[Gap, ...] = ()
    """Those that touch it."""
    earlier: Mapping[Against, Span] = field(default_factory=dict)
    """What it is compared with."""
    ranked_by: str = ""

    @staticmethod
    def of(span: Span, tally: Tally, gaps: Iterable[Gap] = ()) -> Table:
        """`tally`: of all calls that arrived in the reach of its grouping."""
        grouping, columns = tally.grouping, columns_by(tally.grouping.by)
        reach = grouping.reach
        gaps = tuple(gap for gap in gaps if gap.touches(reach.since, reach.until))

        def row(label: str, place: str, sums: Sums, parts: Collection[Period], *, whole: bool = True) -> Row:
            gap = not all(seen(gaps, part.since, part.until) for part in parts)
            return Row(label, place, sums, {c.code: rate(c.code, sums, gap=gap) for c in columns}, whole)

        if grouping.slots:
            rows = [
                row(s.label, s.place, tally.rows.get(s.label, Sums()), s.parts, whole=s.whole) for s in grouping.slots
            ]
        else:
            rows = [row(label, label, sums, (reach,)) for label, sums in sorted(tally.rows.items())]
        parts = [part for slot in grouping.slots for part in slot.parts] or [reach]
        return Table(grouping.by, span, reach, columns, tuple(rows), row("", "", tally.total, parts), gaps)

    def compared(self, earlier: Mapping[Against, Table]) -> Table:
        """The same, beside tables of earlier periods by the same grouping."""
        found = {against: {row.place: row for row in table.rows} for against, table in earlier.items()}

        def with_then(row: Row) -> Row:
            return replace(row, then={key: rows[row.place] for key, rows in found.items() if row.place in rows})

        return replace(
            self,
            rows=tuple(with_then(row) for row in self.rows),
            total=replace(self.total, then={against: table.total for against, table in earlier.items()}),
            earlier={against: table.span for against, table in earlier.items()},
        )

    def ranked(self, code: str) -> Table:
        """The best first, by this column; what is unknown comes last and has no rank. KeyError for no column of it."""
        # The last digit of a float does not make two equal means different ones.
        known = [(row, round(value, 9)) for row in self.rows if (value := row.rates[code].value) is not None]
        best = sorted({value for _, value in known}, reverse=code not in LESS_IS_BETTER)
        placed = {value: [row for row, found in known if found == value] for value in best}
        rows: list[Row] = []
        for sharing in placed.values():
            rank = Rank(len(rows) + 1, len(sharing) > 1)
            rows += [replace(row, rank=rank) for row in sharing]
        rows += [row for row in self.rows if row.rates[code].value is None]
        return replace(self, rows=tuple(rows), ranked_by=code)

    @property
    def figures(self) -> list[str]:
        """Codes of all numerators and denominators, each once: what is divided stands beside what it gives."""
        return list(dict.fromkeys(code for column in self.columns for code in (*column.numerator, *column.denominator)))

    def as_json(self) -> dict[str, Any]:
        """Shares from 0 to 1, times in seconds; an unknown value is null, with its reason."""
        return {
            "by": self.by,
            "period": self.span.label,
            "since": self.reach.since,
            "until": self.reach.until,
            "columns": [
                {"code": c.code, "chinese": c.zh, "english": c.en, "formula": c.formula, "unit": c.unit}
                for c in self.columns
            ],
            "rows": [self._row_json(row) for row in self.rows],
            "total": self._row_json(self.total),
            "ranked_by": self.ranked_by or None,
            "gaps": [{"since": gap.since, "until": gap.until} for gap in self.gaps],
            "compared_with": {against: span.label for against, span in self.earlier.items()},
        }

    def _row_json(self, row: Row) -> dict[str, Any]:
        return {
            "label": row.label,
            "whole": row.whole,
            "rank": row.rank.number if row.rank else None,
            "tied": row.rank.tied if row.rank else None,
            "rates": {code: self._rate_json(row, code, found) for code, found in row.rates.items()},
        }

    def _rate_json(self, row: Row, code: str, found: Rate) -> dict[str, Any]:
        differences = {against: row.difference(code, against) for against in self.earlier}
        return {
            "value": found.value,
            "unknown": found.unknown,
            "numerator": found.numerator,
            "denominator": found.denominator,
            "difference": {key: None if isinstance(value, str) else value for key, value in differences.items()},
        }


def figure(code: str, row: Row) -> float:
    """A count, or seconds."""
    return row.sums[code] / 1000 if code.endswith("_ms") else row.sums[code]
