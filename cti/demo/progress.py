"""Where each call of a demonstration is at the moment, by the live timeline of the stack, on one line of a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.table import Table

from cti.calls import CallFact, Milestone

_PLACE_AFTER = {
    CallFact.ARRIVED: "in menu",
    CallFact.QUEUED: "waiting",
    CallFact.OFFERED: "ringing",
    CallFact.OFFER_FAILED: "waiting",
    CallFact.ANSWERED: "talking",
    CallFact.TALK_ENDED: "survey",
}
PLACES = ("in menu", "waiting", "ringing", "talking", "survey", "answered and over", "lost")


@dataclass(slots=True)
class Progress:
    """`apply` every milestone; `counts` says how many calls are where. Other people's calls are left out."""

    callers: Collection[str]
    """Numbers of our citizens"""
    _place: dict[str, str] = field(default_factory=dict)
    _answered: set[str] = field(default_factory=set)

    def apply(self, milestone: Milestone) -> None:
        if milestone.stream != "call":
            return
        if milestone.kind == CallFact.ARRIVED and milestone.data.get("pii_caller") in self.callers:
            self._place[milestone.id] = "in menu"
        if milestone.id not in self._place:
            return
        if milestone.kind == CallFact.ANSWERED:
            self._answered.add(milestone.id)
        if milestone.kind == CallFact.ENDED:
            self._place[milestone.id] = "answered and over" if milestone.id in self._answered else "lost"
        elif milestone.kind in _PLACE_AFTER:
            self._place[milestone.id] = _PLACE_AFTER[CallFact(milestone.kind)]

    def counts(self) -> Counter[str]:
        return Counter(self._place.values())


class Display:
    """`with Display(progress) as display`, then `show` as often as you like. Draws only on a terminal, on stderr."""

    def __init__(self, progress: Progress, calls: int) -> None:
        self._progress, self._calls = progress, calls
        console = Console(stderr=True)
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None

    def __enter__(self) -> Display:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, placed: int) -> None:
        if self._live is None:
            return
        counts = self._progress.counts()
        table = Table("placed", *PLACES, title="Demonstration calls")
        table.add_row(f"{placed} of {self._calls}", *(str(counts[place]) for place in PLACES))
        self._live.update(table)
