"""TOML with a form: a text becomes a dataclass, or all of its faults, each with its line and its key."""

from __future__ import annotations

import dataclasses
import re
import tomllib
import types
import typing
from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class TomlRefused(Exception):
    """The text cannot be used. One fault a line: `rules.toml:7: overflow.0.after_s: Input should be …`."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def read_toml(kind: type[T], text: str, name: str) -> T:
    """`kind` is a pydantic dataclass that forbids extra keys. TomlRefused; `name` is the file, for its text."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlRefused([_syntax(text, name, str(error))]) from None
    try:
        return TypeAdapter(kind).validate_python(raw)
    except ValidationError as error:
        raise TomlRefused([_explain(kind, name, text, item["loc"], item["msg"]) for item in error.errors()]) from None


def fault_at(text: str, name: str, loc: Sequence[str | int], message: str) -> str:
    """One fault, with the line of the key that `loc` leads to."""
    where = ".".join(str(part) for part in loc)
    return f"{name}:{line_of(text, loc)}: {where}: {message}"


def line_of(text: str, loc: Sequence[str | int]) -> int:
    """The line of the key that `loc` leads to, or of the table it belongs to, or 1."""
    found = 1
    wanted_tables = {".".join(str(p) for p in loc[:n] if not isinstance(p, int)) for n in range(len(loc) + 1)}
    wanted_index = next((p for p in loc if isinstance(p, int)), None)
    key = next((str(p) for p in reversed(loc) if not isinstance(p, int)), "")
    table, index = "", 0
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line):
            table = head[2].replace('"', "")
            index = counts.get(table, 0)
            counts[table] = index + 1
            if table in wanted_tables and wanted_index in (None, index):
                found = number
        elif (
            re.match(rf'\s*"?{re.escape(key)}"?\s*=', line) and table in wanted_tables and wanted_index in (None, index)
        ):
            return number
    return found


def _syntax(text: str, name: str, message: str) -> str:
    """tomllib says where at the end of its text."""
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(found[1]) if found and found[1] else len(text.splitlines()) or 1
    return f"{name}:{line}: not valid TOML: {message[: found.start()] if found else message}"


def _explain(kind: type, name: str, text: str, loc: Sequence[str | int], message: str) -> str:
    if message == "Unexpected keyword argument":
        message = f"unknown key; known here: {', '.join(_known_keys(kind, loc))}"
    return fault_at(text, name, [part for part in loc if part != "[key]"], message.removeprefix("Value error, "))


def _known_keys(kind: Any, loc: Sequence[str | int]) -> Collection[str]:
    for part in loc[:-1]:
        if dataclasses.is_dataclass(kind) and isinstance(part, str):
            kind = typing.get_type_hints(kind).get(part, kind)
        kind = _inner(kind)
    return [field.name for field in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []


def _inner(kind: Any) -> Any:
    """The dataclass that a tuple, a mapping or an optional holds."""
    origin = typing.get_origin(kind)
    if origin is None or (origin is not types.UnionType and not isinstance(origin, type)):
        return kind
    return next((inner for inner in map(_inner, typing.get_args(kind)) if dataclasses.is_dataclass(inner)), kind)
