"""The calls behind a figure of losses: when, whose (masked), in which queue, how long he waited, where lost. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from cti.calls import CallId
from cti.metrics.figures import incoming
from cti.metrics.record import CallRecord


@dataclass(frozen=True, slots=True)
class Loss:
    call_id: CallId
    arrived_at: float
    caller: str
    """Masked; "" for a withheld number."""
    number: str
    """The number dialled, or the key that it is counted under."""
    queue: str
    """"" if he was lost before any."""
    place: str
    """Of `LOSS_PLACES`, without `none`: that one is no loss."""
    wait_total_s: float | None
    """From arrival to the end."""
    wait_queue_s: float | None
    """None: he was in no queue."""
    callback_task: bool
    """Whether he is, or was, to be called back for it."""


def losses(
    records: Iterable[CallRecord],
    belongs: Callable[[CallRecord], bool],
    tasked: Collection[CallId],
    mask: Callable[[str], str],
    place: str | None = None,
) -> Iterator[Loss]:
    """In the order of the records: those that belong to what is asked for, lost at this place or anywhere.

    `tasked`: calls that are in a callback task.
    """
    for record in incoming(records):
        if record.answered or record.ended_at is None or record.lost_at is None:
            continue
        if place in (None, record.lost_at) and belongs(record):
            yield Loss(
                record.call_id,
                record.arrived_at,
                mask(record.pii_caller),
                record.statistics or record.dialled,
                record.queue or "",
                record.lost_at,
                record.wait_total_s,
                record.wait_queue_s,
                record.call_id in tasked,
            )
