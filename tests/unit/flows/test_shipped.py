"""The flows that come with the project do what the deliverable says, without a telephone."""

from dataclasses import replace
from datetime import datetime

import pytest

from cti.calls import EMERGENCY_S, CallFact
from cti.numbers import NUMBERS, read_numbers
from cti.settings import Settings
from cti.speech.prompt_files import PromptFiles
from ivr_flows.errors import FlowError
from ivr_flows.prompts import load_catalogue
from ivr_flows.words import (
    Gather,
    Gathered,
    Heard,
    MessageTaken,
    Play,
    Played,
    RecordMessage,
    Route,
    RouteEnded,
    Survey,
)
from tests.support.flows import CITY, Walk, ids, read_shipped_flow

NIGHT = datetime(2026, 11, 23, 22, tzinfo=CITY)
SUNDAY = datetime(2026, 11, 22, 10, tzinfo=CITY)
HOLIDAY = datetime(2026, 10, 1, 10, tzinfo=CITY)
FLOW = read_shipped_flow("city", transfers=["110", "119", "120", "122"])


def queue_of(call: Walk) -> str:
    assert isinstance(call.waits_for, Route)
    return call.waits_for.need.queue


def by(call: Walk) -> list[object]:
    return [mark.data["by"] for mark in call.marks(CallFact.HUMAN_ASKED)]


def short_menu() -> Walk:
    """A call on a working day, after the greeting."""
    return Walk(FLOW).hear(Played())


@pytest.mark.parametrize("name", sorted(path.stem for path in Settings().flows.glob("*.yaml")))
def test_every_shipped_flow_checks_without_a_warning(name: str) -> None:
    entries = read_numbers(NUMBERS, "").entries().get(name, set())
    seconds = PromptFiles().durations("zh-CN")
    flow = read_shipped_flow(name, prompts=load_catalogue().ids(), entries=entries, durations=seconds)
    assert flow.warnings == ()


def test_the_prompt_limits_hold_for_the_shipped_recordings() -> None:
    """Zero menu: at most 5 s before the queue; short menu: at most 15 s for all prompts together."""
    seconds = PromptFiles().durations("zh-CN")
    assert {"greeting", "menu_main"} <= seconds.keys()
    assert (FLOW.limits.greeting_s, FLOW.limits.menu_s) == (5, 15)
    with pytest.raises(FlowError, match=r"limits\.greeting_s is 5") as caught:
        read_shipped_flow("city", durations=dict.fromkeys(seconds, 7.6))
    assert any("limits.menu_s is 15" in fault for fault in caught.value.faults)


@pytest.mark.parametrize("at", [NIGHT, SUNDAY, HOLIDAY])
def test_zero_menu_greets_and_queues(at: datetime) -> None:
    call = Walk(FLOW, at=at)
    assert ids(call.waits_for) == ["greeting"]
    assert by(call) == ["no_menu"]
    assert queue_of(call.hear(Played())) == "general"
    assert call.marks(CallFact.MENU_ENTERED) == []


@pytest.mark.parametrize(
    ("key", "queue"),
    [("0", "general"), ("1", "general"), ("2", "enterprise"), ("3", "social_security"), ("6", "general")],
)
def test_zero_menu_a_key_during_the_greeting_still_routes(key: str, queue: str) -> None:
    assert queue_of(Walk(FLOW, at=SUNDAY).hear(Played(key))) == queue


@pytest.mark.parametrize("key", ["2", "3"])
def test_outside_its_hours_the_general_desk_takes_a_desks_callers(key: str) -> None:
    assert queue_of(Walk(FLOW, at=NIGHT).hear(Played(key))) == "general"


@pytest.mark.parametrize("key", ["1", "2", "3"])
def test_while_nobody_is_logged_in_he_may_leave_a_message(key: str) -> None:
    call = short_menu().hear(Gathered(key, True))
    while isinstance(call.waits_for, Route):
        call.hear(RouteEnded("no_seat"))
    assert isinstance(call.waits_for, RecordMessage)
    assert ids(call.waits_for) == ["no_seat_now", "message_ask"]
    assert ids(call.hear(MessageTaken(12.0)).waits_for) == ["message_thanks", "goodbye"]


def test_at_the_message_0_tries_for_a_person_again() -> None:
    call = Walk(FLOW, at=NIGHT).hear(Played(), RouteEnded("no_seat"), MessageTaken(0.0, "0"))
    assert queue_of(call) == "general"


def test_an_emergency_while_nobody_is_logged_in_is_told_to_dial_itself() -> None:
    call = short_menu().hear(Gathered("9", True), RouteEnded("no_seat"))
    assert ids(call.waits_for) == ["transfer_failed"]
    assert isinstance(call.hear(Played()).waits_for, RecordMessage)


@pytest.mark.parametrize("key", ["1", "2", "3"])
def test_who_waits_is_told_of_it_and_may_be_called_back(key: str) -> None:
    route = short_menu().hear(Gathered(key, True)).waits_for
    assert isinstance(route, Route)
    assert (route.news_every_s, len(route.comfort), route.callback_key) == (60, 3, "5")
    call = short_menu().hear(Gathered(key, True), RouteEnded("callback"))
    assert ids(call.waits_for) == ["callback_confirmed", "goodbye"]


def test_the_key_of_the_callback_is_the_one_that_its_offer_names() -> None:
    catalogue = load_catalogue()
    assert "按5" in catalogue.text("callback_offer", "zh-CN")
    assert "press 5" in catalogue.text("callback_offer", "en")
    assert "揿5" in catalogue.text("callback_offer", "yue")


@pytest.mark.parametrize("dialled", ["12345", "12333"])
def test_in_a_surge_the_greeting_is_shorter_and_still_tells_of_the_recording(dialled: str) -> None:
    call = Walk(FLOW, dialled, short=True)
    assert ids(call.waits_for) == ["greeting_short"]
    assert "录音" in load_catalogue().text("greeting_short", "zh-CN")
    seconds = PromptFiles().durations("zh-CN")
    assert seconds["greeting_short"] < seconds["greeting"] - 1


def test_dual_numbers_have_no_menu() -> None:
    call = Walk(FLOW, "12333")
    assert call.node == "social_security_line"
    assert queue_of(call.hear(Played())) == "social_security"
    assert by(call) == ["no_menu"]


def test_the_short_menu_on_working_days() -> None:
    call = Walk(FLOW)
    assert isinstance(call.waits_for, Play)
    assert (ids(call.waits_for), by(call)) == (["greeting"], [])
    call.hear(Played())
    assert isinstance(call.waits_for, Gather)
    assert ids(call.waits_for) == ["menu_main"]


@pytest.mark.parametrize(("key", "queue"), [("1", "general"), ("2", "enterprise"), ("3", "social_security")])
@pytest.mark.parametrize("early", [False, True])
def test_the_short_menu_routes_also_during_the_greeting(key: str, queue: str, early: bool) -> None:
    call = Walk(FLOW).hear(Played(key)) if early else short_menu().hear(Gathered(key, True))
    assert (queue_of(call), by(call)) == (queue, ["key"])


@pytest.mark.parametrize(
    ("events", "asked_by"),
    [
        ([Gathered("0", True)], "key"),
        ([Gathered("", False)], "silence"),
        ([Gathered("6", True), Gathered("7", True)], "errors"),
        ([Gathered("*", True), Gathered("6", True), Gathered("", False)], "silence"),
    ],
)
def test_the_short_menu_leads_to_a_person(events: list[Gathered], asked_by: str) -> None:
    call = short_menu().hear(*events)
    assert (queue_of(call), by(call)) == ("general", [asked_by])


def test_a_star_repeats_the_menu() -> None:
    assert ids(short_menu().hear(Gathered("*", True)).waits_for) == ["menu_main"]


def test_video_is_explained_and_given_to_a_video_seat() -> None:
    call = short_menu().hear(Gathered("4", True))
    assert ids(call.waits_for) == ["video_by_link"]
    call.hear(Played())
    assert queue_of(call) == "video"
    assert isinstance(call.waits_for, Route)
    assert call.waits_for.need.steps[0].all_of[0].skill == "video"


def test_after_the_talk_the_survey_the_thanks_and_the_end() -> None:
    call = short_menu().hear(Gathered("2", True), RouteEnded("talked"))
    assert isinstance(call.waits_for, Survey)
    assert call.waits_for.scale == 3
    assert ids(call.hear(Gathered("1", True)).waits_for) == ["thanks_goodbye"]


def test_the_survey_may_have_five_steps() -> None:
    call = Walk(FLOW, at=NIGHT, scale=5).hear(Played(), RouteEnded("talked"))
    assert isinstance(call.waits_for, Survey)
    assert (call.waits_for.scale, ids(call.waits_for)) == (5, ["survey_ask_5"])


@pytest.mark.parametrize("call", [short_menu().hear(Gathered("9", True)), Walk(FLOW, at=NIGHT).hear(Played("9"))])
def test_an_emergency_waits_before_everybody_without_a_question_first(call: Walk) -> None:
    assert isinstance(call.waits_for, Route)
    assert call.waits_for.need.priority_s == EMERGENCY_S


@pytest.mark.parametrize("key", ["1", "2", "3", "9"])
def test_who_waits_is_asked_what_it_is_about_and_his_words_alone_decide_nothing(key: str) -> None:
    """The demo model understands real people wrongly: a city that has a better one writes its own rules."""
    call = short_menu().hear(Gathered(key, True))
    route, path = call.waits_for, list(call.path)
    assert isinstance(route, Route)
    assert route.ask is not None
    assert (route.ask.phrases, route.ask.matters) == ((), ())
    call.hear(RouteEnded("said", heard=Heard("我家着火了快来人", 1.0, matter="police", sure=1.0)))
    assert call.path == path
    assert call.waits_for == replace(route, ask=None)
    assert [mark.data["pii_text"] for mark in call.marks(CallFact.SAID)] == ["我家着火了快来人"]


def test_another_language_speaks_on_in_it() -> None:
    call = short_menu().hear(Gathered("8", True), Gathered("2", True))
    assert (call.session.language, call.node) == ("en", "main_menu")
    route = call.hear(Gathered("1", True)).waits_for
    assert isinstance(route, Route)
    assert route.language == "en"


def test_the_bench_goes_straight_to_the_queue_without_a_survey() -> None:
    call = Walk(read_shipped_flow("bench"))
    assert queue_of(call) == "general"
    assert ids(call.hear(RouteEnded("talked")).waits_for) == ["goodbye"]
