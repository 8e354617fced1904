"""What a store of tickets promises. `MemoryTickets`, SQLite and PostgreSQL pass the same tests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cti.tickets.asked import Wanted
from cti.tickets.edit import Edited, Past
from cti.tickets.model import Entry, RelationKind, Ticket, TicketState

EditOf = Callable[[Ticket, Past], Edited]


@dataclass(frozen=True, slots=True)
class Left:
    """A ticket as it left for the city's platform; `seq` is the cursor of those who fetch."""

    seq: int
    ticket_id: str
    body: Mapping[str, Any]
    left_at: float
    attempts: int = 0
    delivered_at: float | None = None
    problem: str = ""


class TicketStore(Protocol):
    """Synchronous: run it on a `Worker`. Each method is one transaction, durable when it returns. All may raise
    StoreUnavailableError, and then nothing of it has happened, or all of it: do it again."""

    def open(self, call_id: str, day: str, make: Callable[[str], Edited]) -> Ticket:
        """The ticket of this call; if it has none, what `make`, which may not use the store, makes with the next
        number of the day."""

    def get(self, ticket_id: str) -> Ticket | None: ...

    def of_call(self, call_id: str) -> Ticket | None: ...

    def change(self, ticket_id: str, edit: EditOf) -> Edited | None:
        """What `edit`, which may not use the store, makes of it, while nobody else can change it; None: there is no
        such ticket."""

    def relate(
        self, ticket_id: str, other_id: str, kind: RelationKind, by: str, at: float
    ) -> tuple[Ticket, Ticket] | None:
        """Both, each with the other; None: there is no such ticket."""

    def history(self, ticket_id: str) -> list[Entry]:
        """In order."""

    def find(self, wanted: Wanted) -> list[Ticket]:
        """The newest first."""

    def left(self, after: int, states: Collection[TicketState], limit: int) -> list[Left]:
        """Those that left after this cursor, in order."""

    def undelivered(self, now: float, limit: int) -> list[Left]:
        """Those whose next attempt is due, in order of leaving."""

    def delivered(self, seq: int, at: float) -> None: ...

    def not_delivered(self, seq: int, next_at: float, problem: str) -> None:
        """An attempt failed; the next one is due at `next_at`."""

    def tags(self, numbers: Collection[str]) -> list[str]:
        """Marks of the citizen with these numbers."""

    def set_tags(self, number: str, tags: Sequence[str], by: str, at: float) -> None:
        """All marks of this number from now on."""


def day_number(day: str, n: int) -> str:
    """T-20261119-0873."""
    return f"T-{day}-{n:04d}"
