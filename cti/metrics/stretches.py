"""What a call was doing from when to when: waiting, ringing at an agent's desk, talking."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cti.calls import CallFact, Milestone

Doing = Literal["waiting", "ringing", "dialling", "talking"]
_CALL_OVER = frozenset({"caller_left", "cut_off"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """`until` is None while it lasts. `agent` is of ringing, dialling and talking; `outcome` of a ringing in vain."""

    doing: Doing
    since: float
    until: float | None = None
    agent: str = ""
    outcome: str = ""

    def seconds(self, now: float) -> float:
        return max(0.0, (now if self.until is None else self.until) - self.since)

    def covers(self, at: float) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


def of_timeline(timeline: Iterable[Milestone]) -> list[Stretch]:
    """Of one call, by number; whatever is missing, no stretch overlaps another but by a clock that was set back."""
    found: list[Stretch] = []

    def turn(to: Doing | None, at: float, agent: str = "", outcome: str = "") -> None:
        if found and found[-1].until is None:
            found[-1] = replace(found[-1], until=at, outcome=outcome)
        if to is not None:
            found.append(Stretch(to, at, agent=agent))

    for m in timeline:
        agent, outcome = text(m, "agent"), text(m, "outcome")
        match m.kind:
            case CallFact.QUEUED:
                turn("waiting", m.at)
            case CallFact.OFFERED:
                turn("ringing", m.at, agent)
            case CallFact.OFFER_FAILED:
                turn(None if outcome in _CALL_OVER else "waiting", m.at, outcome=outcome or "failed")
            case CallFact.CONFIRMED:
                turn("dialling", m.at, agent)
            case CallFact.ANSWERED:
                turn("talking", m.at, agent)
            case CallFact.TALK_ENDED:
                turn("waiting" if text(m, "side") == "agent_lost" else None, m.at)
            case CallFact.HANDED_OVER:
                turn("talking", m.at, agent)
            case CallFact.LEFT_QUEUE | CallFact.FELL_BACK | CallFact.ENDED:
                turn(None, m.at)
            case _:
                pass
    return found


def seconds_doing(doing: Doing, stretches: Sequence[Stretch], now: float) -> float:
    return sum(stretch.seconds(now) for stretch in stretches if stretch.doing == doing)


def text(milestone: Milestone | None, key: str) -> str:
    value = None if milestone is None else milestone.data.get(key)
    return "" if value is None else str(value)


def number(milestone: Milestone | None, key: str) -> float | None:
    """None for what is no finite number."""
    value = None if milestone is None else milestone.data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
