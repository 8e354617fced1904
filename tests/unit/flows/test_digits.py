"""Five things that can happen to digits: terminator, idle time, too few, too many, hang-up."""

import pytest

from ivr_flows.session import Phase
from ivr_flows.words import CallerLeft, Gather, Gathered, Played, Prompt
from tests.support.flows import Walk, ids, make_flow

FLOW = make_flow("""
    first: {type: say, prompts: greeting, next: code}
    code:
      type: gather
      prompts: enter_code
      min_digits: 3
      max_digits: 6
      options: {"110": urgent}
      next: known
    known: {type: say, prompts: thank_you, next: queue}
    urgent: {type: route, queue: urgent, after: bye}
    """)


def asked() -> Walk:
    return Walk(FLOW).hear(Played())


def test_asks_for_up_to_six_digits() -> None:
    assert asked().waits_for == Gather((Prompt("enter_code"),), 6, 5.0, 3.0, "#", "")


def test_terminator() -> None:
    call = asked().hear(Gathered("1234", True))
    assert (call.node, call.session.digits) == ("known", "1234")


def test_idle_time_ends_an_input_that_is_long_enough() -> None:
    assert asked().hear(Gathered("123", False)).node == "known"


def test_idle_time_without_a_digit_leads_to_a_person() -> None:
    assert asked().hear(Gathered("", False)).node == "queue"


@pytest.mark.parametrize("complete", [True, False])
def test_too_few_asks_again_and_then_leads_to_a_person(complete: bool) -> None:
    call = asked().hear(Gathered("12", complete))
    assert ids(call.waits_for) == ["menu_invalid", "enter_code"]
    assert call.hear(Gathered("12", complete)).node == "queue"


def test_too_many_is_an_error_too() -> None:
    call = asked().hear(Gathered("1234567", True))
    assert (call.node, call.session.errors) == ("code", 1)


def test_hang_up_in_the_middle_ends_the_session_and_forgets_the_digits() -> None:
    call = asked().hear(Gathered("1234", True), CallerLeft())
    assert (call.session.phase, call.session.digits, call.commands) == (Phase.ENDED, "", [])


def test_an_exact_option_leads_to_its_node() -> None:
    assert asked().hear(Gathered("110", False)).node == "urgent"


def test_a_lone_zero_is_a_person() -> None:
    assert asked().hear(Gathered("0", False)).node == "queue"


def test_a_star_begins_again_a_limited_number_of_times() -> None:
    call = asked().hear(Gathered("12*", True))
    assert (ids(call.waits_for), call.session.errors) == (["enter_code"], 0)
    assert call.hear(*[Gathered("*", True)] * 3).node == "queue"


@pytest.mark.parametrize("digits", ["12A4", "12D", "１２３", "1 3"])
def test_what_is_not_a_figure_is_an_error_of_the_caller(digits: str) -> None:
    assert asked().hear(Gathered(digits, True)).session.errors == 1


def test_a_key_pressed_during_the_greeting_is_the_first_digit() -> None:
    call = Walk(FLOW).hear(Played("1"))
    assert call.waits_for == Gather((Prompt("enter_code"),), 6, 5.0, 3.0, "#", "1")


def test_one_digit_where_zero_is_a_digit() -> None:
    flow = make_flow("first: {type: gather, prompts: ask, max_digits: 1, next: ok}\nok: {type: goto, to: queue}")
    assert Walk(flow).hear(Gathered("0", True)).path == ["first", "ok", "queue"]


class TestMenu:
    """The same five for a menu, which takes one key."""

    FLOW = make_flow('first: {type: menu, prompts: menu_main, options: {"1": one}}\n'
                     "one: {type: route, queue: one, after: bye}")  # fmt: skip

    def test_no_terminator_is_needed(self) -> None:
        assert Walk(self.FLOW).hear(Gathered("1", True)).node == "one"

    def test_idle_time(self) -> None:
        assert Walk(self.FLOW).hear(Gathered("", False)).node == "queue"

    def test_too_few_is_a_bare_terminator(self) -> None:
        assert Walk(self.FLOW).hear(Gathered("#", True)).session.errors == 1

    def test_too_many(self) -> None:
        assert Walk(self.FLOW).hear(Gathered("11", True)).session.errors == 1

    def test_hang_up(self) -> None:
        assert Walk(self.FLOW).hear(CallerLeft()).session.phase is Phase.ENDED
