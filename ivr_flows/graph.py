"""A flow as a graph: where each node leads and what takes a caller there. Lint, drawing and the session share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ivr_flows import model as m


class By(StrEnum):
    """What takes a caller along an edge."""

    ITSELF = "itself"
    """The flow goes on without him."""
    SILENCE = "silence"
    """He does nothing, or nothing sensible, when asked."""
    KEY = "key"
    WORDS = "words"
    SERVED = "served"
    """He has talked to somebody, will be called back, or has left a message."""
    GAVE_UP = "gave up"
    """He has waited long enough."""
    NO_SEAT = "no seat"
    """Nobody is logged in."""


@dataclass(frozen=True, slots=True)
class Edge:
    label: str
    to: str
    by: By
    field: tuple[str | int, ...]
    """Path of the target inside the node, for the line of a fault."""


def edges(flow: m.Flow, node: m.Node) -> Iterator[Edge]:
    """Every way out of a node, the caller's keys first."""
    match node:
        case m.Say():
            yield from _keys("keys", node.keys)
            yield Edge("", node.next, By.ITSELF, ("next",))
        case m.Announce() | m.SwitchLanguage():
            yield Edge("", node.next, By.ITSELF, ("next",))
        case m.Menu():
            yield from _keys("options", node.options)
            yield from _keys("keys", node.keys)
            yield Edge("0, silence, errors", flow.person_of(node), By.SILENCE, ("person",))
        case m.Gather():
            yield from _keys("options", node.options)
            if node.next is not None:
                yield Edge("digits", node.next, By.KEY, ("next",))
            yield Edge("0, silence, errors", flow.person_of(node), By.SILENCE, ("person",))
        case m.Listen():
            for n, words in enumerate(node.words):
                yield Edge(_meaning(words), words.to, By.WORDS, ("words", n, "to"))
            yield from _keys("keys", node.keys)
            yield Edge("0", flow.person_of(node), By.KEY, ("person",))
            yield Edge("otherwise", node.otherwise, By.SILENCE, ("otherwise",))
        case m.Route():
            yield from _keys("keys", node.keys)
            for n, rule in enumerate(node.ask.words if node.ask is not None else ()):
                if rule.to is not None:
                    yield Edge(_meaning(rule), rule.to, By.WORDS, ("ask", "words", n, "to"))
            if node.gave_up is not None:
                yield Edge("gave up", node.gave_up, By.GAVE_UP, ("gave_up",))
            if node.no_seat is not None:
                yield Edge("no seat", node.no_seat, By.NO_SEAT, ("no_seat",))
            if node.called_back is not None:
                yield Edge(f"{node.callback_key}: called back", node.called_back, By.SERVED, ("called_back",))
            yield Edge("after the talk", node.after, By.SERVED, ("after",))
        case m.Message():
            yield Edge("0", flow.person, By.KEY, ("person",))
            yield Edge("message left", node.next, By.SERVED, ("next",))
            yield Edge("otherwise", node.otherwise, By.SILENCE, ("otherwise",))
        case m.Schedule():
            yield Edge("open", node.open, By.ITSELF, ("open",))
            yield Edge("closed", node.closed, By.ITSELF, ("closed",))
            if node.holiday is not None:
                yield Edge("holiday", node.holiday, By.ITSELF, ("holiday",))
        case m.ByNumber():
            for number, to in node.options.items():
                yield Edge(number, to, By.ITSELF, ("options", number))
            yield Edge("otherwise", node.otherwise, By.ITSELF, ("otherwise",))
        case m.Goto():
            yield Edge("", node.to, By.ITSELF, ("to",))
        case m.Transfer():
            yield Edge("connected", node.after, By.SERVED, ("after",))
            yield Edge("otherwise", node.otherwise, By.ITSELF, ("otherwise",))
        case m.Survey():
            yield Edge("", node.next, By.ITSELF, ("next",))
        case m.HangUp():
            pass


def passive(flow: m.Flow, node: m.Node) -> Iterator[str]:
    """Where a caller who does nothing can be taken from here; nowhere from a route, which waits, and from a hang up."""
    if not isinstance(node, m.Route):
        yield from (edge.to for edge in edges(flow, node) if edge.by in (By.ITSELF, By.SILENCE))


def passive_ends(flow: m.Flow, name: str) -> set[str]:
    """Routes and hang ups that a caller who does nothing from `name` on may come to."""
    ends, seen, todo = set[str](), set[str](), [name]
    while todo:
        if (name := todo.pop()) in seen:
            continue
        seen.add(name)
        node = flow.nodes[name]
        if isinstance(node, (m.Route, m.HangUp)):
            ends.add(name)
        todo.extend(passive(flow, node))
    return ends


def passive_loop(flow: m.Flow) -> list[str] | None:
    """A way round that needs no key of the caller's, if need be while no agent is logged in. Who can only speak, and is
    understood wrongly, must come to somebody too."""
    done = set[str]()

    def visit(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        done.add(name)
        here = flow.nodes[name]
        # Who waits is asked once in a call, so that what he says there cannot lead him round and round.
        unasked = (By.NO_SEAT,) if isinstance(here, m.Route) else (By.NO_SEAT, By.WORDS)
        ways = (*passive(flow, here), *(edge.to for edge in edges(flow, here) if edge.by in unasked))
        return next((found for to in ways if (found := visit(to, [*path, name]))), None)

    return next((found for name in flow.nodes if (found := visit(name, []))), None)


def reachable(flow: m.Flow, roots: set[str]) -> set[str]:
    seen, todo = set[str](), list(roots)
    while todo:
        if (name := todo.pop()) not in seen:
            seen.add(name)
            todo.extend(edge.to for edge in edges(flow, flow.nodes[name]))
    return seen


def prompts_of(node: m.Node) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Prompt ids of a node, each with its place in it."""
    match node:
        case m.Announce():
            yield node.prompt, ("prompt",)
        case m.Say():
            yield from ((p, ("prompts", n)) for n, p in enumerate(node.prompts))
            yield from ((p, ("short", n)) for n, p in enumerate(node.short or ()))
        case m.HangUp() | m.Transfer() | m.Listen():
            yield from ((p, ("prompts", n)) for n, p in enumerate(node.prompts))
        case m.Menu() | m.Gather():
            yield from ((p, ("prompts", n)) for n, p in enumerate(node.prompts))
            yield from ((p, ("invalid", n)) for n, p in enumerate(node.invalid))
        case m.Survey():
            yield from ((p, ("ask", str(scale), n)) for scale, ask in node.ask.items() for n, p in enumerate(ask))
            yield from ((p, ("again", n)) for n, p in enumerate(node.again))
        case m.Message():
            yield from ((p, ("prompts", n)) for n, p in enumerate(node.prompts))
            yield from ((p, ("again", n)) for n, p in enumerate(node.again))
        case m.Route():
            yield from ((p, ("comfort", n)) for n, p in enumerate(node.comfort))
            yield from ((p, ("ask", "prompts", n)) for n, p in enumerate(node.ask.prompts if node.ask else ()))
        case m.Schedule() | m.ByNumber() | m.SwitchLanguage() | m.Goto():
            pass


def _meaning(rule: m.Meaning) -> str:
    return "/".join((*rule.any_of, *rule.matters))


def _keys(field: str, keys: object) -> Iterator[Edge]:
    assert isinstance(keys, dict)
    yield from (Edge(key, to, By.KEY, (field, key)) for key, to in keys.items())
