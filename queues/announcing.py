"""When to tell a waiting caller his position: often enough to be believed, seldom enough not to remind him to hang up.

A mechanical announcement every minute makes callers give up at that very minute (Brown et al. 2005), so it is news
that is told: a better position, or after a long silence that he is not forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Announced:
    """The last announcement of a caller: when (s, any clock) and which position; position 0: none yet."""

    at_s: float
    position: int = 0


def is_due(last: Announced, position: int, now_s: float, every_s: float) -> bool:
    """Whether to announce `position` now, at most once in `every_s`.

    First at half that time after queueing; then when it got better; unchanged only after three times `every_s`.
    A position that got worse (somebody with a head start came) is never announced.
    """
    silence_s = now_s - last.at_s
    if last.position == 0:
        return silence_s >= every_s / 2
    if position < last.position:
        return silence_s >= every_s
    return position == last.position and silence_s >= 3 * every_s
