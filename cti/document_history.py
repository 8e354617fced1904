"""Every version of every document: who, when, why, and the whole text. And each administrator's drafts.

One file a version, `history/<document>/000012.version`: a line of JSON, then the text. It is made once and never
written again, so of two who publish at the same moment one finds the number taken.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cti.roster_file import write_private

How = Literal["shipped", "found", "by_hand", "published", "rolled_back"]
"""shipped: comes with the release, number 0; found: stood in the file when it was first looked at; by_hand: somebody
changed the file itself, or used another command."""


class Taken(Exception):
    """There is a version with this number."""


@dataclass(frozen=True, slots=True)
class Version:
    n: int
    at: float
    """UTC seconds; 0 of a shipped text."""
    who: str
    """The user; "" where nobody said."""
    why: str
    how: How
    good: bool
    """It could be used when it was made: of several the newest good one is what the city runs on."""
    of: int = 0
    """rolled_back: to this version."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an administrator is working on."""

    base: int
    """The version that he began with."""
    at: float
    text: str
    """Without secrets: a mark stands for each."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Those that are new in this draft, by path."""


class History:
    """Blocking; several processes may use one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def versions(self, document: str) -> list[Version]:
        """The oldest first."""
        return [_version(_head(path)) for path in sorted((self._folder / document).glob("*.version"))]

    def newest(self, document: str) -> Version | None:
        paths = sorted((self._folder / document).glob("*.version"))
        return _version(_head(paths[-1])) if paths else None

    def text(self, document: str, n: int) -> str:
        """KeyError: there is no such version."""
        try:
            return self._path(document, n).read_text(encoding="utf-8").partition("\n")[2]
        except FileNotFoundError:
            raise KeyError(n) from None

    def add(self, document: str, version: Version, text: str) -> None:
        """Taken: somebody else was faster."""
        path = self._path(document, version.n)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.{os.getpid()}")
        write_private(half, _line(dataclasses.asdict(version)) + text)
        try:
            os.link(half, path)  # unlike a rename it fails if the number is taken
        except FileExistsError:
            raise Taken from None
        finally:
            half.unlink()

    def draft(self, document: str, who: str) -> Draft | None:
        try:
            head, _, text = self._draft(document, who).read_text(encoding="utf-8").partition("\n")
        except FileNotFoundError:
            return None
        known: dict[str, Any] = json.loads(head)
        return Draft(known["base"], known["at"], text, known["secrets"])

    def keep_draft(self, document: str, who: str, draft: Draft) -> None:
        path = self._draft(document, who)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        head = {"base": draft.base, "at": draft.at, "secrets": dict(draft.secrets)}
        write_private(path, _line(head) + draft.text)

    def drop_draft(self, document: str, who: str) -> None:
        self._draft(document, who).unlink(missing_ok=True)

    def drafts(self, document: str) -> dict[str, float]:
        """Who has one, and since when it stands as it is."""
        paths = (self._folder / "drafts" / document).glob("*.draft")
        return {path.stem: json.loads(_head(path))["at"] for path in sorted(paths)}

    def _path(self, document: str, n: int) -> Path:
        return self._folder / document / f"{n:06d}.version"

    def _draft(self, document: str, who: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", who):
            raise ValueError("a user's id has letters and figures")
        return self._folder / "drafts" / document / f"{who}.draft"


def _line(head: Mapping[str, Any]) -> str:
    return json.dumps(head, ensure_ascii=False, sort_keys=True) + "\n"


def _head(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline()


def _version(head: str) -> Version:
    return Version(**json.loads(head))
