"""A flow as a picture, from the same data that calls walk: a tree for the terminal, Mermaid for documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ivr_flows import graph
from ivr_flows import model as m

Texts = Callable[[str], str]
"""The words of a prompt by its id."""


def tree(flow: m.Flow, texts: Texts = lambda prompt: prompt) -> str:
    """Every path from the start on. A node is drawn once, where the shortest way leads to it; elsewhere it is named."""
    roots: dict[str, list[str]] = {}
    for rule in flow.start:
        roots.setdefault(rule.to, []).append(rule_text(rule))
    inner = graph.reachable(flow, set(roots))
    for name in flow.nodes:
        if name not in inner and not any(
            name in graph.reachable(flow, {other}) for other in flow.nodes if other != name
        ):
            modes = [mode for mode, to in flow.modes.items() if to == name]
            roots[name] = [f"switched to {mode}" for mode in modes] or ["by the table of numbers"]
    home = _homes(flow, list(roots))
    lines = [f"{flow.name}, version {flow.version}; a person: {flow.person}"]
    for name, whens in roots.items():
        lines.append(f"{'; '.join(whens)} -> {name}: {describe(flow.nodes[name], texts)}")
        lines += _branch(flow, name, "  ", home, texts)
    return "\n".join(lines)


def mermaid(flow: m.Flow, texts: Texts = lambda prompt: prompt) -> str:
    """A Mermaid flowchart."""
    lines = ["flowchart TD", f'  call(("{_quoted(flow.name)}"))']
    for name, node in flow.nodes.items():
        left, right = _shape(node)
        label = _quoted(f"{name}\n{describe(node, texts)}").replace("\n", "<br/>")
        lines.append(f'  n_{name}{left}"{label}"{right}')
    for rule in flow.start:
        lines.append(f'  call -->|"{_quoted(rule_text(rule))}"| n_{rule.to}')
    begun = {rule.to for rule in flow.start}
    lines += [f'  call -->|"switched to {mode}"| n_{to}' for mode, to in flow.modes.items() if to not in begun]
    for name, node in flow.nodes.items():
        for label, to in _ways(flow, node):
            arrow = f'-->|"{_quoted(label)}"|' if label else "-->"
            lines.append(f"  n_{name} {arrow} n_{to}")
    return "\n".join(lines)


def describe(node: m.Node, texts: Texts = lambda prompt: prompt) -> str:
    """What a node does, in a few words."""
    match node:
        case m.Say() if node.short is not None:
            return f"say: {_said(node.prompts, texts)}; in short: {_said(node.short, texts) or 'nothing'}"
        case m.Say() | m.Menu() | m.Gather() | m.Listen() | m.Message() | m.HangUp():
            return f"{node.type}: {_said(node.prompts, texts)}"
        case m.Announce():
            return f"announce, while switched on: {node.prompt}"
        case m.Route():
            steps = [
                " and ".join(f"{need.skill}>={need.level}" for need in step.need)
                + ("" if step.for_s is None else f" for {step.for_s:g} s")
                for step in node.skills
            ]
            wait = [f"at most {node.max_wait_s:g} s"] if node.max_wait_s is not None else []
            asks = [f"asks: {_said(node.ask.prompts, texts)}"] if node.ask is not None else []
            return "; ".join([f"route: queue {node.queue}", *steps, *wait, *asks])
        case m.Schedule():
            return f"schedule: {_when(node) or 'holidays'}"
        case m.ByNumber():
            return "number dialled"
        case m.SwitchLanguage():
            return f"language: {node.language}"
        case m.Goto():
            return "goto"
        case m.Transfer():
            return f"transfer: {node.target}"
        case m.Survey():
            return f"survey: {_said(next(iter(node.ask.values())), texts)}"


def rule_text(rule: m.Rule) -> str:
    """The conditions of a start rule."""
    modes = [f"mode {'/'.join(rule.mode)}"] if rule.mode else []
    return ", ".join(filter(None, ["/".join(rule.dialled), *modes, _when(rule)])) or "every other call"


def _homes(flow: m.Flow, roots: list[str]) -> dict[str, str]:
    """The node under which each node is drawn; "" for the roots."""
    home = dict.fromkeys(roots, "")
    level = roots
    while level:
        found = [(to, name) for name in level for _, to in _ways(flow, flow.nodes[name])]
        level = list(dict.fromkeys(to for to, _ in found if to not in home))
        for to, name in found:
            home.setdefault(to, name)
    return home


def _branch(flow: m.Flow, name: str, indent: str, home: dict[str, str], texts: Texts) -> Iterator[str]:
    ways = list(_ways(flow, flow.nodes[name]))
    drawn: set[str] = set()
    for n, (label, to) in enumerate(ways):
        last = n == len(ways) - 1
        here = home[to] == name and to not in drawn
        drawn.add(to)
        what = f"{to}: {describe(flow.nodes[to], texts)}" if here else f"{to} ..."
        yield f"{indent}{'└─' if last else '├─'} {label or 'then'} -> {what}"
        if here:
            yield from _branch(flow, to, indent + ("   " if last else "│  "), home, texts)


def _ways(flow: m.Flow, node: m.Node) -> Iterator[tuple[str, str]]:
    """Ways out of a node; several keys to one place are one way."""
    ways: dict[tuple[str, graph.By], list[str]] = {}
    for edge in graph.edges(flow, node):
        ways.setdefault((edge.to, edge.by), []).append(edge.label)
    yield from ((", ".join(filter(None, labels)), to) for (to, _), labels in ways.items())


def _when(when: m.Rule | m.Schedule) -> str:
    hours = [f"{begin:%H:%M}-{end:%H:%M}".replace("-00:00", "-24:00") for begin, end in when.hours]
    return ", ".join(filter(None, ["/".join(hours), "/".join(when.weekdays), "/".join(when.days)]))


def _said(prompts: tuple[str, ...], texts: Texts) -> str:
    return " ".join(texts(prompt) for prompt in prompts)


def _shape(node: m.Node) -> tuple[str, str]:
    match node:
        case m.Menu() | m.Gather() | m.Listen() | m.Message() | m.Survey():
            return "{{", "}}"
        case m.Route() | m.Transfer():
            return "([", "])"
        case m.HangUp():
            return "((", "))"
        case m.Schedule() | m.ByNumber():
            return "{", "}"
        case _:
            return "[", "]"


def _quoted(text: str) -> str:
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
