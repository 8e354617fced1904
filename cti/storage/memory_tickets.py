"""Tickets in memory: what SqlTickets promises, without a database; for tests and trials."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from cti.storage.ticket_store import EditOf, Left, day_number
from cti.tickets.asked import Wanted
from cti.tickets.edit import Edited, Editing
from cti.tickets.model import Entry, Relation, RelationKind, Ticket, TicketState


class MemoryTickets:
    """A `TicketStore` that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._history: dict[str, list[Entry]] = {}
        self._days: dict[str, int] = {}
        self._outbox: dict[int, tuple[TicketState, Left, float]] = {}
        """By cursor: state as it left, the ticket, when its next attempt is due."""
        self._tags: dict[str, tuple[str, ...]] = {}

    def open(self, call_id: str, day: str, make: Callable[[str], Edited]) -> Ticket:
        if (known := self.of_call(call_id)) is not None:
            return known
        self._days[day] = self._days.get(day, 0) + 1
        edited = make(day_number(day, self._days[day]))
        self._keep(edited)
        return edited.ticket

    def get(self, ticket_id: str) -> Ticket | None:
        return self._tickets.get(ticket_id)

    def of_call(self, call_id: str) -> Ticket | None:
        return next((ticket for ticket in self._tickets.values() if ticket.call_id == call_id), None)

    def change(self, ticket_id: str, edit: EditOf) -> Edited | None:
        if (ticket := self._tickets.get(ticket_id)) is None:
            return None
        history = self._history[ticket_id]
        edited = edit(ticket, lambda field, version: [e for e in history if e.field == field and e.version > version])
        self._keep(edited)
        return edited

    def relate(
        self, ticket_id: str, other_id: str, kind: RelationKind, by: str, at: float
    ) -> tuple[Ticket, Ticket] | None:
        if ticket_id == other_id or not {ticket_id, other_id} <= self._tickets.keys():
            return None
        for one, two in ((ticket_id, other_id), (other_id, ticket_id)):
            if Relation(two, kind) in self._tickets[one].related:
                continue
            editing = Editing(self._tickets[one], at)
            editing.note(by, kind, new=two)
            others = tuple(relation for relation in editing.ticket.related if relation.id != two)
            related = replace(editing.ticket, related=(*others, Relation(two, kind)))
            self._keep(replace(editing.done(), ticket=related))
        return self._tickets[ticket_id], self._tickets[other_id]

    def history(self, ticket_id: str) -> list[Entry]:
        return list(self._history.get(ticket_id, ()))

    def find(self, wanted: Wanted) -> list[Ticket]:
        def fits(ticket: Ticket) -> bool:
            return (
                ticket.created_at >= wanted.since
                and (wanted.until is None or ticket.created_at < wanted.until)
                and (wanted.states is None or ticket.state in wanted.states)
                and (wanted.agent is None or ticket.agent == wanted.agent)
                and (wanted.calls is None or ticket.call_id in wanted.calls)
                and (wanted.touched is None or ticket.touched == wanted.touched)
                and (not wanted.number or wanted.number in (ticket.pii_caller, ticket.text("contact_phone")))
            )

        found = sorted(self._tickets.values(), key=lambda ticket: (ticket.created_at, ticket.id), reverse=True)
        return [ticket for ticket in found if fits(ticket)][: wanted.limit]

    def left(self, after: int, states: Collection[TicketState], limit: int) -> list[Left]:
        found = [left for seq, (state, left, _) in self._outbox.items() if seq > after and state in states]
        return found[:limit]

    def undelivered(self, now: float, limit: int) -> list[Left]:
        found = [left for _, left, due in self._outbox.values() if left.delivered_at is None and due <= now]
        return found[:limit]

    def delivered(self, seq: int, at: float) -> None:
        state, left, due = self._outbox[seq]
        self._outbox[seq] = state, replace(left, attempts=left.attempts + 1, delivered_at=at, problem=""), due

    def not_delivered(self, seq: int, next_at: float, problem: str) -> None:
        state, left, _ = self._outbox[seq]
        self._outbox[seq] = state, replace(left, attempts=left.attempts + 1, problem=problem), next_at

    def tags(self, numbers: Collection[str]) -> list[str]:
        return sorted({tag for number in numbers for tag in self._tags.get(number, ())})

    def set_tags(self, number: str, tags: Sequence[str], by: str, at: float) -> None:
        self._tags[number] = tuple(tags)

    def _keep(self, edited: Edited) -> None:
        ticket = edited.ticket
        self._tickets[ticket.id] = ticket
        self._history.setdefault(ticket.id, []).extend(edited.entries)
        if edited.leaves is not None:
            seq = len(self._outbox) + 1
            left = Left(seq, ticket.id, dict(edited.leaves), ticket.saved_at)
            self._outbox[seq] = ticket.state, left, ticket.saved_at
