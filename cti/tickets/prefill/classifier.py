"""Type and matter of a request by what it has in common with requests whose type and matter are known. Pure.

Linear: each pair of characters, and each pair of sounds, adds to the codes it spoke for in training. Sounds are there
because a recogniser writes the right sound with the wrong character. Training needs scikit-learn
(cti.tickets.prefill.training); what it finds is a table of numbers, and using it a sum.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cti.tickets.prefill.sound import sounds

SHIPPED_WEIGHTS = Path(__file__).resolve().parent / "weights.json"
FIELDS = ("type", "matter")
_MATTER_COUNTS = 5
"""Of a type the matter says as much as so many pairs."""
UNITS = 100
"""Weights are whole numbers of hundredths in the file."""


class WeightsError(Exception):
    """The file of weights cannot be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Of one field. `rows`: the line of `weights` that a feature has."""

    codes: tuple[str, ...]
    rows: Mapping[str, int]
    weights: Any
    bias: Any

    def scores(self, features: Sequence[str]) -> dict[str, float]:
        """How much speaks for each code; comparable with one another only."""
        rows = [row for feature in features if (row := self.rows.get(feature)) is not None]
        # Long texts repeat themselves; what is said counts, not how long.
        total = self.bias + self.weights[rows].sum(axis=0) / max(1.0, len(features)) ** 0.5
        return dict(zip(self.codes, total.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Classifier:
    fields: Mapping[str, Linear]

    def scores(self, field: str, features: Sequence[str]) -> dict[str, float]:
        linear = self.fields.get(field)
        return {} if linear is None else linear.scores(features)


NO_CLASSIFIER = Classifier({})


def features(text: str) -> list[str]:
    """Pairs of characters, and of sounds; each once, sorted."""
    heard = sounds(text)
    pairs = {text[n : n + 2] for n in range(len(text) - 1)}
    pairs |= {f"{heard[n]}-{heard[n + 1]}" for n in range(len(text) - 1)}
    return sorted(pairs)


def type_features(text: str, matter: str) -> list[str]:
    """What it is about says much of what kind it is: gambling is reported, a driving licence asked about."""
    return features(text) + ([f"={matter}"] * _MATTER_COUNTS if matter else [])


def load_classifier(path: Path = SHIPPED_WEIGHTS) -> Classifier:
    """WeightsError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        fields = {}
        for name, table in data.items():
            rows = table["weights"]
            fields[name] = Linear(
                tuple(table["codes"]),
                {feature: n for n, feature in enumerate(rows)},
                np.array(list(rows.values()), dtype=np.float32) / UNITS,
                np.array(table["bias"], dtype=np.float32) / UNITS,
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path}: cannot be used ({type(error).__name__}: {error})") from None
    return Classifier(fields)
