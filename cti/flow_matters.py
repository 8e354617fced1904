"""The matters that a flow asks a classifier for are those of the city's form: another code is never found."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from cti.tickets.form import Form, FormError, load_form
from ivr_flows.meaning import question
from ivr_flows.model import Flow, Listen, Route


def form_of(city: Path) -> Form:
    """The one in this folder, or the shipped one while that cannot be used."""
    try:
        return load_form(city)
    except FormError:
        return load_form()


def unknown_matters(flow: Flow, form: Form) -> Iterator[tuple[str, str]]:
    """The node, and what is wrong with it."""
    for name, node in flow.nodes.items():
        match node:
            case Listen():
                asked = question(node).matters
            case Route() if node.ask is not None:
                asked = question(node.ask).matters
            case _:
                continue
        for code in asked:
            if form.node("matters", code) is None:
                near = get_close_matches(code, list(form.codes("matter")), n=2, cutoff=0.6)
                hint = f"; did you mean {' or '.join(near)}?" if near else ""
                yield name, f"node {name}: matter {code} is not in the form of tickets{hint}"
