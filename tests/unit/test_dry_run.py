"""What a change would have touched yesterday, and a call walked through a flow by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from agents.roster import Agent
from cti import dry_run
from cti.calls import AgentId, CallId
from cti.dry_run import Touched
from cti.metrics.record import CallRecord
from cti.numbers import NUMBERS, read_numbers
from cti.rehearse import NoAnswer, walk
from cti.rules import read_rules
from ivr_flows.calendar import WorkCalendar
from ivr_flows.prompts import Wording, load_catalogue
from ivr_flows.words import Prompt, Started
from tests.support.flows import MONDAY_10, read_shipped_flow

AT = MONDAY_10.timestamp()


def call(n: int = 0, **facts: Any) -> CallRecord:
    known: dict[str, Any] = {
        "call_id": CallId(f"c{n}"),
        "pii_caller": "",
        "dialled": "12345",
        "original": "",
        "city": "dongguan",
        "mode": "merged",
        "statistics": "12345",
        "medium": "voice",
        "sip_call_id": "",
        "flow": "city",
        "flow_version": "x",
        "arrived_at": AT,
        "path": ("short_menu", "notice_menu", "main_menu", "general"),
        "queue": "general",
    }
    return CallRecord(**{**known, **facts})


def counts(found: Touched) -> dict[str, int | None]:
    return {part.code: part.calls for part in found.parts}


def of_rules(old: str, new: str, calls: Iterable[CallRecord]) -> Touched:
    return dry_run.rules(read_rules(old, ""), read_rules(new, ""), calls)


def test_a_changed_number_touches_the_calls_to_it_and_calls_of_ours_are_none() -> None:
    old = read_numbers(NUMBERS, "")
    new = read_numbers(NUMBERS.replace('mode = "dual"  ', 'mode = "merged"'), "")
    calls = [call(dialled="12333"), call(dialled="12333", direction="callback"), call()]
    assert dry_run.numbers(old, new, calls) == Touched(2, 1, [dry_run.Part("number_changed", {"number": "12333"}, 1)])


def test_another_number_for_unknown_ones_touches_the_calls_to_those() -> None:
    new = read_numbers(NUMBERS.replace('unknown_number = "12345"', 'unknown_number = "12333"'), "")
    found = dry_run.numbers(read_numbers(NUMBERS, ""), new, [call(), call(dialled="0769-1"), call(dialled="9")])
    assert counts(found) == {"unknown_number_changed": 2}


def test_an_overflow_rule_touches_who_waited_so_long_in_its_queue() -> None:
    new = '[[overflow]]\nqueue = "enterprise"\nto = "general"\nafter_s = 90\n'
    calls = [
        call(queue="enterprise", wait_queue_s=120.0),
        call(queue="enterprise", wait_queue_s=80.0),
        call(queue="general", wait_queue_s=200.0),
    ]
    assert counts(of_rules("", new, calls)) == {"overflow_added": 1}
    assert counts(of_rules(new, "", calls)) == {"overflow_removed": 1}


def test_borrowing_touches_who_was_queued_while_the_rung_was_on() -> None:
    new = '[[overflow]]\nqueue = "enterprise"\nto = "general"\n'
    calls = [call(queue="enterprise", wait_queue_s=5.0, rungs=("borrow",)), call(queue="enterprise", wait_queue_s=5.0)]
    assert counts(of_rules("", new, calls)) == {"overflow_added": 1}


def test_the_bound_of_callbacks_touches_the_estimates_between_the_old_and_the_new() -> None:
    calls = [call(estimate_s=100.0), call(estimate_s=150.0), call(estimate_s=200.0), call()]
    found = of_rules("", "[waiting]\ncallback_from_s = 120\n", calls)
    assert (found.touched, counts(found)) == (1, {"waiting.callback_from_s": 1})


def test_what_records_cannot_tell_is_not_counted() -> None:
    found = of_rules("", "[waiting]\nlast_agent_s = 20\n", [call()])
    assert (found.calls, found.touched, counts(found)) == (1, None, {"waiting.last_agent_s": None})


def test_an_agents_skill_touches_what_he_answered_or_could_have_answered() -> None:
    a, b = AgentId("a1"), AgentId("a2")
    old = {a: Agent(a, "a", {"general": 3}), b: Agent(b, "b", {"general": 3})}
    new = {a: Agent(a, "a", {"enterprise": 2})}
    calls = [call(agents=("a1",)), call(agents=("a2",)), call(queue="enterprise", agents=("x",)), call(queue="video")]
    found = dry_run.roster(old, new, calls)
    assert [(p.code, p.values.get("skill"), p.calls) for p in found.parts] == [
        ("agent_skill", "enterprise", 1),
        ("agent_skill", "general", 1),
        ("agent_removed", None, 1),
    ]
    assert found.touched == 3


def test_a_changed_flow_touches_who_would_begin_elsewhere_or_came_through_a_changed_node() -> None:
    old = read_shipped_flow("city")
    text = old.text.replace('"08:00-20:00", days: work, to: short_menu', '"11:00-20:00", days: work, to: short_menu')
    calls = [
        call(),  # a working day at ten: the menu, and by the new rule none
        call(arrived_at=datetime(2026, 11, 22, 10, tzinfo=UTC).timestamp()),  # a Sunday: none either way
        call(flow="other"),
    ]

    def of(new: str) -> Touched:
        from ivr_flows.loader import load

        flow = load(new, "city", None, ())
        return dry_run.flow(
            old, flow, calls, lambda _: "", WorkCalendar(), lambda at: datetime.fromtimestamp(at, MONDAY_10.tzinfo)
        )

    assert counts(of(text)) == {"begins_elsewhere": 1}
    assert counts(of(old.text.replace('options: {"1": general, "2": ent', 'options: {"2": ent'))) == {
        "begins_elsewhere": 0,
        "node_changed": 2,
    }
    assert of(old.text + "# a word\n").touched == 0


def test_a_prompts_text_touches_who_came_through_its_nodes() -> None:
    flow = read_shipped_flow("city")
    old = dict(load_catalogue().wordings["zh-CN"])
    new = {**old, "menu_main": Wording("一般事项请按1。")}
    found = dry_run.prompts(old, new, [flow], [call(), call(path=("zero_menu", "general"))])
    assert counts(found) == {"prompt_text": 1}


def test_a_day_touches_all_or_none_of_yesterday() -> None:
    yesterday = date(2026, 11, 23)
    off = WorkCalendar(["2026-11-23"])
    assert counts(dry_run.calendar(WorkCalendar(), off, yesterday, [call(), call()])) == {"day_changed": 2}
    assert counts(dry_run.calendar(WorkCalendar(), off, date(2026, 11, 24), [call()])) == {"day_same": 0}


# By hand


CITY = read_shipped_flow("city")
CATALOGUE = load_catalogue()


def words(prompt: Prompt, language: str) -> str:
    return CATALOGUE.text(prompt.id, language) if prompt.say is None else f"<{prompt.say}>"


def by_hand(*answers: str, dialled: str = "12345") -> dict[str, Any]:
    return walk(CITY, Started(dialled, "merged", MONDAY_10), answers, words, WorkCalendar())


def test_before_any_answer_it_says_what_is_heard_and_what_can_be_pressed() -> None:
    found = by_hand()
    assert found["path"] == ["short_menu"]
    assert "12345热线" in found["turns"][0]["hears"][0]["text"]
    assert found["waits"]["kind"] == "play"


def test_a_whole_call_by_keys_to_its_end() -> None:
    found = by_hand("", "2", "agent", "1")
    assert found["path"] == [
        "short_menu", "notice_menu", "main_menu", "enterprise_desk", "enterprise", "survey", "thanks",
    ]  # fmt: skip
    assert found["turns"][2]["does"][-1]["queue"] == "enterprise"
    assert found["waits"] is not None
    assert found["waits"]["kind"] == "play"  # the closing words
    assert by_hand("", "2", "agent", "1", "")["waits"] is None


def test_a_caller_who_hangs_up_has_ended_his_call() -> None:
    assert by_hand("", "hangup")["waits"] is None


def test_the_prompts_are_in_the_language_he_chose() -> None:
    found = by_hand("", "8", "2")
    assert found["language"] == "en"
    assert "press 1" in found["turns"][-1]["hears"][0]["text"]


@pytest.mark.parametrize("answers", [("", "agent"), ("", "9", "callback"), ("no_seat",), ("", "x")])
def test_an_answer_that_does_not_fit_is_refused_with_its_number(answers: tuple[str, ...]) -> None:
    with pytest.raises(NoAnswer) as caught:
        by_hand(*answers)
    assert caught.value.n == len(answers) - 1


def test_every_way_out_of_a_queue_can_be_tried() -> None:
    at_queue = ("", "1")
    waits = by_hand(*at_queue)["waits"]
    assert (waits["queue"], waits["callback"], waits["no_seat"], waits["gives_up"]) == ("general", "5", True, False)
    assert by_hand(*at_queue, "no_seat")["path"][-1] == "night_message"
    assert by_hand(*at_queue, "callback")["path"][-1] == "called_back"
    assert by_hand(*at_queue, "no_seat", "say 我想问一下公积金")["path"][-1] == "message_left"


def test_who_waits_can_say_what_it_is_about_once() -> None:
    asked = by_hand("", "1")
    assert asked["waits"]["asks"]
    assert "请在提示音后" in asked["turns"][-1]["hears"][0]["text"]
    said = by_hand("", "1", "say 路灯坏了")
    assert (said["path"][-1], said["waits"]["kind"], said["waits"]["asks"]) == ("general", "queue", False)
    with pytest.raises(NoAnswer):
        by_hand("", "1", "say 路灯坏了", "say 路灯坏了")


def test_an_edited_flow_is_walked_as_it_is_edited() -> None:
    flow = replace(CITY, start=(CITY.start[-1],))
    found = walk(flow, Started("12345", "merged", MONDAY_10), (), words, WorkCalendar())
    assert found["path"] == ["zero_menu"]
