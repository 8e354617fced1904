"""Plain milestones by number, for tests that care about lines and not about calls."""

from __future__ import annotations

from cti.calls import CallFact, Milestone


def entered(seq: int, call_id: str = "c1") -> Milestone:
    return Milestone(
        "call", call_id, seq, 1763750000.0 + seq, CallFact.ENTERED.value, {"node": f"n{seq}", "pii_x": "一呼"}
    )


def ended(seq: int, call_id: str = "c1") -> Milestone:
    data = {"side": "caller", "place": "menu", "lost_at": "menu", "estimated": False}
    return Milestone("call", call_id, seq, 1763750000.0 + seq, CallFact.ENDED.value, data)
