"""Each rule that a flow must keep, broken once."""

import pytest

from ivr_flows.loader import load
from tests.support.flows import faults_of, flow_text

SECONDS = {"greeting": 4.0, "notice": 1.5, "menu_main": 9.0, "menu_person": 2.5, "menu_invalid": 30.0}
MENU = 'first: {type: menu, prompts: menu_main, options: {"1": queue}}'


@pytest.mark.parametrize(
    ("nodes", "fault"),
    [
        (MENU + "\nlost: {type: goto, to: queue}", "test.yaml:6: node lost: nothing leads here"),
        (
            "first: {type: goto, to: second}\nsecond: {type: say, prompts: greeting, next: first}",
            "test.yaml:5: node first: turns in a circle without a key of the caller's: first -> second -> first",
        ),
        (
            'first: {type: menu, prompts: menu_main, options: {"1": queue}, person: first}',
            "turns in a circle without a key of the caller's: first -> first",
        ),
        (
            'first: {type: menu, prompts: menu_main, options: {"1": queue}, person: bye}',
            "test.yaml:5: node first: a caller who does nothing here does not reach a person",
        ),
        (
            "first: {type: listen, prompts: listen_ask, words: [{to: queue, any_of: a}], otherwise: bye}",
            "node first: a caller who does nothing here does not reach a person",
        ),
        (
            "first: {type: listen, prompts: listen_ask, words: [{to: second, any_of: a}], otherwise: queue}\n"
            "second: {type: goto, to: first}",
            "turns in a circle without a key of the caller's: first -> second -> first",
        ),
        (
            "first: {type: listen, prompts: listen_ask, otherwise: queue, words: [{to: queue, any_of: a, urgent: x}]}",
            "test.yaml:5: node first: words",
        ),
        (
            "first: {type: listen, prompts: listen_ask, words: [{to: queue, matter: fire}], otherwise: queue}",
            "test.yaml:5: node first: these words can never be said; give any_of or matters",
        ),
        (
            "first: {type: listen, prompts: listen_ask, words: [{any_of: a}], otherwise: queue}",
            "test.yaml:5: node first: the path ends here; give words.0.to: NODE",
        ),
        (
            "first: {type: listen, prompts: listen_ask, words: [{to: queue, matters: 'a b'}], otherwise: queue}",
            "test.yaml:5: node first: words.0.matters.0: does not have the right form",
        ),
        (
            "first: {type: route, queue: a, after: bye, ask: {prompts: listen_ask, words: [{to: bye, any_of: a}]}}",
            "test.yaml:5: node first: bye is no route, and who waits has to go on waiting; lead to a route",
        ),
        (
            "first: {type: route, queue: a, after: bye, ask: {prompts: listen_ask, words: [{to: gone, any_of: a}]}}",
            "test.yaml:5: node first: ask leads to unknown node gone",
        ),
        (
            "first: {type: route, queue: a, after: bye, ask: {prompts: listen_ask, words: [{urgent: true}]}}",
            "test.yaml:5: node first: these words can never be said; give any_of or matters",
        ),
        (
            "first: {type: route, queue: a, after: bye, ask: {words: []}}",
            "test.yaml:5: node first: ask.prompts is missing",
        ),
        (
            "first: {type: route, queue: a, after: bye, ask: {prompts: listen_ask, words: [{any_of: a, key: b}]}}",
            "unknown key ask.words.0.key; known here: any_of, matters, least, matter, urgent",
        ),
        (
            "first: {type: transfer, target: '110', otherwise: bye, after: bye}",
            "node first: a caller whose transfer fails does not reach a person",
        ),
        (
            "first: {type: transfer, target: pizza, otherwise: queue, after: bye}",
            "test.yaml:5: node first: transfer to pizza is not allowed; allowed: 110, 119, 120, 122",
        ),
        (
            "first: {type: route, queue: other, after: queue}",
            "test.yaml:5: node first: after: queue must come to a hangup when the caller does nothing",
        ),
        (
            "first: {type: route, queue: other, after: bye, max_wait_s: 60}",
            "max_wait_s and gave_up belong together; give gave_up: NODE or neither",
        ),
        (
            "first: {type: route, queue: other, after: bye, skills: [{need: a}, {need: b}]}",
            "this step has no for_s, so the steps after it never come",
        ),
        (
            "first: {type: route, queue: other, after: bye, skills: [{need: a>=9}]}",
            'node first: skills.0.need.0: write a skill as "enterprise" or "enterprise>=3"',
        ),
        (
            'first: {type: menu, prompts: menu_main, options: {"1": queue, "0": queue}}',
            "test.yaml:5: node first: key 0 always leads to a person; take it out",
        ),
        (
            'first: {type: menu, prompts: menu_main, options: {"1": queue}, keys: {"*": queue, "1": queue}}',
            "key * always repeats the menu; take it out",
        ),
        (
            'first: {type: menu, prompts: menu_main, options: {"1": queue}, keys: {"1": queue}}',
            "key 1 stands in options and in keys; take one out",
        ),
        (
            'first: {type: menu, prompts: menu_main, options: {"12": queue}}',
            "node first: options.12: does not have the right form; wanted: a key (0-9, *, #)",
        ),
        ("first: {type: gather, prompts: ask, max_digits: 4}", "the path ends here; give options or next: NODE"),
        (
            "first: {type: gather, prompts: ask, min_digits: 5, max_digits: 4, next: queue}",
            "min_digits 5 is more than max_digits",
        ),
        (
            "first: {type: gather, prompts: ask, max_digits: 2, options: {110: queue}}",
            "option 110 can never be typed; digits: 1 to 2",
        ),
        (
            "first: {type: language, language: fr, next: queue}",
            "test.yaml:5: node first: language fr is not in languages: zh-CN",
        ),
        ("first: {type: schedule, open: queue, closed: queue}", "give hours, weekdays, days or holiday"),
        (
            "first: {type: schedule, open: queue, closed: queue, hours: '8-20'}",
            'node first: hours.0: write hours as "08:00-20:00"',
        ),
        (
            "first: {type: schedule, open: queue, closed: queue, weekdays: [mon, funday]}",
            "node first: weekdays.1: Input should be 'mon', 'tue'",
        ),
        (
            'first: {type: route, queue: other, after: bye, called_back: bye, keys: {"5": queue}}',
            "test.yaml:5: node first: key 5 asks to be called back; give another callback_key",
        ),
        (
            "first: {type: route, queue: other, after: bye, called_back: queue}",
            "test.yaml:5: node first: called_back: queue must come to a hangup when the caller does nothing",
        ),
        (
            "first: {type: message, prompts: message_ask, next: queue, otherwise: bye}",
            "test.yaml:5: node first: next: queue must come to a hangup when the caller does nothing",
        ),
        ("first: {type: message, prompts: message_ask, next: bye}", "the path ends here; give otherwise: NODE"),
        (
            "first: {type: message, prompts: message_ask, next: bye, otherwise: bye, max_s: 5}",
            "node first: max_s: Input should be greater than or equal to 10",
        ),
        (
            "first: {type: route, queue: a, after: bye, no_seat: second}\n"
            "second: {type: route, queue: b, after: bye, no_seat: first}",
            "turns in a circle without a key of the caller's: first -> second -> first",
        ),
        (
            "first: {type: route, queue: a, after: bye, no_seat: second}\n"
            "second: {type: message, prompts: message_ask, next: bye, otherwise: first}",
            "turns in a circle without a key of the caller's: first -> second -> first",
        ),
        (
            'first: {type: menu, prompts: menu_main, options: {"1": queue}, person: night}\n'
            "night: {type: message, prompts: message_ask, next: bye, otherwise: bye}",
            "node first: a caller who does nothing here does not reach a person",
        ),
        (
            "first: {type: route, queue: other, after: bye, position_every_s: 60}",
            "unknown key position_every_s; known here: type, queue, after, skills, priority_s, news_every_s",
        ),
        (
            "first: {type: route, queue: other, after: bye, priority_s: 86401}",
            "priority_s: Input should be less than or equal to 86400",
        ),
        ("first: {type: say, prompts: greeting}", "test.yaml:5: node first: the path ends here; give next: NODE"),
        ("first: {type: hangup}", "test.yaml:5: node first: prompts is missing"),
    ],
)
def test_a_broken_rule(nodes: str, fault: str) -> None:
    found = faults_of(flow_text(nodes))
    assert any(fault in line for line in found), found


@pytest.mark.parametrize(
    ("start", "fault"),
    [
        ("nowhere", "test.yaml:3: start leads to unknown node nowhere; known: first"),
        ("[{dialled: '12333', to: first}]", "start: the last rule must have no condition"),
        ("[{to: first}, {to: queue}]", "start: this rule has no condition, so the rules after it never count"),
        ("[{when: now, to: first}]", "start: unknown key 0.when; known here: to, dialled, mode"),
        ("[]", "start: give a node, or a list of rules"),
    ],
)
def test_a_broken_start(start: str, fault: str) -> None:
    found = faults_of(flow_text(MENU, start))
    assert any(fault in line for line in found), found


def test_a_person_must_be_a_route() -> None:
    text = flow_text(MENU).replace("person: queue", "person: bye")
    assert "test.yaml:2: person: bye does not lead to a route; a person is what it promises" in faults_of(text)


def test_an_entry_of_the_table_of_numbers_must_be_there_and_counts_as_reached() -> None:
    text = flow_text(MENU + "\nline: {type: goto, to: queue}")
    assert faults_of(text, entries=["line"]) == ()
    assert "a number in the settings enters at node other, which is not here" in faults_of(text, entries=["other"])[0]


@pytest.mark.parametrize(
    "node",
    [
        "first: {type: say, prompts: greeting, short: greting, next: queue}",
        "first: {type: route, queue: other, comfort: [greeting, greting], after: bye}",
        "first: {type: message, prompts: greeting, again: greting, next: bye, otherwise: bye}",
        "first: {type: message, prompts: greting, again: greeting, next: bye, otherwise: bye}",
    ],
)
def test_every_prompt_of_a_node_is_looked_up(node: str) -> None:
    faults = faults_of(flow_text(node), prompts=["greeting", "goodbye"])
    assert faults == ("test.yaml:5: node first: prompt greting is not in the catalogue; did you mean greeting?",)


def test_a_night_may_begin_with_a_message() -> None:
    nodes = """
        first: {type: schedule, hours: "08:00-20:00", open: queue, closed: night}
        night: {type: message, prompts: message_ask, next: bye, otherwise: bye}
        """
    assert faults_of(flow_text(nodes)) == ()


def test_a_queue_may_be_tried_again_for_ever() -> None:
    again = """
        first: {type: route, queue: general, after: bye, max_wait_s: 60, gave_up: sorry}
        sorry: {type: say, prompts: fallback_wait, next: first}
        """
    assert faults_of(flow_text(again).replace("person: queue", "person: first")) != ()  # queue: nothing leads there
    assert faults_of(flow_text(again)) == ()


def test_a_fifth_option_is_a_warning() -> None:
    options = ", ".join(f'"{n}": queue' for n in range(1, 6))
    flow = load(flow_text(f"first: {{type: menu, prompts: menu_main, options: {{{options}}}}}"), "test", None, ())
    assert flow.warnings == ("test.yaml:5: node first: 5 options; more than 4 are not remembered on the telephone",)


class TestPromptTime:
    """What a caller who does nothing hears before he is in a queue."""

    ZERO = "first: {type: say, prompts: [greeting, notice], next: queue}"
    SHORT = """
        first: {type: say, prompts: greeting, next: menu}
        menu: {type: menu, prompts: menu_main, options: {"1": queue}, person: person}
        person: {type: say, prompts: menu_person, next: queue}
        """

    def test_zero_menu(self) -> None:
        assert faults_of(flow_text(self.ZERO), durations=SECONDS) == (
            "test.yaml:5: node first: a caller who does nothing hears 5.5 s of prompts before the queue "
            "(greeting 4.0 + notice 1.5); limits.greeting_s is 5",
        )
        assert faults_of(flow_text(self.ZERO), durations=SECONDS | {"notice": 1.0}) == ()

    def test_short_menu_counts_all_prompts_together(self) -> None:
        assert faults_of(flow_text(self.SHORT), durations=SECONDS) == (
            "test.yaml:5: node first: a caller who does nothing hears 15.5 s of prompts before the queue "
            "(greeting 4.0 + menu_main 9.0 + menu_person 2.5); limits.menu_s is 15",
        )
        assert faults_of(flow_text(self.SHORT), durations=SECONDS | {"menu_person": 2.0}) == ()

    def test_the_limits_are_the_files(self) -> None:
        assert faults_of(flow_text(self.ZERO, head="limits: {greeting_s: 6}\n"), durations=SECONDS) == ()
        assert len(faults_of(flow_text(self.SHORT, head="limits: {menu_s: 12}\n"), durations=SECONDS)) == 1

    def test_the_longest_branch_counts(self) -> None:
        nodes = """
            first: {type: schedule, hours: "08:00-20:00", open: queue, closed: night}
            night: {type: say, prompts: night_notice, next: queue}
            """
        found = faults_of(flow_text(nodes), durations={"night_notice": 6.0})
        assert "test.yaml:5: node first: a caller who does nothing hears 6.0 s" in found[0]

    def test_what_is_short_is_shorter(self) -> None:
        nodes = "first: {type: say, prompts: notice, short: greeting, next: queue}"
        assert faults_of(flow_text(nodes), durations=SECONDS) == (
            "test.yaml:5: node first: short takes 4.0 s, longer than the 1.5 s of prompts; shorten it",
        )

    def test_without_recordings_nothing_is_said(self) -> None:
        assert faults_of(flow_text(self.ZERO), durations={}) == ()
