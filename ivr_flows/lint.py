"""The rules a flow must keep beyond its form. Each yields all its faults, with the path of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches

from ivr_flows import graph
from ivr_flows import model as m
from ivr_flows.yaml_lines import Path

Fault = tuple[Path, str]

MAX_OPTIONS = 4


def check_names(flow: m.Flow, known: Collection[str]) -> Iterator[Fault]:
    """Every name leads to a node of the file."""
    shown = ", ".join(list(known)[:12]) + (", …" if len(known) > 12 else "")
    if flow.person not in known:
        yield ("person",), f"person leads to unknown node {flow.person}; known: {shown}"
    for n, rule in enumerate(flow.start):
        if rule.to not in known:
            yield ("start", n, "to"), f"start leads to unknown node {rule.to}; known: {shown}"
    for mode, to in flow.modes.items():
        if to not in known:
            yield ("modes", mode), f"mode {mode} leads to unknown node {to}; known: {shown}"
    for name, node in flow.nodes.items():
        for edge in graph.edges(flow, node):
            if edge.to not in known and not (edge.field == ("person",) and edge.to == flow.person):
                word = "option" if edge.field[0] == "options" else "key" if edge.field[0] == "keys" else ""
                what = f"{word} {edge.field[1]}" if word else str(edge.field[0])
                yield (
                    ("nodes", name, *edge.field),
                    f"node {name}: {what} leads to unknown node {edge.to}; known: {shown}",
                )


def check_start(flow: m.Flow, entries: Collection[str], known: Collection[str]) -> Iterator[Fault]:
    """Every call begins somewhere, and every number of the settings' table where the table says."""
    for n, rule in enumerate(flow.start[:-1]):
        if not rule.conditional:
            yield ("start", n), "start: this rule has no condition, so the rules after it never count"
    if flow.start and flow.start[-1].conditional:
        yield ("start", len(flow.start) - 1), "start: the last rule must have no condition, or some calls begin nowhere"
    for entry in sorted(set(entries) - set(known)):
        yield ("nodes",), f"nodes: a number in the settings enters at node {entry}, which is not here"


def check_languages(flow: m.Flow) -> Iterator[Fault]:
    for name, node in flow.nodes.items():
        if isinstance(node, m.SwitchLanguage) and node.language not in flow.languages:
            listed = ", ".join(flow.languages)
            yield ("nodes", name, "language"), f"node {name}: language {node.language} is not in languages: {listed}"


def check_nodes(flow: m.Flow) -> Iterator[Fault]:
    """Rules inside one node."""
    for name, node in flow.nodes.items():
        at: Path = ("nodes", name)
        match node:
            case m.Menu():
                for key in sorted({"0", "*"} & {*node.options, *node.keys}):
                    use = "leads to a person" if key == "0" else "repeats the menu"
                    field = "options" if key in node.options else "keys"
                    yield (*at, field, key), f"node {name}: key {key} always {use}; take it out"
                for key in sorted(node.options.keys() & node.keys.keys()):
                    yield (*at, "keys", key), f"node {name}: key {key} stands in options and in keys; take one out"
            case m.Gather():
                if node.min_digits > node.max_digits:
                    yield (*at, "min_digits"), f"node {name}: min_digits {node.min_digits} is more than max_digits"
                for digits in node.options:
                    if not node.min_digits <= len(digits) <= node.max_digits:
                        wanted = f"{node.min_digits} to {node.max_digits}"
                        yield (
                            (*at, "options", digits),
                            f"node {name}: option {digits} can never be typed; digits: {wanted}",
                        )
                if not node.options and node.next is None:
                    yield at, f"node {name}: the path ends here; give options or next: NODE"
            case m.Listen():
                if "0" in node.keys:
                    yield (*at, "keys", "0"), f"node {name}: key 0 always leads to a person; take it out"
                yield from _check_words(name, (*at, "words"), node.words)
            case m.Route():
                if node.ask is not None:
                    yield from _check_words(name, (*at, "ask", "words"), node.ask.words)
                if (node.max_wait_s is None) != (node.gave_up is None):
                    missing = "gave_up: NODE" if node.gave_up is None else "max_wait_s: SECONDS"
                    yield at, f"node {name}: max_wait_s and gave_up belong together; give {missing} or neither"
                if node.called_back is not None and node.callback_key in node.keys:
                    key = node.callback_key
                    yield (
                        (*at, "keys", key),
                        f"node {name}: key {key} asks to be called back; give another callback_key",
                    )
                for n, step in enumerate(node.skills[:-1]):
                    if step.for_s is None:
                        yield (
                            (*at, "skills", n),
                            f"node {name}: this step has no for_s, so the steps after it never come",
                        )
            case m.Schedule() if not (node.hours or node.weekdays or node.days or node.holiday):
                yield at, f"node {name}: give hours, weekdays, days or holiday; without them it is always open"
            case _:
                pass


def _check_words(name: str, at: Path, rules: Sequence[m.Meaning]) -> Iterator[Fault]:
    for n, rule in enumerate(rules):
        if not rule.any_of and not rule.matters:
            yield (*at, n), f"node {name}: these words can never be said; give any_of or matters"


def check_prompts(flow: m.Flow, prompts: Collection[str]) -> Iterator[Fault]:
    for name, node in flow.nodes.items():
        for prompt, place in graph.prompts_of(node):
            if prompt not in prompts:
                near = get_close_matches(prompt, prompts, n=3, cutoff=0.5)
                hint = f"did you mean {' or '.join(near)}?" if near else "add it to the catalogue"
                yield ("nodes", name, *place), f"node {name}: prompt {prompt} is not in the catalogue; {hint}"


def check_transfers(flow: m.Flow) -> Iterator[Fault]:
    """Policy: a flow hands callers to the four emergency numbers and to what the settings allow, to nobody else."""
    allowed = m.EMERGENCIES | flow.transfers
    for name, node in flow.nodes.items():
        if isinstance(node, m.Transfer) and node.target not in allowed:
            listed = ", ".join(sorted(allowed))
            yield ("nodes", name, "target"), f"node {name}: transfer to {node.target} is not allowed; allowed: {listed}"


def check_paths(flow: m.Flow, entries: Collection[str]) -> Iterator[Fault]:
    """Every node is used, nothing turns in circles, everybody reaches a person, every talk has an end."""
    roots = {rule.to for rule in flow.start} | set(entries) | {flow.person} | set(flow.modes.values())
    for name in sorted(flow.nodes.keys() - graph.reachable(flow, roots)):
        yield ("nodes", name), f"node {name}: nothing leads here; lead to it or take it out"
    if loop := graph.passive_loop(flow):
        yield (
            ("nodes", loop[0]),
            f"node {loop[0]}: turns in a circle without a key of the caller's: {' -> '.join(loop)}",
        )
        return
    if not _all_routes(flow, flow.person):
        yield ("person",), f"person: {flow.person} does not lead to a route; a person is what it promises"
    for name, node in flow.nodes.items():
        at: Path = ("nodes", name)
        if isinstance(node, m.ASKING) and not all(_all_routes(flow, to) for to in graph.passive(flow, node)):
            yield at, f"node {name}: a caller who does nothing here does not reach a person; lead him to a route"
        elif isinstance(node, m.Transfer) and not _all_routes(flow, node.otherwise):
            yield (*at, "otherwise"), f"node {name}: a caller whose transfer fails does not reach a person"
        elif isinstance(node, m.Route) and node.ask is not None:
            for n, rule in enumerate(node.ask.words):
                if rule.to is not None and not isinstance(flow.nodes[rule.to], m.Route):
                    text = f"{rule.to} is no route, and who waits has to go on waiting; lead to a route"
                    yield (*at, "ask", "words", n, "to"), f"node {name}: {text}"
        for edge in graph.edges(flow, node):
            ends = graph.passive_ends(flow, edge.to) if edge.by is graph.By.SERVED else ()
            if not all(isinstance(flow.nodes[end], m.HangUp) for end in ends):
                what = f"{edge.field[0]}: {edge.to}"
                yield (*at, *edge.field), f"node {name}: {what} must come to a hangup when the caller does nothing"


def check_prompt_time(flow: m.Flow, entries: Collection[str], durations: Mapping[str, float]) -> Iterator[Fault]:
    """The limits of `limits:`, by the length of the recordings. Call only for a flow without circles."""
    roots: dict[str, Path] = {rule.to: ("start", n, "to") for n, rule in enumerate(flow.start)}
    for name in {**roots, **dict.fromkeys(entries)}:
        for asked, (total_s, heard) in prompt_time(flow, name, durations).items():
            limit_s = flow.limits.menu_s if asked else flow.limits.greeting_s
            if total_s > limit_s + 1e-9:
                parts = " + ".join(f"{prompt} {durations[prompt]:.1f}" for prompt in heard)
                field = "menu_s" if asked else "greeting_s"
                text = f"{total_s:.1f} s of prompts before the queue ({parts}); limits.{field} is {limit_s:g}"
                yield ("nodes", name), f"node {name}: a caller who does nothing hears {text}"
    for name, node in flow.nodes.items():
        if isinstance(node, m.Say) and node.short is not None:
            long_s, short_s = (sum(durations.get(p, 0.0) for p in said) for said in (node.prompts, node.short))
            if short_s > long_s:
                text = f"short takes {short_s:.1f} s, longer than the {long_s:.1f} s of prompts; shorten it"
                yield ("nodes", name, "short"), f"node {name}: {text}"


def prompt_time(flow: m.Flow, name: str, durations: Mapping[str, float]) -> dict[bool, tuple[float, tuple[str, ...]]]:
    """Longest prompt time from `name` to a route for a caller who does nothing: by whether he was asked anything."""
    node = flow.nodes[name]
    if isinstance(node, m.Route):
        return {False: (0.0, ())}
    if isinstance(node, m.Announce):  # what the supervisor says there is his to keep short
        own: tuple[str, ...] = ()
    else:
        own = tuple(p for p, place in graph.prompts_of(node) if place[0] == "prompts" and p in durations)
    own_s = sum(durations[prompt] for prompt in own)
    longest: dict[bool, tuple[float, tuple[str, ...]]] = {}
    for to in graph.passive(flow, node):
        for asked, (rest_s, rest) in prompt_time(flow, to, durations).items():
            asked = asked or isinstance(node, m.ASKING)
            longest[asked] = max(longest.get(asked, (0.0, ())), (own_s + rest_s, own + rest))
    return longest


def warnings(flow: m.Flow) -> Iterator[Fault]:
    for name, node in flow.nodes.items():
        if isinstance(node, m.Menu) and len(node.options) > MAX_OPTIONS:
            text = f"{len(node.options)} options; more than {MAX_OPTIONS} are not remembered on the telephone"
            yield ("nodes", name, "options"), f"node {name}: {text}"


def _all_routes(flow: m.Flow, name: str) -> bool:
    ends = graph.passive_ends(flow, name)
    return bool(ends) and all(isinstance(flow.nodes[end], m.Route) for end in ends)
