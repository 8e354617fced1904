"""Phrases as people write them, split into the words that a model knows. Pure."""

from __future__ import annotations

from collections.abc import Callable


def split(phrase: str, known: Callable[[str], bool]) -> list[str] | None:
    """The fewest known words that make up the phrase; None when it cannot be made of them.

    Blanks part words and nothing else: the model never saw any within Chinese.
    """
    words: list[str] = []
    for part in phrase.split():
        found = _fewest(part, known)
        if found is None:
            return None
        words += found
    return words or None


def _fewest(text: str, known: Callable[[str], bool]) -> list[str] | None:
    best: list[list[str] | None] = [[]]
    for end in range(1, len(text) + 1):
        ways = [
            [*before, text[start:end]]
            for start in range(end)
            if (before := best[start]) is not None and known(text[start:end])
        ]
        best.append(min(ways, key=len) if ways else None)
    return best[-1]
