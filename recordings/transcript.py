"""The words of a talk: who said what, when, and how sure the recogniser was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start_s: float
    """On the clock of the transcript, which begins with the first sound unless its maker says otherwise."""
    end_s: float
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one side said without a pause."""

    channel: int
    """Of the recording: 0 left, 1 right."""
    words: tuple[Word, ...]
    """One at least."""

    @property
    def text(self) -> str:
        return joined(word.text for word in self.words)

    @property
    def start_s(self) -> float:
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        return self.words[-1].end_s


@dataclass(frozen=True, slots=True)
class Transcript:
    utterances: tuple[Utterance, ...]
    """In the order in which they began."""
    seconds: float
    """Of the recording."""
    model: str
    """Who recognised them."""


def joined(words: Iterable[str]) -> str:
    """As people write them: Chinese without blanks, though the recogniser splits it into words; others with one."""
    text = ""
    for word in words:
        apart = bool(text) and text[-1].isascii() and text[-1].isalnum() and word[:1].isascii()
        text += f" {word}" if apart else word
    return text


def as_dict(transcript: Transcript) -> dict[str, Any]:
    """To be kept or sent as JSON."""
    return {
        "seconds": transcript.seconds,
        "model": transcript.model,
        "utterances": [
            {"channel": one.channel, "words": [[w.text, w.start_s, w.end_s, w.confidence] for w in one.words]}
            for one in transcript.utterances
        ],
    }


def from_dict(raw: dict[str, Any]) -> Transcript:
    """The reverse. KeyError, TypeError or ValueError: it is none."""
    return Transcript(
        tuple(Utterance(one["channel"], tuple(Word(*word) for word in one["words"])) for one in raw["utterances"]),
        float(raw["seconds"]),
        str(raw["model"]),
    )
