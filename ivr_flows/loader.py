"""From the text of a flow file to a checked `Flow`, or to all of its faults, each with its line."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from ivr_flows import lint
from ivr_flows import model as m
from ivr_flows.errors import FlowError
from ivr_flows.yaml_lines import Path, YamlFault, read_yaml

_T = TypeVar("_T")
_NODE: TypeAdapter[m.Node] = TypeAdapter(m.AnyNode)
_START: TypeAdapter[tuple[m.Rule, ...]] = TypeAdapter(tuple[m.Rule, ...])
_HEAD: TypeAdapter[m.Head] = TypeAdapter(m.Head)
_KINDS: dict[str, Any] = {
    "say": m.Say, "announce": m.Announce, "menu": m.Menu, "gather": m.Gather, "listen": m.Listen, "route": m.Route,
    "message": m.Message,
    "schedule": m.Schedule, "number": m.ByNumber, "language": m.SwitchLanguage, "goto": m.Goto, "hangup": m.HangUp,
    "transfer": m.Transfer, "survey": m.Survey,
}  # fmt: skip
_INNER: dict[str, Any] = {"words": m.Words, "ask": m.Ask, "skills": m.SkillStep, "limits": m.Limits}
_TARGETS = ("next", "to", "after", "otherwise", "open", "closed")
MAX_NODES = 200


def load(
    text: str,
    name: str,
    prompts: Collection[str] | None,
    transfers: Collection[str],
    *,
    durations: Mapping[str, float] | None = None,
    entries: Collection[str] = (),
) -> m.Flow:
    """Reads and checks the file `name`.yaml; FlowError with every fault.

    `prompts`: ids of the catalogue, None: not checked. `transfers`: targets that the settings can dial.
    `durations`: seconds of the recordings by prompt id, as far as known. `entries`: nodes that numbers of the
    settings' table begin at.
    """
    try:
        raw, lines = read_yaml(text)
    except YamlFault as fault:
        raise FlowError(tuple(f"{name}.yaml:{line}: {what}" for line, what in fault.faults)) from None
    faults: list[lint.Fault] = []
    flow, known = _parse(raw, name, text, frozenset(transfers), faults)
    if flow is not None:
        faults += chain(
            lint.check_names(flow, known),
            lint.check_start(flow, entries, known),
            lint.check_languages(flow),
            lint.check_nodes(flow),
            lint.check_transfers(flow),
            lint.check_prompts(flow, prompts) if prompts is not None else (),
        )
    if flow is not None and not faults:  # what follows walks the graph, so every name must lead somewhere
        faults += lint.check_paths(flow, entries)
        if not faults and durations is not None:
            faults += lint.check_prompt_time(flow, entries, durations)
    if flow is None or faults:
        raise FlowError(tuple(_text(name, lines, fault) for fault in sorted(faults, key=lambda f: _line(lines, f[0]))))
    return m.Flow(
        **{field: getattr(flow, field) for field in m.Flow.__dataclass_fields__ if field != "warnings"},
        warnings=tuple(_text(name, lines, warning) for warning in lint.warnings(flow)),
    )


def sketch(text: str, name: str) -> tuple[m.Flow, list[str], Mapping[Path, int]] | None:
    """The flow as far as its form allows, the names of all its nodes, and the line of every path in the file: for a
    picture of one that may be faulty. None if there is nothing to draw."""
    try:
        raw, lines = read_yaml(text)
    except YamlFault:
        return None
    flow, known = _parse(raw, name, text, frozenset(), [])
    return None if flow is None else (flow, known, lines)


def version_of(text: str) -> str:
    """Twelve hex figures that name this content."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _parse(
    raw: Any, name: str, text: str, transfers: frozenset[str], faults: list[lint.Fault]
) -> tuple[m.Flow | None, list[str]]:
    """The flow as far as its form allows, None if not even its head can be used; and the names of all its nodes."""
    if not isinstance(raw, dict):
        faults.append(((), "must begin with keys: flow, person, start, nodes"))
        return None, []
    raw = dict(raw)
    raw_nodes, raw_start = raw.pop("nodes", None), raw.pop("start", None)
    head = _valid(_HEAD, raw, (), "", faults)
    if head is not None and head.flow != name:
        faults.append((("flow",), f"flow: is called {head.flow}, but the file is called {name}; make them the same"))
    start: tuple[m.Rule, ...] | None = None
    if isinstance(raw_start, str):
        start = (m.Rule(to=raw_start),)
    elif isinstance(raw_start, list) and raw_start:
        start = _valid(_START, raw_start, ("start",), "start: ", faults)
    else:
        faults.append((("start",), "start: give a node, or a list of rules that choose one"))
    nodes: dict[str, m.Node] = {}
    known: list[str] = []
    if not isinstance(raw_nodes, dict) or not raw_nodes:
        faults.append((("nodes",), "nodes: give the nodes by name"))
        return None, []
    if len(raw_nodes) > MAX_NODES:
        faults.append((("nodes",), f"nodes: {len(raw_nodes)} of them; a flow may have {MAX_NODES}"))
        return None, []
    for node_name, value in raw_nodes.items():
        known.append(node_name)
        node = _valid(_NODE, value, ("nodes", node_name), f"node {node_name}: ", faults)
        if node is not None:
            nodes[node_name] = node
    if head is None:
        return None, known
    flow = m.Flow(
        name=name,
        version=version_of(text),
        text=text,
        languages=head.languages,
        person=head.person,
        limits=head.limits,
        start=start or (),
        nodes=nodes,
        transfers=transfers,
        transcribe_talks=head.transcribe_talks,
        modes=head.modes,
    )
    return flow, known


def _valid(adapter: TypeAdapter[_T], value: Any, at: Path, prefix: str, faults: list[lint.Fault]) -> _T | None:
    """The model of `value`, None if its form is wrong. Unknown keys are told, then the rest is checked."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        unknown = set()
        for item in error.errors(include_url=False, include_input=False):
            loc = tuple(part for part in item["loc"] if part != "[key]")
            if at[:1] == ("nodes",) and loc and loc[0] in _KINDS:
                loc = loc[1:]  # the union's tag, not a key of the file
            kind = value.get("type") if isinstance(value, dict) else None
            faults.append(((*at, *loc), prefix + _explain(item["type"], item["msg"], loc, at, kind)))
            if item["type"] == "unexpected_keyword_argument" and len(loc) == 1:
                unknown.add(loc[0])
        if len(unknown) != error.error_count():
            return None
        return adapter.validate_python({key: inner for key, inner in value.items() if key not in unknown})


def _explain(code: str, message: str, loc: Path, at: Path, kind: str | None) -> str:
    field = ".".join(str(part) for part in loc)
    if code in ("union_tag_invalid", "union_tag_not_found"):
        said = f"unknown type {kind}" if kind else "type is missing"
        return f"{said}; known: {', '.join(_KINDS)}"
    if code == "unexpected_keyword_argument":
        inner = next((_INNER[part] for part in reversed(loc[:-1]) if part in _INNER), None)
        holder = inner or (_KINDS.get(str(kind)) if at[:1] == ("nodes",) else m.Rule if at else m.Head)
        known = ", ".join(getattr(holder, "__dataclass_fields__", {}))
        more = ", start, nodes" if holder is m.Head else ""
        return f"unknown key {field}; known here: {known}{more}"
    if code in ("missing", "missing_argument"):
        if loc and loc[-1] in _TARGETS and at[:1] == ("nodes",):
            return f"the path ends here; give {field}: NODE"
        return f"{field} is missing"
    message = message.removeprefix("Value error, ")
    if code == "string_pattern_mismatch":
        what = (
            "a key (0-9, *, #)" if loc and loc[0] in ("keys", "options") else "a small letter, then letters, digits, _"
        )
        message = (
            f"does not have the right form; wanted: {what}" if "[a-z]" in message or "0-9*#" in message else message
        )
    return f"{field}: {message}" if field else message


def _line(lines: Mapping[Path, int], path: Path) -> int:
    """The line of a path, or of the nearest thing around it that the file has."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _text(name: str, lines: Mapping[Path, int], fault: lint.Fault) -> str:
    return f"{name}.yaml:{_line(lines, fault[0])}: {fault[1]}"
