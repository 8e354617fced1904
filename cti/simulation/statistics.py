"""Means over seeds with their 95 % confidence intervals (Student's t)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the interval that holds the true one with 95 % confidence; with one seed the interval is unknown."""

    mean: float
    low: float | None
    high: float | None

    @staticmethod
    def of(values: Sequence[float]) -> Interval:
        mean = statistics.fmean(values)
        if len(values) < 2:
            return Interval(mean, None, None)
        half = student_t(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
        return Interval(mean, mean - half, mean + half)


@cache
def student_t(degrees: int) -> float:
    """The 97.5 % point of Student's distribution, to 1e-9: its density integrated (Simpson), then bisected."""
    low, high = 1.9, 13.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if _up_to(middle, degrees) < 0.975 else (low, middle)
    return (low + high) / 2


def _up_to(t: float, degrees: int) -> float:
    # With x = sqrt(degrees) tan(u) the density is a constant times cos(u)^(degrees - 1), which is smooth and bounded.
    end, steps = math.atan(t / math.sqrt(degrees)), 2000
    width = end / steps
    weights = (1 if i in (0, steps) else 4 if i % 2 else 2 for i in range(steps + 1))
    area = sum(w * math.cos(i * width) ** (degrees - 1) for i, w in enumerate(weights)) * width / 3
    return 0.5 + area * math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(math.pi)
