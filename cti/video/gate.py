"""How often something may be done from one address."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

_MOST = 10_000
"""Addresses remembered; beyond it the oldest are forgotten."""


class Gate:
    """`most` times within `within_s`, for each key on its own."""

    def __init__(self, most: int, within_s: float, wall: Callable[[], float]) -> None:
        self._most = most
        self._within_s = within_s
        self._wall = wall
        self._times: dict[str, deque[float]] = {}

    def open(self, key: str) -> bool:
        """Whether once more is still within the measure."""
        return len(self._of(key)) < self._most

    def count(self, key: str) -> None:
        times = self._of(key)
        times.append(self._wall())
        self._times.pop(key, None)
        self._times[key] = times
        while len(self._times) > _MOST:
            self._times.pop(next(iter(self._times)))

    def take_back(self, key: str) -> None:
        """The last one does not count."""
        if times := self._of(key):
            times.pop()

    def wait_s(self, key: str) -> float:
        """Until it opens; 0: it is open."""
        times = self._of(key)
        return 0.0 if len(times) < self._most else max(0.0, times[-self._most] + self._within_s - self._wall())

    def _of(self, key: str) -> deque[float]:
        times = self._times.get(key) or deque()
        since = self._wall() - self._within_s
        while times and times[0] <= since:
            times.popleft()
        return times
