"""What a rule has found in the text: a value, how sure it is, and where it stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cti.tickets.model import Value


@dataclass(frozen=True, slots=True)
class Found:
    """The characters [start, end) of the text; start = end: it follows from no words in particular."""

    value: Value
    confidence: float
    start: int = 0
    end: int = 0


def best_first(found: list[Found]) -> list[Found]:
    """Each value once; of equals the one that was said first."""
    seen: dict[Value, Found] = {}
    for one in sorted(found, key=lambda one: (-one.confidence, one.start)):
        seen.setdefault(one.value, one)
    return list(seen.values())
