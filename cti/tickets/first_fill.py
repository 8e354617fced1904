"""What a draft has before the citizen has spoken: his number, his earlier tickets, his way through the menu. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cti.tickets.edit import Editing
from cti.tickets.form import Form
from cti.tickets.model import Guess, Ticket

_NAME_SURE, _STREET_SURE, _DEPARTMENT_SURE = 0.9, 0.7, 0.8


@dataclass(frozen=True, slots=True)
class Known:
    """Of the caller of one call; "": not known."""

    phone: str = ""
    path: Sequence[str] = ()
    """Nodes of the flow in the order he came by, and last the queue he waits in."""
    name: str = ""
    """As an agent wrote it in an earlier ticket of this number."""
    street: str = ""


def first_fill(editing: Editing, known: Known, form: Form) -> None:
    if known.phone:
        editing.known("contact_phone", Guess(known.phone, "caller_id", 1.0))
    if known.name:
        editing.guess("caller_name", Guess(known.name, "history", _NAME_SURE))
    if known.street and form.choice("street", known.street) is not None:
        editing.guess("street", Guess(known.street, "history", _STREET_SURE))
    for place in known.path:
        if (hint := form.menu.get(place)) is None:
            continue
        for name in ("type", "matter", "department"):
            if (value := getattr(hint, name)) is not None:
                editing.guess(name, Guess(value, "menu", hint.sure))


def follow_rules(editing: Editing, form: Form) -> None:
    """What the form says of one field by another: the department that takes the matter."""
    ticket: Ticket = editing.ticket
    way = form.way("matters", ticket.text("matter"))
    department = next((node.department for node in reversed(way) if node.department is not None), None)
    if department is None or ticket.field("matter").state == "check":
        return
    note = {"zh": f"规则：{way[-1].zh}", "en": f"Rule: {way[-1].en}"}
    editing.guess("department", Guess(department, "rule", _DEPARTMENT_SURE, note))
