"""Readings from the live picture of a city. No personal data: queues, agents' ids, numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agents.status import Cause, Desk, State, Status
from cti.alerts.model import Kind, Measure, Reading
from cti.live_call import Call
from cti.metrics.record import CALLBACK

_LOST = (Cause.PHONE_AWAY, Cause.PAGE_AWAY)


def connection_rate(today: tuple[int, int] | None) -> Reading:
    """Answered, and all, of the citizens' calls of today that have ended; None: not known yet."""
    return Reading(Kind.CONNECTION_RATE, None if today is None else {"": Measure(today[0], today[1])})


def longest_waits(calls: Iterable[Call], now: float) -> Reading:
    """Of citizens who wait now, by queue: also of whom a telephone rings, for it may ring in vain. A place kept from an
    earlier call is not in it."""
    longest: dict[str, float] = {}
    for call in calls:
        if call.phase in ("queue", "ringing") and call.need is not None and call.facts.get("direction") != CALLBACK:
            queue = call.need.queue
            longest[queue] = max(longest.get(queue, 0.0), now - call.waits_since)
    return Reading(Kind.LONGEST_WAIT, {queue: Measure(round(wait_s, 1)) for queue, wait_s in longest.items()})


def ghosts(desks: Iterable[Desk], now: float) -> Reading:
    """Who chose to be ready and would be offered calls, were it not for his telephone or his page."""
    found = {}
    for desk in desks:
        lost = [cause.value for cause in _LOST if cause in desk.causes(now)]
        if desk.status is Status.READY and desk.state(now) is State.NOT_READY and lost:
            found[str(desk.agent.id)] = Measure(1.0, detail=" ".join(lost))
    return Reading(Kind.GHOST_AGENT, found)


def recordings(incomplete: int, measured: int) -> Reading:
    """Of the last minutes (cti/alerts/recent_recordings.py)."""
    return Reading(Kind.RECORDING, {"": Measure(incomplete, measured)})


def ages(seconds: Mapping[str, float]) -> Reading:
    """Source of data -> seconds since its last news."""
    return Reading(Kind.DATA_OLD, {source: Measure(round(age_s, 1)) for source, age_s in seconds.items()})


def parts(health: Mapping[str, Any]) -> Reading:
    """What /api/health says. Its reasons stay there: the words of a database may be about anybody."""
    return Reading(
        Kind.PART, {name: Measure(0.0 if part["ok"] else 1.0) for name, part in sorted(health["parts"].items())}
    )
