"""What a supervisor has ordered for an agent: what he is to be, and what he can do today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Forcible = Literal["ready", "break", "offline"]
FORCED_REASON = "forced"
"""Of the break, or of the end of the log-in, that follows."""


@dataclass(frozen=True, slots=True)
class Forced:
    """He was made this, for a reason that he is told; `at` in UTC seconds."""

    status: Forcible
    by: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class Today:
    """Other skills until a moment (UTC seconds), which is midnight. `own`: those of the roster, which come back."""

    skills: Mapping[str, int]
    until: float
    by: str
    own: Mapping[str, int]


def forcible(status: str) -> Forcible:
    """ValueError for what nobody can be made."""
    for known in get_args(Forcible):
        if known == status:
            return known  # type: ignore[no-any-return]
    raise ValueError(status)


def skills_to_text(skills: Mapping[str, int]) -> str:
    """`enterprise=2 general=3`, in the order of the alphabet."""
    return " ".join(f"{skill}={level}" for skill, level in sorted(skills.items()))


def skills_from_text(text: str) -> dict[str, int]:
    """Reads what `skills_to_text` wrote; ValueError if it is not of that form."""
    return {skill: int(level) for skill, _, level in (part.partition("=") for part in text.split())}
