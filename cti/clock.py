"""The time of day that records are made of, without its jumps: waits and talks are differences of it."""

from __future__ import annotations

from collections.abc import Callable


class SteadyClock:
    """UTC seconds that run evenly: the time of day at the last `anchor`, and what `monotonic` has counted since.

    A correction of the machine's clock in mid call would make a wait of hours, or a negative one. `anchor` takes the
    correction over; call it while no call is live.
    """

    def __init__(self, wall: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._wall, self._monotonic = wall, monotonic
        self.anchor()

    def anchor(self) -> None:
        self._offset_s = self._wall() - self._monotonic()

    def __call__(self) -> float:
        return self._monotonic() + self._offset_s
