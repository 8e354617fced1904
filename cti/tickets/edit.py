"""What changes a ticket: people's changes with the version they had seen, and machines' guesses. Pure.

Different fields never disturb one another. Of one field the first change counts, and one that was made without having
seen it is a conflict: both values stand in the history, and its author decides. Nobody is in conflict with himself or
with a machine's guess that nobody has settled. A machine never touches what a person has settled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from cti.tickets.model import SYSTEM, Entry, Field, Guess, How, Ticket, Value

PersonHow = Literal["typed", "confirmed", "taken", "cleared"]
_ALTERNATIVES = 5
_SETTLED = frozenset({"confirmed", "own"})


@dataclass(frozen=True, slots=True)
class Change:
    """A person's. `base` is the version of the field that he had before him."""

    field: str
    value: Value
    base: int
    how: PersonHow = "typed"


@dataclass(frozen=True, slots=True)
class Edited:
    ticket: Ticket
    entries: tuple[Entry, ...] = ()
    """New lines of its history, in order."""
    conflicts: tuple[str, ...] = ()
    """Fields that another person had changed meanwhile."""
    leaves: Mapping[str, Any] | None = None
    """With this change it leaves for the city's platform, as this."""


Past = Callable[[str, int], Sequence[Entry]]
"""A field's lines of the history after one of its versions, conflicts of it among them."""


class Editing:
    """A ticket with the lines that were added to it; `done` gives both."""

    def __init__(self, ticket: Ticket, at: float) -> None:
        self.ticket, self._at = ticket, at
        self._entries: list[Entry] = []
        self._conflicts: list[str] = []

    def done(self) -> Edited:
        return Edited(self.ticket, tuple(self._entries), tuple(self._conflicts))

    def note(self, by: str, how: How, old: Value = None, new: Value = None) -> None:
        """A line about the ticket itself."""
        self._add(Entry(self.ticket.version + 1, self._at, by, how, old=old, new=new))

    def change(self, change: Change, by: str, past: Past) -> None:
        """By a person. The same change with the same base, sent twice, is one."""
        before = self.ticket.field(change.field)
        if change.base < before.version and not self._may(change, by, before, past):
            return
        after = _changed(before, change)
        if (after.value, after.state) != (before.value, before.state) or after.proposal != before.proposal:
            self._put(change.field, after, by, change.how)

    def guess(self, name: str, guess: Guess) -> None:
        """By a machine: it fills what is empty, betters its own guess, and proposes where a person has settled."""
        before = self.ticket.field(name)
        if guess.value == before.value:
            return
        if before.state in _SETTLED or before.by != SYSTEM:
            if before.proposal is None or before.proposal.value != guess.value:
                self._put(name, replace(before, proposal=guess), before.by, "proposed", new=guess.value, guess=guess)
            return
        if before.value is not None and guess.confidence < (before.confidence or 0.0):
            known = [other for other in before.alternatives if other.value != guess.value]
            best = sorted([*known, guess], key=lambda other: -other.confidence)[:_ALTERNATIVES]
            fields = {**self.ticket.fields, name: replace(before, alternatives=tuple(best))}
            self.ticket = replace(self.ticket, fields=fields)
            return
        after = replace(
            before,
            value=guess.value,
            source=guess.source,
            confidence=guess.confidence,
            state="check",
            note=guess.note,
            span=guess.span,
        )
        self._put(name, after, SYSTEM, "filled", guess=guess)

    def known(self, name: str, guess: Guess) -> None:
        """A fact that needs nobody's confirmation, as the number the network gave; for a field never touched."""
        if self.ticket.field(name).version == 0:
            after = Field(guess.value, guess.source, guess.confidence, "confirmed", note=guess.note, span=guess.span)
            self._put(name, after, SYSTEM, "filled", guess=guess)

    def _may(self, change: Change, by: str, before: Field, past: Past) -> bool:
        """Whether a change that was made before the newest one may still be made."""
        meanwhile = past(change.field, change.base)
        mine = [entry for entry in meanwhile if entry.by == by and entry.how != "conflict"]
        if mine and _is_same(change, mine[-1]):
            return False  # it has been made: its answer was lost
        if before.state == "check" or all(e.by in (by, SYSTEM) for e in meanwhile if e.how != "conflict"):
            return True
        if change.how in ("typed", "confirmed") and change.value == before.value:
            return False
        self._conflicts.append(change.field)
        if not any(e.how == "conflict" and (e.by, e.new) == (by, change.value) for e in meanwhile):
            line = Entry(
                self.ticket.version + 1, self._at, by, "conflict", change.field, before.version, before.value,
                change.value,
            )  # fmt: skip
            self._add(line)
        return False

    def _put(self, name: str, after: Field, by: str, how: How, new: Value = None, guess: Guess | None = None) -> None:
        before = self.ticket.field(name)
        after = replace(after, version=before.version + 1, by=by, at=self._at)
        self.ticket = replace(self.ticket, fields={**self.ticket.fields, name: after})
        line = Entry(
            self.ticket.version + 1,
            self._at,
            SYSTEM if guess is not None else by,
            how,
            name,
            after.version,
            before.value,
            new if how == "proposed" else after.value,
            guess.source if guess is not None else after.source,
            guess.confidence if guess is not None else after.confidence,
        )
        self._add(line)

    def _add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self.ticket = replace(self.ticket, version=entry.n, saved_at=self._at)


def _changed(before: Field, change: Change) -> Field:
    match change.how:
        case "typed":
            if change.value is None:
                return _without_value(before)
            return replace(_without_value(before), value=change.value, source="agent", state="own")
        case "confirmed":
            # He confirms what he saw: a machine may have bettered its guess since.
            if change.value is None or change.value == before.value:
                return before if before.value is None else replace(before, state="confirmed")
            seen = next((g for g in before.alternatives if g.value == change.value), None)
            source = seen.source if seen is not None else before.source
            return replace(
                before,
                value=change.value,
                source=source,
                confidence=seen.confidence if seen is not None else None,
                state="confirmed",
                span=seen.span if seen is not None else None,
            )
        case "taken":
            taken = before.proposal
            if taken is None or (change.value is not None and change.value != taken.value):
                taken = next((g for g in before.alternatives if g.value == change.value), None)
            if taken is None:
                return before
            return replace(
                before,
                value=taken.value,
                source=taken.source,
                confidence=taken.confidence,
                state="confirmed",
                proposal=None,
                note=taken.note,
                span=taken.span,
            )
        case "cleared":
            return _without_value(before)


def _without_value(before: Field) -> Field:
    return replace(before, value=None, source=None, confidence=None, state="empty", proposal=None, note=None, span=None)


def _is_same(change: Change, entry: Entry) -> bool:
    value = None if change.how == "cleared" else change.value
    return change.how == entry.how and (value == entry.new or (value is None and change.how != "typed"))
