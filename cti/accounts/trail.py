"""The audit trail: who did what on what, each entry bound to the one before by a hash, so that a change shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cti.calls import Value


@dataclass(frozen=True, slots=True)
class Deed:
    """Not written yet."""

    at: float
    who: str
    what: str
    on: str = ""
    """A user, a call, a route: never a number or a name of a citizen."""
    data: str = "{}"
    """JSON; keys of personal data begin with pii_."""


@dataclass(frozen=True, slots=True)
class Entry:
    n: int
    """From 1, without a gap."""
    deed: Deed
    hash: str

    def as_json(self) -> dict[str, Any]:
        one = self.deed
        row = {"n": self.n, "at": one.at, "who": one.who, "what": one.what, "on": one.on}
        return {**row, "data": json.loads(one.data), "hash": self.hash}


class Trail(Protocol):
    """Where deeds are noted."""

    def note(self, who: str, what: str, on: str = "", data: Mapping[str, Value] | None = None) -> None:
        """At once; it is written as soon as the database takes it."""

    def note_refusal(self, who: str, on: str, code: str) -> None:
        """The same refusal again and again is noted once a minute."""

    async def read(self, before: int | None, limit: int, who: str = "", what: str = "") -> list[Entry]:
        """The newest first. TimeoutError while the database is away."""


def deed(at: float, who: str, what: str, on: str = "", data: Mapping[str, Value] | None = None) -> Deed:
    text = json.dumps(dict(data or {}), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Deed(round(at, 3), who, what, _plain(on), text)


def chained(last: Entry | None, deeds: Iterable[Deed]) -> Iterator[Entry]:
    """The next entries after `last`."""
    n, before = (last.n, last.hash) if last is not None else (0, "")
    for one in deeds:
        n, before = n + 1, _hash(n + 1, before, one)
        yield Entry(n, one, before)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole trail has found."""

    last: Entry | None
    faults: tuple[str, ...]


def verify(entries: Iterable[Entry], known: tuple[int, str] | None = None) -> Verdict:
    """The whole trail, in its order. That its newest entries were cut off shows only by `known`, the number and the
    hash of an entry that was seen earlier."""
    found, last = list[str](), None
    missed = known
    for entry in entries:
        n, before = (last.n, last.hash) if last is not None else (0, "")
        if entry.n != n + 1:
            found.append(f"missing: {n + 1}" + (f" to {entry.n - 1}" if entry.n > n + 2 else ""))
        elif _hash(entry.n, before, entry.deed) != entry.hash:
            found.append(f"changed: {entry.n}" + (f", or the hash of {n}" if n else ""))
        if (entry.n, entry.hash) == missed:
            missed = None
        last = entry
    if missed is not None:
        found.append(f"not as it was seen earlier, or cut off: {missed[0]}")
    return Verdict(last, tuple(found))


def _hash(n: int, before: str, one: Deed) -> str:
    text = json.dumps([n, before, f"{one.at:.3f}", one.who, one.what, one.on, one.data], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(text: str) -> str:
    """Part of a path may be anything; what no database takes would hold up the whole trail."""
    return "".join(letter for letter in text[:200] if letter.isprintable())
