"""Typing seconds that a filled draft saves, by the keystroke-level model of Card, Moran and Newell (1980). Pure.

The constants are theirs (K, M) and one of ours: pinyin input takes 2.7 key presses a character. What is compared, field
by field: finding the value in one's head and typing it, with reading what a machine has put there and settling it by
one key. A wrong value costs reading and clearing it on top of the typing; an empty field costs nothing and saves
nothing. Title and content are left out, so the figure is a lower bound.
"""

from __future__ import annotations

from typing import Final

from cti.tickets.model import Value

KEY_S: Final = 0.28
"""One key press of an average typist."""
THINK_S: Final = 1.35
"""One act of thought: reading a value, deciding for one."""
KEYS_PER_CHARACTER: Final = 2.7
KEYS_OF_A_CHOICE: Final = 4
"""Two to narrow the list, one down, one to take it."""
KEYS_OF_A_YES_OR_NO: Final = 1


def typed_s(name: str, value: Value) -> float:
    """By hand."""
    if not isinstance(value, str):
        keys: float = KEYS_OF_A_YES_OR_NO
    elif name in ("contact_phone", "detail"):
        keys = len(value)
    elif name in ("caller_name", "address", "happened_at", "target"):
        keys = KEYS_PER_CHARACTER * len(value)
    else:
        keys = KEYS_OF_A_CHOICE
    return THINK_S + KEY_S * keys


SETTLED_S: Final = THINK_S + KEY_S
"""Read and confirmed."""
CLEARED_S: Final = THINK_S + KEY_S
"""Read and thrown away."""


def saved_s(name: str, expected: Value, filled: Value, right: bool) -> float:
    if filled is None:
        return 0.0
    if right:
        return typed_s(name, expected) - SETTLED_S
    return -CLEARED_S
