"""What somebody reads who watches a call."""

from __future__ import annotations

import pytest

from cti.calls import CallFact, Milestone, Value
from cti.demo.narrate import narrate
from cti.demo.progress import Progress


def milestone(kind: str, **data: Value) -> Milestone:
    return Milestone("call", "n1-1", 1, 100.0, kind, data)


@pytest.mark.parametrize(
    ("kind", "data", "sentence"),
    [
        (
            "arrived",
            {"pii_caller": "13800138000", "dialled": "12345", "flow": "city"},
            "138****8000 calls 12345; flow city",
        ),
        ("queued", {"queue": "general", "position": 3}, "waits in the queue general, place 3"),
        ("answered", {"agent": "t1", "wait_s": 2.04}, "agent t1 answers after 2.0 s of waiting"),
        ("talk_ended", {"side": "agent", "talk_s": 9.8}, "the agent hangs up after 9.8 s of talk"),
        ("rated", {"score": 3, "satisfied": False}, "presses 3: not satisfied"),
        ("ended", {"side": "caller", "lost_at": "queue"}, "the caller hangs up; lost while waiting"),
        ("ended", {"side": "system", "lost_at": None}, "the system hangs up after a closing"),
    ],
)
def test_milestones_are_told_in_plain_words(kind: str, data: dict[str, Value], sentence: str) -> None:
    assert narrate(milestone(kind, **data)) == sentence


@pytest.mark.parametrize("kind", [*CallFact, "something_new"])
def test_any_milestone_can_be_told_and_no_number_is_in_it(kind: str) -> None:
    told = narrate(milestone(kind, pii_caller="13800138000", pii_digits="440301199001011234", n=2))
    assert told
    assert "0138" not in told
    assert "4403" not in told


def test_progress_counts_our_own_calls_by_where_they_are() -> None:
    progress = Progress({"13800000001", "13800000002"})
    for number, call in (("13800000001", "a"), ("13800000002", "b"), ("13900000000", "stranger")):
        progress.apply(Milestone("call", call, 1, 1.0, "arrived", {"pii_caller": number}))
    for kind in ("queued", "offered", "answered"):
        progress.apply(Milestone("call", "a", 2, 2.0, kind))
    assert progress.counts() == {"talking": 1, "in menu": 1}
    progress.apply(Milestone("call", "b", 2, 3.0, "ended"))
    progress.apply(Milestone("call", "a", 9, 3.0, "ended"))
    progress.apply(Milestone("call", "stranger", 9, 3.0, "ended"))
    assert progress.counts() == {"answered and over": 1, "lost": 1}
