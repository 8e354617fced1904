"""How well a classifier does on examples: with the rules, as drafts are filled, in type and matter. Pure.

A trained classifier is asked only about examples that it has not seen: each part of them is judged by one that was
trained with the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cti.tickets.first_fill import Known
from cti.tickets.prefill.city import City
from cti.tickets.prefill.classifier import FIELDS
from cti.tickets.prefill.fill import prefill
from cti.tickets.prefill.training import Example
from cti.tickets.prefill.words import said

PARTS = 5


@dataclass(slots=True)
class Score:
    right: int = 0
    filled: int = 0
    expected: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(1, self.filled)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.expected)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, self.filled + self.expected)


def scores(judged: Iterable[tuple[City, Example]]) -> Mapping[str, Score]:
    """By field. A field that no agent has settled says nothing, whatever is filled in."""
    found = {name: Score() for name in FIELDS}
    for city, one in judged:
        filled = prefill(said(one.pii_text), Known(), city)
        for name, score in found.items():
            if name in one.fields:
                value = filled[name].guess.value if name in filled else None
                score.right += value is not None and value == one.fields[name]
                score.filled += value is not None
                score.expected += one.fields[name] is not None
    return found


def unseen(
    examples: Sequence[Example], trained_with: Callable[[Sequence[Example]], City]
) -> Iterator[tuple[City, Example]]:
    """Each example with a city trained without the part it belongs to; parts are by the ids, so nobody chooses."""
    for part in range(PARTS):
        held = [one for one in examples if _part(one) == part]
        if held:
            city = trained_with([one for one in examples if _part(one) != part])
            yield from ((city, one) for one in held)


def _part(one: Example) -> int:
    return hashlib.sha256(one.id.encode()).digest()[0] % PARTS
