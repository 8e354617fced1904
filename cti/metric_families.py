"""Figures in the words of Prometheus' library: families with their help, and the text of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from cti.spread import Spread

Row = tuple[Sequence[str], float]
"""Values of the labels, and the figure."""


def gauge(name: str, about: str, labels: Sequence[str] = (), rows: Iterable[Row] = ()) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, figure in rows:
        family.add_metric(values, figure)
    return family


def counter(name: str, about: str, figure: float) -> CounterMetricFamily:
    return counters(name, about, (), [((), figure)])


def counters(name: str, about: str, labels: Sequence[str], rows: Iterable[Row]) -> CounterMetricFamily:
    """Prometheus sees the name with `_total` after it."""
    family = CounterMetricFamily(name, about, labels=labels)
    for values, figure in rows:
        family.add_metric(values, figure)
    return family


def histogram(name: str, about: str, spread: Spread) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, about, labels=())
    family.add_metric((), *buckets(spread))
    return family


def buckets(spread: Spread) -> tuple[Sequence[tuple[str, float]], float]:
    """As `HistogramMetricFamily.add_metric` takes them."""
    names = [*map(str, spread.bounds_s), "+Inf"]
    return list(zip(names, spread.up_to(), strict=True)), spread.sum_s


def written(families: Iterable[Metric]) -> bytes:
    """In Prometheus' text format."""
    return generate_latest(_Taken(families))


@dataclass(frozen=True, slots=True)
class _Taken:
    """What was collected, for the library to write."""

    families: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families
