"""How well and how soon speech was understood: figures from texts and from the times of events. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from cti.transcriber import Final, Heard, Partial

_NOT_SPOKEN = re.compile(r"[\W_]+")


def spoken_text(text: str) -> str:
    """What can be heard of it: no punctuation, no case, and 幺, another way to say one in numbers, as 一."""
    return _NOT_SPOKEN.sub("", text).lower().replace("幺", "一")


@dataclass(frozen=True, slots=True)
class Accuracy:
    utterances: int
    characters: int
    errors: int
    """Characters to be changed, put in or taken out."""
    exact: int
    """Utterances without any."""

    @property
    def error_rate(self) -> float | None:
        return round(self.errors / self.characters, 4) if self.characters else None

    def as_json(self) -> dict[str, float | int | None]:
        return {"cer": self.error_rate, "utterances": self.utterances, "exact": self.exact}


def accuracy(pairs: Iterable[tuple[str, str]]) -> Accuracy:
    """Of (said, understood)."""
    texts = [(spoken_text(said), spoken_text(understood)) for said, understood in pairs]
    errors = [Levenshtein.distance(said, understood) for said, understood in texts]
    return Accuracy(len(texts), sum(len(said) for said, _ in texts), sum(errors), errors.count(0))


def word_delays_s(events: Sequence[tuple[float, Heard]], began: float) -> list[float]:
    """For each word of each final text: from the end of the word in the sound until a text of its length was there.

    `events`: with the moment at which each came. `began`: the moment of the first sound. What a partial text says there
    may still change; whoever looks at the desk sees words at that moment.
    """
    delays: list[float] = []
    shown: list[tuple[float, int]] = []
    for at, event in events:
        match event:
            case Partial():
                shown.append((at, len(event.text)))
            case Final():
                shown.append((at, len(event.text)))
                length = 0
                for word in event.words:
                    length += len(word.text)
                    seen_at = next(moment for moment, reached in shown if reached >= length or moment == at)
                    delays.append(seen_at - (began + word.end_s))
                shown = []
            case _:
                pass
    return delays
