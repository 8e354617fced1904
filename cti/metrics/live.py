"""The sums of `rollups.py`, kept from milestones as they come: at any moment those of the calls known by then.

Pure: time comes with the milestones. An ended call is folded once and forgotten but for its number; of a live one the
timeline is kept. After a restart: `recall` the records of ended calls, then `add` the milestones of live ones, whole;
what comes twice counts once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from cti.calls import CallFact, Milestone
from cti.metrics.figures import Sums, of_call
from cti.metrics.groups import AgentKey, Dimension, Key, Period, half_hour_of
from cti.metrics.rates import total_by
from cti.metrics.record import CallRecord, fold_with_faults
from cti.metrics.rollups import AgentRollup, Rollup, add

_IDS_KEPT_S = 86_400
"""So long after its sums are forgotten a call is still known as one that has ended."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a call adds, and where."""

    key: Key
    agent: AgentKey | None
    sums: Sums

    @staticmethod
    def of(record: CallRecord) -> _Counted:
        return _Counted(Key.of(record), AgentKey.of(record), of_call(record))

    def add_to(self, calls: Rollup, agents: AgentRollup) -> None:
        if not self.sums:
            return
        calls.setdefault(self.key, Sums()).update(self.sums)
        if self.agent is not None:
            agents.setdefault(self.agent, Sums()).update(self.sums)


@dataclass(slots=True)
class _Open:
    timeline: list[Milestone] = field(default_factory=list)
    last_seq: int = 0
    counted: _Counted | None = None
    """None: something came since it was counted."""

    def now(self) -> _Counted:
        if self.counted is None:
            self.counted = _Counted.of(fold_with_faults(self.timeline)[0])
        return self.counted


@dataclass(frozen=True, slots=True)
class _View:
    """A grouping that is asked for again and again."""

    dimension: Dimension
    zone: tzinfo
    period: Period

    def add(self, counted: _Counted, sums: dict[str, Sums]) -> None:
        key = counted.agent if self.dimension == "agent" else counted.key
        if key is not None and counted.sums and self.period.has(key.half_hour):
            sums.setdefault(key.label(self.dimension, self.zone), Sums()).update(counted.sums)


class LiveCalls:
    """Milestones may come in any order, but that a call's end is the last of it."""

    def __init__(self) -> None:
        self._calls: Rollup = {}
        self._agents: AgentRollup = {}
        self._open: dict[str, _Open] = {}
        self._ended: dict[str, tuple[int, float]] = {}
        """Half hour and last number of each; no end of numbers for one whose record alone was read."""
        self._doubtful: set[int] = set()
        self._views: dict[_View, dict[str, Sums]] = {}

    def add(self, batch: Iterable[Milestone]) -> None:
        for milestone in batch:
            if milestone.stream == "call" and milestone.kind != CallFact.RECORDED_LATE:  # no sum counts recordings
                self._take(milestone)

    def recall(self, records: Iterable[CallRecord]) -> None:
        """Of calls that have ended."""
        for record in records:
            if record.call_id not in self._ended:
                self._open.pop(record.call_id, None)
                self._ends(record, math.inf)

    @property
    def doubtful(self) -> frozenset[int]:
        """Half hours with a call of which something came after its end: to be made anew from the records (`mend`)."""
        return frozenset(self._doubtful)

    @property
    def going_on(self) -> frozenset[int]:
        """Half hours in which a call arrived that is not over."""
        return frozenset(half_hour_of(min(m.at for m in call.timeline)) for call in self._open.values())

    def mend(self, half_hour: int, calls: Mapping[Key, Sums], agents: Mapping[AgentKey, Sums]) -> None:
        """Puts roll-ups made from the records in the place of what was kept of a half hour.

        The records must be all of the calls that have ended by now: read them when everything has been drained.
        """
        self._calls = {key: sums for key, sums in self._calls.items() if key.half_hour != half_hour}
        self._agents = {key: sums for key, sums in self._agents.items() if key.half_hour != half_hour}
        add(self._calls, {key: sums for key, sums in calls.items() if key.half_hour == half_hour})
        add(self._agents, {key: sums for key, sums in agents.items() if key.half_hour == half_hour})
        self._doubtful.discard(half_hour)
        self._views.clear()

    def forget(self, before: float) -> None:
        """What lies in half hours that begin earlier; a call that still goes on is kept."""
        self._calls = {key: sums for key, sums in self._calls.items() if key.half_hour >= before}
        self._agents = {key: sums for key, sums in self._agents.items() if key.half_hour >= before}
        self._ended = {id_: known for id_, known in self._ended.items() if known[0] >= before - _IDS_KEPT_S}
        self._doubtful = {half_hour for half_hour in self._doubtful if half_hour >= before}
        self._views.clear()

    def calls(self) -> Rollup:
        """As `roll_up` of the records of all calls known, those that go on included."""
        return self._with_open()[0]

    def agents_calls(self) -> AgentRollup:
        """As `roll_up_agents_calls`."""
        return self._with_open()[1]

    def grouped(self, dimension: Dimension, zone: tzinfo, period: Period) -> dict[str, Sums]:
        """As `total_by` of all this, and quick when it is asked again: for pages that show it with every change."""
        view = _View(dimension, zone, period)
        if view not in self._views:
            ended = self._agents if dimension == "agent" else self._calls
            self._views[view] = total_by(ended, dimension, zone, period)
        found = {label: Sums(sums) for label, sums in self._views[view].items()}
        for call in self._open.values():
            view.add(call.now(), found)
        return found

    def _take(self, milestone: Milestone) -> None:
        if (known := self._ended.get(milestone.id)) is not None:
            half_hour, last_seq = known
            if milestone.seq > last_seq:
                self._doubtful.add(half_hour)
            return
        call = self._open.setdefault(milestone.id, _Open())
        call.timeline.append(milestone)
        call.last_seq, call.counted = max(call.last_seq, milestone.seq), None
        if milestone.kind == CallFact.ENDED:
            del self._open[milestone.id]
            self._ends(fold_with_faults(call.timeline)[0], call.last_seq)

    def _ends(self, record: CallRecord, last_seq: float) -> None:
        self._ended[record.call_id] = half_hour_of(record.arrived_at), last_seq
        counted = _Counted.of(record)
        counted.add_to(self._calls, self._agents)
        for view, sums in self._views.items():
            view.add(counted, sums)

    def _with_open(self) -> tuple[Rollup, AgentRollup]:
        calls = {key: Sums(sums) for key, sums in self._calls.items()}
        agents = {key: Sums(sums) for key, sums in self._agents.items()}
        for call in self._open.values():
            call.now().add_to(calls, agents)
        return calls, agents
