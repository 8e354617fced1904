"""Writes cti/tickets/prefill/weights.json anew: the classifier that a city begins with.

.venv/bin/python setup/prefill_weights.py    after a change of phrases.toml; needs scikit-learn (the extra `training`)

Learnt from: the phrases, and the dev half of the requests that pre-filling is measured with. Never the test half.
"""

from __future__ import annotations

from cti.bench.request_set import spoken, written
from cti.tickets.form import load_form
from cti.tickets.prefill.classifier import SHIPPED_WEIGHTS
from cti.tickets.prefill.training import Example, as_text, phrases, train


def examples() -> list[Example]:
    form = load_form()
    requests = [request for request in (*written(form), *spoken(form)) if request.half == "dev"]
    return [*phrases(), *(Example(request.id, request.text, request.expected) for request in requests)]


if __name__ == "__main__":
    SHIPPED_WEIGHTS.write_text(as_text(train(examples())), encoding="utf-8")
