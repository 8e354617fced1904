"""Changes of a TOML text by key, as a form makes them: everything else of it stays as it is written, comments too."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Item, Table

APPEND = "+"
"""In place of an index: after the last."""


class NotEditable(Exception):
    """The change does not fit the text; what says why."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`at` is the way to a key, an index or APPEND. `value` None: it is taken out. `before`: a table is moved there,
    "" to the end."""

    at: tuple[str | int, ...]
    value: Any = None
    before: str | None = None


def edited(text: str, edits: Sequence[Edit]) -> str:
    """NotEditable, also if the text is no TOML."""
    for edit in edits:
        try:
            text = _moved(text, edit) if edit.before is not None else _changed(text, edit)
        except (TOMLKitError, KeyError, IndexError, TypeError, ValueError) as error:
            where = ".".join(map(str, edit.at))
            raise NotEditable(f"{where}: {error}") from None
    return text


def _changed(text: str, edit: Edit) -> str:
    """A roster of hundreds is long: where the change is in one table, only that is taken apart."""
    before, table, after = _cut(text, edit)
    return before + _changed_in(table, edit) + after


def _cut(text: str, edit: Edit) -> tuple[str, str, str]:
    """The table [a.b] that the change is in, and what is before and after it; else the whole text."""
    name = ".".join(map(str, edit.at[:2]))
    lines = text.splitlines(keepends=True)
    heads = [(n, found[1].replace('"', "")) for n, line in enumerate(lines) if (found := _HEAD.match(line))]
    mine = [k for k, (_, head) in enumerate(heads) if head == name or head.startswith(f"{name}.")]
    if len(edit.at) < 3 or len(mine) != 1 or heads[mine[0]][1] != name or '"""' in text or "'''" in text:
        return "", text, ""
    begin = heads[mine[0]][0]
    end = heads[mine[0] + 1][0] if mine[0] + 1 < len(heads) else len(lines)
    return "".join(lines[:begin]), "".join(lines[begin:end]), "".join(lines[end:])


def _changed_in(text: str, edit: Edit) -> str:
    document = tomlkit.parse(text)
    if not edit.at:
        raise KeyError("nothing is named")
    place: Any = document
    holder: Any = None
    for n, part in enumerate(edit.at[:-1]):
        if isinstance(part, str) and part not in place:
            if edit.value is None:
                return text  # what is not there need not be taken out
            place[part] = tomlkit.aot() if edit.at[n + 1] == APPEND else _table_in(place)
        holder, place = place, place[part]
    last = edit.at[-1]
    if isinstance(place, InlineTable):
        # Written anew as a whole: what is put into one by itself leaves no blank before the brace.
        values = {key: value for key, value in place.unwrap().items() if key != last or edit.value is not None}
        _put(holder, edit.at[-2], values if edit.value is None else {**values, str(last): edit.value})
        return tomlkit.dumps(document)
    if edit.value is None:
        if isinstance(place, AoT | Array):
            del place[int(last)]
        else:
            place.pop(str(last), None)
    elif last == APPEND:
        place.append(_item(edit.value) if isinstance(place, Array) else _table(edit.value))
    else:
        _put(place, last, edit.value)
    return tomlkit.dumps(document)


def _put(place: Any, key: str | int, value: Any) -> None:
    """A value in place of another keeps the comment behind it."""
    old = place[key] if key in place or isinstance(key, int) else None
    new = (
        _table(value)
        if isinstance(value, Mapping) and not isinstance(place, InlineTable) and _holds_tables(place)
        else None
    )
    item = new if new is not None else _item(value)
    if isinstance(old, Item) and not isinstance(old, Table | AoT):
        item.trivia.comment_ws, item.trivia.comment = old.trivia.comment_ws, old.trivia.comment
        item.trivia.trail = old.trivia.trail
    place[key] = item


def _holds_tables(place: Any) -> bool:
    """Whether an entry of it has a heading of its own, as [agent.a1001] has."""
    return isinstance(place, Table) and place.is_super_table()


def _table_in(place: Any) -> Any:
    if isinstance(place, Table | InlineTable):
        return tomlkit.inline_table()
    return tomlkit.table(is_super_table=True)


def _table(value: Mapping[str, Any]) -> Any:
    table = tomlkit.table()
    for key, inner in value.items():
        table[key] = _item(inner)
    return table


def _item(value: Any) -> Any:
    return _inline(value) if isinstance(value, Mapping) else tomlkit.item(value)


def _inline(value: Mapping[str, Any]) -> Any:
    """As people write them: { general = 3, video = 1 }."""
    table = tomlkit.inline_table()
    table.update(value)
    inside = table.as_string()[1:-1].strip()
    return tomlkit.parse(f"x = {{ {inside} }}")["x"] if inside else table


_HEAD = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+")


def _moved(text: str, edit: Edit) -> str:
    """A table with its heading and the comment above it, put before another of the same kind."""
    name = ".".join(map(str, edit.at))
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    heads = [(n, found[1].replace('"', "")) for n, line in enumerate(lines) if (found := _HEAD.match(line))]
    begins = [_with_comment(lines, n) for n, _ in heads] + [len(lines)]
    blocks = {head: lines[begins[k] : begins[k + 1]] for k, (_, head) in enumerate(heads)}
    kind = name.rpartition(".")[0]
    order = [head for _, head in heads if head != name]
    if name not in blocks or len(blocks) != len(heads):
        raise KeyError(f"there is no table [{name}], or one stands twice")
    siblings = [head for head in order if head.rpartition(".")[0] == kind]
    target = f"{kind}.{edit.before}" if edit.before else ""
    if target and target not in siblings:
        raise KeyError(f"there is no table [{target}]")
    at = order.index(target) if target else (order.index(siblings[-1]) + 1 if siblings else 0)
    order.insert(at, name)
    parts = []
    for head in order:
        block = blocks[head]
        if block and block[-1].strip():
            block = [*block, "\n"]
        parts += block
    return "".join(lines[: begins[0]] + parts).rstrip("\n") + "\n"


def _with_comment(lines: Sequence[str], at: int) -> int:
    while at and lines[at - 1].startswith("#"):
        at -= 1
    return at
