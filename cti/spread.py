"""How long something takes, each time it happens: counted by bounds, so that whoever asks sees how it is spread."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate


class Spread:
    """One writer, on any thread; whoever reads may miss the newest. `bounds_s` grow."""

    def __init__(self, bounds_s: Sequence[float]) -> None:
        self.bounds_s = tuple(bounds_s)
        self.sum_s = 0.0
        self._counts = [0] * (len(self.bounds_s) + 1)

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(self.bounds_s, seconds)] += 1
        self.sum_s += seconds

    def up_to(self) -> list[int]:
        """How often it took no longer than each bound; the last one: how often it happened."""
        return list(accumulate(self._counts))
