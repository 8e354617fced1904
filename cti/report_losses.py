"""The calls that were lost in the time of a report, read as they are wanted, each with whether he is to be called back.

Numbers are masked here: nobody further on sees one.
"""

from __future__ import annotations

from collections.abc import Iterator

from cti.callbacks import ended_call
from cti.calls import CallId
from cti.logs import mask
from cti.metrics.groups import Period
from cti.metrics.losses import Loss, losses
from cti.metrics.record import CallRecord
from cti.metrics.tally import Grouping
from cti.storage.report_tables import read_calls
from cti.storage.store import Store
from queues.callbacks import TaskRules, Tasks


def read_losses(
    store: Store,
    grouping: Grouping,
    rules: TaskRules,
    now: float,
    statistics: str | None = None,
    row: str | None = None,
    place: str | None = None,
) -> Iterator[Loss]:
    """By arrival: those of a whole report, or behind one figure of it (label of a row, place of loss). Tasks are made
    as the daemon makes them, from calls in about the order of their ends. May raise StoreUnavailableError."""

    def belongs(record: CallRecord) -> bool:
        if statistics not in (None, record.statistics):
            return False
        return grouping.has(record.arrived_at) if row is None else row in grouping.of_call(record)

    reach, tasks = grouping.reach, Tasks(rules)
    for records in read_calls(store, Period(reach.since - rules.oldest_s, min(reach.until, now))):
        tasked: set[CallId] = set()
        for call in sorted((ended_call(record) for record in records), key=lambda call: call.ended_at):
            tasks.add(call)
            task = tasks.of_number(call.number) if call.number else None
            if task is not None and call.call_id in task.calls:
                tasked.add(call.call_id)
        if records:
            tasks.age(records[-1].arrived_at)
        yield from losses(records, belongs, tasked, mask, place)
