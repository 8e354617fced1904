"""What is still needed of all milestones: lines of calls that go on, and what agents and the city are now. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from cti.calls import AgentFact, CallFact, CityFact, Milestone, Stream
from cti.storage import segments


class Lasting:
    """Agents and the city are never over: the newest milestone of each kind of each of them says what they are."""

    def __init__(self) -> None:
        self._newest: dict[tuple[Stream, str], dict[str, Milestone]] = {}

    def add(self, milestone: Milestone) -> None:
        newest = self._newest.setdefault((milestone.stream, milestone.id), {})
        known = newest.get(milestone.kind)
        if known is None or known.seq <= milestone.seq:
            newest[milestone.kind] = milestone
        if milestone.kind == AgentFact.REMOVED:
            self._newest[milestone.stream, milestone.id] = {milestone.kind: milestone}

    def milestones(self) -> list[Milestone]:
        """In their order for each of them."""
        return [m for kinds in self._newest.values() for m in sorted(kinds.values(), key=lambda m: m.seq)]


class Picture:
    """Everything that another daemon needs to go on: the lasting milestones and all those of calls that are live."""

    def __init__(self, milestones: Iterable[Milestone] = ()) -> None:
        self._lasting = Lasting()
        self._live: dict[str, dict[int, Milestone]] = {}
        for milestone in milestones:
            self.add(milestone)

    def add(self, milestone: Milestone) -> None:
        """In the order of the journal; repeats change nothing."""
        if milestone.stream != "call":
            self._lasting.add(milestone)
        elif milestone.kind == CallFact.ENDED:
            self._live.pop(milestone.id, None)
        elif milestone.kind == CallFact.ARRIVED:
            self._live.setdefault(milestone.id, {})[milestone.seq] = milestone
        elif milestone.id in self._live:
            self._live[milestone.id][milestone.seq] = milestone

    def milestones(self) -> list[Milestone]:
        return self._lasting.milestones() + [m for timeline in self._live.values() for m in timeline.values()]


def epoch_of(milestones: Iterable[Milestone]) -> int:
    """The largest epoch that any daemon decided under, by these milestones; 0: none."""
    return max((_epoch(m) for m in milestones if m.kind == CityFact.DECIDES), default=0)


def current(milestones: Iterable[Milestone]) -> list[Milestone]:
    """Those of a journal without the calls from before a take-over: they went on and ended elsewhere."""
    found: list[Milestone] = []
    epoch = 0
    for milestone in milestones:
        if milestone.kind == CityFact.DECIDES and milestone.data.get("anew") and _epoch(milestone) > epoch:
            epoch = _epoch(milestone)
            found = [m for m in found if m.stream != "call"]
        found.append(milestone)
    return found


def _epoch(milestone: Milestone) -> int:
    return int(milestone.data.get("epoch") or 0)


class Kept:
    """Files with lines of a call that has not ended are needed.

    Agents and the city (rungs of the surge ladder, notices) are never over, so each new file begins with the newest
    milestone of each kind of each of their ids: what they are now, and the last sequence number, outlive the files they
    were first written to. Copies keep their identity.
    """

    def __init__(self) -> None:
        self._open: dict[str, set[int]] = {}
        self._ended: dict[str, int] = {}
        self._lasting = Lasting()
        self._epoch = 0

    def add(self, milestone: Milestone, segment: int) -> None:
        if milestone.stream != "call":
            self._lasting.add(milestone)
            if milestone.kind == CityFact.DECIDES and milestone.data.get("anew") and _epoch(milestone) > self._epoch:
                self._epoch = _epoch(milestone)
                self._open.clear()
        elif milestone.kind == CallFact.ENDED:
            self._open.pop(milestone.id, None)
            self._ended[milestone.id] = segment
        elif milestone.id not in self._ended and milestone.kind != CallFact.RECORDED_LATE:
            self._open.setdefault(milestone.id, set()).add(segment)

    def needed(self) -> set[int]:
        return set().union(*self._open.values())

    def forget(self, before: int) -> None:
        """No file before this one is left."""
        self._ended = {call: at for call, at in self._ended.items() if at >= before}

    def lasting_lines(self) -> bytes:
        return b"".join(segments.encode(milestone) for milestone in self._lasting.milestones())
