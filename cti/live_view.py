"""The live picture of a city as pages show it; no personal data."""

from __future__ import annotations

from collections import Counter
from typing import Any

from agents.status import Desk
from cti.calls import CallId
from cti.switchboard import Switchboard


def snapshot(board: Switchboard, now: float) -> dict[str, Any]:
    """Everything a live page shows; no personal data."""
    places: dict[CallId, int] = {}
    in_queue: Counter[str] = Counter()
    for waiting in board.waiting():
        in_queue[waiting.need.queue] += 1
        places[waiting.call_id] = in_queue[waiting.need.queue]
    return {
        "at": now,
        "calls": [
            {
                "call_id": call.id,
                "phase": call.phase,
                "dialled": call.facts.get("dialled"),
                "arrived_at": call.arrived_at,
                "queue": call.need.queue if call.need else None,
                "queued_at": call.queued_at or None,
                "position": places.get(call.id),
                "agent": call.agent,
                "answered_at": call.answered_at,
                "attached": call.attached,
            }
            for call in board.calls.values()
        ],
        "agents": [desk_row(desk, now) for desk in board.desks.values()],
        "waiting": len(places),
        "rungs": board.rungs(),
    }


def desk_row(desk: Desk, now: float) -> dict[str, Any]:
    """One agent for a live page."""
    return {
        "id": desk.agent.id,
        "name": desk.agent.name,
        "skills": dict(desk.agent.skills),
        "status": desk.status,
        "reason": desk.reason,
        "status_since": desk.status_since,
        "state": desk.state(now),
        "state_since": desk.state_since(now),
        "held_back": sorted(desk.causes(now)),
        "misses": desk.misses,
        "wrap_up": {"kind": wrap_up.kind, "until": wrap_up.until, "most_until": wrap_up.most_until}
        if (wrap_up := desk.wrap_up) is not None and now < wrap_up.until
        else None,
        "call_id": desk.call_id,
        "temporary": desk.agent.temporary,
        "forced": {"status": forced.status, "by": forced.by, "why": forced.why, "at": forced.at}
        if (forced := desk.forced) is not None
        else None,
        "skills_today": {"until": today.until, "by": today.by, "own": dict(today.own)}
        if (today := desk.today) is not None
        else None,
    }
