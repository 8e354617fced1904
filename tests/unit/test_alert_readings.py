"""What alerts are judged by, read from the live picture: waits, lost agents, recordings, parts, ages."""

from __future__ import annotations

import pytest

from cti.alerts.model import Kind, Measure
from cti.alerts.readings import ages, connection_rate, ghosts, longest_waits, parts, recordings
from cti.alerts.recent_recordings import RecentRecordings
from cti.calls import AgentFact, AgentId, CallFact, Milestone, Need, Value
from tests.support.floor import Floor

AGENTS = {"a1001": ("李娜", {"general": 3}), "a1002": ("王伟", {"general": 1})}


def everybody_talks() -> Floor:
    """Given two agents, both in a talk."""
    floor = Floor(AGENTS)
    for call in ("t1", "t2"):
        floor.queues(call, Need("general"))
        floor.answers(call)
    return floor


def test_the_longest_wait_of_each_queue_in_which_somebody_waits() -> None:
    floor = everybody_talks()
    for second, call, queue in ((10, "c1", "general"), (20, "c2", "general"), (30, "c3", "enterprise")):
        floor.at(second)
        floor.queues(call, Need(queue))
    floor.at(100)
    found = longest_waits(floor.board.calls.values(), floor.now)
    assert found.found == {"general": Measure(90.0), "enterprise": Measure(70.0)}


def test_who_waits_while_a_telephone_rings_in_vain_waits_and_who_is_called_back_does_not() -> None:
    floor = Floor({"a1001": AGENTS["a1001"]})
    floor.queues("c1", Need("general"))
    assert floor.board.calls["c1"].phase == "ringing"
    floor.arrives("c2", direction="callback")
    floor.queues("c2", Need("video"))
    floor.at(12)
    assert longest_waits(floor.board.calls.values(), floor.now).found == {"general": Measure(12.0)}
    floor.answers("c1")
    assert longest_waits(floor.board.calls.values(), floor.now).found == {}


@pytest.mark.parametrize("cause", ["phone_away", "page_away"])
def test_who_is_ready_without_telephone_or_page_is_a_ghost(cause: str) -> None:
    floor = Floor(AGENTS)
    floor.agent(AgentFact.PAGE_OPENED, "a1001")
    floor.agent(AgentFact.HELD_BACK, "a1001", reason=cause)
    assert ghosts(floor.board.desks.values(), floor.now).found == {"a1001": Measure(1.0, detail=cause)}
    floor.agent(AgentFact.RELEASED, "a1001", reason=cause)
    assert ghosts(floor.board.desks.values(), floor.now).found == {}


def test_who_is_on_a_break_or_in_a_talk_or_missed_a_call_is_no_ghost() -> None:
    floor = everybody_talks()
    floor.agent(AgentFact.HELD_BACK, "a1001", reason="phone_away")
    floor.agent(AgentFact.STATUS, "a1002", status="break", reason="lunch")
    floor.agent(AgentFact.HELD_BACK, "a1002", reason="phone_away")
    assert floor.board.desks[AgentId("a1001")].call_id is not None
    assert ghosts(floor.board.desks.values(), floor.now).found == {}

    other = Floor({"a1001": AGENTS["a1001"]})
    other.queues("c1", Need("general"))
    other.rings_in_vain("c1")
    assert other.board.desks[AgentId("a1001")].causes(other.now)
    assert ghosts(other.board.desks.values(), other.now).found == {}


def recorded(kind: CallFact, at: float, file: str, complete: Value) -> Milestone:
    return Milestone("call", "c1", 1, at, kind, {"file": file, "complete": complete})


def test_incomplete_recordings_are_counted_for_the_window_and_no_longer() -> None:
    recent = RecentRecordings()
    recent.heard(
        [recorded(CallFact.RECORDED, 100.0, "a.wav", False), recorded(CallFact.RECORDED, 200.0, "b.wav", True)]
    )
    recent.heard([Milestone("call", "c1", 2, 250.0, CallFact.RATED, {"score": 1})])
    assert recent.count(300.0, 900.0) == (1, 2)
    assert recent.count(1000.0, 900.0) == (1, 2)
    assert recent.count(1050.0, 900.0) == (0, 1)


def test_a_recording_that_was_made_later_is_whole() -> None:
    recent = RecentRecordings()
    recent.heard([recorded(CallFact.RECORDED, 100.0, "a.wav", False)])
    recent.heard([recorded(CallFact.RECORDED_LATE, 400.0, "a.wav", True)])
    recent.heard([recorded(CallFact.RECORDED_LATE, 400.0, "of_yesterday.wav", False)])
    assert recent.count(500.0, 900.0) == (0, 1)
    assert recent.count(1001.0, 900.0) == (0, 0), "it counts from when it should have been there"


def test_rates_recordings_ages_and_parts_as_they_are_known() -> None:
    assert connection_rate(None).found is None
    assert connection_rate((9, 10)).found == {"": Measure(9, 10)}
    assert recordings(1, 20).found == {"": Measure(1, 20)}
    assert ages({"asterisk": 0.123}).found == {"asterisk": Measure(0.1)}
    health = {
        "ok": False,
        "parts": {"journal": {"ok": False, "reason": "disk of 13800138000"}, "redis": {"ok": True, "reason": ""}},
    }
    found = parts(health)
    assert (found.kind, found.found) == (Kind.PART, {"journal": Measure(1.0), "redis": Measure(0.0)})
