"""What Vosk says of sound, read: the words of an utterance without those of which it only knows that there was one.

It needs no Vosk.
"""

from __future__ import annotations

from typing import Final

import orjson

from recordings.transcript import Word, joined

UNKNOWN: Final = "[unk]"
"""Vosk's word for what is none of its words: a cough, another language, what is not in a list of phrases."""


def final_words(result: str | bytes) -> tuple[Word, ...]:
    """Of `Result()` and `FinalResult()`, with word times switched on."""
    found = orjson.loads(result).get("result", ())
    return tuple(Word(w["word"], w["start"], w["end"], w["conf"]) for w in found if w["word"] != UNKNOWN)


def partial_text(result: str | bytes) -> str:
    """Of `PartialResult()`."""
    return joined(word for word in orjson.loads(result).get("partial", "").split() if word != UNKNOWN)
