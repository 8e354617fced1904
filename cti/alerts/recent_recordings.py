"""How many recordings of the last minutes are not whole, from milestones as they become durable."""

from __future__ import annotations

from collections.abc import Iterable

from cti.calls import CallFact, Milestone


class RecentRecordings:
    """`heard` takes milestones. A new one knows nothing of what was before it."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, bool]] = {}
        """File -> when it was noted, and whether it is whole."""

    def heard(self, batch: Iterable[Milestone]) -> None:
        for milestone in batch:
            file, whole = str(milestone.data.get("file")), milestone.data.get("complete") is True
            if milestone.kind == CallFact.RECORDED:
                self._found[file] = (milestone.at, whole)
            elif milestone.kind == CallFact.RECORDED_LATE and file in self._found:
                self._found[file] = (self._found[file][0], whole)

    def count(self, now: float, window_s: float) -> tuple[int, int]:
        """Incomplete, and all; older ones are forgotten."""
        self._found = {file: one for file, one in self._found.items() if now - one[0] <= window_s}
        return sum(not whole for _, whole in self._found.values()), len(self._found)
