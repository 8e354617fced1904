"""What may happen when, and how a session goes on after a restart."""

import json
from dataclasses import replace

import pytest

from cti.calls import CallFact
from ivr_flows.errors import FlowStateError
from ivr_flows.loader import load
from ivr_flows.session import Phase, begin, resume, session_from_text, session_to_text, step
from ivr_flows.state import AWAITS
from ivr_flows.words import (
    CallerLeft,
    Event,
    Gathered,
    Heard,
    Listen,
    Mark,
    MessageTaken,
    Play,
    Played,
    Route,
    RouteEnded,
    SetLanguage,
    Started,
    TransferEnded,
)
from tests.support.flows import MONDAY_10, Walk, flow_text, ids, make_flow

NODES = """
    first: {type: say, prompts: greeting, next: menu}
    menu: {type: menu, prompts: menu_main, options: {"1": queue, "2": said, "3": police, "4": waits, "5": note}}
    said: {type: listen, prompts: listen_ask, words: [{to: queue, any_of: 企业}], otherwise: queue}
    police: {type: transfer, target: "110", otherwise: queue, after: bye}
    waits: {type: route, queue: other, max_wait_s: 60, gave_up: queue, keys: {"9": queue}, after: survey}
    note: {type: message, prompts: message_ask, next: bye, otherwise: bye}
    survey: {type: survey, ask: {3: survey_ask_3}, next: bye}
    """
FLOW = make_flow(NODES, transfers=["110"], head="languages: [zh-CN, en]\n")

EVENTS: list[Event] = [
    Started("12345", "merged", MONDAY_10),
    Played(),
    Gathered("1", True),
    Heard(None),
    RouteEnded("talked"),
    MessageTaken(9.0),
    TransferEnded(True),
    CallerLeft(),
]


def in_phase(phase: Phase) -> Walk:
    """A call that waits in `phase`."""
    call, pressed = Walk(FLOW), {"g": Gathered("2", True), "t": Gathered("3", True), "w": Gathered("4", True)}
    match phase:
        case Phase.PLAYING:
            return call
        case Phase.GATHERING:
            return call.hear(Played())
        case Phase.LISTENING:
            return call.hear(Played(), pressed["g"])
        case Phase.TRANSFERRING:
            return call.hear(Played(), pressed["t"])
        case Phase.ROUTING:
            return call.hear(Played(), pressed["w"])
        case Phase.RECORDING:
            return call.hear(Played(), Gathered("5", True))
        case Phase.RATING:
            return call.hear(Played(), pressed["w"], RouteEnded("talked"))
        case Phase.CLOSING:
            return call.hear(Played(), pressed["t"], TransferEnded(True), Played())
        case Phase.ENDED:
            return call.hear(CallerLeft())


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_each_phase_takes_its_event_and_refuses_the_others_unchanged(phase: Phase, event: Event) -> None:
    call = in_phase(phase)
    assert call.session.phase is phase
    before = replace(call.session)
    legal = type(event) is AWAITS[phase] or (isinstance(event, CallerLeft) and phase is not Phase.ENDED)
    if legal:
        after, _ = step(FLOW, call.session, event)
        assert after != before
    else:
        with pytest.raises(FlowStateError, match=f"test, node {before.node}: {type(event).__name__} while {phase}"):
            step(FLOW, call.session, event)
    assert call.session == before


@pytest.mark.parametrize(
    "event",
    [
        RouteEnded("gave_up"),
        RouteEnded("left_by_key", "9"),
        RouteEnded("left_by_key"),
        RouteEnded("callback"),
        RouteEnded("no_seat"),
    ],
)
def test_a_way_out_that_the_route_did_not_offer_is_refused(event: RouteEnded) -> None:
    call = Walk(FLOW).hear(Played(), Gathered("1", True))
    with pytest.raises(FlowStateError, match="offered no such way out"):
        call.hear(event)
    assert call.node == "queue"


def test_a_session_is_not_moved_by_another_version() -> None:
    other = load(flow_text(NODES, head="languages: [zh-CN, en]\n") + "# changed\n", "test", None, ())
    with pytest.raises(FlowStateError, match="was given version"):
        step(other, Walk(FLOW).session, Played())


def test_an_entry_that_is_not_there() -> None:
    with pytest.raises(FlowStateError, match="no node nowhere; correct the entry"):
        begin(FLOW, Started("12345", "merged", MONDAY_10), entry="nowhere")


def test_refusals_hold_no_digits() -> None:
    call = Walk(FLOW).hear(Played())
    with pytest.raises(FlowStateError) as caught:
        call.hear(Heard("我叫张三", 0.9, "7"))
    assert "张三" not in str(caught.value)


class TestText:
    @pytest.mark.parametrize("phase", [p for p in Phase if p not in (Phase.CLOSING, Phase.ENDED)])
    def test_goes_to_text_and_back(self, phase: Phase) -> None:
        session = in_phase(phase).session
        assert session_from_text(FLOW, session_to_text(session)) == session

    def test_the_milestone_of_a_node_holds_it(self) -> None:
        call = in_phase(Phase.ROUTING)
        entered = call.marks(CallFact.ENTERED)[-1]
        assert session_from_text(FLOW, str(entered.data["session"])) == call.session

    def test_a_surge_at_the_beginning_counts_to_the_end_of_the_call(self) -> None:
        flow = make_flow("first: {type: menu, prompts: a, options: {'1': say}}\n"
                         "say: {type: say, prompts: [b, c], short: c, next: queue}")  # fmt: skip
        call = Walk(flow, short=True)
        call.session = session_from_text(flow, session_to_text(call.session))
        assert ids(call.hear(Gathered("1", True)).waits_for) == ["c"]

    def test_a_text_of_the_first_release_is_read(self) -> None:
        text = (
            '{"f":"test","v":"0","n":"survey","d":"12345","m":"merged","t":"2026-11-23T10:00:00+08:00","k":"work",'
            '"l":"zh-CN","s":3,"b":"key","r":"queue","h":true,"c":4}'
        )
        session = session_from_text(FLOW, text)
        assert (session.node, session.phase, session.served, session.short) == ("survey", Phase.RATING, True, False)

    def test_is_short_and_holds_no_digits(self) -> None:
        flow = make_flow("first: {type: gather, prompts: a, max_digits: 18, next: said}\n"
                         "said: {type: say, prompts: b, next: queue}")  # fmt: skip
        call = Walk(flow).hear(Gathered("440105199001011234", True))
        text = session_to_text(replace(call.session, keys="440105"))
        assert "4401" not in text
        assert len(text) < 250
        assert "4401" not in repr(call.session)

    @pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"f":"test"}', "12", '"a"'])
    def test_other_texts_are_refused(self, text: str) -> None:
        with pytest.raises(FlowStateError, match="not the text of a session"):
            session_from_text(FLOW, text)


class TestResume:
    """A restarted daemon goes on at the beginning of the current node."""

    def back(self, call: Walk) -> Walk:
        flow = call.flow
        call.session, call.commands = resume(flow, session_from_text(flow, session_to_text(call.session)))
        call.told += call.commands
        return call

    def test_a_menu_is_asked_again_from_its_beginning(self) -> None:
        call = self.back(Walk(FLOW).hear(Played(), Gathered("7", True)))
        assert (call.node, call.session.errors, ids(call.waits_for)) == ("menu", 0, ["menu_main"])
        assert len(call.marks(CallFact.MENU_ENTERED)) == 1

    def test_who_waits_waits_on_and_is_not_counted_twice(self) -> None:
        call = self.back(in_phase(Phase.ROUTING))
        assert isinstance(call.waits_for, Route)
        assert len(call.marks(CallFact.HUMAN_ASKED)) == 1
        assert call.hear(RouteEnded("talked")).node == "survey"

    def test_who_has_asked_for_a_person_is_never_asked_a_menu_again(self) -> None:
        """He was waiting for the desk `other` and looked into a menu by key; the wish counts."""
        flow = make_flow("""
            first: {type: route, queue: other, keys: {"9": menu}, after: bye}
            menu: {type: menu, prompts: menu_main, options: {"1": queue}}
            """)
        call = Walk(flow).hear(RouteEnded("left_by_key", "9"))
        assert call.node == "menu"
        assert self.back(call).node == "first"

    def test_the_language_is_kept(self) -> None:
        flow = make_flow("first: {type: language, language: en, next: queue}", head="languages: [zh-CN, en]\n")
        assert SetLanguage("en") in self.back(Walk(flow)).commands

    def test_after_the_talk_the_survey_is_put_again(self) -> None:
        call = self.back(in_phase(Phase.RATING))
        assert (call.node, ids(call.waits_for)) == ("survey", ["survey_ask_3"])

    def test_a_goodbye_is_said_again(self) -> None:
        call = self.back(in_phase(Phase.CLOSING))
        assert isinstance(call.waits_for, Play)

    def test_an_ended_call_has_nothing_to_resume(self) -> None:
        with pytest.raises(FlowStateError, match="has ended"):
            resume(FLOW, in_phase(Phase.ENDED).session)

    def test_where_the_version_was_lost_the_caller_still_reaches_a_person(self) -> None:
        other = make_flow("start: {type: goto, to: queue}", start="start")
        for phase in (Phase.GATHERING, Phase.ROUTING, Phase.LISTENING):
            session = session_from_text(other, session_to_text(in_phase(phase).session))
            resumed, commands = resume(other, session)
            assert (resumed.node, type(commands[-1])) == ("queue", Route)


def test_a_listening_node_without_a_recogniser_costs_nothing() -> None:
    call = in_phase(Phase.LISTENING)
    assert isinstance(call.waits_for, Listen)
    assert call.hear(Heard(None)).node == "queue"


def test_the_first_milestones_come_before_anything_is_played() -> None:
    call = Walk(FLOW)
    kinds = [type(command) for command in call.commands]
    assert kinds == [SetLanguage, Mark, Play]


def test_text_is_plain_json() -> None:
    assert json.loads(session_to_text(Walk(FLOW).session))["n"] == "first"
