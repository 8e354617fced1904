"""How long a waiting caller will wait from now on: an estimate with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected seconds from now to an agent, and what the figure rests on."""

    wait_s: float
    able: int
    """Agents at work who could take the call."""
    ahead: float
    """Callers with a better place, each by the share of his agents that could take this call too."""
    handling_s: float
    """Mean talk and wrap-up of the calls ahead."""
    patience_s: float | None
    """Mean time after which those ahead give up; None: they do not."""
