"""How late the event loop is: what runs too long on it makes every call wait, and shows here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from cti.spread import Spread

_EVERY_S: Final = 0.25
_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""A loop that stands still for longer is ended by the watchdog."""


class LoopLag:
    """`run` it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self.late = Spread(_BOUNDS_S)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            due = self._monotonic() + _EVERY_S
            await asyncio.sleep(_EVERY_S)
            self.late.add(max(0.0, self._monotonic() - due))
