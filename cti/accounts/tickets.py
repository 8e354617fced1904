"""One-time tickets: a page opens a WebSocket with one, because a browser sends no header of ours with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cti.accounts.sessions import Session, Sessions

LASTS_S = 30.0


class Tickets:
    """In this daemon's memory: after a change of daemons the page asks for a new one."""

    def __init__(self, sessions: Sessions, wall: Callable[[], float]) -> None:
        self._sessions = sessions
        self._wall = wall
        self._out: dict[str, tuple[str, float]] = {}

    def make(self, session: Session) -> str:
        now = self._wall()
        self._out = {ticket: (key, until) for ticket, (key, until) in self._out.items() if until > now}
        ticket = secrets.token_urlsafe(24)
        self._out[ticket] = (session.key, now + LASTS_S)
        return ticket

    def redeem(self, ticket: str) -> Session | None:
        """Whose it is; None if it is none of ours, used, too old, or its session is over."""
        key, until = self._out.pop(ticket, ("", 0.0))
        return self._sessions.get(key) if self._wall() < until else None
