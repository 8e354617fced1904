"""The state of one topic of the board, and what is said of it: all of it, or what differs from the last. Pure.

A state is section -> key -> row; a row is replaced whole. Every message is a WebSocket's text frame, made once for all
who are told: it is neither masked nor compressed, so the same bytes fit everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

State = Mapping[str, Mapping[str, Any]]
_TEXT = 0x81
"""First byte of a whole text frame."""


@dataclass(frozen=True, slots=True)
class Change:
    """What differs. `set`: rows that are new or others; `gone`: keys of rows that are not there any more."""

    set: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.set or self.gone)


def difference(before: State, after: State) -> Change:
    """A section that is new and empty is a change: pages may ask for it."""
    change = Change()
    for section, rows in after.items():
        known = before.get(section)
        others = {key: row for key, row in rows.items() if known is None or key not in known or known[key] != row}
        if others or known is None:
            change.set[section] = others
    for section, known in before.items():
        rows = after.get(section, {})
        if lost := [key for key in known if key not in rows]:
            change.gone[section] = lost
    return change


class Topic:
    """The last state of one topic, with a number that grows with each change."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seq = 0
        """0: nothing was published yet."""
        self._state: dict[str, dict[str, Any]] = {}
        self._at = 0.0
        self._full = b""

    def take(self, state: State, at: float) -> bytes:
        """The frame that tells what has changed; b"": nothing has. What is taken may be changed by its owner later."""
        change = difference(self._state, state)
        if not change and self.seq:
            return b""
        self._state = {section: dict(rows) for section, rows in state.items()}
        self.seq, self._at, self._full = self.seq + 1, at, b""
        if self.seq == 1:
            return self.full()
        said: dict[str, Any] = {"topic": self.name, "seq": self.seq, "at": at}
        return frame(
            orjson.dumps(said | {word: part for word, part in (("set", change.set), ("gone", change.gone)) if part})
        )

    def full(self) -> bytes:
        """The frame that tells everything; b"": there is nothing yet."""
        if not self._full and self.seq:
            self._full = frame(orjson.dumps({"topic": self.name, "seq": self.seq, "at": self._at, "full": self._state}))
        return self._full


def beat(at: float) -> bytes:
    """The frame that says only that the server lives."""
    return frame(orjson.dumps({"topic": "", "at": at}))


def frame(text: bytes) -> bytes:
    """A whole text message from a server, RFC 6455 section 5.2."""
    length = len(text)
    if length < 126:
        return bytes((_TEXT, length)) + text
    if length < 65_536:
        return bytes((_TEXT, 126)) + length.to_bytes(2, "big") + text
    return bytes((_TEXT, 127)) + length.to_bytes(8, "big") + text
