"""How a document changes: drafted, checked, compared, published, and rolled back, every version kept.

A document is a text in a file that a running city watches: publishing writes the file, nothing else. Who changes the
file by hand is noticed, and what he wrote is a version too. All of this blocks, and works without a daemon.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from cti.document_checks import Problem
from cti.document_history import Draft, History, How, Taken, Version
from cti.documents import Document, Documents
from cti.roster_file import write_private
from cti.secrets_veiled import MARK, Unknown, put_back, taken_out, veiled
from cti.text_changes import Line, Merged, difference, merged
from cti.toml_file import line_of

log = structlog.get_logger()

MOST = 2_000_000
"""Characters of a document."""


class Conflict(Exception):
    """Somebody else published meanwhile. `version` is his, `lines` what he changed."""

    def __init__(self, version: Version, lines: list[Line]) -> None:
        super().__init__(f"version {version.n} was published meanwhile")
        self.version, self.lines = version, lines


class Faulty(Exception):
    """The text cannot be used."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"line {problem.line}: {problem.text}" for problem in problems[:5]))
        self.problems = problems


class Unchanged(Exception):
    """There is nothing to publish."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A document as it stands now."""

    document: Document
    version: Version
    """The newest."""
    live: Version
    """What the city runs on: the newest that could be used."""
    text: str
    """With its secrets."""


class Administration:
    """`wall`: UTC seconds."""

    def __init__(self, documents: Documents, history: History, wall: Callable[[], float] = time.time) -> None:
        self.documents = documents
        self._history = history
        self._wall = wall
        self._lock = threading.Lock()
        self._stamps: dict[str, tuple[int, int, int]] = {}

    # What there is

    def notice(self) -> list[Standing]:
        """Looks at every file that may have changed; those that somebody changed by hand, now a version."""
        found = []
        for document in self.documents.all():
            stamp = _stamp(document.path)
            if stamp != self._stamps.get(document.id, (0, 0, 0)):
                before = self._history.newest(document.id)
                standing = self.standing(document.id)
                self._stamps[document.id] = stamp
                if before != standing.version and standing.version.how == "by_hand":
                    log.info("document_changed_by_hand", document=document.id, version=standing.version.n)
                    found.append(standing)
        return found

    def standing(self, id_: str) -> Standing:
        """KeyError: no such document."""
        document = self.documents.find(id_)
        with self._lock:
            return self._standing(document)

    def versions(self, id_: str) -> list[Version]:
        """The newest first; the shipped text is the last, with the number 0."""
        standing = self.standing(id_)
        return [*reversed(self._history.versions(id_)), *([_SHIPPED] if standing.document.shipped else [])]

    def text(self, id_: str, n: int) -> str:
        """Of a version, with its secrets. KeyError."""
        return self.documents.find(id_).shipped if n == 0 else self._history.text(id_, n)

    def check(self, id_: str, text: str, new_secrets: Mapping[str, str] | None = None) -> list[Problem]:
        """Of a text with marks in place of its secrets."""
        return self._judged(self.standing(id_), text, new_secrets or {})[1]

    def unmarked(self, id_: str, text: str, new_secrets: Mapping[str, str] | None = None) -> str:
        """A text with its secrets in place of marks, as far as they are known; for a comparison."""
        standing = self.standing(id_)
        try:
            return put_back(text, new_secrets or {}, standing.text) if standing.document.format == "toml" else text
        except Unknown:
            return text

    def difference(self, old: str, new: str) -> list[Line]:
        """Of two texts with their secrets, which it does not show; but it shows that one is another."""
        key = secrets.token_bytes(16)
        return difference(veiled(old, key), veiled(new, key))

    # Drafts

    def draft(self, id_: str, who: str) -> Draft | None:
        return self._history.draft(id_, who)

    def drafts(self, id_: str) -> dict[str, float]:
        """Who has one, and since when it stands as it is."""
        return self._history.drafts(id_)

    def save_draft(self, id_: str, who: str, base: int, text: str, more: Mapping[str, str] | None = None) -> Draft:
        """`more`: new secrets by path, for marks in the text. One that is equal to its base is none, and is dropped."""
        if len(text) > MOST:
            raise ValueError("too long")
        known = self._history.draft(id_, who)
        plain, typed = taken_out(text) if self.documents.find(id_).format == "toml" else (text, {})
        kept = {**(known.secrets if known is not None else {}), **typed, **(more or {})}
        draft = Draft(base, self._wall(), plain, kept)
        with self._lock:
            if not kept and plain == veiled(self._text_of(id_, base)):
                self._history.drop_draft(id_, who)
            else:
                self._history.keep_draft(id_, who, draft)
        return draft

    def drop_draft(self, id_: str, who: str) -> None:
        self._history.drop_draft(id_, who)

    def merge_draft(self, id_: str, who: str) -> Merged:
        """Puts the draft upon what was published meanwhile."""
        standing, draft = self.standing(id_), self._history.draft(id_, who)
        if draft is None:
            raise KeyError(who)
        base = veiled(self._text_of(id_, draft.base))
        found = merged(base, draft.text, veiled(standing.text))
        with self._lock:
            self._history.keep_draft(id_, who, replace(draft, base=standing.version.n, text=found.text))
        return found

    def full(self, id_: str, text: str, new_secrets: Mapping[str, str]) -> str:
        """A text with marks, with its secrets instead. Faulty."""
        text, problems = self._judged(self.standing(id_), text, new_secrets)
        if errors := [problem for problem in problems if problem.level == "error"]:
            raise Faulty(errors)
        return text

    # Changes

    def publish(
        self, id_: str, who: str, why: str, base: int, text: str, new_secrets: Mapping[str, str] | None = None
    ) -> Version:
        """Conflict, Faulty, Unchanged."""
        return self._write(id_, who, why, base, text, new_secrets or {}, "published", 0)

    def roll_back(self, id_: str, who: str, why: str, base: int, n: int) -> Version:
        """To the text of version `n`, as a new version; passwords stay as they are now. KeyError, and as `publish`."""
        text, then = self.text(id_, n), dict[str, str]()
        if self.documents.find(id_).format == "toml":
            text, then = taken_out(text)
            _, now = taken_out(self.standing(id_).text)
            then = {path: value for path, value in then.items() if path not in now}
        return self._write(id_, who, why, base, text, then, "rolled_back", n)

    def _write(
        self, id_: str, who: str, why: str, base: int, text: str, new_secrets: Mapping[str, str], how: How, of: int
    ) -> Version:
        document = self.documents.find(id_)
        with self._lock:
            standing = self._standing(document)
            if standing.version.n != base:
                lines = self.difference(self._text_of(id_, base), standing.text)
                raise Conflict(standing.version, lines)
            text, problems = self._judged(standing, text, new_secrets)
            if errors := [problem for problem in problems if problem.level == "error"]:
                raise Faulty(errors)
            if text == standing.text and standing.version.n:
                raise Unchanged
            version = Version(base + 1, self._wall(), who, why, how, True, of)
            try:
                self._history.add(id_, version, text)
            except Taken:
                standing = self._standing(document)
                raise Conflict(standing.version, self.difference(self._text_of(id_, base), standing.text)) from None
            document.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(document.path, text)
            self._stamps[id_] = _stamp(document.path)
            self._history.drop_draft(id_, who)
        return version

    # Inside

    def _standing(self, document: Document) -> Standing:
        """With what was changed by hand as a version of its own."""
        newest = self._history.newest(document.id)
        try:
            text = document.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            text = document.shipped
            if newest is None:
                return Standing(document, _SHIPPED, _SHIPPED, text)
        if newest is None or text != self._history.text(document.id, newest.n):
            how: How = "found" if newest is None else "by_hand"
            n = 1 if newest is None else newest.n + 1
            good = not any(problem.level == "error" for problem in document.check(text))
            try:
                self._history.add(document.id, Version(n, self._wall(), "", "", how, good), text)
            except Taken:
                return self._standing(document)  # another process has noticed it too
            newest = Version(n, self._wall(), "", "", how, good)
        return Standing(document, newest, self._live(document.id, newest), text)

    def _live(self, id_: str, newest: Version) -> Version:
        if newest.good:
            return newest
        return next((version for version in reversed(self._history.versions(id_)) if version.good), _SHIPPED)

    def _judged(self, standing: Standing, text: str, new_secrets: Mapping[str, str]) -> tuple[str, list[Problem]]:
        """The text with its secrets, and what is wrong with it."""
        if standing.document.format == "toml":
            try:
                text = put_back(text, new_secrets, standing.text)
            except Unknown as unknown:
                path = str(unknown).split(".")
                what = f"{unknown}: {MARK} stands for a value that is not known here; give a new one"
                return text, [Problem(line_of(text, path), what)]
        return text, standing.document.check(text)

    def _text_of(self, id_: str, n: int) -> str:
        try:
            return self.text(id_, n)
        except KeyError:
            return ""


_SHIPPED = Version(0, 0.0, "", "", "shipped", True)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
