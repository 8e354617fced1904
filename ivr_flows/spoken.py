"""Spoken values: which recordings, one after the other, say a number, a place in the queue or the wait in minutes."""

from __future__ import annotations

import functools
import re

import cn2an

from ivr_flows.words import Prompt

MAX_SPOKEN = 9_999
WHOLE_POSITIONS = range(1, 11)
"""Places in the queue that are one recording: the frequent ones sound best that way."""
WHOLE_MINUTES = (*range(1, 11), 15, 20, 25, 30)

_TENS = range(20, 100, 10)
_MAX_DIGITS = 32


def spoken(prompt: Prompt, language: str) -> tuple[str, ...]:
    """The ids of the recordings to play, in order.

    ValueError: the value is not a number, or outside 0-9,999 (number, minutes), 1-9,999 (position), or not 1-32 figures
    (digits; spaces and hyphens between them are passed over). The error does not repeat the value: it may be personal.
    """
    match prompt.say:
        case None:
            return (prompt.id,)
        case "digits":
            return _digits(prompt.value, language)
        case "number":
            return _number(_whole(prompt.value, least=0), language)
        case "position":
            place = _whole(prompt.value, least=1)
            if place in WHOLE_POSITIONS:
                return (f"position_{place}",)
            return ("position_before", *_number(place, language, ordinal=True), "position_after")
        case "minutes":
            minutes = _whole(prompt.value, least=0)
            if minutes == 0:
                return ("wait_less_than_minute",)
            if minutes in WHOLE_MINUTES:
                return ("wait_about_before", f"minutes_{minutes}")
            return ("wait_about_before", *_number(minutes, language), "minutes_unit")


def _whole(value: int | str | None, least: int) -> int:
    """A flow's variables may hold a number as text."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_SPOKEN:
        raise ValueError(f"cannot be spoken: not a whole number from {least} to {MAX_SPOKEN}")
    return value


def _digits(value: int | str | None, language: str) -> tuple[str, ...]:
    figures = re.sub(r"[ -]", "", str(value))
    if not re.fullmatch(r"[0-9]([ -]?[0-9])*", str(value)) or len(figures) > _MAX_DIGITS:
        raise ValueError(f"cannot be spoken figure by figure: not 1 to {_MAX_DIGITS} figures")
    # 幺: on the telephone Mandarin does not say 一, which sounds like 七.
    return tuple("d_1" if figure == "1" and language != "en" else f"n_{figure}" for figure in figures)


def _number(value: int, language: str, ordinal: bool = False) -> tuple[str, ...]:
    return _english(value) if language == "en" else _chinese(value, ordinal)


def _english(value: int) -> tuple[str, ...]:
    ids: list[str] = []
    for unit, name in ((1000, "n_thousand"), (100, "n_hundred")):
        if value >= unit:
            ids += [f"n_{value // unit}", name]
            value %= unit
            if value == 0:
                return tuple(ids)
    if value > 20 and value % 10:
        ids.append(f"n_{value // 10 * 10}")
        value %= 10
    return (*ids, f"n_{value}")


def _chinese(value: int, ordinal: bool) -> tuple[str, ...]:
    words: str = cn2an.an2cn(value, "low")
    if not ordinal:
        # 二百 and 二千 are right on paper; people say 两百, 两千. In a number (一千二百) and after 第 it stays 二.
        words = re.sub(r"^二(?=[百千])", "两", words)
    recorded = _chinese_pieces()
    return tuple(recorded[piece] for piece in re.findall("|".join(sorted(recorded, key=len, reverse=True)), words))


@functools.cache
def _chinese_pieces() -> dict[str, str]:
    """Words that have a recording, and its id."""
    pieces = {cn2an.an2cn(n, "low"): f"n_{n}" for n in (*range(21), *_TENS)}
    return pieces | {"百": "n_hundred", "千": "n_thousand", "两": "n_two"}
