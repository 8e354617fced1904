"""Secrets of a document stay on the server: pages and drafts have a mark in their place."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit

MARK = "•••"
KEYS = ("password_hash", "sip_ha1", "phone")
"""Hashes of passwords, and the number at which an agent can be called at home."""
_VALUE = re.compile(rf"\b((?:{'|'.join(KEYS)})\s*=\s*)(\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')")

Path = tuple[str, ...]


class Unknown(Exception):
    """A mark stands where no secret is known; the text says where."""


def veiled(text: str, key: bytes | None = None) -> str:
    """The text without its secrets. With a `key` marks differ where the secrets do, for a comparison of two texts."""

    def mark(value: str) -> str:
        digest = hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:4] if key is not None else ""
        return f"{MARK} {digest}".strip()

    def marked(found: re.Match[str]) -> str:
        value = found[2]
        return found[0] if len(value) == 2 or MARK in value else f'{found[1]}"{mark(value)}"'

    shown = _VALUE.sub(marked, text)
    try:
        left = [(path, value) for path, value in _secrets(tomllib.loads(shown)) if value and MARK not in value]
    except tomllib.TOMLDecodeError:
        return shown
    if not left:
        return shown
    document = tomlkit.parse(shown)  # a key in quotes, a value of several lines
    for path, value in left:
        _set(document, path, mark(value))
    return tomlkit.dumps(document)


def taken_out(text: str) -> tuple[str, dict[str, str]]:
    """The text with marks, and the secrets that stood in it, by path. One that is no TOML is left as it is."""
    try:
        found = {path: value for path, value in _secrets(tomllib.loads(text)) if value and not value.startswith(MARK)}
    except tomllib.TOMLDecodeError:
        return text, {}
    if not found:
        return text, {}
    return _with(text, dict.fromkeys(found, MARK)), {_name(path): value for path, value in found.items()}


def put_back(text: str, new: Mapping[str, str], before: str) -> str:
    """The text with its secrets: those of `new`, else those of the text `before`. Unknown."""
    try:
        marks = [path for path, value in _secrets(tomllib.loads(text)) if value.startswith(MARK)]
    except tomllib.TOMLDecodeError:
        return text
    if not marks:
        return text
    try:
        known = {_name(path): value for path, value in _secrets(tomllib.loads(before))}
    except tomllib.TOMLDecodeError:
        known = {}
    values = {}
    for path in marks:
        name = _name(path)
        if name not in new and name not in known:
            raise Unknown(name)
        values[path] = new[name] if name in new else known[name]
    return _with(text, values)


def _with(text: str, values: Mapping[Path, str]) -> str:
    """The text with these values in place of those that stand there."""
    wanted = {**dict(_secrets(tomllib.loads(text))), **values}
    # As a rule they stand in the text in the order in which they are read; that is quick, and is looked at afterwards.
    inorder = iter(wanted.values())
    tried = _VALUE.sub(lambda found: f"{found[1]}{_quoted(found[2], next(inorder, ''))}", text)
    if dict(_secrets(tomllib.loads(tried))) == wanted:
        return tried
    document = tomlkit.parse(text)
    for path, value in values.items():
        _set(document, path, value)
    return tomlkit.dumps(document)


def _quoted(old: str, value: str) -> str:
    """A value that is the same stays as it was written."""
    quoted = json.dumps(value, ensure_ascii=False)
    return old if old[1:-1] == value else quoted


def _secrets(table: Mapping[str, Any], at: Path = ()) -> Iterator[tuple[Path, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _secrets(value, (*at, key))
        elif key in KEYS and isinstance(value, str):
            yield (*at, key), value


def _set(document: Any, path: Path, value: str) -> None:
    for part in path[:-1]:
        document = document[part]
    document[path[-1]] = value


def _name(path: Path) -> str:
    return ".".join(path)
