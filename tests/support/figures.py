"""Prometheus' text format as tests read it: by the parser of Prometheus' own library."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families


def families(text: str) -> dict[str, Metric]:
    """By name; a counter's is without `_total`."""
    return {family.name: family for family in text_string_to_metric_families(text)}


def figures(family: Metric) -> dict[tuple[str, ...], float]:
    """Values of the labels, in the order of the labels' names -> figure; of a gauge or a counter."""
    return {tuple(value for _, value in sorted(sample.labels.items())): sample.value for sample in family.samples}


def series(all_families: Iterable[Metric]) -> set[str]:
    """The names that a query can use, without those of the process itself."""
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return {
        f"{family.name}{ending}"
        for family in all_families
        if family.name.startswith("yihu_")
        for ending in endings.get(family.type, ("",))
    }
