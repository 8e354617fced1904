"""Writes cti/tickets/prefill/weights.json anew: the classifier that a city begins with.

.venv/bin/python setup/prefill_weights.py    after a change of phrases.toml; needs scikit-learn (the extra `training`)
"""

from __future__ import annotations

from cti.bench.training_set import shipped_examples
from cti.tickets.form import load_form
from cti.tickets.prefill.classifier import SHIPPED_WEIGHTS
from cti.tickets.prefill.training import as_text, train

if __name__ == "__main__":
    SHIPPED_WEIGHTS.write_text(as_text(train(shipped_examples(load_form()))), encoding="utf-8")
