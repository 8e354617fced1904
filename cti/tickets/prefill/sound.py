"""How Chinese characters sound, so that a name is found though the recogniser wrote it with others. Pure.

Tones are left out. Two syllables are as alike as telephone, dialect and recogniser leave them: zh and z, ch and c, sh
and s, -ng and -n are taken for nearly the same.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache

EQUAL, SAME_SOUND, LIKE_SOUND, NEAR = 1.0, 0.95, 0.85, 0.4
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_FOLDED = {"zh": "z", "ch": "c", "sh": "s"}
_READINGS = 3
"""Of one character; the rarer ones are of no use here."""


@cache
def _table() -> Mapping[int, str]:
    from pypinyin.pinyin_dict import pinyin_dict

    readings: Mapping[int, str] = pinyin_dict
    return readings


@lru_cache(maxsize=20_000)
def readings(char: str) -> tuple[str, ...]:
    """Without tones, the usual one first; a character that is no Chinese one sounds as itself."""
    marked = _table().get(ord(char))
    if marked is None:
        return (char.lower(),)
    bare = (_bare(reading) for reading in marked.split(","))
    return tuple(dict.fromkeys(bare))[:_READINGS]


def _bare(reading: str) -> str:
    letters = unicodedata.normalize("NFD", reading.replace("ü", "v"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@lru_cache(maxsize=2_000)
def _parts(syllable: str) -> tuple[str, str]:
    """Initial and final, folded."""
    initial = next((i for i in _INITIALS if syllable.startswith(i)), "")
    final = syllable[len(initial) :]
    return _FOLDED.get(initial, initial), final.removesuffix("g") if final.endswith("ng") else final


@lru_cache(maxsize=200_000)
def alike(one: str, other: str) -> float:
    """Two characters, from 0 to 1."""
    if one == other:
        return EQUAL
    best = 0.0
    for a, b in itertools.product(readings(one), readings(other)):
        if a == b:
            return SAME_SOUND
        (initial, final), (other_initial, other_final) = _parts(a), _parts(b)
        if (initial, final) == (other_initial, other_final):
            best = max(best, LIKE_SOUND)
        elif initial == other_initial or final == other_final:
            best = max(best, NEAR)
    return best


@lru_cache(maxsize=20_000)
def folded(char: str) -> str:
    """The sound of its usual reading, as one letter sequence."""
    return "".join(_parts(readings(char)[0]))


def sounds(text: str) -> list[str]:
    return [folded(char) for char in text]


def places_like(name: str, text: str, at: Mapping[str, Sequence[int]]) -> Iterator[tuple[int, float]]:
    """Where `name` may stand in `text`: start and likeness. `at`: where each folded sound stands in the text."""
    starts = {
        position - n
        for n, char in enumerate(name)
        for reading in readings(char)
        for position in at.get("".join(_parts(reading)), ())
    }
    for start in sorted(starts):
        if 0 <= start <= len(text) - len(name):
            whole = 0.0
            for n, char in enumerate(name):
                one = alike(char, text[start + n])
                if one < NEAR:
                    break
                whole += one
            else:
                yield start, whole / len(name)


def where(text: str) -> dict[str, list[int]]:
    """Where each folded sound stands in a text."""
    found: dict[str, list[int]] = {}
    for n, sound in enumerate(sounds(text)):
        found.setdefault(sound, []).append(n)
    return found
