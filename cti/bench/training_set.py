"""The examples that the shipped classifier is trained with; a city's own training begins with them too."""

from __future__ import annotations

from cti.bench.request_set import spoken, written
from cti.tickets.form import Form
from cti.tickets.prefill.training import Example, phrases


def shipped_examples(form: Form) -> list[Example]:
    """The phrases, and the dev half of the requests that pre-filling is measured with. Never the test half. `form`: the
    shipped one."""
    requests = [request for request in (*written(form), *spoken(form)) if request.half == "dev"]
    return [*phrases(), *(Example(request.id, request.text, request.expected) for request in requests)]
