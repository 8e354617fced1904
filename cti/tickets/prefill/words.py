"""The words of a transcript with their times, and the text that is read out of them. Pure.

A recogniser gives no punctuation: where the speaker pauses, a comma or a full stop is set, so that what is read from
written and from spoken requests is read by the same rules. Every character of the text knows when it was spoken, so
whatever is taken from the text can name its place in the call.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recordings.transcript import Word

_COMMA_S, _STOP_S = 0.35, 0.9
"""A pause so long is taken for a comma, for the end of a sentence."""
_SAID_S = 0.2
"""A character of a written text: as if spoken at this pace."""
_MARKS = frozenset("，。！？、；：,.!?;:…")
_FILLERS = re.compile(
    r"那个啥|就是那个|就是说|(?<![一-鿿])(?:那个|就是|这个)(?=[，。]|我想|我要|我们)|(?<![一-鿿])喂+(?=[，。你我听是])|[嗯呃唉哎欸]+|(?<![一-鿿])额+(?![度头外定])"
)
_REPEATED_MARKS = re.compile(r"[，。！？、；：…\s]{2,}")
_STAMMER = re.compile(r"^(?P<one>[我你他这]|我们)，(?P=one)|(?<=[，。])(?P<two>[我你他这]|我们)，(?P=two)")


@dataclass(frozen=True, slots=True)
class Text:
    """What the rules read: joined, half-width figures, without hesitations."""

    plain: str
    starts_ms: Sequence[int]
    """Of each character of `plain`."""
    ends_ms: Sequence[int]
    confidences: Sequence[float]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """When the characters [start, end) were spoken: milliseconds on the clock of the transcript."""
        return self.starts_ms[start], self.ends_ms[end - 1]

    def heard(self, start: int, end: int) -> float:
        """How sure the recogniser was of them."""
        return sum(self.confidences[start:end]) / max(1, end - start)


def said(text: str) -> tuple[Word, ...]:
    """The words of what was written, at the pace of speech: every character is one."""
    return tuple(Word(char, n * _SAID_S, (n + 1) * _SAID_S, 1.0) for n, char in enumerate(text))


def joined(words: Iterable[Word]) -> Text:
    chars: list[tuple[str, int, int, float]] = []
    until_s: float | None = None
    for word in words:
        if until_s is not None and chars and chars[-1][0] not in _MARKS and (gap := word.start_s - until_s) >= _COMMA_S:
            at = round(until_s * 1000)
            chars.append(("。" if gap >= _STOP_S else "，", at, round(word.start_s * 1000), 1.0))
        until_s = word.end_s
        shown = word.text if "一" <= word.text <= "鿿" else unicodedata.normalize("NFKC", word.text)
        each_s = (word.end_s - word.start_s) / max(1, len(shown))
        for n, char in enumerate(shown):
            if not char.isspace():
                start = word.start_s + n * each_s
                mark = _WIDE.get(char, char)
                chars.append((mark, round(start * 1000), round((start + each_s) * 1000), word.confidence))
    return _without_hesitation(chars)


_WIDE = {",": "，", "!": "！", "?": "？", ";": "；", ":": "："}


def _without_hesitation(chars: list[tuple[str, int, int, float]]) -> Text:
    for pattern, keep in ((_FILLERS, 0), (_REPEATED_MARKS, 1), (_STAMMER, 0)):
        text = "".join(char[0] for char in chars)
        kept, at = [], 0
        for match in pattern.finditer(text):
            end = match.end() if pattern is not _STAMMER else text.index("，", match.start()) + 1
            kept += chars[at : match.start() + keep]
            at = end
        chars = kept + chars[at:]
    while chars and chars[0][0] in _MARKS:
        chars = chars[1:]
    return Text(
        "".join(char[0] for char in chars),
        [char[1] for char in chars],
        [char[2] for char in chars],
        [char[3] for char in chars],
    )
