"""A metric's value with its name, numerator and denominator; and whether it is known at all. Pure.

What is not known has no value, and says why: "gap", part of the time was not observed; "nothing", there was nothing to
divide by; "short", the period is shorter than what is asked about. Zero is none of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

from cti.metrics.definitions import BY_CODE, Definition
from cti.metrics.figures import Sums
from cti.metrics.gaps import Gap, seen
from cti.metrics.groups import TIMES, AgentKey, Dimension, Key, Period

Unknown = Literal["gap", "nothing", "short"]


@dataclass(frozen=True, slots=True)
class Rate:
    """`numerator` and `denominator` are what was seen, also if `value` is unknown; seconds, or counts."""

    definition: Definition
    numerator: float
    denominator: float
    hidden: Literal["gap", "short"] | None = None
    """Why the value is unknown though something can be divided."""

    @property
    def unknown(self) -> Unknown | None:
        return self.hidden or (None if self.denominator else "nothing")

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.unknown is None else None

    @property
    def name(self) -> str:
        return self.definition.code

    @property
    def chinese(self) -> str:
        return self.definition.zh

    @property
    def formula(self) -> str:
        return self.definition.formula

    @property
    def unit(self) -> str:
        return self.definition.unit


def rate(code: str, sums: Sums, *, gap: bool = False) -> Rate:
    """Of one metric whose figures add up (source "calls" or "agents"). KeyError for an unknown code."""
    definition = BY_CODE[code]
    if definition.source not in ("calls", "agents"):
        raise ValueError(f"{code} does not follow from sums")
    numerator, denominator = (_side(side, sums) for side in (definition.numerator, definition.denominator))
    return Rate(definition, numerator, denominator, "gap" if gap else None)


def rates_by(
    code: str,
    sums: Mapping[Key, Sums] | Mapping[AgentKey, Sums],
    dimension: Dimension,
    zone: tzinfo,
    period: Period,
    gaps: Iterable[Gap] = (),
) -> dict[str, Rate]:
    """By label, for a period of whole half hours (days by day). Each half hour or day of it is there; only those that a
    gap touches are unknown."""
    gaps = tuple(gaps)
    grouped = total_by(sums, dimension, zone, period)
    if dimension in TIMES:
        return {
            label: rate(code, grouped.get(label, Sums()), gap=not seen(gaps, part.since, part.until))
            for label, part in period.parts(dimension, zone)
        }
    gap = not seen(gaps, period.since, period.until)
    return {label: rate(code, found, gap=gap) for label, found in sorted(grouped.items())}


def total(sums: Mapping[Key, Sums] | Mapping[AgentKey, Sums], period: Period | None = None) -> Sums:
    """Of the half hours that begin in the period, or of all."""
    found = Sums()
    for key, part in sums.items():
        if period is None or period.has(key.half_hour):
            found.update(part)
    return found


def total_by(
    sums: Mapping[Key, Sums] | Mapping[AgentKey, Sums], dimension: Dimension, zone: tzinfo, period: Period | None = None
) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for key, part in sums.items():
        if period is None or period.has(key.half_hour):
            found.setdefault(key.label(dimension, zone), Sums()).update(part)
    return found


def _side(codes: Iterable[str], sums: Sums) -> float:
    counted = tuple(codes)
    value = sum(sums[code] for code in counted)
    return value / 1000 if counted[0].endswith("_ms") else value
