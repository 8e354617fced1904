"""A flow file that cannot be used says why, where and what would be right: all of it at once."""

import pytest

from ivr_flows.errors import FlowError
from ivr_flows.loader import load
from tests.support.flows import faults_of, flow_text

GOOD = flow_text("first: {type: say, prompts: greeting, next: queue}")


def test_a_good_file_has_a_version_that_follows_its_content() -> None:
    flow = load(GOOD, "test", {"greeting", "goodbye"}, ())
    assert flow.warnings == ()
    assert len(flow.version) == 12
    assert load(GOOD + "\n# a word\n", "test", None, ()).version != flow.version
    assert load(GOOD, "test", None, ()).version == flow.version


def test_all_faults_are_told_at_once_each_with_its_line() -> None:
    text = """\
flow: test
person: queue
start: menu
nodes:
  menu:
    type: menu
    prompts: [menu_main]
    options:
      "1": queue
      "5": nowhere
    first: 3
  wrong:
    type: say
    prompts: greeting
  queue: {type: route, queue: general, after: bye, max_wait_s: soon}
  bye: {type: hangup, prompts: goodby}
"""
    assert faults_of(text, prompts={"menu_main", "menu_invalid", "greeting", "goodbye"}) == (
        "test.yaml:10: node menu: option 5 leads to unknown node nowhere; known: menu, wrong, queue, bye",
        "test.yaml:11: node menu: unknown key first; known here: type, prompts, options, keys, person, invalid, "
        "first_s, max_errors, max_repeats",
        "test.yaml:12: node wrong: the path ends here; give next: NODE",
        "test.yaml:15: node queue: max_wait_s: Input should be a valid number, unable to parse string as a number",
        "test.yaml:16: node bye: prompt goodby is not in the catalogue; did you mean goodbye?",
    )


def test_an_unknown_node_is_named_with_the_known_ones() -> None:
    text = flow_text(
        """
        first:
          type: menu
          prompts: menu_main
          options:
            "1": queue
            "5": nowhere
        """
    )
    assert faults_of(text) == (
        "test.yaml:10: node first: option 5 leads to unknown node nowhere; known: first, queue, bye",
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "test.yaml:1: is empty"),
        ("# nothing\n", "test.yaml:1: is empty"),
        ("- a\n- b\n", "test.yaml:1: must begin with keys: flow, person, start, nodes"),
        (GOOD.replace("flow: test", "flow: other"), "test.yaml:1: flow: is called other, but the file is called test"),
        (GOOD.replace("start: first", "begin: first"), "test.yaml:3: unknown key begin; known here: flow, person"),
        (GOOD.replace("start: first\n", ""), "start: give a node, or a list of rules"),
        (GOOD.replace("type: say", "type: sing"), "test.yaml:5: node first: unknown type sing; known: say, announce"),
        (GOOD.replace("type: say, ", ""), "test.yaml:5: node first: type is missing; known: say"),
        (GOOD.replace("first: {", "First: {"), "test.yaml:3: start leads to unknown node first; known: First"),
        (GOOD.replace("prompts: greeting", "prompts: []"), "test.yaml:5: node first: prompts: "),
        (GOOD.replace("next: queue", "next: {a: b}"), "test.yaml:5: node first: next: Input should be a valid string"),
        ("flow: a\nflow: b\n", "test.yaml:2: key flow stands here a second time; the first is in line 1"),
        ("flow: &x test\n", "test.yaml:1: anchors (&name) are not allowed"),
        ("flow: *x\n", 'test.yaml:1: aliases (*name) are not allowed; a key "*" stands in quotes'),
        ("flow: a\nstart:\n  *: x\n", "test.yaml:3: not valid YAML"),
        ("flow: !!python/object:os.system x\n", "test.yaml:1: tags (tag:yaml.org,2002:python/object:os.system)"),
        ("flow: [a\n", "test.yaml:2: not valid YAML"),
        ("flow: a\nx: \x00\n", "test.yaml:2: "),
        ("flow: a\n---\nflow: b\n", "test.yaml:2: a second document begins"),
        ("[" * 50_000, "test.yaml:1: nested deeper than 8 levels"),
        ("? [a]\n: b\n", "test.yaml:1: a key must be a word or a number"),
        ("a: b\n" * 20_000, "test.yaml:1: 100000 characters; a flow file may have 65536"),
    ],
)
def test_what_cannot_be_read(text: str, fault: str) -> None:
    found = faults_of(text)
    assert any(fault in line for line in found), found
    assert all(line.startswith("test.yaml:") for line in found)


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
    )
    assert faults_of(bomb) == ("test.yaml:1: anchors (&name) are not allowed; write the value out",)


def test_every_duplicate_key_is_told_with_both_lines() -> None:
    text = 'nodes:\n  a: {type: menu, options: {"1": x, "1": y}}\n  b: 1\n  a: 2\n'
    assert faults_of(text) == (
        "test.yaml:2: key 1 stands here a second time; the first is in line 2",
        "test.yaml:4: key a stands here a second time; the first is in line 2",
    )


def test_words_that_yaml_would_guess_at_stay_what_they_are() -> None:
    text = flow_text(
        """
        first: {type: number, options: {010: no, 12333: "on"}, otherwise: queue}
        no: {type: say, prompts: off, next: queue}
        on: {type: goto, to: queue}
        """
    )
    flow = load(text, "test", None, ())
    assert list(flow.nodes) == ["first", "no", "on", "queue", "bye"]
    assert flow.nodes["first"].options == {"010": "no", "12333": "on"}  # type: ignore[union-attr]


def test_the_error_holds_the_faults_and_reads_as_lines() -> None:
    with pytest.raises(FlowError) as caught:
        load("flow: a\nflow: b\nflow: c\n", "test", None, ())
    assert len(caught.value.faults) == 2
    assert str(caught.value) == "\n".join(caught.value.faults)
