"""The store in memory: what SqlStore promises, without a database; for tests, trials and the simulator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from cti.calls import CallFact, CallId, Milestone, Stream
from cti.metrics.gaps import Gap
from cti.metrics.half_hours import HalfHour, half_hours
from cti.metrics.record import CallRecord, fold_with_faults
from cti.storage.segments import Position
from cti.storage.store import DESK_FACTS, incoming, log_conflict, log_contradiction, storable


class MemoryStore:
    """A `Store` that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._milestones: dict[tuple[str, str], dict[int, Milestone]] = defaultdict(dict)
        self._records: dict[CallId, CallRecord] = {}
        self._faults: dict[CallId, str] = {}
        self._positions: dict[str, Position] = {}
        self.kept = None

    def drain(self, batch: Sequence[Milestone], journal: str = "", position: Position | None = None) -> int:
        new = 0
        for milestone in map(storable, batch):
            timeline = self._milestones[milestone.stream, milestone.id]
            kept = timeline.setdefault(milestone.seq, milestone)
            new += kept is milestone
            if kept != milestone:
                log_conflict(kept)
        for call_id in dict.fromkeys(m.id for m in batch if m.stream == "call"):
            self._fold(CallId(call_id))
        if position is not None:
            self._positions[journal] = position
        return new

    def position(self, journal: str) -> Position:
        return self._positions.get(journal, Position(0, 0))

    def call(self, call_id: CallId) -> CallRecord | None:
        return self._records.get(call_id)

    def calls(self, since: float, until: float, *, statistics: str | None = None) -> list[CallRecord]:
        found = [r for r in self._records.values() if since <= r.arrived_at < until]
        if statistics is not None:
            found = [r for r in found if r.statistics == statistics]
        return sorted(found, key=lambda r: (r.arrived_at, r.call_id))

    def calls_of(self, numbers: Collection[str], since: float, limit: int) -> list[CallRecord]:
        found = [r for r in self._records.values() if r.pii_caller in numbers and r.arrived_at >= since]
        return sorted(found, key=lambda r: (r.arrived_at, r.call_id), reverse=True)[:limit]

    def half_hours(self, since: float, until: float) -> list[HalfHour]:
        return half_hours(self.calls(since, until))

    def open_calls(self, since: float, until: float, *, statistics: str | None = None) -> int:
        arrivals = (
            m
            for (stream, id_), timeline in self._milestones.items()
            if stream == "call" and id_ not in self._records
            for m in timeline.values()
            if m.kind == CallFact.ARRIVED and since <= m.at < until
        )
        return sum(incoming(m) and statistics in (None, m.data.get("statistics")) for m in arrivals)

    def contradictions(self, since: float, until: float) -> dict[CallId, str]:
        return {r.call_id: self._faults[r.call_id] for r in self.calls(since, until) if r.call_id in self._faults}

    def milestones(self, id_: str, stream: Stream = "call") -> list[Milestone]:
        timeline = self._milestones.get((stream, id_), {})
        return [timeline[seq] for seq in sorted(timeline)]

    def at_desks(self, since: float, until: float, *, limit: int | None = None) -> list[Milestone]:
        return self._between("call", since, until, limit, DESK_FACTS)

    def beside_calls(self, stream: Stream, since: float, until: float, *, limit: int | None = None) -> list[Milestone]:
        return self._between(stream, since, until, limit)

    def gaps(self, since: float, until: float) -> list[Gap]:
        return []

    def find(self, text: str) -> CallId | None:
        if ("call", text) in self._milestones:
            return CallId(text)
        arrivals = self._between("call", float("-inf"), float("inf"), None, {CallFact.ARRIVED})
        found = [m for m in arrivals if text in ("last", m.data.get("sip_call_id"))]
        return CallId(found[-1].id) if text and found else None

    def close(self) -> None:
        """Nothing to release."""

    def _between(
        self, stream: Stream, since: float, until: float, limit: int | None, kinds: Collection[str] | None = None
    ) -> list[Milestone]:
        timelines = (timeline.values() for (of, _), timeline in self._milestones.items() if of == stream)
        found = [m for timeline in timelines for m in timeline if since <= m.at < until]
        found = [m for m in found if kinds is None or m.kind in kinds]
        return sorted(found, key=lambda m: (m.at, m.id, m.seq))[:limit]

    def _fold(self, call_id: CallId) -> None:
        timeline = self.milestones(call_id)
        if all(m.kind != CallFact.ENDED for m in timeline):
            return
        self._records[call_id], faults = fold_with_faults(timeline)
        self._faults.pop(call_id, None)
        if faults:
            self._faults[call_id] = "; ".join(faults)
            log_contradiction(call_id, faults)
