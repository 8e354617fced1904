"""A record says whether its caller keeps a place, and who talked to him."""

from __future__ import annotations

import pytest

from cti.calls import AgentId, CallFact
from cti.metrics.past import past_call
from cti.metrics.record import fold
from queues.returning import PastCall
from tests.support.calls import answered_call, lost_call, milestone


@pytest.mark.parametrize("place", ["queue", "ringing", "no_seat", "fallback"])
def test_who_was_lost_waiting_keeps_his_place(place: str) -> None:
    record = fold(lost_call("c", 1000.0, place=place))
    assert past_call(record) == PastCall("13900139000", 1040.0, "general", 1006.0, cut_off=True)


@pytest.mark.parametrize("place", ["menu", "overflow", "callback", "message"])
def test_who_left_otherwise_does_not(place: str) -> None:
    assert not past_call(fold(lost_call("c", 1000.0, place=place))).cut_off


def test_a_served_caller_has_an_agent_and_no_place() -> None:
    past = past_call(fold(answered_call("c", 1000.0)))
    assert past == PastCall("13800138000", 1090.0, "general", 1006.0, cut_off=False, agent=AgentId("a1002"))


@pytest.mark.parametrize(("side", "place"), [("interrupted", "talk"), ("caller", "queue")])
def test_a_talk_that_was_cut_keeps_the_place(side: str, place: str) -> None:
    """Asterisk died in the talk; or the agent's line did, and the caller left while he waited again."""
    lines = answered_call("c", 1000.0)[:12]
    ended = milestone("c", 13, CallFact.ENDED, 1080.0, side=side, place=place, lost_at=None, estimated=False)
    assert past_call(fold([*lines, ended])).cut_off


def test_a_callback_keeps_no_place() -> None:
    first, *lines = lost_call("cb-1", 1000.0)
    ours = milestone("cb-1", 1, CallFact.ARRIVED, 1000.0, **{**first.data, "direction": "callback"})
    past = past_call(fold([ours, *lines]))
    assert (past.cut_off, past.queued_at) == (False, None)


def test_a_call_that_goes_on_is_no_past_one() -> None:
    with pytest.raises(ValueError, match="has not ended"):
        past_call(fold(answered_call("c", 1000.0)[:5]))
