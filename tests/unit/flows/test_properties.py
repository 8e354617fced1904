"""Whatever a caller does: his call ends after a bounded number of events, and a person is always within reach."""

import re
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_flows import model as m
from ivr_flows.session import MAX_STEPS, Phase, Session, begin, resume, session_from_text, session_to_text, step
from ivr_flows.words import (
    CallerLeft,
    Command,
    Event,
    Gather,
    Gathered,
    HangUp,
    Heard,
    Listen,
    MessageTaken,
    Play,
    Played,
    RecordMessage,
    Route,
    RouteEnded,
    Started,
    Survey,
    Transfer,
    TransferEnded,
)
from tests.support.flows import MONDAY_10, faults_of, make_flow, read_shipped_flow

RESTLESS = make_flow(
    """
    first: {type: menu, prompts: a, options: {"1": first, "2": second, "3": code}, max_errors: 5, max_repeats: 9}
    second: {type: menu, prompts: a, options: {"1": first, "2": second, "3": line, "4": police}}
    code: {type: gather, prompts: a, min_digits: 2, max_digits: 4, options: {"12": first}, next: second}
    line: {type: route, queue: other, max_wait_s: 60, gave_up: line, keys: {"9": first, "8": line}, after: survey,
           called_back: bye, no_seat: note, ask: {prompts: a, words: [{to: other, any_of: d}]}}
    other: {type: route, queue: other, no_seat: line, after: survey, ask: {prompts: a, words: [{to: line, any_of: d}]}}
    note: {type: message, prompts: a, next: bye, otherwise: bye}
    police: {type: transfer, target: "110", prompts: b, otherwise: line, after: survey}
    survey: {type: survey, ask: {3: c, 5: d}, next: bye}
    """,
    transfers=["110"],
)
FLOWS = [read_shipped_flow("city", transfers=["110", "119"]), read_shipped_flow("bench"), RESTLESS]
MOST_EVENTS = MAX_STEPS * 20

KEY = st.sampled_from("0123456789*#AD")


def outcome(data: st.DataObject, command: Command) -> Event:
    """Something the daemon may report after `command`."""
    match command:
        case Play():
            return Played(data.draw(st.none() | KEY))
        case Gather() | Survey():
            return Gathered(data.draw(st.text(KEY, max_size=5)), data.draw(st.booleans()))
        case Listen():
            said = data.draw(st.none() | st.sampled_from([*command.phrases, "天气", ""]))
            return Heard(said, data.draw(st.floats(0, 1)), data.draw(st.none() | KEY))
        case Route():
            outcomes = [RouteEnded("talked"), *(RouteEnded("left_by_key", key) for key in command.leave_keys)]
            outcomes += [RouteEnded("gave_up")] if command.max_wait_s else []
            outcomes += [RouteEnded("callback")] if command.callback_key else []
            outcomes += [RouteEnded("no_seat")] if command.no_seat else []
            if command.ask is not None:
                said = st.sampled_from([*command.ask.phrases, "天气"])
                outcomes += [RouteEnded("said", heard=Heard(data.draw(said), data.draw(st.floats(0, 1))))]
            return data.draw(st.sampled_from(outcomes))
        case RecordMessage():
            return MessageTaken(data.draw(st.floats(0, command.max_s)), data.draw(st.sampled_from([None, "0"])))
        case Transfer():
            return TransferEnded(data.draw(st.booleans()))
        case _:
            return CallerLeft()


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_caller_comes_to_an_end_and_can_have_a_person_before(flow: m.Flow, data: st.DataObject) -> None:
    at = MONDAY_10 + timedelta(hours=data.draw(st.integers(0, 24 * 60)))
    dialled = data.draw(st.sampled_from(["12345", "12333", "114"]))
    session, commands = begin(flow, Started(dialled, "merged", at, short=data.draw(st.booleans())))
    events = 0
    while session.phase is not Phase.ENDED:
        assert_person_within_reach(flow, session, commands)
        assert session_from_text(flow, session_to_text(session)).node == session.node
        session, commands = step(flow, session, outcome(data, commands[-1]) if commands else CallerLeft())
        events += 1
        assert events < MOST_EVENTS
        assert session.human_asked or not isinstance(flow.nodes[session.node], m.Route)


@settings(max_examples=20, deadline=None)
@given(restart_at=st.integers(0, 400), rng=st.randoms(use_true_random=False))
def test_the_most_restless_caller_ends_up_in_a_queue_without_a_way_out(restart_at: int, rng: Random) -> None:
    """He presses keys for ever; after a limit nobody asks him any more, not even over a restart."""
    session, commands = begin(RESTLESS, Started("12345", "merged", MONDAY_10))
    for n in range(MOST_EVENTS):
        command = commands[-1]
        if n == restart_at:
            session, commands = resume(RESTLESS, session_from_text(RESTLESS, session_to_text(session)))
            continue
        if isinstance(command, Route) and not command.leave_keys:
            assert (command.callback_key, command.no_seat) == ("", False)
            break
        if isinstance(command, RecordMessage):
            event: Event = MessageTaken(0.0, "0")
        elif isinstance(command, Route):
            event = rng.choice([RouteEnded("left_by_key", key) for key in command.leave_keys] + [RouteEnded("no_seat")])
        else:
            assert isinstance(command, Gather)
            event = Gathered(rng.choice("123*7") * command.max_digits, True)
        session, commands = step(RESTLESS, session, event)
    else:
        pytest.fail("he was asked for ever")
    session, commands = step(RESTLESS, session, RouteEnded("talked"))
    assert isinstance(RESTLESS.nodes[session.node], m.HangUp)
    assert isinstance(step(RESTLESS, session, Played())[1][-1], HangUp)


def assert_person_within_reach(flow: m.Flow, session: Session, commands: list[Command]) -> None:
    """Who now does nothing any more is in a queue after a few events, or was served already; or nobody works, and he
    may leave a message, where one key asks for a person again."""
    for _ in range(20):
        command = commands[-1]
        if isinstance(command, RecordMessage):
            session, commands = step(flow, session, MessageTaken(0.0, "0"))
            assert isinstance(commands[-1], Route)
            return
        if isinstance(command, Route) or session.served or session.phase in (Phase.CLOSING, Phase.ENDED):
            return
        quiet: dict[type, Event] = {
            Play: Played(),
            Gather: Gathered("", False),
            Listen: Heard(None),
            Transfer: TransferEnded(False),
        }
        session, commands = step(flow, session, quiet[type(command)])
    pytest.fail("silence does not lead to a person")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400) | st.text(alphabet="abflow: {}[],\n\"'*&!-?0123", max_size=400))
def test_any_other_text_gives_faults_with_lines(text: str) -> None:
    faults = faults_of(text, prompts=())
    assert faults
    assert all(re.match(r"test\.yaml:[0-9]+: ", fault) for fault in faults)
