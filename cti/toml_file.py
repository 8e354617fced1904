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
    """The line of what `loc` leads to: an element of a list, a key, or the table it belongs to, or 1."""
    wanted = ".".join(map(str, loc))
    found, best = 1, 0
    table = ""
    counts: dict[str, int] = {}
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if head := _HEAD.match(line):
            table = _numbered(head[2].replace('"', ""), head[1] == "[[", counts)
            path = table.removesuffix(".0") if table == f"{wanted}.0" else table  # all rows: the first
        elif key := _KEY.match(line):
            path = f"{table}.{key[1].replace(chr(34), '')}".lstrip(".")
        else:
            continue
        if len(path) > best and f"{wanted}.".startswith(f"{path}."):
            found, best = number, len(path)
    rest = wanted[best:].removeprefix(".")
    if best and rest.isdecimal():
        return found + _line_of_element("\n".join(lines[found - 1 :]), int(rest))
    return found


_HEAD = re.compile(r"\s*(\[\[?)\s*([^\]\"]*(?:\"[^\"]*\"[^\]\"]*)*?)\s*\]")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\")(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"))*)\s*=")
_TOKEN = re.compile(r"#[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[\[{]|[\]}]|,|\n|[^\s\[\]{},#\"']+")


def _numbered(name: str, is_row: bool, counts: dict[str, int]) -> str:
    """A heading as a way: the second [[overflow]] is overflow.1, and [overflow.more] after it overflow.1.more."""
    if is_row:
        counts[name] = counts.get(name, -1) + 1
        return f"{name}.{counts[name]}"
    row = max((row for row in counts if name.startswith(f"{row}.")), key=len, default="")
    return f"{row}.{counts[row]}{name[len(row) :]}" if row else name


def _line_of_element(text: str, wanted: int) -> int:
    """Of a list that begins in the first line of `text`: how many lines further down the element stands; 0 if it is
    none, or has not so many."""
    depth, index, line, is_next = 0, 0, 0, False
    for token in _TOKEN.findall(text[text.find("=") + 1 :]):
        if token == "\n":
            line += 1
        elif token.startswith("#"):
            continue
        elif token == "," and depth == 1:
            index, is_next = index + 1, True
        else:
            if depth == 1 and is_next and index == wanted and token not in "]}":
                return line
            is_next = False
            if token in "[{":
                depth += 1
                is_next = depth == 1
            elif token in "]}":
                depth -= 1
                if depth == 0:
                    break
    return 0


def _syntax(text: str, name: str, message: str) -> str:
    """tomllib says where at the end of its text."""
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(found[1]) if found and found[1] else len(text.splitlines()) or 1
    return f"{name}:{line}: not valid TOML: {message[: found.start()] if found else message}"


_PLAINER = {
    r"^Input should be a valid tuple$": "must be a list in square brackets",
    r"^Input should be a (dictionary or an instance of \w+|valid dictionary)$": "must be a table",
    r"^Tuple should have at (least|most) (\d+) items? after validation, not (\d+)$": r"must have at \1 \2, not \3",
}
"""Who writes TOML knows no tuples and no instances."""


def _explain(kind: type, name: str, text: str, loc: Sequence[str | int], message: str) -> str:
    if message == "Unexpected keyword argument":
        message = f"unknown key; known here: {', '.join(_known_keys(kind, loc))}"
    for said, plainer in _PLAINER.items():
        message = re.sub(said, plainer, message)
    return fault_at(text, name, [part for part in loc if part != "[key]"], message.removeprefix("Value error, "))


def _known_keys(kind: Any, loc: Sequence[str | int]) -> Collection[str]:
    for part in loc[:-1]:
        if dataclasses.is_dataclass(kind) and isinstance(part, str):
            kind = typing.get_type_hints(kind).get(part, kind)
        kind = _inner(kind)
    return (
        [field.name.removesuffix("_") for field in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
    )


def _inner(kind: Any) -> Any:
    """The dataclass that a tuple, a mapping or an optional holds."""
    origin = typing.get_origin(kind)
    if origin is None or (origin is not types.UnionType and not isinstance(origin, type)):
        return kind
    return next((inner for inner in map(_inner, typing.get_args(kind)) if dataclasses.is_dataclass(inner)), kind)
