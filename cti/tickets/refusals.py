"""Why something cannot be done with a ticket: stable codes, for pages and programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class TicketRefused(Exception):
    """`more` is for the page, beside code and text."""

    def __init__(self, code: str, message: str, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code, self.more = code, more or {}


class UnknownTicket(TicketRefused):
    def __init__(self) -> None:
        super().__init__("unknown_ticket", "there is no such ticket, or it is not yours")


class NotADraft(TicketRefused):
    """It was submitted: only a draft can be changed."""


class Conflict(TicketRefused):
    """Somebody else has changed the same field; what did not conflict is done."""


class BadValue(TicketRefused):
    """A value cannot stand in its field; the other changes are done."""


class Incomplete(TicketRefused):
    """It cannot be submitted as it is."""


class TooLate(TicketRefused):
    """It has left."""


class TicketsAway(Exception):
    """The database does not answer in time. Nothing is lost: ask the same again."""
