"""What was said in one recording of a call, as it is kept: lines by who said them, with times; and what is shown of it.

A line's times are seconds from the beginning of the recording, so that a player can follow them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from recordings.transcript import Transcript, Word, joined

Side = Literal["citizen", "agent", "both"]
"""both: a recording in which they cannot be told apart."""
Source = Literal["live", "recording"]

LIVE: Final = "live"
"""The segment of what was heard during the talk, until its recordings are transcribed."""
MESSAGE: Final = "message"
"""The segment of what a caller left for us."""
LEFT: Final[Side] = "citizen"
RIGHT: Final[Side] = "agent"
"""The channels of a recording with two."""

_FIGURE: Final = "0-9零〇一二三四五六七八九幺两"
_NUMBER: Final = re.compile(rf"[{_FIGURE}](?:[-，,、 ]?[{_FIGURE}Xx]){{6,}}")
"""A telephone number, one of a card, an account: as it is written or spoken, figure by figure."""
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Line:
    side: Side
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
class Spoken:
    """`segment` of the call `call_id`: "1", "p1" … as recordings are called, LIVE or MESSAGE."""

    call_id: str
    segment: str
    source: Source
    file: str
    """Of the recording, in the folder of recordings: the words are kept as long as it is."""
    began_at: float
    """UTC seconds: the zero of the lines' times."""
    seconds: float
    model: str
    made_at: float
    lines: tuple[Line, ...] = ()
    """In the order in which they began."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that was searched for."""

    call_id: str
    segment: str
    n: int
    """Of the line, from 0."""
    at: float
    side: Side
    pii_text: str


def sides(channels: int, segment: str) -> Mapping[int, Side]:
    """Who speaks on which channel."""
    if channels >= 2:
        return {0: LEFT, 1: RIGHT}
    return {0: LEFT if segment == MESSAGE else "both"}


def lines(transcript: Transcript, who: Mapping[int, Side]) -> tuple[Line, ...]:
    return tuple(Line(who[one.channel], one.words) for one in transcript.utterances if one.channel in who)


def masked(spoken: Spoken) -> Spoken:
    """Without the numbers that were said: of each its first figures are left, whatever words it is made of."""
    return replace(spoken, lines=tuple(replace(line, words=_masked(line.words)) for line in spoken.lines))


def masked_text(text: str) -> str:
    """As long as before."""
    return _NUMBER.sub(lambda found: found[0][:_SHOWN] + "*" * (len(found[0]) - _SHOWN), text)


def _masked(words: Sequence[Word]) -> tuple[Word, ...]:
    shown, at, made = masked_text("".join(word.text for word in words)), 0, []
    for word in words:
        made.append(replace(word, text=shown[at : at + len(word.text)]))
        at += len(word.text)
    return tuple(made)
