"""What a journal still needs to keep: lines of calls that go on, and what agents and the city are now. Pure."""

from __future__ import annotations

from cti.calls import AgentFact, CallFact, Milestone, Stream
from cti.storage import segments


class Kept:
    """Files with lines of a call that has not ended are needed.

    Agents and the city (rungs of the surge ladder, notices) are never over, so each new file begins with the newest
    milestone of each kind of each of their ids: what they are now, and the last sequence number, outlive the files they
    were first written to. Copies keep their identity.
    """

    def __init__(self) -> None:
        self._open: dict[str, set[int]] = {}
        self._ended: dict[str, int] = {}
        self._lasting: dict[tuple[Stream, str], dict[str, Milestone]] = {}

    def add(self, milestone: Milestone, segment: int) -> None:
        if milestone.stream != "call":
            newest = self._lasting.setdefault((milestone.stream, milestone.id), {})
            known = newest.get(milestone.kind)
            if known is None or known.seq <= milestone.seq:
                newest[milestone.kind] = milestone
            if milestone.kind == AgentFact.REMOVED:
                self._lasting[milestone.stream, milestone.id] = {milestone.kind: milestone}
        elif milestone.kind == CallFact.ENDED:
            self._open.pop(milestone.id, None)
            self._ended[milestone.id] = segment
        elif milestone.id not in self._ended:
            self._open.setdefault(milestone.id, set()).add(segment)

    def needed(self) -> set[int]:
        return set().union(*self._open.values())

    def forget(self, before: int) -> None:
        """No file before this one is left."""
        self._ended = {call: at for call, at in self._ended.items() if at >= before}

    def lasting_lines(self) -> bytes:
        newest = (m for kinds in self._lasting.values() for m in sorted(kinds.values(), key=lambda m: m.seq))
        return b"".join(segments.encode(m) for m in newest)
