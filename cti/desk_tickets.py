"""What people do with tickets: look, write, submit, call back what was submitted, say that two are one.

An agent may do so with tickets of his own calls; who `sees_all` with every one. The number of the citizen is shown to
those alone through whose hands the ticket has gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from cti.calls import CallId
from cti.drafts import Drafts
from cti.logs import mask
from cti.storage.ticket_store import Left
from cti.ticket_book import TicketBook
from cti.tickets.asked import Asking, Wanted
from cti.tickets.check import Fault, cleaned, submission_faults, value_fault
from cti.tickets.edit import Change, Editing, Past
from cti.tickets.first_fill import follow_rules
from cti.tickets.form import SYSTEM_FINISHES, Form, Words
from cti.tickets.model import Entry, Ticket, TicketState, Value
from cti.tickets.refusals import BadValue, Conflict, Incomplete, NotADraft, TooLate, UnknownTicket
from cti.tickets.shown import row

RECALL_S: Final = 10.0
"""A submitted ticket can be called back for so long."""
_MASKED: Final = frozenset({"contact_phone", "caller_name"})


class DeskTickets:
    """All raise UnknownTicket, also for a ticket that is not his, and TicketsAway."""

    def __init__(self, book: TicketBook, drafts: Drafts) -> None:
        self._book = book
        self._drafts = drafts

    def form(self) -> dict[str, Any]:
        return {**self._form.as_json(), "recall_s": RECALL_S}

    async def of_call(self, asking: Asking, call_id: CallId) -> dict[str, Any]:
        return self._looked_at(asking, self._his(asking, await self._drafts.of_call(call_id)))

    async def get(self, asking: Asking, ticket_id: str) -> dict[str, Any]:
        return self._looked_at(asking, await self._get(asking, ticket_id))

    async def find(self, asking: Asking, wanted: Wanted) -> list[dict[str, Any]]:
        if not asking.sees_all:
            wanted = replace(wanted, agent=asking.user)
        return [asdict(row(self._book.dated(ticket))) for ticket in await self._book.find(wanted)]

    async def change(self, asking: Asking, ticket_id: str, changes: Sequence[Change]) -> dict[str, Any]:
        """Conflict or BadValue: everything else of it is done. NotADraft: nothing is."""
        await self._check(asking, ticket_id)
        form, faults = self._form, list[Fault]()
        good = []
        for change in changes:
            value = cleaned(form, change.field, change.value)
            if (fault := value_fault(form, change.field, value)) is not None:
                faults.append(fault)
            else:
                good.append(replace(change, value=value))

        def edit(editing: Editing, past: Past) -> None:
            if editing.ticket.state == "closed" and editing.ticket.finish in SYSTEM_FINISHES:
                # Closed as untouched, while what he wrote had not come yet.
                editing.ticket = replace(editing.ticket, state="draft", finish=None)
                editing.note(asking.user, "recalled")
            if editing.ticket.state != "draft":
                raise NotADraft(
                    "not_a_draft", f"this ticket is {editing.ticket.state}", {"state": editing.ticket.state}
                )
            for change in good:
                editing.change(change, asking.user, past)
            follow_rules(editing, form)

        edited = await self._book.change(ticket_id, edit)
        shown = self._looked_at(asking, edited.ticket)
        more = {
            "ticket": shown,
            "fields": [{"field": c.field, "yours": c.value} for c in good if c.field in edited.conflicts],
            "faults": [fault.as_json() for fault in faults],
        }
        if edited.conflicts:
            raise Conflict("conflict", "somebody else has changed this field meanwhile", more)
        if faults:
            raise BadValue("bad_value", "; ".join(fault.message.en for fault in faults), more)
        return shown

    async def submit(self, asking: Asking, ticket_id: str, finish: str, reason: str | None) -> dict[str, Any]:
        """Incomplete says what is missing. Submitted twice with the same code is once."""
        ticket = await self._get(asking, ticket_id)
        form, related = self._form, ticket.text("related")
        faults = submission_faults(form, ticket, finish, reason)
        if related and (related == ticket.id or await self._book.ask(self._book.store.get, related) is None):
            faults.append(_NO_SUCH_TICKET)
        if faults:
            listed = [fault.as_json() for fault in faults]
            raise Incomplete("incomplete", "; ".join(f.message.en for f in faults), {"faults": listed})
        at = self._book.now() + RECALL_S

        def edit(editing: Editing, _past: Past) -> None:
            now = editing.ticket
            if now.state == "submitted" and (now.finish, now.reason) == (finish, reason):
                return
            if now.state != "draft":
                raise NotADraft("not_a_draft", f"this ticket is {now.state}", {"state": now.state})
            if changed := submission_faults(form, now, finish, reason):
                listed = [fault.as_json() for fault in changed]
                raise Incomplete("incomplete", "; ".join(f.message.en for f in changed), {"faults": listed})
            editing.ticket = replace(now, state="submitted", finish=finish, reason=reason, send_at=at)
            editing.note(asking.user, "submitted", new=finish)

        edited = await self._book.change(ticket_id, edit)
        if related:
            edited = replace(edited, ticket=await self._book.relate(ticket_id, related, same=True, by=asking.user))
        return self._looked_at(asking, edited.ticket)

    async def recall(self, asking: Asking, ticket_id: str) -> dict[str, Any]:
        """TooLate: it has left."""
        await self._check(asking, ticket_id)
        now = self._book.now()

        def edit(editing: Editing, _past: Past) -> None:
            ticket = editing.ticket
            if ticket.state == "draft":
                return
            if ticket.state != "submitted" or ticket.send_at is None or ticket.send_at <= now:
                raise TooLate("too_late", "this ticket has left", {"state": ticket.state})
            editing.ticket = replace(ticket, state="draft", finish=None, reason=None, send_at=None)
            editing.note(asking.user, "recalled", old=ticket.finish)

        return self._looked_at(asking, (await self._book.change(ticket_id, edit)).ticket)

    async def close(self, asking: Asking, ticket_id: str) -> dict[str, Any]:
        """The city's platform says that it is dealt with."""

        def edit(editing: Editing, _past: Past) -> None:
            if editing.ticket.state == "closed":
                return
            if editing.ticket.state != "sent":
                state = editing.ticket.state
                raise NotADraft("not_sent", f"this ticket is {state}: it has not left yet", {"state": state})
            editing.ticket = replace(editing.ticket, state="closed")
            editing.note(asking.user, "closed")

        return self._looked_at(asking, (await self._book.change(ticket_id, edit)).ticket)

    async def duplicates(self, asking: Asking, ticket_id: str) -> list[dict[str, Any]]:
        """Open tickets that may be about the same, each with the reason, the likeliest first."""
        found = await self._book.like(await self._get(asking, ticket_id))
        return [{**asdict(row(ticket)), "why": like.why, "score": like.score} for ticket, like in found]

    async def relate(self, asking: Asking, ticket_id: str, other_id: str, *, same: bool) -> dict[str, Any]:
        await self._check(asking, ticket_id)
        ticket = await self._book.relate(ticket_id, other_id, same=same, by=asking.user)
        return self._looked_at(asking, ticket)

    async def history(self, asking: Asking, ticket_id: str) -> list[dict[str, Any]]:
        ticket = await self._get(asking, ticket_id)
        entries = await self._book.ask(self._book.store.history, ticket_id)
        if self._is_on(asking, ticket):
            return [asdict(entry) for entry in entries]
        hidden = _MASKED if ticket.is_on("secret") else _MASKED - {"caller_name"}
        return [asdict(_masked_entry(entry) if entry.field in hidden else entry) for entry in entries]

    async def left(self, after: int, states: Collection[TicketState], limit: int) -> list[Mapping[str, Any]]:
        """What has left for the city's platform after this cursor, as the platform gets it."""
        found: list[Left] = await self._book.ask(self._book.store.left, after, states, limit)
        return [{"cursor": left.seq, "left_at": left.left_at, **left.body} for left in found]

    async def tag(self, asking: Asking, call_id: CallId, tags: Sequence[str]) -> list[str]:
        """The marks of the citizen who calls. BadValue: there is no such mark, or no number to remember it by."""
        ticket = self._his(asking, await self._drafts.of_call(call_id))
        if unknown := set(tags) - {tag.id for tag in self._form.tags}:
            raise BadValue("bad_value", f"there is no mark {min(unknown)}")
        if not ticket.pii_caller:
            raise BadValue("withheld", "the number is withheld: nothing can be remembered of the caller")
        store = self._book.store
        await self._book.ask(store.set_tags, ticket.pii_caller, tags, asking.user, self._book.now())
        return list(dict.fromkeys(tags))

    # Inside

    @property
    def _form(self) -> Form:
        return self._book.rules.form()

    async def _get(self, asking: Asking, ticket_id: str) -> Ticket:
        return self._his(asking, await self._book.get(ticket_id))

    async def _check(self, asking: Asking, ticket_id: str) -> None:
        """Of a ticket that is read anew where it is changed."""
        self._his(asking, self._book.known(ticket_id) or await self._book.get(ticket_id))

    def _his(self, asking: Asking, ticket: Ticket) -> Ticket:
        if asking.sees_all or self._is_on(asking, ticket):
            return ticket
        raise UnknownTicket

    def _is_on(self, asking: Asking, ticket: Ticket) -> bool:
        return self._book.is_on(asking.user, ticket)

    def _looked_at(self, asking: Asking, ticket: Ticket) -> dict[str, Any]:
        if not asking.program:
            self._book.opened_by(ticket, asking.user)
        return self._book.shown(ticket, asking.user)


_NO_SUCH_TICKET = Fault(
    "related", "bad_value", Words(zh="没有这个工单，请核对工单号", en="There is no such ticket; check its number")
)


def _masked_entry(entry: Entry) -> Entry:
    def hidden(value: Value) -> Value:
        return mask(value) if isinstance(value, str) else value

    return replace(entry, old=hidden(entry.old), new=hidden(entry.new))
