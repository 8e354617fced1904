"""The picture is drawn from the data that calls walk, and shows every node and way."""

import re

from ivr_flows.draw import mermaid, tree
from ivr_flows.graph import edges
from ivr_flows.prompts import load_catalogue
from tests.support.flows import make_flow, read_shipped_flow

FLOW = make_flow(
    """
    menu: {type: menu, prompts: menu_main, options: {"1": queue, "2": end}}
    end: {type: route, queue: other, skills: [{need: other>=2, for_s: 20}], after: bye}
    """,
    start='[{dialled: "12333", hours: "08:00-24:00", to: queue}, {to: menu}]',
)


def test_the_tree_shows_each_node_once() -> None:
    assert tree(FLOW).splitlines()[1:] == [
        "12333, 08:00-24:00 -> queue: route: queue general",
        "  └─ after the talk -> bye: hangup: goodbye",
        "every other call -> menu: menu: menu_main",
        "  ├─ 1 -> queue ...",
        "  ├─ 2 -> end: route: queue other; other>=2 for 20 s",
        "  │  └─ after the talk -> bye ...",
        "  └─ 0, silence, errors -> queue ...",
    ]


def test_mermaid_has_every_node_and_every_way() -> None:
    flow = read_shipped_flow("city")
    text = mermaid(flow)
    assert set(re.findall(r"^  n_(\w+)[\[({]", text, re.M)) == set(flow.nodes)
    drawn = set(re.findall(r"^  n_(\w+) -->(?:\|\"[^\"]*\"\|)? n_(\w+)$", text, re.M))
    assert drawn == {(name, edge.to) for name, node in flow.nodes.items() for edge in edges(flow, node)}


def test_names_that_mermaid_keeps_for_itself_and_quotes_do_no_harm() -> None:
    text = mermaid(FLOW, lambda prompt: 'say "1" <b>')
    assert "  n_end([" in text
    assert "say #quot;1#quot; #lt;b#gt;" in text


def test_the_tree_shows_the_ways_out_of_a_wait_and_of_a_message() -> None:
    flow = make_flow("""
        first: {type: route, queue: other, called_back: bye, no_seat: night, after: bye}
        night: {type: message, prompts: message_ask, next: thanks, otherwise: bye}
        thanks: {type: hangup, prompts: message_thanks}
        """)
    assert tree(flow).splitlines()[1:7] == [
        "every other call -> first: route: queue other",
        "  ├─ no seat -> night: message: message_ask",
        "  │  ├─ 0 -> queue: route: queue general",
        "  │  │  └─ after the talk -> bye ...",
        "  │  ├─ message left -> thanks: hangup: message_thanks",
        "  │  └─ otherwise -> bye ...",
    ]


def test_the_tree_can_show_the_words() -> None:
    catalogue = load_catalogue()
    assert catalogue.text("menu_main", "zh-CN") in tree(FLOW, lambda prompt: catalogue.text(prompt, "zh-CN"))


def test_every_node_of_a_shipped_flow_is_in_the_tree() -> None:
    flow = read_shipped_flow("city")
    text = tree(flow)
    assert [name for name in flow.nodes if text.count(f"-> {name}: ") != 1] == []
