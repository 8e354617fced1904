"""What a citizen's page shows of his visit: where he is, how long it will take, whether he can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from agents.status import Desk
from cti.calls import CallFact, Milestone
from cti.live_call import Call
from cti.video.visits import Visit
from queues.estimate import Estimate

State = Literal["ready", "waiting", "ringing", "talk", "held", "again", "rating", "closing", "no_seat", "ended"]
"""again: he waits anew, the agent was lost. closing: the last words are said. no_seat: there was nobody for him."""


def seats(desks: Iterable[Desk]) -> dict[str, bool]:
    """For which choice anybody is at work."""
    skills = {skill for desk in desks for skill in desk.agent.skills}
    anybody = bool(skills & {"video", "general"})
    return {"sign": "sign" in skills, "video": anybody, "text": anybody}


def picture(
    visit: Visit,
    call: Call | None,
    timeline: Sequence[Milestone],
    place: tuple[int, Estimate | None],
    seated: Mapping[str, bool],
    scale: int,
) -> dict[str, Any]:
    """`timeline`: the milestones of his last call; `place`: in the queue, with the estimate, where he waits."""
    state = _state(visit, call, timeline)
    position, estimate = place
    waits = state in ("waiting", "again")
    rated = _last(timeline, CallFact.RATED)
    talks = call is not None and state in ("talk", "held")
    return {
        "id": visit.id,
        "state": state,
        "choice": visit.tried or None,
        "invited": visit.invited_to_call,
        "place": position if waits and position > 0 else None,
        "minutes": max(1, round(estimate.wait_s / 60)) if waits and estimate is not None else None,
        "since": call.since or None if call is not None else None,
        "answered_at": call.answered_at if call is not None and talks else None,
        "agent": call.agent if call is not None and talks else None,
        "records": visit.records,
        "camera": visit.camera,
        "agents_camera": visit.agents_camera,
        "seats": dict(seated),
        "scale": scale,
        "score": rated.data.get("score") if rated is not None else None,
        "until": visit.until,
    }


def _state(visit: Visit, call: Call | None, timeline: Sequence[Milestone]) -> State:
    if visit.over and (call is None or visit.invited_to_call):
        return "ended"
    if call is None:
        return "no_seat" if visit.tried else "ready"
    match call.phase:
        case "talk" | "party":
            held, back = _last(timeline, CallFact.HELD), _last(timeline, CallFact.UNHELD)
            on_hold = held is not None and (back is None or back.seq < held.seq)
            aside = any(party.state == "consult" for party in call.parties)
            on_hold = on_hold and held is not None and held.at >= (call.answered_at or 0.0)
            return "held" if on_hold or aside else "talk"
        case "ringing" | "fallback":
            return "ringing"
        case "after_talk" if call.survey_offered and _last(timeline, CallFact.RATED) is None:
            return "rating"
        case "after_talk" | "leaving":
            return "closing"
        case "ended":
            return "ended"
        case _:
            return "again" if call.ever_answered else "waiting"


def _last(timeline: Sequence[Milestone], kind: CallFact) -> Milestone | None:
    return next((m for m in reversed(timeline) if m.kind == kind), None)
