"""Type and matter of a request by what it has in common with requests whose type and matter are known. Pure.

Linear: each pair of characters, and each pair of sounds, adds to the codes it spoke for in training. Sounds are there
because a recogniser writes the right sound with the wrong character. Training needs scikit-learn
(cti.tickets.prefill.training); what it finds is a table of numbers, and using it a sum.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
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

    def only(self, kept: Sequence[int]) -> Linear:
        if len(kept) == len(self.codes):
            return self
        return Linear(tuple(self.codes[n] for n in kept), self.rows, self.weights[:, kept], self.bias[kept])


@dataclass(frozen=True, slots=True)
class Classifier:
    fields: Mapping[str, Linear]

    def scores(self, field: str, features: Sequence[str]) -> dict[str, float]:
        linear = self.fields.get(field)
        return {} if linear is None else linear.scores(features)

    def knowing(self, is_known: Callable[[str, str], bool]) -> Classifier:
        """Of field and code: the others are never guessed."""
        return Classifier(
            {
                name: linear.only([n for n, code in enumerate(linear.codes) if is_known(name, code)])
                for name, linear in self.fields.items()
            }
        )


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
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WeightsError(f"{path}: cannot be read: {error}") from None
    return read_classifier(text, str(path))


def read_classifier(text: str, name: str) -> Classifier:
    """WeightsError; `name` is the file, for its text."""
    fields = {}
    try:
        data = json.loads(text)
        for field in FIELDS:
            if field in data:
                fields[field] = _linear(data[field])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise WeightsError(f"{name}: are no weights ({type(error).__name__}): train anew, or take it away") from None
    if not fields:
        raise WeightsError(f"{name}: has no weights for {' or '.join(FIELDS)}: train anew, or take it away")
    return Classifier(fields)


def _linear(table: Mapping[str, Any]) -> Linear:
    """ValueError, KeyError, TypeError: it is none."""
    codes, rows = tuple(str(code) for code in table["codes"]), table["weights"]
    weights = np.array(list(rows.values()), dtype=np.float32) / UNITS
    bias = np.array(table["bias"], dtype=np.float32) / UNITS
    if weights.shape != (len(rows), len(codes)) or bias.shape != (len(codes),):
        raise ValueError("not one weight for each code")
    if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
        raise ValueError("a weight is no number")
    return Linear(codes, {feature: n for n, feature in enumerate(rows)}, weights, bias)
