"""A ticket as others see it: a row of a list, masked for who is not on it, the city platform's copy. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cti.tickets.form import Form
from cti.tickets.model import Ticket, Value, ticket_json

HIDDEN = "***"
_MOBILE = r"(?<![0-9])1[3-9](?:[\s-]?[0-9]){9}(?![0-9])"


@dataclass(frozen=True, slots=True)
class Row:
    """For lists: nothing in it says who called."""

    id: str
    call_id: str
    state: str
    agent: str
    type: str
    matter: str
    title: str
    street: str
    address: str
    department: str
    urgency: str
    finish: str | None
    created_at: float
    deadline_at: float | None


def row(ticket: Ticket) -> Row:
    return Row(
        id=ticket.id,
        call_id=ticket.call_id,
        state=ticket.state,
        agent=ticket.agent,
        **{
            name: ticket.text(name)
            for name in ("type", "matter", "title", "street", "address", "department", "urgency")
        },
        finish=ticket.finish,
        created_at=ticket.created_at,
        deadline_at=ticket.deadline.at if ticket.deadline is not None else None,
    )


def masked(ticket: Ticket, mask: Callable[[object], str]) -> Ticket:
    """For who is not on it: the number in stars, and of a confidential one the name too."""
    return _with_values(
        ticket, ("contact_phone", "caller_name") if ticket.is_on("secret") else ("contact_phone",), mask
    )


def _with_values(ticket: Ticket, names: Sequence[str], change: Callable[[object], str]) -> Ticket:
    fields = dict(ticket.fields)
    for name in names:
        if name not in fields:
            continue
        field = fields[name]
        fields[name] = replace(
            field,
            value=change(field.value) if field.value is not None else None,
            proposal=replace(field.proposal, value=change(field.proposal.value)) if field.proposal else None,
            alternatives=tuple(replace(guess, value=change(guess.value)) for guess in field.alternatives),
        )
    return replace(ticket, fields=fields)


def shown_json(ticket: Ticket, editing: Sequence[str] = ()) -> dict[str, Any]:
    """As pages get it: the number of the call is with the call."""
    shown = {**ticket_json(ticket), "editing": list(editing)}
    del shown["pii_caller"]
    return shown


def city_copy(ticket: Ticket, form: Form, recordings: Sequence[str] = ()) -> dict[str, Any]:
    """What leaves for the city's platform. Of a confidential one nothing leads to the citizen: no name, no number, no
    recording, no call, and neither of them in its texts."""
    secret = ticket.is_on("secret")
    hidden = {"caller_name", "caller_gender", "contact_phone"} if secret else set()
    traces = _traces(ticket) if secret else None
    finish = form.finish(ticket.finish)
    reason = next((r for r in finish.reasons if r.id == ticket.reason), None) if finish is not None else None
    return {
        "id": ticket.id,
        "state": ticket.state,
        "call_id": None if secret else ticket.call_id,
        "recordings": [] if secret else list(recordings),
        "secret": secret,
        "created_at": ticket.created_at,
        "agent": ticket.agent,
        "finish": None if finish is None else {"id": finish.id, "zh": finish.zh, "en": finish.en},
        "reason": None if reason is None else reason.model_dump(),
        "deadline": ticket_json(ticket)["deadline"],
        "related": [{"id": r.id, "kind": r.kind} for r in ticket.related if r.kind == "same"],
        "fields": {
            name: _plain(form, name, _without(field.value, traces))
            for name, field in ticket.fields.items()
            if field.value is not None and name not in hidden and name != "finish"
        },
    }


def _plain(form: Form, name: str, value: Value) -> Any:
    words = form.choice(name, value) if form.field(name).kind == "choice" else None
    return value if words is None else {"id": value, "zh": words.zh, "en": words.en}


def _traces(ticket: Ticket) -> re.Pattern[str]:
    """Where a text names the citizen: his number however it is spaced, any mobile number, his name."""
    known = {ticket.text("contact_phone").lstrip("+"), ticket.pii_caller.lstrip("+")} - {""}
    numbers = [r"[\s-]?".join(number) for number in sorted(known)]
    name = ticket.text("caller_name")
    names = [re.escape(name)] if len(name) > 1 else []  # a surname alone is in half of all addresses
    return re.compile("|".join([*numbers, _MOBILE, *names]))


def _without(value: Value, traces: re.Pattern[str] | None) -> Value:
    return traces.sub(HIDDEN, value) if isinstance(value, str) and traces is not None else value
