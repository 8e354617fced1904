"""How long typing the ticket of a talk is expected to take, as far as it is known when the talk begins. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cti.tickets.form import Form

_OF_USUAL: Final = {"consultation": 0.6}
"""The fields of a question take 11 s to type, those of all others 18 to 21 s: the keystroke model of docs/prefill.md on
our 280 requests."""


def expected_ticket_s(wrap_up_s: float, path: Sequence[str], form: Form) -> float:
    """`wrap_up_s`: what agents need after calls of this queue of late. `path`: nodes of the flow and queues he came by;
    the last one that says of what type his request is counts."""
    hints = (form.menu.get(place) for place in path)
    types = [hint.type for hint in hints if hint is not None and hint.type is not None]
    return wrap_up_s * (_OF_USUAL.get(types[-1], 1.0) if types else 1.0)
