"""How well drafts are filled: precision, recall and F1 by field, on requests whose right fields are known.

A field is right if it has the value that stands in the set; an address, a time and a target are texts and right if 70 %
of their characters agree in order (how many agree wholly stands beside it). Precision is right of filled, recall right
of those that should be filled. Urgency counts where it is or should be "urgent".
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rapidfuzz.fuzz import ratio

from cti.bench.recognised import NoRecogniser, Recogniser, character_error_rate
from cti.bench.request_set import Half, Request, spoken, written
from cti.bench.typing_time import saved_s
from cti.tickets.first_fill import Known
from cti.tickets.form import load_form
from cti.tickets.model import Value
from cti.tickets.prefill.city import City, load_city
from cti.tickets.prefill.fill import Filled, prefill
from cti.tickets.prefill.intent import menu_intent
from cti.tickets.prefill.lexicon import GUESSED
from cti.tickets.prefill.numbers import in_figures
from cti.tickets.prefill.words import said
from recordings.transcript import Word, joined

LONG: Final = 400
"""Characters of the transcript whose filling is timed."""
_TIMED: Final = 30
_ALIKE: Final = 70.0
IN_MENU: Final = ("matter", "type", "urgency")
_STEP: Final = 4
"""Words by which a transcript grows from one filling to the next, to see fields change."""
_TEXTS: Final = ("address", "happened_at", "target")
_IN_BRACKETS: Final = re.compile(r"（[^）]*）")
_NO_CHARACTER: Final = re.compile(r"[^\w]|的")


@dataclass(slots=True)
class Count:
    right: int = 0
    exact: int = 0
    filled: int = 0
    expected: int = 0

    def add(self, other: Count) -> None:
        self.right += other.right
        self.exact += other.exact
        self.filled += other.filled
        self.expected += other.expected

    def as_json(self) -> dict[str, Any]:
        precision = self.right / self.filled if self.filled else None
        recall = self.right / self.expected if self.expected else None
        both = self.filled + self.expected
        return {
            "precision": _rounded(precision),
            "recall": _rounded(recall),
            "f1": _rounded(2 * self.right / both if both else None),
            "right": self.right,
            "exact": self.exact,
            "filled": self.filled,
            "expected": self.expected,
        }


@dataclass(frozen=True, slots=True)
class Miss:
    id: str
    field: str
    expected: Value
    filled: Value


@dataclass(slots=True)
class Section:
    """Of one set of requests."""

    requests: int
    counts: dict[str, Count] = field(default_factory=lambda: {name: Count() for name in GUESSED})
    misses: list[Miss] = field(default_factory=list)
    saved_s: float = 0.0
    changes: int = 0
    """Fields that took another value, not a longer one, while the transcript grew."""
    flickers: int = 0
    """Of these: back to a value that the field had had before."""
    live: Count = field(default_factory=Count)
    """With what stands in the draft at the last word, after all that stood there before."""
    cer: float | None = None
    menu: dict[str, Count] = field(default_factory=lambda: {name: Count() for name in IN_MENU})
    """The same requests as answers in the menu: what decides where a caller goes."""

    def as_json(self) -> dict[str, Any]:
        whole = Count()
        for count in self.counts.values():
            whole.add(count)
        shown = whole.as_json() | {
            "requests": self.requests,
            "fields": {name: count.as_json() for name, count in self.counts.items()},
            "typing_s_saved_per_request": round(self.saved_s / max(1, self.requests), 1),
            "f1_live": self.live.as_json()["f1"],
            "changes_per_request": round(self.changes / max(1, self.requests), 2),
            "flickers": self.flickers,
            "in_menu": {name: count.as_json() for name, count in self.menu.items()},
        }
        if self.cer is not None:
            shown["character_error_rate"] = round(self.cer, 4)
        return shown


@dataclass(frozen=True, slots=True)
class Result:
    half: Half
    written: Section
    spoken: Section | None
    no_speech: str
    """Why there is no spoken section."""
    model: str
    ms_long: Sequence[float]
    """Of the processor, for a transcript of LONG characters."""

    def as_json(self) -> dict[str, Any]:
        heard = self.spoken.as_json() | {"model": self.model} if self.spoken is not None else None
        return {
            "half": self.half,
            "written": self.written.as_json(),
            "spoken": heard if heard is not None else {"not_measured": self.no_speech},
            f"ms_for_{LONG}_characters": {
                "p50": round(sorted(self.ms_long)[len(self.ms_long) // 2], 1),
                "max": round(max(self.ms_long), 1),
            },
        }


def measure(half: Half, model: Path | None) -> Result:
    """With the shipped form, rules and weights."""
    form = load_form()
    city = load_city(form)
    wanted = [request for request in written(form) if request.half == half]
    of_written = _watched(city, [(request, said(request.text)) for request in wanted])
    of_spoken, no_speech = None, ""
    try:
        recogniser = Recogniser(model)
    except NoRecogniser as missing:
        no_speech = str(missing)
    else:
        heard = [(request, recogniser.words(request)) for request in spoken(form) if request.half == half]
        of_spoken = _watched(city, heard)
        of_spoken.cer = character_error_rate(
            [(request.text, "".join(word.text for word in words)) for request, words in heard]
        )
    name = model.name if model is not None else ""
    return Result(half, of_written, of_spoken, no_speech, name, _timed(city, wanted))


def counted(city: City, requests: Sequence[tuple[Request, Sequence[Word]]]) -> Section:
    """Each with all its words at once."""
    section = Section(len(requests))
    for request, words in requests:
        filled = prefill(words, Known(), city)
        for name in GUESSED:
            expected = request.expected.get(name)
            value = filled[name].guess.value if name in filled else None
            right = value is not None and expected is not None and is_right(name, expected, value)
            count = section.counts[name]
            count.right += right
            count.exact += right and _plain(name, expected) == _plain(name, value)
            count.filled += value is not None
            count.expected += expected is not None
            section.saved_s += saved_s(name, expected, value, right)
            if not right and (value is not None or expected is not None):
                section.misses.append(Miss(request.id, name, expected, value))
    return section


def answered(city: City, requests: Sequence[tuple[Request, Sequence[Word]]]) -> dict[str, Count]:
    """Each said in the menu. A matter is right too if it is the branch that the right one belongs to."""
    counts = {name: Count() for name in IN_MENU}
    for request, words in requests:
        intent = menu_intent(joined(word.text for word in words), city)
        given = {"matter": intent.matter, "type": intent.type, "urgency": "urgent" if intent.urgent else ""}
        for name, count in counts.items():
            value, expected = given[name], str(request.expected.get(name, ""))
            count.exact += bool(value) and value == expected
            count.right += bool(value) and f"{expected}.".startswith(f"{value}.")
            count.filled += bool(value)
            count.expected += bool(expected)
    return counts


def _watched(city: City, requests: Sequence[tuple[Request, Sequence[Word]]]) -> Section:
    section = counted(city, requests)
    section.menu = answered(city, requests)
    for request, words in requests:
        _watch(city, request, words, section)
    return section


def is_right(name: str, expected: Value, filled: Value) -> bool:
    one, other = _plain(name, expected), _plain(name, filled)
    if name in _TEXTS:
        return bool(ratio(str(one), str(other)) >= _ALIKE)
    return one == other


def _plain(name: str, value: Value) -> Value:
    """What is compared of a text: figures for numbers, no marks, no 的, no added date."""
    if name not in _TEXTS or not isinstance(value, str):
        return value
    return _NO_CHARACTER.sub("", in_figures(_IN_BRACKETS.sub("", value)))


def _watch(city: City, request: Request, words: Sequence[Word], section: Section) -> None:
    """As it is while the citizen speaks: the same transcript again and again, each time longer."""
    had: dict[str, list[Value]] = {}
    before: Mapping[str, Filled] = {}
    for end in [*range(_STEP, len(words), _STEP), len(words)]:
        before = prefill(words[:end], Known(), city, before=before)
        for name in GUESSED:
            if name not in before:
                continue
            value, values = before[name].guess.value, had.setdefault(name, [])
            if values and value != values[-1]:
                longer = isinstance(value, str) and str(values[-1])[:2] in value and len(value) > len(str(values[-1]))
                section.changes += not longer
                section.flickers += value in values
            if not values or value != values[-1]:
                values.append(value)
    for name in GUESSED:
        expected = request.expected.get(name)
        value = before[name].guess.value if name in before else None
        section.live.right += value is not None and expected is not None and is_right(name, expected, value)
        section.live.filled += value is not None
        section.live.expected += expected is not None


def _timed(city: City, requests: Iterable[Request]) -> list[float]:
    words = said("".join(request.text for request in requests)[:LONG])
    times = []
    for n in range(_TIMED):
        longer = (*words[n:], *words[:n])  # another text each time: nothing may be remembered
        began = time.process_time()
        prefill(longer, Known(), city)
        times.append(1000 * (time.process_time() - began))
    return times


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
