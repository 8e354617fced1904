"""When the rungs of the surge ladder were on, from the city's milestones. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cti.calls import CityFact, Milestone
from cti.metrics.stretches import text


@dataclass(frozen=True, slots=True)
class RungOn:
    """A rung from when to when, within the period asked for (UTC seconds)."""

    rung: str
    since: float
    until: float
    by: str
    """rule, or who switched it on."""
    goes_on: bool
    """It was still on at the end of the period."""

    @property
    def seconds(self) -> float:
        return self.until - self.since


def rungs_on(milestones: Iterable[Milestone], since: float, until: float) -> list[RungOn]:
    """By time. Give milestones from before the period too: a rung may have been on at its beginning."""
    on: dict[str, Milestone] = {}
    found = []
    ordered = sorted((m for m in milestones if m.kind == CityFact.RUNG and m.at < until), key=lambda m: (m.at, m.seq))
    for m in ordered:
        begun = on.pop(m.id, None)
        if m.data.get("on"):
            on[m.id] = begun or m
        elif begun is not None and m.at > since:
            found.append(RungOn(m.id, max(since, begun.at), m.at, text(begun, "by"), goes_on=False))
    found += [RungOn(m.id, max(since, m.at), until, text(m, "by"), goes_on=True) for m in on.values()]
    return sorted(found, key=lambda rung: (rung.since, rung.rung))
