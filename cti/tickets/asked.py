"""Who asks for tickets, and for which."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cti.tickets.model import TicketState


@dataclass(frozen=True, slots=True)
class Asking:
    """`sees_all`: a supervisor, an auditor, the administrator; everybody else sees tickets of his own calls."""

    user: str
    sees_all: bool = False
    program: bool = False
    """Nobody has the ticket before him."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tickets; None, 0 and "": whichever."""

    states: Collection[TicketState] | None = None
    agent: str | None = None
    since: float = 0.0
    """Made at this time or later …"""
    until: float | None = None
    """… and before this one."""
    number: str = ""
    """Of the call or to be reached at."""
    calls: Collection[str] | None = None
    touched: bool | None = None
    limit: int = 100
