"""What agents have made of drafts, as examples to train and to measure with; and the training itself.

An example has personal data in it (what a citizen said, his number): it is kept like the ticket it is from. The
weights have none: of a text they know pairs of characters that stand in several examples.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cti.tickets.form import Form
from cti.tickets.model import SYSTEM, Entry, Value
from cti.tickets.prefill.classifier import FIELDS, UNITS, features, type_features
from cti.tickets.prefill.numbers import DIGITS

PHRASES = Path(__file__).resolve().parent / "phrases.toml"
_STRENGTH = 30.0
"""Inverse of the regularisation."""
_TOO_FEW = 2
"""So many codes are not worth learning."""
_NUMBERS = re.compile(rf"[\d{''.join(DIGITS)}]{{5,}}")
_SEEN_IN = 2
"""A feature of fewer examples is not learnt: it may be a name."""


@dataclass(frozen=True, slots=True)
class Example:
    """What was said, and what the fields should have been. `made`: what a machine had put there before."""

    id: str
    pii_text: str
    fields: Mapping[str, Value]
    made: Mapping[str, Value] = field(default_factory=dict)


def example(ticket_id: str, pii_text: str, history: Iterable[Entry]) -> Example:
    """Of a ticket that people have gone through: each field's last value that a person wrote, took or confirmed.

    A field that nobody has touched says nothing, right or wrong, and is not in it; one that was cleared is, as None.
    """
    fields: dict[str, Value] = {}
    made: dict[str, Value] = {}
    for entry in sorted(history, key=lambda entry: entry.n):
        if not entry.field:
            continue
        if entry.how in ("filled", "proposed") and entry.by == SYSTEM:
            made[entry.field] = entry.new
        elif entry.how in ("typed", "confirmed", "taken", "cleared"):
            fields[entry.field] = entry.new
    return Example(ticket_id, pii_text, fields, {name: value for name, value in made.items() if name in fields})


def impersonal(one: Example) -> Example:
    """To train with: without the caller's name and without numbers."""
    text, name = one.pii_text, one.fields.get("caller_name")
    if isinstance(name, str) and len(name) > 1:
        text = text.replace(name, "，")
    return replace(one, pii_text=_NUMBERS.sub("，", text))


def of_form(one: Example, form: Form) -> Example:
    """Without codes that the form does not have any more."""

    def is_known(name: str, value: Value) -> bool:
        return name not in FIELDS or value is None or form.choice(name, value) is not None

    return replace(one, fields={name: value for name, value in one.fields.items() if is_known(name, value)})


def as_row(one: Example) -> dict[str, Any]:
    """As it is exported."""
    return {"id": one.id, "pii_text": one.pii_text, "fields": dict(one.fields), "made": dict(one.made)}


def from_row(row: Any) -> Example:
    """The reverse. KeyError, TypeError or ValueError: it is none."""
    made = Example(str(row["id"]), row["pii_text"], dict(row["fields"]), dict(row.get("made", {})))
    if not isinstance(made.pii_text, str):
        raise TypeError("pii_text is no text")
    return made


def phrases(path: Path = PHRASES) -> list[Example]:
    """The examples to begin with."""
    made: list[Example] = []
    for line in tomllib.loads(path.read_text(encoding="utf-8"))["says"]:
        type_, matter, texts = line.split(" ", 2)
        for text in texts.split("|"):
            made.append(Example(f"phrase-{len(made)}", text, {"type": type_, "matter": matter}))
    return made


def train(examples: Sequence[Example]) -> dict[str, Any]:
    """The weights, as they are written to a file; ImportError without scikit-learn (the extra `training`)."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    tables = {}
    for name in FIELDS:
        labelled = [(_features(e, name), str(e.fields[name])) for e in examples if e.fields.get(name)]
        if len({label for _, label in labelled}) <= _TOO_FEW:
            continue
        counts = Counter(feature for found, _ in labelled for feature in set(found))
        known = {feature: n for n, feature in enumerate(sorted(f for f, times in counts.items() if times >= _SEEN_IN))}
        rows, columns, values = [], [], []
        for row, (found, _) in enumerate(labelled):
            for feature in found:
                if feature in known:
                    rows.append(row)
                    columns.append(known[feature])
                    values.append(len(found) ** -0.5)
        matrix = csr_matrix((values, (rows, columns)), shape=(len(labelled), len(known)))
        model = LogisticRegression(C=_STRENGTH, max_iter=2_000)
        model.fit(matrix, [label for _, label in labelled])
        weights = {
            feature: [round(UNITS * float(w)) for w in model.coef_[:, column]] for feature, column in known.items()
        }
        bias = [round(UNITS * float(b)) for b in model.intercept_]
        tables[name] = {"codes": list(model.classes_), "bias": bias, "weights": weights}
    return tables


def _features(one: Example, name: str) -> list[str]:
    if name == "type":
        return type_features(one.pii_text, str(one.fields.get("matter") or ""))
    return features(one.pii_text)


def as_text(weights: Mapping[str, Any]) -> str:
    """The file: one feature a line, so that two trainings can be compared."""
    parts = []
    for name, table in weights.items():
        lines = ",\n".join(f"{_json(feature)}:{_json(row)}" for feature, row in table["weights"].items())
        head = f'{_json(name)}:{{"codes":{_json(table["codes"])},"bias":{_json(table["bias"])}'
        parts.append(f'{head},"weights":{{\n{lines}}}}}')
    return "{" + ",\n".join(parts) + "}\n"


def _json(item: Any) -> str:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))
