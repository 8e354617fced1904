"""A flow as a graph for a page that draws it: nodes with their lines in the file, ways between them, the beginnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ivr_flows import graph
from ivr_flows.loader import sketch
from ivr_flows.model import Announce, Flow, Hours, Node, Route, Schedule, SwitchLanguage, Transfer
from ivr_flows.yaml_lines import Path


def picture(text: str, name: str) -> dict[str, Any] | None:
    """{nodes, edges, start, person, languages}; None if there is nothing to draw. A faulty flow is drawn as far as it
    can be: a way that leads nowhere has `known` false, a node whose form is wrong the type faulty."""
    found = sketch(text, name)
    if found is None:
        return None
    flow, names, lines = found
    nodes = [
        {"name": node_name, "line": _line(lines, ("nodes", node_name)), **_facts(flow.nodes.get(node_name))}
        for node_name in names
    ]
    return {
        "nodes": nodes,
        "edges": [edge for node_name, node in flow.nodes.items() for edge in _edges(flow, names, node_name, node)],
        "start": [
            {
                "to": rule.to,
                "line": _line(lines, ("start", n)),
                "dialled": list(rule.dialled),
                "mode": list(rule.mode),
                "hours": _hours(rule.hours),
                "days": [*rule.weekdays, *rule.days],
            }
            for n, rule in enumerate(flow.start)
        ],
        "person": flow.person,
        "languages": list(flow.languages),
    }


def _facts(node: Node | None) -> dict[str, Any]:
    if node is None:
        return {"type": "faulty", "prompts": []}
    said = dict.fromkeys(prompt for prompt, _ in graph.prompts_of(node))
    facts: dict[str, Any] = {"type": node.type, "prompts": list(said)}
    match node:
        case Route():
            facts["queue"] = node.queue
        case Announce():
            facts["prompts"] = [node.prompt]
        case Transfer():
            facts["target"] = node.target
        case SwitchLanguage():
            facts["language"] = node.language
        case Schedule():
            facts["hours"] = _hours(node.hours)
            facts["days"] = [*node.weekdays, *node.days]
        case _:
            pass
    return facts


def _hours(hours: Sequence[Hours]) -> list[str]:
    return [f"{begin:%H:%M}-{end:%H:%M}".replace("-00:00", "-24:00") for begin, end in hours]


def _edges(flow: Flow, names: Sequence[str], name: str, node: Node) -> list[dict[str, Any]]:
    """Several ways of one kind to one place are one."""
    ways: dict[tuple[str, graph.By], list[str]] = {}
    for edge in graph.edges(flow, node):
        ways.setdefault((edge.to, edge.by), []).append(edge.label)
    return [
        {
            "from": name,
            "to": to,
            "by": str(by),
            "labels": [label for label in labels if label],
            "known": to in names,
        }
        for (to, by), labels in ways.items()
    ]


def _line(lines: Any, path: Path) -> int:
    return int(lines.get(path, lines.get(path[:1], 1)))
