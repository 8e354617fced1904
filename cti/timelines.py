"""The milestones of live and just-ended calls, from memory, so that a page need not wait for the database."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from cti.calls import CallFact, CallId, Milestone

_ENDED_KEPT = 2_000


class Timelines:
    """Fed with durable milestones in order."""

    def __init__(self) -> None:
        self._live: dict[CallId, list[Milestone]] = {}
        self._ended: OrderedDict[CallId, list[Milestone]] = OrderedDict()

    def add(self, batch: Sequence[Milestone]) -> None:
        for milestone in batch:
            if milestone.stream != "call":
                continue
            call_id = CallId(milestone.id)
            if milestone.kind == CallFact.RECORDED_LATE:
                self._ended.get(call_id, []).append(milestone)
                continue
            self._live.setdefault(call_id, []).append(milestone)
            if milestone.kind == CallFact.ENDED:
                self._ended[call_id] = self._live.pop(call_id)
        while len(self._ended) > _ENDED_KEPT:
            self._ended.popitem(last=False)

    def of(self, call_id: CallId) -> list[Milestone] | None:
        """In order; None if the call is not known here (any more)."""
        return self._live.get(call_id) or self._ended.get(call_id)
