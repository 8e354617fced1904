"""Reads YAML as plain text values and remembers the line of each, so that every fault can name its line.

Only mappings, lists and scalars: anchors, aliases and tags are refused, so a small file cannot unfold into a large
one, and no scalar is guessed into another type (`on`, `no` and `010` stay what they were written as).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

MAX_CHARS = 64 * 1024
MAX_DEPTH = 8

Path = tuple[str | int, ...]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlFault(Exception):
    def __init__(self, faults: list[tuple[int, str]]) -> None:
        super().__init__(faults)
        self.faults = faults


def read_yaml(text: str) -> tuple[Any, dict[Path, int]]:
    """The document as dict, list, str and None, and the line (from 1) of every path in it; YamlFault."""
    if len(text) > MAX_CHARS:
        raise YamlFault([(1, f"{len(text)} characters; a flow file may have {MAX_CHARS}: split it into several flows")])
    lines: dict[Path, int] = {}
    faults: list[tuple[int, str]] = []
    data: Any = None
    try:
        events = yaml.parse(text, Loader=_Loader)
        event = next(e for e in events if not isinstance(e, (yaml.StreamStartEvent, yaml.DocumentStartEvent)))
        if not isinstance(event, yaml.StreamEndEvent):
            data = _value(event, events, (), lines, faults)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                faults.append((_line(event), "a second document begins; one file holds one flow"))
                break
    except yaml.YAMLError as error:
        faults.append(_syntax(error, text))
    if faults:
        raise YamlFault(faults)
    if data is None:
        raise YamlFault([(1, "is empty")])
    return data, lines


def _value(
    event: yaml.Event, events: Iterator[yaml.Event], path: Path, lines: dict[Path, int], faults: list[tuple[int, str]]
) -> Any:
    line = _line(event)
    lines.setdefault(path, line)
    if isinstance(event, yaml.AliasEvent):
        raise YamlFault([*faults, (line, 'aliases (*name) are not allowed; a key "*" stands in quotes')])
    if getattr(event, "anchor", None) is not None:
        raise YamlFault([*faults, (line, "anchors (&name) are not allowed; write the value out")])
    if (tag := getattr(event, "tag", None)) not in (None, "!"):
        raise YamlFault([*faults, (line, f"tags ({tag}) are not allowed; write the value alone")])
    if len(path) > MAX_DEPTH:
        raise YamlFault([*faults, (line, f"nested deeper than {MAX_DEPTH} levels")])
    if isinstance(event, yaml.ScalarEvent):
        return None if event.implicit[0] and event.value in ("", "~", "null") else event.value
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_value(event, events, (*path, len(items)), lines, faults))
        return items
    mapping: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key_line = _line(event)
        key = _value(event, events, (*path, "?"), lines, faults)
        lines.pop((*path, "?"), None)
        if not isinstance(key, str):
            raise YamlFault([*faults, (key_line, "a key must be a word or a number")])
        if key in mapping:
            faults.append(
                (key_line, f"key {key} stands here a second time; the first is in line {lines[(*path, key)]}")
            )
            _value(next(events), events, (*path, "?"), {}, faults)
            continue
        lines[(*path, key)] = key_line
        mapping[key] = _value(next(events), events, (*path, key), lines, faults)
    return mapping


def _line(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else int(event.start_mark.line) + 1


def _syntax(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # the reader's errors carry a position, not a mark
        position = int(getattr(error, "position", 0))
        return text.count("\n", 0, position) + 1, "a control character stands here; take it out"
    problem = getattr(error, "problem", None) or "cannot be read"
    hint = '; a key "*" or "#" stands in quotes' if "alias" in f"{problem} {getattr(error, 'context', '')}" else ""
    return int(mark.line) + 1, f"not valid YAML: {problem}{hint}"
