"""What the rules for waiting callers learn from a call that has ended."""

from __future__ import annotations

from cti.calls import AgentId
from cti.metrics.record import CallRecord
from queues.returning import PastCall

_WAITING = frozenset({"queue", "ringing", "no_seat", "fallback"})


def past_call(record: CallRecord) -> PastCall:
    """For `Citizens.ended`, live and after a restart alike. The record must have an end."""
    if record.ended_at is None:
        raise ValueError(f"call {record.call_id} has not ended")
    if not record.incoming:
        # A callback that reached him makes its agent the last; nobody waits in person in one.
        cut_off = False
    elif record.answered:
        # Back in the queue because the agent's line had died, or in talk when Asterisk did.
        cut_off = record.ended_place in ("queue", "ringing") or (
            record.ended_place == "talk" and record.ended_side == "interrupted"
        )
    else:
        cut_off = record.lost_at in _WAITING
    return PastCall(
        record.pii_caller,
        record.ended_at,
        record.queue or "",
        record.queued_at if record.incoming else None,
        cut_off,
        AgentId(record.agents[-1]) if record.agents else None,
    )
